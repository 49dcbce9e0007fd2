"""Mattes: by brightness or alpha, and films that stay in time with the film they mask."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.image import to_image
from dreamvid.media import mattes
from dreamvid.media.info import FilmInfo
from dreamvid.media.mattes import MatteFilm, check_matte, read_matte
from dreamvid.media.source import is_still
from dreamvid.media.writer import VideoWriter


def grey(*levels: int, height: int = 6) -> np.ndarray:
    """A picture of columns of these levels."""
    return np.tile(np.array(levels, np.uint8), (height, 1))


def write(path: Path, array: np.ndarray) -> Path:
    Image.fromarray(array).save(path)
    return path


def matte_film(
    path: Path, level: Callable[[int], int], *, count: int, rate: Fraction, codec: str = "ffv1"
) -> Path:
    """A film of plain frames of one level each, 32x24."""
    with VideoWriter(path, like=FilmInfo.plain(32, 24, rate, count), codec=codec) as out:
        for n in range(count):
            out.write(to_image(np.full((24, 32, 3), level(n), np.uint8)), n / rate)
    return path


def test_a_picture_is_a_matte_by_its_brightness(tmp_path: Path) -> None:
    plane = read_matte(write(tmp_path / "m.png", grey(0, 4, 127, 128, 251, 255)))
    assert plane.shape == (6, 6) and plane.dtype == np.float32
    assert plane[0].tolist() == pytest.approx([0, 0, 0.498, 0.502, 1, 1], abs=2e-3)
    assert plane[0, 1] == 0 and plane[0, 4] == 1  # almost black, almost white


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_a_picture_with_alpha_is_a_matte_by_its_alpha(tmp_path: Path, suffix: str) -> None:
    rgba = np.zeros((4, 3, 4), np.uint8)
    rgba[..., :3], rgba[:, 1, 3], rgba[:, 2, 3] = 255, 128, 255
    plane = read_matte(write(tmp_path / f"m{suffix}", rgba))
    assert plane[0].tolist() == pytest.approx([0, 0.502, 1], abs=2e-3)
    rgba[..., 3] = 255  # an opaque picture says nothing by its alpha
    rgba[:, 0, :3] = 0
    assert read_matte(write(tmp_path / f"m{suffix}", rgba))[0].tolist() == [0, 1, 1]


def test_a_deep_picture_keeps_its_levels(tmp_path: Path) -> None:
    deep = write(tmp_path / "m.png", np.array([[0, 32768, 65535]], np.uint16))
    assert read_matte(deep)[0].tolist() == pytest.approx([0, 0.5, 1], abs=1e-3)


def test_pictures_and_films_are_told_apart_by_name(tmp_path: Path) -> None:
    assert is_still(Path("a.PNG")) and is_still(Path("a.jpg"))
    assert not is_still(Path("a.mp4")) and not is_still(tmp_path)
    assert not is_still(Path("frame_%05d.png"))


@pytest.mark.parametrize("suffix, codec", [(".mkv", "ffv1"), (".mov", "prores"), (".mp4", "h264")])
@pytest.mark.parametrize("rate", [Fraction(12), Fraction(30000, 1001), Fraction(60)], ids=str)
def test_a_film_gives_the_frame_that_a_player_shows(
    tmp_path: Path, suffix: str, codec: str, rate: Fraction
) -> None:
    """Some formats round times to milliseconds: what comes 1/400 s later is taken as well."""
    count = 12
    path = matte_film(
        tmp_path / f"m{suffix}", lambda n: 20 * n + 10, count=count, rate=rate, codec=codec
    )
    with MatteFilm(path) as film:
        assert film.size == (32, 24)
        for n in range(24):
            time = n / Fraction(24)
            expected = (20 * min(int((time + mattes.LATE) * rate), count - 1) + 10) / 255
            got = 0.02 + 0.96 * float(film(time).mean())
            assert got == pytest.approx(expected, abs=0.02), (n, time)


def test_a_film_stays_in_time_with_one_of_its_own_rate_whatever_the_clock(tmp_path: Path) -> None:
    """29.97 frames a second in whole milliseconds: every second frame comes up to 1/2 ms late."""
    rate = Fraction(30000, 1001)
    path = matte_film(tmp_path / "m.mkv", lambda n: 8 * n + 8, count=30, rate=rate)
    with MatteFilm(path) as film:
        levels = [0.02 + 0.96 * float(film(n / rate).mean()) for n in range(30)]
    assert levels == pytest.approx([(8 * n + 8) / 255 for n in range(30)], abs=0.006)


@pytest.mark.parametrize("suffix, codec", [(".mov", "prores4444"), (".mkv", "ffv1")])
def test_a_transparent_film_is_a_matte_by_its_alpha(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    path = tmp_path / f"m{suffix}"
    rgba = torch.ones(4, 24, 32)
    rgba[3, :, 16:] = 0
    like = FilmInfo.plain(32, 24, Fraction(25), 2)
    with VideoWriter(path, like=like, codec=codec) as out:
        for n in range(2):
            out.write(rgba, Fraction(n, 25))
    with MatteFilm(path) as film:
        plane = film(Fraction(0))
    assert plane[:, :14].min() == 1 and plane[:, 18:].max() == 0


def test_a_film_goes_back_and_holds_its_last_frame(tmp_path: Path) -> None:
    path = matte_film(tmp_path / "m.mkv", lambda n: 50 * n, count=5, rate=Fraction(5))
    with MatteFilm(path) as film:
        times = [Fraction(0), Fraction(99), Fraction(2, 5), Fraction(-1), Fraction(4, 5)]
        levels = [round(255 * (0.02 + 0.96 * float(film(time).mean()))) for time in times]
        assert levels == pytest.approx([5, 200, 100, 5, 200], abs=1)
        assert film.duration == 1


def test_a_matte_may_have_any_size_but_must_have_the_shape(tmp_path: Path) -> None:
    path = write(tmp_path / "m.png", np.full((90, 160), 255, np.uint8))
    for size in ((1920, 1080), (1920, 1088), (160, 90), (16, 9)):
        check_matte(path, size)
    told = "m.png: a mask of 160x90 has another shape than 400x300; crop or pad it first"
    with pytest.raises(UsageError, match=told):
        check_matte(path, (400, 300))


def test_a_matte_that_hides_everything_is_refused(tmp_path: Path) -> None:
    black = write(tmp_path / "black.png", np.full((9, 16), 4, np.uint8))
    white = write(tmp_path / "white.png", np.full((9, 16), 255, np.uint8))
    with pytest.raises(UsageError, match=r"black everywhere: nothing would be dreamed; put ! in"):
        check_matte(black, (16, 9))
    with pytest.raises(UsageError, match=r"white everywhere, and inverted: .* leave ! out"):
        check_matte(white, (16, 9), inverted=True)
    check_matte(black, (16, 9), inverted=True)
    check_matte(white, (16, 9))
    check_matte(black, (16, 9), may_hide=True)


def test_a_film_that_hides_everything_is_refused_if_that_is_soon_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, rate = (32, 24), Fraction(25)
    black = matte_film(tmp_path / "black.mkv", lambda n: 0, count=9, rate=rate)
    last = matte_film(tmp_path / "last.mkv", lambda n: 255 * (n == 8), count=9, rate=rate)
    with pytest.raises(UsageError, match="black everywhere"):
        check_matte(black, size)
    check_matte(black, size, inverted=True)
    check_matte(last, size)
    monkeypatch.setattr(mattes, "LOOKED", 8)
    check_matte(black, size)  # who knows what comes later


def test_what_is_no_matte_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "text.mp4").write_text("no film")
    (tmp_path / "empty.mp4").touch()
    for name in ("gone.png", "gone.mp4", "text.png", "text.mp4", "empty.mp4"):
        with pytest.raises(UnreadableInput, match=name) as caught:
            check_matte(tmp_path / name, (16, 9))
        assert "\n" not in str(caught.value)
