"""Films that loop, dreamed with `loop`: the dream loops as well, at full length."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import read, texture

from dreamvid.commands.looped import LoopedFilm
from dreamvid.commands.video import dream_video
from dreamvid.errors import Interrupted
from dreamvid.image import to_image
from dreamvid.loops.closing import SeamMeter
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence.progress import Progress
from dreamvid.settings.models import VideoSettings

COUNT, RATE = 24, Fraction(12)
RADIUS = 8
"""In pixels: two a frame, all whole."""
QUICK = {"octaves": 2, "iterations": 2}


def circling(count: int = COUNT) -> Iterator[np.ndarray]:
    """A texture that moves along a circle, and is back after COUNT frames."""
    for n in range(count):
        angle = 2 * math.pi * n / COUNT
        yield texture(dx=round(RADIUS * math.cos(angle)), dy=round(RADIUS * math.sin(angle)))


def film_of(path: Path, count: int = COUNT) -> Path:
    with VideoWriter(path, like=FilmInfo.plain(64, 48, RATE, count), codec="ffv1") as out:
        for n, array in enumerate(circling(count)):
            out.write(to_image(array), n / RATE)
    return path


def settings(*, loop: bool = True, **dream: Any) -> VideoSettings:
    return VideoSettings.checked({"dream": QUICK | dream, "motion": {"loop": loop}})


def seam(path: Path) -> float:
    meter = SeamMeter()
    for array in read(path):
        meter.look(array)
    assert meter.seam is not None
    return meter.seam


def test_the_dream_of_a_loop_loops_at_full_length(tmp_path: Path) -> None:
    film, plain, looped = (tmp_path / name for name in ("in.mkv", "plain.mkv", "looped.mkv"))
    film_of(film)
    strong = {"layer": ["textures"], "strength": 3, "iterations": 6}
    dream_video(film, plain, settings(loop=False, **strong))
    result = dream_video(film, looped, settings(**strong))
    assert result.frames == COUNT
    assert result.notes[-1] == f"seam: {seam(looped):.3f} of a median step"
    assert seam(looped) < 1.1 < 1.25 < seam(plain)


def test_an_interrupted_loop_goes_on_to_the_same_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 6)

    def stop(progress: Progress) -> None:
        if (progress.task, progress.done) == ("frames", 21):  # within the fade
            raise KeyboardInterrupt

    film = film_of(tmp_path / "in.mkv")
    dream_video(film, tmp_path / "whole.mkv", settings())
    with pytest.raises(Interrupted):
        dream_video(film, tmp_path / "out.mkv", settings(), on_progress=stop)
    dream_video(film, tmp_path / "out.mkv", settings())
    assert (tmp_path / "out.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()


def test_what_leads_into_the_first_frame_is_the_end_of_the_film(tmp_path: Path) -> None:
    looped = LoopedFilm.look(film_of(tmp_path / "in.mkv"), settings(), (48, 64))
    assert (looped.count, looped.warm, looped.fade, looped.closes) == (COUNT, 24, 8, True)
    before = list(looped.approach())
    assert [frame.index for frame in before] == list(range(-24, 0))
    for frame, array in zip(before, circling(), strict=True):
        assert np.array_equal(frame.array, array)
    assert looped.last.index == -1 and np.array_equal(looped.last.array, before[-1].array)


def test_the_dreams_of_a_large_fade_are_bounded(tmp_path: Path) -> None:
    film = film_of(tmp_path / "in.mkv")
    fades = [LoopedFilm.look(film, settings(), size).fade for size in ((2160, 4320), (9000, 16000))]
    assert fades == [8, 1]


def test_schedules_go_on_across_the_seam(tmp_path: Path) -> None:
    film = film_of(tmp_path / "in.mkv")
    wave = settings(strength="1+sin(2*pi*progress)", octaves=1)
    assert dream_video(film, tmp_path / "out.mkv", wave).frames == COUNT


def test_a_film_that_does_not_loop_is_told_how_to_be_joined(tmp_path: Path) -> None:
    told: list[str] = []
    film = film_of(tmp_path / "in.mkv", COUNT // 2)
    result = dream_video(
        film, tmp_path / "out.mkv", settings(), on_progress=lambda event: told.append(event.text)
    )
    line = next(text for text in told if "does not loop" in text)
    assert f"dreamvid loop {film} --kind film" in line and line in result.notes


def test_a_still_clip_loops_and_its_lead_in_is_counted(tmp_path: Path) -> None:
    with VideoWriter(
        tmp_path / "in.mkv", like=FilmInfo.plain(64, 48, RATE, 6), codec="ffv1"
    ) as out:
        for _ in range(6):
            out.write(texture())
    told: list[Progress] = []
    result = dream_video(
        tmp_path / "in.mkv", tmp_path / "out.mkv", settings(), on_progress=told.append
    )
    assert not any("does not loop" in note for note in result.notes)
    steps = [(event.done, event.total) for event in told if event.task == "lead-in"]
    assert steps == [(n, 6) for n in range(1, 7)]
    assert told.index(next(e for e in told if e.task == "frames")) > 6


def test_a_loop_stopped_before_its_first_frame_leaves_nothing(tmp_path: Path) -> None:
    film = film_of(tmp_path / "in.mkv")

    def stop(progress: Progress) -> None:
        if "dreamed first" in progress.text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dream_video(film, tmp_path / "out.mkv", settings(), on_progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


@pytest.mark.parametrize("name", ["out.webp", "out_%02d.png"])
def test_a_loop_is_written_in_formats_that_may_not_be_readable(name: str, tmp_path: Path) -> None:
    film = film_of(tmp_path / "in.mkv")
    result = dream_video(film, tmp_path / name, settings(octaves=1, iterations=1))
    assert result.frames == COUNT
    assert any("seam" in note for note in result.notes) == name.endswith("png")
