"""Films in parts: put together they are the film, bit by bit and moment by moment."""

from __future__ import annotations

import os
import shutil
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from media_clips import Make, frames_of, packets, times

from dreamvid.errors import DiskFull, DreamvidError, OutputExists, UsageError
from dreamvid.image import to_image
from dreamvid.media.child import FfmpegChild, run_ffmpeg
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.parts import PartTable
from dreamvid.media.reader import VideoReader
from dreamvid.media.writer import PartWriter

UNEVEN = ("-fps_mode", "passthrough", "-enc_time_base", "1:1000")
LONG = "testsrc2=size=96x64:rate=24:duration=3"
TONE = "sine=frequency=440:duration=3"


def write_parts(
    clip: Path, folder: Path, cuts: list[int], codec: str = "h264"
) -> tuple[list[Path], FilmInfo]:
    """Encode a clip in parts that begin at the given frames."""
    parts: list[Path] = []
    with VideoReader(clip) as film:
        writer = None
        for frame in film:
            if frame.index in cuts:
                if writer is not None:
                    writer.close()
                parts.append(folder / f"part{len(parts)}")
                writer = PartWriter(parts[-1], like=film.info, codec=codec)
            assert writer is not None
            writer.write(to_image(frame.array), frame.time)
        assert writer is not None
        writer.close()
        return parts, film.info


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("name", ["b.mp4", "b.mkv"])
def test_parts_make_the_film_at_exact_times(
    make: Make, tmp_path: Path, uneven: bool, name: str
) -> None:
    stretched = ("-vf", "settb=1/1000,setpts='N*37+if(gt(N,29),N*N*3,0)'", *UNEVEN)
    clip = make("a.mp4", "-c:a", "aac", *(stretched if uneven else ()), source=LONG, sound=TONE)
    parts, info = write_parts(clip, tmp_path, [0, 1, 3, 30, 31, 50])
    assemble(parts, tmp_path / name, source=info)
    whole, made = frames_of(clip), frames_of(tmp_path / name)
    assert [frame.time for frame in made] == [frame.time for frame in whole]
    for a, b in zip(whole, made, strict=True):
        assert np.abs(a.array.astype(int) - b.array).mean() < 6  # each picture in its own place
    if name == "b.mp4":
        assert times(tmp_path / name) == times(clip)
        assert packets(tmp_path / name, "audio") == packets(clip, "audio")


def test_decoding_order_holds_across_parts_with_b_frames(make: Make, tmp_path: Path) -> None:
    clip = make("a.mp4", source=LONG)
    parts, info = write_parts(clip, tmp_path, [0, 20, 41])
    assemble(parts, tmp_path / "b.mp4", source=info)
    with av.open(str(tmp_path / "b.mp4")) as film:
        found = [(p.dts, p.pts) for p in film.demux(video=0) if p.size]
    assert any(pts != sorted(t for _, t in found)[n] for n, (_, pts) in enumerate(found))
    assert all(a[0] < b[0] for a, b in pairwise(found))
    assert all(dts <= pts for dts, pts in found)


@pytest.mark.parametrize("end", ["mp4", "mov", "mkv", "webm"])
def test_a_film_made_again_from_the_same_parts_has_the_same_bytes(
    make: Make, tmp_path: Path, end: str
) -> None:
    clip = make("a.mp4", source=LONG, sound=TONE)
    films = []
    for n in range(2):  # the second time, the middle part is encoded again
        folder = tmp_path / str(n)
        folder.mkdir()
        codec = "webm" if end == "webm" else "h264"
        parts, info = write_parts(clip, folder, [0, 24, 48], codec=codec)
        if n:
            for part in (parts[0], parts[2]):
                shutil.copy(tmp_path / "0" / part.name, part)
        assemble(parts, folder / f"film.{end}", source=info)
        films.append((folder / f"film.{end}").read_bytes())
    assert films[0] == films[1]


def test_the_beginning_of_a_film_can_be_put_together(make: Make, tmp_path: Path) -> None:
    clip = make("a.mp4", "-c:a", "aac", source=LONG, sound=TONE)
    parts, info = write_parts(clip, tmp_path, [0, 24, 48])
    assemble(parts[:2], tmp_path / "b.mp4", source=info, complete=False)
    assert times(tmp_path / "b.mp4") == [Fraction(n, 24) for n in range(48)]
    sound = packets(tmp_path / "b.mp4", "audio")
    assert Fraction(19, 10) < sound[-1][0] < 2


def test_lossless_parts_become_pictures(make: Make, tmp_path: Path) -> None:
    parts, info = write_parts(make("a.mp4"), tmp_path, [0, 10], codec="ffv1")
    (tmp_path / "out").mkdir()
    assemble(parts, tmp_path / "out" / "f%02d.png", source=info)
    assert len(os.listdir(tmp_path / "out")) == 24


def test_a_part_appears_when_it_is_complete(tmp_path: Path, make: Make) -> None:
    clip = make("a.mp4")
    with (
        VideoReader(clip) as film,
        pytest.raises(KeyboardInterrupt),
        PartWriter(tmp_path / "part", like=film.info) as part,
    ):
        for frame in film:
            part.write(to_image(frame.array), frame.time)
            assert not (tmp_path / "part").exists()
        raise KeyboardInterrupt
    assert sorted(os.listdir(tmp_path)) == ["a.mp4"]


def test_parts_out_of_order_or_of_two_films_are_refused(make: Make, tmp_path: Path) -> None:
    clip = make("a.mp4")
    (tmp_path / "x").mkdir()
    parts, info = write_parts(clip, tmp_path, [0, 12])
    others, _ = write_parts(clip, tmp_path / "x", [0, 12], codec="ffv1")
    with pytest.raises(DreamvidError, match="not in order"):
        assemble(parts[::-1], tmp_path / "b.mp4", source=info)
    with pytest.raises(DreamvidError, match="different films"):
        assemble([parts[0], others[1]], tmp_path / "b.mp4", source=info)
    with pytest.raises(UsageError, match="no part"):
        assemble([], tmp_path / "b.mp4", source=info)
    PartTable.place(parts[1]).unlink()
    with pytest.raises(DreamvidError, match="frame times of the part cannot"):
        assemble(parts, tmp_path / "b.mp4", source=info)
    with pytest.raises(OutputExists):
        assemble(parts[:1], clip, source=FilmInfo.plain(64, 48, Fraction(24)))
    assert not (tmp_path / "b.mp4").exists()


def test_a_part_with_a_packet_too_few_is_found_out(make: Make, tmp_path: Path) -> None:
    parts, info = write_parts(make("a.mp4"), tmp_path, [0])
    table = PartTable.load(parts[0])
    short = PartTable(table.tick, table.codec, table.ticks[:-1], table.ranks[:-1])
    short.save(parts[0])
    with pytest.raises(DreamvidError, match="part is damaged"):
        assemble(parts, tmp_path / "b.mp4", source=info)
    assert not (tmp_path / "b.mp4").exists()


def test_a_film_with_a_frame_too_few_does_not_appear(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, info = write_parts(make("a.mp4"), tmp_path, [0])
    short = make("short.mp4", "-frames:v", "23")
    monkeypatch.setattr(
        "dreamvid.media.mux._Film.write", lambda film, path, *_: shutil.copy(short, path)
    )
    with pytest.raises(DreamvidError, match="only 23 of 24 frames"):
        assemble(parts, tmp_path / "b.mp4", source=info)
    assert not (tmp_path / "b.mp4").exists()


# --- the child ------------------------------------------------------------------------------

RAW = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", "64x64", "-i", "pipe:0")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_reported_as_such() -> None:
    child = FfmpegChild([*RAW, "-f", "nut", "file:/dev/full"], where=Path("out.mp4"))
    with pytest.raises(DiskFull):
        for _ in range(200):
            child.write(np.zeros((64, 64, 3), np.uint8))
        child.finish()
    child.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="no sessions there")
def test_the_child_does_not_hear_the_terminal() -> None:
    child = FfmpegChild([*RAW, "-f", "null", "-"], where=Path("out.mp4"))
    assert os.getsid(child._process.pid) != os.getsid(0)
    child.kill()
    assert child._process.returncode is not None
    child.kill()  # twice does no harm


def test_killing_a_child_that_is_fed_ends_at_once(tmp_path: Path) -> None:
    slow = ["-c:v", "libx264", "-preset", "placebo", "-f", "mp4", str(tmp_path / "a.mp4")]
    big = (*RAW[:5], "640x360", *RAW[6:])
    child = FfmpegChild([*big, *slow], where=tmp_path)
    for _ in range(20):
        child.write(np.zeros((360, 640, 3), np.uint8))
    child.kill()
    assert not child._feeder.is_alive()
    with pytest.raises(DreamvidError):
        child.write(np.zeros((360, 640, 3), np.uint8))


def test_what_ffmpeg_says_is_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(DreamvidError, match="no-such-file"):
        run_ffmpeg(["-i", "file:no-such-file", "-f", "null", "-"], where=tmp_path)
