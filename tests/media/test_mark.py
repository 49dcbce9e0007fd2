"""Marks: a film that is read from a mark gives the frames that reading from its start gives."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tiny import texture

from dreamvid.image import save_image, to_image
from dreamvid.media.mark import Mark, read_from
from dreamvid.media.reader import SourceFrame, VideoReader

COUNT = 40


def film(
    path: Path, codec: str = "libx264", *, rate: Fraction = Fraction(25), options: Any = None
) -> Path:
    """A film of a moving texture, with a keyframe every 12 frames and B-frames between."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "bgr0" if codec == "ffv1" else "yuv420p"
        stream.gop_size = 12
        stream.codec_context.thread_count = 1
        for t in range(COUNT):
            frame = av.VideoFrame.from_ndarray(texture(dx=2 * t, dy=t), "rgb24")
            frame.pts, frame.time_base = t, 1 / rate
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def frames_of(path: Path, **options: Any) -> list[SourceFrame]:
    with VideoReader(path, **options) as reader:
        return list(reader)


def from_mark(path: Path, mark: Mark, first: int, **options: Any) -> list[SourceFrame]:
    with read_from(lambda: VideoReader(path, **options), [mark], first) as reader:
        return list(reader)


def same(some: list[SourceFrame], others: list[SourceFrame]) -> bool:
    return len(some) == len(others) and all(
        (one.index, one.time) == (two.index, two.time) and np.array_equal(one.array, two.array)
        for one, two in zip(some, others, strict=True)
    )


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.mov", "libx264"), ("a.ts", "libx264"),
        ("a.avi", "mpeg4"), ("a.mkv", "ffv1"), ("a.webm", "libvpx-vp9"), ("a.mpg", "mpeg2video"),
        ("a.flv", "libx264"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001)])
def test_reading_from_a_mark_gives_the_same_frames(
    name: str, codec: str, rate: Fraction, tmp_path: Path
) -> None:
    path = film(tmp_path / name, codec, rate=rate)
    whole = frames_of(path)
    for place in (1, 11, 12, 30, COUNT - 1):
        found = from_mark(path, Mark.of(whole[place]), place)
        assert found[0].index in (0, place)  # a film that cannot seek begins at its start
        assert same(found, whole[found[0].index :])


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_most_is_not_decoded(name: str, tmp_path: Path) -> None:
    """The seek is not a detour over the start of the film."""
    path = film(tmp_path / name, rate=Fraction(5))
    whole = frames_of(path)
    found = from_mark(path, Mark.of(whole[30]), 35)
    assert found[0].index == 30 and same(found, whole[30:])


def test_a_film_that_is_cut_out_and_scaled_keeps_its_numbers(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", rate=Fraction(5))
    options = {"start": Fraction(1), "frames": 30, "width": 32}
    whole = frames_of(path, **options)
    found = from_mark(path, Mark.of(whole[20]), 20, **options)
    assert [frame.index for frame in found] == list(range(20, 30))
    assert same(found, whole[20:])


def test_pictures_are_read_from_any_place(tmp_path: Path) -> None:
    for t in (0, 1, 2, 4, 5, 6):
        save_image(tmp_path / f"{t:03d}.png", to_image(texture(dx=t)))
    path = tmp_path / "%03d.png"
    whole = frames_of(path)
    found = from_mark(path, Mark.of(whole[4]), 4)
    assert found[0].index == 4 and same(found, whole[4:])


def test_a_frame_that_is_another_one_is_not_taken(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", rate=Fraction(5))
    whole = frames_of(path)
    mark = Mark.of(whole[30])
    late = mark.time + Fraction(1, 99)
    for time, crc in ((mark.time, mark.crc ^ 1), (late, mark.crc), (Fraction(1000), mark.crc)):
        wrong = Mark(30, time, crc)
        assert same(from_mark(path, wrong, 30), whole)


def test_the_last_mark_before_a_frame_is_taken(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", rate=Fraction(5))
    whole = frames_of(path)
    marks = [Mark.of(whole[place]) for place in (0, 15, 30)]
    for first, begins in ((0, 0), (14, 0), (15, 15), (29, 15), (39, 30)):
        with read_from(lambda: VideoReader(path), marks, first) as reader:
            assert next(reader).index == begins


def test_frames_that_depend_on_others_are_not_sought(tmp_path: Path) -> None:
    fine = film(tmp_path / "a.mp4")
    with VideoReader(fine) as reader:
        assert len(list(reader)) == COUNT and reader.seekable
    fields = film(tmp_path / "b.mp4", options={"flags": "+ilme+ildct", "x264-params": "tff=1"})
    with VideoReader(fields) as reader:
        list(reader)
        assert not reader.seekable
    film(tmp_path / "c.mkv")
    data = (tmp_path / "c.mkv").read_bytes()
    (tmp_path / "c.mkv").write_bytes(data[: len(data) * 2 // 3])
    with VideoReader(tmp_path / "c.mkv") as reader:
        list(reader)
        assert reader.damage and not reader.seekable
