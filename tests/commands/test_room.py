"""The estimate of the disk that a run takes, and the refusal when it is not there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tiny import dream_tiny

from dreamvid.commands import room
from dreamvid.commands.preflight import check_loop, check_video, check_zoom
from dreamvid.commands.room import BITS, Room, check_room, film_bytes, memory_bytes
from dreamvid.errors import DiskFull
from dreamvid.media.codecs import CODECS
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence import stretch
from dreamvid.sequence.folder import folder_of, part_frames
from dreamvid.sequence.plan import Shot
from dreamvid.settings.loops import FeedbackLoop, FilmLoop, ZoomLoop
from dreamvid.settings.models import VideoSettings, ZoomSettings

SIZE = FilmInfo.plain(640, 360, Fraction(25), 100)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)


def disk(monkeypatch: pytest.MonkeyPatch, free: float) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=int(free)))


def zoom(folder: Path, **tables: dict[str, Any]) -> Any:
    clip = {"from_noise": True, "size": "640x360", "seconds": 100}
    settings = ZoomSettings.checked({"clip": clip} | tables)
    return check_zoom(None, folder / "out.mp4", settings)


def test_every_codec_has_its_bits_and_the_parts_are_those_of_a_job() -> None:
    assert set(BITS) == set(CODECS)
    assert room.part_frames is stretch.part_frames is part_frames
    assert room.KEPT_EVERY == stretch.KEPT_EVERY
    assert room.folder_of is folder_of


def test_a_film_of_noise_is_larger_than_estimated_and_a_still_one_smaller(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    wild = [rng.integers(0, 256, (96, 128, 3), np.uint8) for _ in range(8)]
    like = FilmInfo.plain(128, 96, Fraction(25), 8)
    for codec in ("h264", "ffv1"):
        guess = film_bytes(Output(Path("a.mkv"), codec), like, 8)
        for frames, larger in ((wild, True), ([wild[0] * 0] * 8, False)):
            path = tmp_path / f"{codec}-{larger}.mkv"
            with VideoWriter(path, like=like, codec=codec) as out:
                for index, frame in enumerate(frames):
                    out.write(frame, Fraction(index, 25))
            assert (path.stat().st_size > guess) is larger


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        (lambda: film_bytes(Output(Path("a.mp4")), SIZE, 200), 2),
        (lambda: film_bytes(Output(Path("a.mp4"), crf=11), SIZE, 100), 2),
        (lambda: film_bytes(Output(Path("a.mp4"), "h265"), SIZE, 100), 0.77 / 0.83),
        (lambda: film_bytes(Output(Path("a.mp4"), repeat_to=Fraction(11)), SIZE, 100), 3),
        (lambda: film_bytes(Output(Path("a.gif")), SIZE, 100, part=True), 2 * 11.8 / 0.83),
        (lambda: film_bytes(Output(Path("a.gif")), SIZE, 100), 7.1 / 0.83),
    ],
)
def test_length_quality_codec_and_repeats_decide(change: Callable[[], int], factor: float) -> None:
    plain = film_bytes(Output(Path("a.mp4")), SIZE, 100)
    assert plain == round(0.83 / 8 * 640 * 360 * 100)
    assert change() == pytest.approx(factor * plain, rel=1e-3)


def test_few_memories_are_kept() -> None:
    one = 7 * 4 * 640 * 360
    assert part_frames((640, 360)) == 120 and part_frames((1280, 720)) == 60
    assert memory_bytes((640, 360), 100) == one
    assert memory_bytes((640, 360), 240) == 2 * one
    assert memory_bytes((640, 360), 120 * 18) == 4 * one


def test_a_run_begins_when_the_disk_may_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = zoom(tmp_path)
    needs = Room.of(request)
    assert needs is not None and needs.needed == needs.parts + needs.film > 0
    disk(monkeypatch, room.SURE * needs.needed + 1)
    check_room(request)
    disk(monkeypatch, room.SURE * needs.needed - 1)
    with pytest.raises(DiskFull, match=r"need about .* MB, .* MB are free; make room.*--force"):
        check_room(request)
    check_room(request, force=True)


def test_while_shots_are_led_their_warm_ups_are_there(tmp_path: Path) -> None:
    """Those beside the pieces that are dreamed at a time, which are gone at the end."""
    like = FilmInfo.plain(64, 48, Fraction(8), 5)
    with VideoWriter(tmp_path / "in.mkv", like=like) as out:
        for index in range(5):
            out.write(np.zeros((48, 64, 3), np.uint8), Fraction(index, 8))
    regions = {"region": [{"mask": f"inside:{side},0,0.5,1"} for side in (0, 0.5)]}
    request = check_video(tmp_path / "in.mkv", tmp_path / "d.mkv", VideoSettings.checked(regions))
    plain = Room.of(request)
    assert plain is not None and not plain.seams
    film = (Shot(0, 9), *(Shot(n, n + 9, 8, 4) for n in range(9, 45, 9)))
    one = 2 * 64 * 48 * (3 * 6 + 7 * 4)
    for workers, count in ((1, 2), (2, 3), (9, 4)):
        led = plain.with_seams(request, film, workers=workers)
        assert led.seams == count * one
        assert led.needed == plain.parts + count * one > plain.needed
    request.reader.close()


def test_parts_that_are_there_already_need_no_more_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = zoom(tmp_path)
    before = Room.of(request)
    parts = tmp_path / ".out.mp4.parts"
    parts.mkdir()
    (parts / "part-000000000.film").write_bytes(bytes(1_000_000))
    now = Room.of(request)
    assert before is not None and now is not None
    assert before.needed - now.needed == 1_000_000


def test_large_films_keep_memories_at_the_size_of_their_dream() -> None:
    assert room._dream_share((1920, 1080), None) == 1
    assert room._dream_share((3840, 2160), None) == pytest.approx(1 / 16)
    assert room._dream_share((3840, 2160), "full") == 1
    assert room._dream_share((3840, 2160), "960x540") == pytest.approx(1 / 16)


def test_films_and_loops_are_estimated_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = {"size": "64x48", "seconds": 1, "fps": 8}
    for name, model in (("a", ZoomLoop), ("b", FeedbackLoop)):
        request = check_loop(None, tmp_path / f"{name}.mkv", model.checked({"clip": clip}))
        found = Room.of(request)
        assert found is not None and found.parts == found.film == round(0.83 / 8 * 64 * 48 * 8)
    with VideoWriter(tmp_path / "in.mkv", like=FilmInfo.plain(64, 48, Fraction(8), 5)) as out:
        for index in range(5):
            out.write(np.zeros((48, 64, 3), np.uint8), Fraction(index, 8))
    joined = check_loop(tmp_path / "in.mkv", tmp_path / "c.mkv", FilmLoop())
    assert Room.of(joined) is None  # what is left of a film when it is joined is seen later
    disk(monkeypatch, 0)
    check_room(joined)
    film = check_video(tmp_path / "in.mkv", tmp_path / "d.mkv", VideoSettings())
    with pytest.raises(DiskFull):
        check_room(film)
