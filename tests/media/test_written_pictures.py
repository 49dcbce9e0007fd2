"""Films made into pictures: delays of animations, formats, numbered files."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dreamvid.errors import DreamvidError
from dreamvid.media import pictures
from dreamvid.media.curves import to_linear
from dreamvid.media.info import FilmInfo
from dreamvid.media.output import Output
from dreamvid.media.pictures import LEAST_DELAY, Footage, set_last_delay

LIKE = FilmInfo.plain(64, 48, Fraction(24))


def footage(*times: Fraction, rate: Fraction = Fraction(24), variable: bool = False) -> Footage:
    source = replace(LIKE, rate=rate, variable=variable)
    return Footage(source, times, times[-1] + 1 / rate, alpha=False)


def evenly(count: int, rate: Fraction) -> Footage:
    return footage(*(n / rate for n in range(count)), rate=rate)


@pytest.mark.parametrize(
    ("rate", "every"),
    [(24, 1), (50, 1), (Fraction(5001, 100), 2), (60, 2), (100, 2), (101, 3), (1, 1)],
)
def test_frames_that_a_viewer_does_not_honour_are_left_out_evenly(rate: Any, every: int) -> None:
    film = evenly(12, Fraction(rate))
    chosen, kept = pictures._honoured(film)
    assert kept == list(film.times[::every]) and chosen == rf"not(mod(n\,{every}))"


@given(st.lists(st.integers(1, 90), min_size=1, max_size=30))
def test_of_a_varying_rate_no_delay_is_too_short_and_no_gap_needless(steps: list[int]) -> None:
    times = [Fraction(sum(steps[:n]), 1000) for n in range(len(steps) + 1)]
    _, kept = pictures._honoured(footage(*times, variable=True))
    marks = [pictures._hundredths(time) for time in kept]
    assert kept[0] == 0 and set(kept) <= set(times)
    assert all(b - a >= LEAST_DELAY for a, b in pairwise(marks))
    for time in set(times) - set(kept):
        before = max(mark for mark, at in zip(marks, kept, strict=True) if at < time)
        assert pictures._hundredths(time) - before < LEAST_DELAY


@pytest.mark.parametrize(
    ("time", "hundredths"),
    [(0, 0), (Fraction(1, 24), 4), (Fraction(1, 200), 1), (Fraction(1, 201), 0), (1, 100)],
)
def test_times_are_rounded_to_hundredths(time: Any, hundredths: int) -> None:
    assert pictures._hundredths(Fraction(time)) == hundredths


@pytest.mark.parametrize(("loop", "count"), [(0, 0), (3, 3), (None, -1)])
def test_a_gif_repeats_as_often_as_its_source(tmp_path: Path, loop: int | None, count: int) -> None:
    first, other = (Image.new("P", (8, 8), level) for level in (0, 9))
    options = {} if loop is None else {"loop": loop}
    first.save(tmp_path / "a.gif", save_all=True, append_images=[other], **options)
    assert pictures._loop_count(tmp_path / "a.gif") == count
    for source in (None, tmp_path / "gone.gif", tmp_path, tmp_path / "a.mp4"):
        assert pictures._loop_count(source) == 0


def webp(path: Path, *delays: int) -> Path:
    frames = [Image.new("RGB", (16, 16), (40 * n, 0, 0)) for n in range(len(delays))]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=list(delays))
    return path


def delays_of(path: Path) -> list[int]:
    found = []
    with Image.open(path) as picture:
        for n in range(getattr(picture, "n_frames", 1)):
            picture.seek(n)
            picture.load()
            found.append(int(picture.info.get("duration", 0)))
    return found


@pytest.mark.parametrize(("length", "last"), [(500, 300), (201, 1), (150, 1), (60_000, 59_800)])
def test_the_last_delay_of_a_webp_fills_its_length(tmp_path: Path, length: int, last: int) -> None:
    path = webp(tmp_path / "a.webp", 100, 100, 40)
    set_last_delay(path, length)
    assert delays_of(path) == [100, 100, last]


def test_pieces_of_odd_length_are_stepped_over(tmp_path: Path) -> None:
    def piece(name: bytes, data: bytes) -> bytes:
        return name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)

    frame = piece(b"ANMF", bytes(12) + (40).to_bytes(3, "little") + bytes(9))
    path = tmp_path / "a.webp"
    path.write_bytes(b"RIFF\0\0\0\0WEBP" + piece(b"ICCP", b"abc") + frame + frame)
    set_last_delay(path, 100)
    assert [n for n in path.read_bytes() if n in (40, 60)] == [40, 60]


def test_a_webp_without_animation_stays_as_it_is(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "a.webp")
    before = (tmp_path / "a.webp").read_bytes()
    set_last_delay(tmp_path / "a.webp", 999)
    assert (tmp_path / "a.webp").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "codec", "bits", "alpha", "pixels"),
    [
        ("f_%d.png", "png", 8, False, "rgb24"),
        ("f_%d.png", "png", 8, True, "rgba"),
        ("f_%d.png", "png", 10, False, "rgb48be"),
        ("f_%d.png", "png16", 8, True, "rgba64be"),
        ("a.apng", "apng", 10, True, "rgba64be"),
    ],
)
def test_png_has_the_depth_of_the_film(
    name: str, codec: str, bits: int, alpha: bool, pixels: str
) -> None:
    film = replace(evenly(1, Fraction(24)), source=replace(LIKE, bits=bits), alpha=alpha)
    assert pictures._png_pixels(Output(Path(name), codec), film) == pixels


@pytest.mark.parametrize(
    ("transfer", "tag"),
    [
        ("bt709", "iec61966-2-1"),
        ("unknown", "iec61966-2-1"),
        ("smpte2084", "smpte2084"),
        ("linear", "linear"),
    ],
)
def test_pictures_are_tagged_as_they_are_shown(transfer: str, tag: str) -> None:
    source = replace(LIKE, colour=replace(LIKE.colour, transfer=transfer))
    tags = pictures._png_tags(replace(evenly(1, Fraction(24)), source=source))
    assert tags == f"setparams=color_primaries=bt709:color_trc={tag}"


def test_exr_holds_linear_light_multiplied_by_alpha() -> None:
    rgba = np.zeros((2, 3, 4), np.uint16)
    rgba[...] = (65535, 32768, 0, 16384)
    planes = pictures._light(rgba)
    half = float(to_linear(np.array([32768], np.uint16))[0])
    assert planes.shape == (4, 2, 3) and planes.dtype == np.float32
    share = 16384 / 65535
    assert np.allclose(planes[:, 0, 0], (half * share, 0, share, share), atol=1e-5)  # G, B, R, A
    assert np.allclose(pictures._light(rgba[..., :3])[:, 0, 0], (half, 0, 1), atol=1e-5)


def test_a_percent_in_the_folder_is_no_number(tmp_path: Path) -> None:
    target = Output(tmp_path / "f_%03d.png")
    found = pictures._numbered(tmp_path / "100%d", target)
    assert found == tmp_path / "100%%d" / "f_%03d.png"


def test_pictures_that_are_missing_are_noticed_before_any_is_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(film: Path, folder: Path, *_: object) -> None:
        for n in range(2):
            (folder / f"f_{n}.png").touch()

    monkeypatch.setattr(pictures, "_write_png", two)
    (tmp_path / "work").mkdir()
    (tmp_path / "f_9.png").touch()
    target = Output(tmp_path / "f_%d.png", overwrite=True)
    film = tmp_path / "work" / "film.nut"
    with pytest.raises(DreamvidError, match="only 2 of 3 images were written"):
        pictures.write_pictures(film, target, evenly(3, Fraction(24)))
    assert (tmp_path / "f_9.png").exists()
    (tmp_path / "work" / "frames" / "f_0.png").unlink()
    (tmp_path / "work" / "frames" / "f_1.png").unlink()
    (tmp_path / "work" / "frames").rmdir()
    made = pictures.write_pictures(film, target, evenly(2, Fraction(24)))
    assert made == (2, ()) and not (tmp_path / "f_9.png").exists()  # left of an older row
    assert sorted(file.name for file in target.files()) == ["f_0.png", "f_1.png"]
