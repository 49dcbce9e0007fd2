"""What images cannot hold of a film: varying times, short delays, and how often it repeats."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from media_clips import copy_film, frames_of
from PIL import Image

from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter

UNEVEN = [Fraction(n, 1000) for n in (0, 10, 50, 61, 100, 230, 240, 300)]
"""Times of the frames of a screen recording, in seconds."""


def write_uneven(path: Path, *, codec: str, alpha: bool = False) -> VideoWriter:
    """Write a grey level for each of the times, at a mean rate of 25 per second."""
    like = replace(FilmInfo.plain(32, 32, Fraction(25)), variable=True, time_base=Fraction(1, 1000))
    with VideoWriter(path, like=like, codec=codec) as out:
        for n, time in enumerate(UNEVEN):
            out.write(torch.full((3, 32, 32), (20 + 30 * n) / 255), time)
    return out


@pytest.mark.parametrize("name", ["f_%02d.png", "f_%02d.exr", "f.mov"])
def test_a_varying_rate_is_made_constant_where_frames_have_no_times(
    tmp_path: Path, name: str
) -> None:
    codec = "hap-q" if name == "f.mov" else Path(name).suffix[1:]
    out = write_uneven(tmp_path / name, codec=codec)
    # The frame visible in the middle of each slot of 1/25 s: at 20, 60, 100 ... 300, 340 ms.
    slots = [20, 60, 100, 140, 180, 220, 260, 300]
    shown = [max(n for n, time in enumerate(UNEVEN) if time * 1000 <= slot) for slot in slots]
    repeats = sum(shown.count(n) - 1 for n in set(shown))
    dropped = len(UNEVEN) - len(set(shown))
    told = f"{repeats} times a frame is repeated, {dropped} are dropped"
    assert out.frames >= len(slots)
    frames = frames_of(tmp_path / name, **({} if codec == "hap-q" else {"rate": Fraction(25)}))
    assert [frame.time for frame in frames] == [Fraction(n, 25) for n in range(out.frames)]
    levels = [frame.array.mean() / np.iinfo(frame.array.dtype).max * 255 for frame in frames]
    assert np.abs(np.array(levels[:8]) - [20 + 30 * n for n in shown]).max() < 4
    assert [note for note in out.notes if "varying" in note] == [
        f"the varying rate was made a constant 25 fps for {codec}: {told}"
    ]


@pytest.mark.parametrize("name", ["f.mkv", "f.webp"])
def test_a_varying_rate_is_kept_where_frames_have_times(tmp_path: Path, name: str) -> None:
    out = write_uneven(tmp_path / name, codec="ffv1")
    assert (out.notes, out.frames) == ((), len(UNEVEN))


def test_a_gif_of_a_varying_rate_has_delays_that_viewers_honour(tmp_path: Path) -> None:
    out = write_uneven(tmp_path / "f.gif", codec="gif")
    with Image.open(tmp_path / "f.gif") as gif:
        delays = []
        for n in range(gif.n_frames):
            gif.seek(n)
            delays.append(gif.info["duration"])
    assert min(delays) >= 20
    assert np.cumsum([0, *delays[:-1]]).tolist() == [0, 50, 100, 230, 300]
    assert out.notes == ("5 of 8 frames are in the file: a GIF plays at most 50 per second",)
    assert out.frames == 5


def test_a_gif_of_60_frames_a_second_tells_the_number_it_holds(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "f.gif", like=FilmInfo.plain(32, 32, Fraction(60))) as out:
        for n in range(9):
            out.write(torch.full((3, 32, 32), n / 9))
    assert out.frames == 5
    with av.open(str(tmp_path / "f.gif")) as gif:
        assert sum(1 for _ in gif.decode(video=0)) == 5


@pytest.mark.parametrize("loop", [None, 0, 3])
def test_a_gif_repeats_as_often_as_the_gif_it_was_made_from(
    tmp_path: Path, loop: int | None
) -> None:
    images = [Image.new("RGB", (32, 32), (60 * n, 90, 120)) for n in range(4)]
    options = {} if loop is None else {"loop": loop}
    images[0].save(
        tmp_path / "a.gif", save_all=True, append_images=images[1:], duration=40, **options
    )
    copy_film(tmp_path / "a.gif", tmp_path / "b.gif")
    with Image.open(tmp_path / "b.gif") as gif:
        assert gif.info.get("loop") == loop


def test_a_gif_of_a_film_repeats_for_ever(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "f.gif", like=FilmInfo.plain(32, 32, Fraction(25))) as out:
        for n in range(3):
            out.write(torch.full((3, 32, 32), n / 3))
    with Image.open(tmp_path / "f.gif") as gif:
        assert gif.info["loop"] == 0
