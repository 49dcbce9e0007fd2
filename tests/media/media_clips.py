"""Clips for the tests, made on the spot by ffmpeg."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from dreamvid.image import to_image
from dreamvid.media.formats import ffmpeg_path
from dreamvid.media.reader import SourceFrame, VideoReader
from dreamvid.media.writer import VideoWriter

Make = Callable[..., Path]
MOVING = "testsrc2=size=64x48:rate=24:duration=1"
TONE = "sine=frequency=440:duration=1"


def ffmpeg(*arguments: str, data: bytes | None = None) -> None:
    """Run ffmpeg to make an input."""
    subprocess.run(
        [ffmpeg_path(), "-hide_banner", "-loglevel", "error", "-y", *arguments],
        input=data,
        stdin=subprocess.DEVNULL if data is None else None,
        check=True,
    )


def from_planes(path: Path, planes: NDArray[np.integer], pixels: str, tags: str) -> Path:
    """Encode the bytes of one YUV picture without loss, three frames long."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    ffmpeg(
        *("-f", "rawvideo", "-pix_fmt", pixels, "-video_size", f"{width}x{height}"),
        *("-framerate", "24", "-i", "pipe:0", "-vf", f"setparams={tags}"),
        *("-c:v", "libx264", "-qp", "0", str(path)),
        data=planes.tobytes() * 3,
    )
    return path


def frames_of(path: Path, **options: object) -> list[SourceFrame]:
    """Read a whole film."""
    with VideoReader(path, **options) as film:  # type: ignore[arg-type]
        return list(film)


def copy_film(source: Path, target: Path, **options: object) -> VideoWriter:
    """Read a film and write it as it is; reader options are start, end, frames, width, height."""
    names = ("start", "end", "frames", "width", "height", "rate")
    reading = {key: options.pop(key) for key in names if key in options}
    with (
        VideoReader(source, **reading) as film,  # type: ignore[arg-type]
        VideoWriter(target, like=film.info, **options) as out,  # type: ignore[arg-type]
    ):
        for frame in film:
            out.write(to_image(frame.array), frame.time)
    return out


def packets(path: Path, kind: str = "video") -> list[tuple[Fraction, bytes]]:
    """Every packet of a file's first track of a kind: its time in seconds, and its bytes."""
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        found = [
            (p.pts * p.time_base, bytes(p))
            for p in container.demux(stream)
            if p.size and p.pts is not None
        ]
    return sorted(found)


def times(path: Path) -> list[Fraction]:
    """The times of the picture's packets, in order."""
    return [time for time, _ in packets(path)]
