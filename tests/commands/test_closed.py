"""Loops closed by a fade: the frames of a film read again, and zooms led back to their start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import texture

from dreamvid.commands import closed
from dreamvid.commands.closed import Clip, blended_back, close_film
from dreamvid.commands.zoom import make_camera
from dreamvid.dream.gradient import Gauge
from dreamvid.errors import UsageError
from dreamvid.image import to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.reader import VideoReader
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.camera import Camera
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory, Reference
from dreamvid.sequence.tone import tone_of
from dreamvid.settings.loops import FilmLoop
from dreamvid.settings.tables import CameraSettings, LengthSettings

RATE, COUNT = Fraction(12), 16


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A texture that moves on and on."""
    path = tmp_path_factory.mktemp("films") / "in.mkv"
    with VideoWriter(path, like=FilmInfo.plain(64, 48, RATE, COUNT), codec="ffv1") as out:
        for t in range(COUNT):
            out.write(texture(dx=2 * t))
    return path


def looked(film: Path, **settings: Any) -> Clip:
    clip = Clip(film, LengthSettings.checked(settings))
    with clip.open() as opened:
        assert len(list(clip.look(opened))) == COUNT
    return clip


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (0, 16), (5, 9), (15, 16), (4, 4)])
def test_a_piece_of_a_film_is_read_again(film: Path, start: int, stop: int) -> None:
    clip = looked(film)
    frames = list(clip(start, stop))
    assert len(frames) == stop - start
    for t, frame in zip(range(start, stop), frames, strict=True):
        assert np.array_equal(frame, texture(dx=2 * t))


def test_a_piece_that_seeking_does_not_find_is_read_from_the_start(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = looked(film)
    monkeypatch.setattr(Clip, "_sought", lambda self, start, stop: [texture()] * (stop - start))
    found = list(clip(5, 7))
    assert np.array_equal(found, [texture(dx=10), texture(dx=12)])


def test_a_time_without_a_frame_is_not_found(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = looked(film)
    clip._times = [time + 100 for time in clip._times]
    clip._times[0] = Fraction(0)
    assert clip._sought(9, 11) == []
    assert np.array_equal(list(clip(9, 11)), [texture(dx=18), texture(dx=20)])


def test_the_film_is_opened_at_the_size_that_is_asked_for(film: Path) -> None:
    with Clip(film, LengthSettings(size="32x24")).open() as opened:
        assert (opened.info.width, opened.info.height) == (32, 24)
    with Clip(film, LengthSettings()).open(Fraction(1, 2)) as opened:
        assert next(opened).array.tolist() == texture(dx=12).tolist()


@pytest.mark.parametrize(
    ("settings", "count", "faded", "note"),
    [
        ({"loop": {"ping_pong": True}}, 30, 0, None),
        ({"loop": {"fade": 3}}, None, 3, "cross-faded over 3 frames"),
        ({}, None, 4, "cross-faded over 4 frames"),  # half a second is more than a quarter
        ({"loop": {"fade": 2}, "clip": {"seconds": "1"}}, 14, 2, "cross-faded over 2 frames"),
    ],
)
def test_a_film_is_joined_or_played_back(
    film: Path, settings: dict[str, Any], count: int | None, faded: int, note: str | None
) -> None:
    made = close_film(film, FilmLoop.checked(settings))
    frames = list(made.frames)
    assert len(frames) == made.count == (count or made.count) and made.faded == faded
    assert made.info.frames == made.count and made.info.rate == RATE and made.damage is None
    assert (note is None and made.notes == ()) or made.notes[-1].endswith(str(note))
    assert all(frame.shape == (48, 64, 3) for frame in frames)
    if note is None:
        assert np.array_equal(frames[1], frames[-1]) and np.array_equal(frames[15], texture(dx=30))


def test_a_film_too_short_for_its_fade_is_refused(film: Path) -> None:
    with pytest.raises(UsageError, match="frames are too few for a loop of"):
        close_film(film, FilmLoop.checked({"clip": {"seconds": "9"}}))


def test_a_dropped_sound_is_said(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Heard(VideoReader):
        """A reader of a film that has sound."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.info = replace(self.info, has_audio=True)

    monkeypatch.setattr(closed, "VideoReader", Heard)
    ping_pong = FilmLoop.checked({"loop": {"ping_pong": True}})
    assert close_film(film, ping_pong).notes == ("the film's sound is dropped",)


class Counting:
    """A carry that remembers what it was given, and adds one level to each frame."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.ages: list[int] = []

    def __call__(self, frame: Frame, memory: Memory | None) -> Memory:
        self.frames.append(frame)
        if memory is None:
            assert frame.image is not None
            nothing = torch.zeros_like(frame.image[:1])
            reference, tone = Reference(1, None, 0), tone_of(frame.image)
            return Memory(frame.image, frame.image, nothing, Gauge(), reference, tone)
        self.ages.append(memory.age)
        return replace(memory, dreamed=memory.dreamed + 1 / 255)


def camera() -> Camera:
    return make_camera(CameraSettings(zoom=1.4), Clock(RATE, 6), 64, 48)


def led_back(count: int, fade: int, warm: int) -> tuple[Counting, Iterator[torch.Tensor]]:
    carry, start = Counting(), to_image(texture()) * 0.5
    return carry, blended_back(start, camera(), carry, count=count, fade=fade, warm=warm)


@pytest.mark.parametrize(("count", "fade", "warm"), [(6, 2, 3), (6, 6, 6), (1, 1, 1), (5, 1, 2)])
def test_a_lap_has_its_frames_after_a_warm_up(count: int, fade: int, warm: int) -> None:
    carry, frames = led_back(count, fade, warm)
    assert len(list(frames)) == count
    assert len(carry.frames) == 1 + warm + fade + count - 1
    first, *others = carry.frames
    assert first.index == 0 and first.image is not None and first.motion is None
    assert all(frame.image is None and frame.motion is not None for frame in others)


def test_the_index_of_a_frame_is_its_phase_in_the_lap() -> None:
    carry, frames = led_back(6, 2, 3)
    list(frames)
    phases = [frame.index for frame in carry.frames[1:]]
    assert phases == [4, 5, 6, 1, 2, 3, 4, 5, 6, 1]  # the lap: 2 to 6, and 1
    assert carry.ages == phases


def test_the_last_frames_lead_back_to_those_before_the_lap() -> None:
    _, frames = led_back(8, 3, 3)
    levels = [float(frame.mean()) * 255 for frame in frames]
    steps = np.diff(levels)
    assert np.allclose(steps[:4], 1, atol=1e-3)  # what the carry adds
    assert levels[-1] < levels[4] and steps[-1] < 0
    assert abs(levels[0] - levels[-1]) < 3 < levels[4] - levels[0] + 1
