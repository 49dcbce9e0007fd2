"""The ffmpeg child: what it is fed arrives, what it says is told, and it always ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dreamvid.errors import DiskFull, DreamvidError
from dreamvid.media import child as children
from dreamvid.media.child import FfmpegChild, run_ffmpeg

FRAME = np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3)
Threads = Callable[[], set[str]]
RAW = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", "16x16", "-i", "pipe:0")


@pytest.fixture
def threads(begun: Callable[..., set[str]]) -> Threads:
    return lambda: begun("encode", "ffmpeg-log")


def test_every_frame_arrives_in_order(tmp_path: Path, threads: Threads) -> None:
    out = tmp_path / "out.raw"
    child = FfmpegChild([*RAW, "-f", "rawvideo", str(out)], where=out, frame_bytes=FRAME.nbytes)
    frames = [np.roll(FRAME, n, axis=0) for n in range(40)]
    for frame in frames:
        child.write(frame)
    child.finish()
    assert out.read_bytes() == b"".join(frame.tobytes() for frame in frames)
    assert threads() == set()


def test_an_ffmpeg_that_fails_is_told_with_its_own_words(tmp_path: Path, threads: Threads) -> None:
    out = tmp_path / "no" / "out.raw"
    child = FfmpegChild([*RAW, "-f", "rawvideo", str(out)], where=out)
    with pytest.raises(
        DreamvidError, match=r"out\.raw: ffmpeg failed with exit code \d+: .*No such"
    ):
        for _ in range(1000):
            child.write(FRAME)
        child.finish()
    child.kill()
    assert threads() == set()


def test_part_of_a_frame_is_an_error_and_does_not_hang(tmp_path: Path) -> None:
    child = FfmpegChild([*RAW, "-f", "null", "-"], where=tmp_path / "out")
    child.write(FRAME[:4])
    with pytest.raises(DreamvidError, match="out: ffmpeg failed with exit code"):
        child.finish()


def test_a_killed_child_leaves_no_thread_and_can_be_killed_twice(
    tmp_path: Path, threads: Threads
) -> None:
    child = FfmpegChild([*RAW, "-f", "null", "-"], where=tmp_path)
    child.write(FRAME)
    child.kill()
    child.kill()
    assert child._process.poll() is not None and threads() == set()


def test_a_full_disk_is_told_apart(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    child = FfmpegChild([*RAW, "-f", "rawvideo", "/dev/full"], where=tmp_path / "out.raw")
    with pytest.raises(DiskFull, match=r"out\.raw: no space left on the disk; make room"):
        for _ in range(2000):
            child.write(FRAME)
        child.finish()
    child.kill()


def test_a_long_log_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "ffmpeg"
    fake.write_text(
        "#!/bin/sh\nfor i in $(seq 100); do echo line $i of a long log >&2; done; exit 3\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr(children, "ffmpeg_path", lambda: str(fake))
    with pytest.raises(DreamvidError) as caught:
        run_ffmpeg(["-i", "x"], where=tmp_path / "out")
    told = str(caught.value)
    assert "exit code 3: line 81 of a long log / line 82" in told
    assert len(told) < 500 + len(str(tmp_path))
