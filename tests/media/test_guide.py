"""Guides by their paths: what they show at each frame of a sequence."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.media import guide
from dreamvid.media.guide import Shown, check_guide, is_film, read_guide, shown_at
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.schedules.schedule import Clock


def still(path: Path, level: int = 100, size: tuple[int, int] = (48, 40)) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, (level,) * 3).save(path)
    return path


def film(path: Path, *, frames: int = 10, rate: int = 10) -> Path:
    """Frame k is a flat grey of level 20 k."""
    info = FilmInfo(None, 48, 40, Fraction(rate), Fraction(1, rate), frames=frames)
    with VideoWriter(path, like=info, codec="ffv1") as out:
        for k in range(frames):
            out.write(np.full((40, 48, 3), 20 * k, np.uint8))
    return path


def numbers(path: Path, clock: Clock, time="loop", *, frames: int) -> list[int | None]:
    return [shown_at(str(path), k, clock, time)[0].number for k in range(frames)]


def test_a_film_runs_at_its_own_rate_and_begins_again(tmp_path: Path) -> None:
    path = film(tmp_path / "g.mkv", frames=10, rate=10)
    faster, slower = Clock(Fraction(20), 30), Clock(Fraction(5), 8)
    assert numbers(path, faster, frames=22) == [k // 2 % 10 for k in range(22)]
    assert numbers(path, slower, frames=8) == [0, 2, 4, 6, 8, 0, 2, 4]
    unknown = Clock(Fraction(10), None)
    assert numbers(path, unknown, frames=12) == [*range(10), 0, 1]


def test_a_film_is_stretched_to_the_length_of_the_other(tmp_path: Path) -> None:
    path = film(tmp_path / "g.mkv", frames=10, rate=10)
    assert numbers(path, Clock(Fraction(3), 20), "stretch", frames=20) == [
        k // 2 for k in range(20)
    ]
    assert numbers(path, Clock(Fraction(3), 5), "stretch", frames=5) == [0, 2, 4, 6, 8]
    with pytest.raises(UsageError, match="the length of the film is not known; give --frames"):
        numbers(path, Clock(Fraction(3), None), "stretch", frames=2)


def test_any_frame_of_a_film_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(film(tmp_path / "g.mkv", frames=10))
    monkeypatch.setattr(guide, "STRETCH", 4)
    for k in (7, 0, 3, 4, 9, 1):
        assert read_guide(Shown(path, k)).mean() == pytest.approx(20 * k, abs=1), k


def test_a_folder_gives_each_picture_its_share_of_the_time(tmp_path: Path) -> None:
    names = ["1.png", "2.png", "10.png"]
    for name in names:
        still(tmp_path / "g" / name)
    seen = [shown_at(str(tmp_path / "g"), k, Clock(Fraction(10), 6), "loop") for k in range(6)]
    assert [Path(picture.path).name for (picture,) in seen] == [n for n in names for _ in range(2)]
    whole = shown_at(str(tmp_path / "g"), 0, Clock(Fraction(1), 1), "loop")
    assert [Path(picture.path).name for picture in whole] == names


def test_a_picture_is_shown_at_every_frame(tmp_path: Path) -> None:
    path = str(still(tmp_path / "a.png", 130))
    clock = Clock(Fraction(10), 6)
    assert {shown_at(path, k, clock, "loop") for k in range(6)} == {(Shown(path),)}
    assert read_guide(Shown(path)).mean() == 130


def test_films_are_told_from_pictures_by_their_paths(tmp_path: Path) -> None:
    assert is_film("a.mp4") and is_film("a.gif") and is_film(str(tmp_path / "a_%03d.png"))
    assert not is_film("a.PNG") and not is_film(str(tmp_path))
    named = still(tmp_path / "100%d.png")  # a picture with such a name
    assert not is_film(str(named))


def test_a_row_of_pictures_is_a_film(tmp_path: Path) -> None:
    for k in range(3):
        still(tmp_path / "g" / f"a_{k:03d}.png", 20 * k)
    path = str(tmp_path / "g" / "a_%03d.png")
    check_guide(path)
    assert read_guide(Shown(path, 2)).mean() == pytest.approx(40, abs=1)


def test_guides_that_cannot_be_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    still(tmp_path / "g" / "good.png")
    (tmp_path / "g" / "bad.png").write_text("no picture")
    still(tmp_path / "small.png", size=(31, 100))
    for path, says in (
        ("gone.png", "no such file"),
        ("gone.mp4", "no such file"),
        ("empty", "the guide has no pictures in it"),
        ("g", r"bad\.png"),
        ("small.png", "31 pixels is too small; use 32 pixels or more"),
    ):
        with pytest.raises(UnreadableInput, match=says):
            check_guide(str(tmp_path / path))
    check_guide(str(still(tmp_path / "least.png", size=(32, 100))))
