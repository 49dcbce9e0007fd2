"""Encode films: a part at a time, or a whole one as its only part."""

from __future__ import annotations

import contextlib
import os
import tempfile
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from numpy.typing import NDArray

from dreamvid.errors import DreamvidError, UsageError
from dreamvid.image import to_array
from dreamvid.media.child import FfmpegChild
from dreamvid.media.formats import Codec, codec_named
from dreamvid.media.graph import SWSCALE_FLAGS
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.parts import PartTable, read_ranks
from dreamvid.media.probe import file_url
from dreamvid.media.target import Target


class PartWriter:
    """Encode a stretch of a film to a file of its own, picture only.

    The encoder sees a steady rate, so that every part of a film gets the same headers whatever
    the film's clock does; the exact times are noted beside the part (in `PATH.times`) and
    given to the packets by `assemble`. `path` appears when the part is complete and counted; an exit by
    exception leaves nothing. The frames' size is that of the first image written.

    `notes` says what a user should know, e.g. that an odd size was padded.
    """

    def __init__(
        self, path: str | Path, *, like: FilmInfo, codec: str = "h264", crf: float | None = None
    ) -> None:
        self.path = Path(path)
        self.notes: tuple[str, ...] = ()
        self._codec = codec_named(codec)
        self._crf = _checked_crf(self._codec, crf)
        self._like = like
        self._draft = self.path.with_name(self.path.name + ".draft")
        self._child: FfmpegChild | None = None
        self._size = (0, 0)
        self._deep = like.bits > 8 and 10 in self._codec.pixels
        self._ticks: list[int] = []

    def write(self, image: torch.Tensor, time: Fraction) -> None:
        """Encode an image [3, H, W] shown from `time` on, in seconds since the film's first frame.

        Raises UsageError when its size differs from the first one's or the time does not advance,
        DiskFull or DreamvidError when the encoder fails.
        """
        tick = round(time / PartTable.clock(self._like))
        if self._ticks and tick <= self._ticks[-1]:
            raise UsageError(f"the frame at {float(time):g} s does not come after the last one")
        array = to_array(image, 16 if self._deep else 8)
        size = (array.shape[1], array.shape[0])
        if self._child is None:
            self._size = size
            self._child = self._start(array)
        if size != self._size:
            raise UsageError(f"a frame of {size[0]}x{size[1]} in a film of {self._size}")
        self._child.write(array)
        self._ticks.append(tick)

    def close(self) -> None:
        """Finish the part, count its frames and give it its name.

        Raises UsageError when nothing was written, DreamvidError when the encoder fails.
        """
        if self._child is None:
            raise UsageError("no frame was written", where=self.path)
        try:
            self._child.finish()
            ranks = read_ranks(self._draft)
            if len(ranks) != len(self._ticks):
                raise DreamvidError(
                    f"{len(ranks)} of {len(self._ticks)} frames were encoded", where=self.path
                )
            table = PartTable(PartTable.clock(self._like), self._codec.name, self._ticks, ranks)
            table.save(self.path)
            os.replace(self._draft, self.path)
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        """Stop at once and leave nothing behind."""
        if self._child is not None:
            self._child.kill()
        with contextlib.suppress(OSError):
            self._draft.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _start(self, array: NDArray[Any]) -> FfmpegChild:
        codec, (width, height) = self._codec, self._size
        padded = (_up(width, codec.multiple[0]), _up(height, codec.multiple[1]))
        if padded != self._size:
            self.notes += (f"padded from {width}x{height} to {padded[0]}x{padded[1]}",)
        source = [
            *("-protocol_whitelist", "file,pipe", "-format_whitelist", "rawvideo"),
            *("-f", "rawvideo", "-pix_fmt", "rgb48le" if self._deep else "rgb24"),
            *("-video_size", f"{width}x{height}", "-framerate", str(self._like.rate)),
            *("-i", "pipe:0"),
        ]
        quality = () if self._crf is None else ("-crf", f"{self._crf:g}")
        sink = [
            *("-vf", _filters(codec, self._like, self._size, padded, deep=self._deep)),
            *("-c:v", codec.encoder, *codec.options, *quality),
            *("-fps_mode", "passthrough", "-f", codec.part, file_url(self._draft)),
        ]
        return FfmpegChild([*source, *sink], where=self.path, frame_bytes=array.nbytes)


class VideoWriter:
    """Write a film: pictures in, and sound, subtitles, chapters and metadata from the source.

    A film of one part: the target appears when it is complete and counted, and never when the
    `with` block ends by an exception. `notes` says what a user should know.

    Raises OutputExists when the target is there and `overwrite` is not set, UsageError when it
    is the source, cannot be written, or its name does not fit the codec.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        like: FilmInfo,
        codec: str = "h264",
        crf: float | None = None,
        overwrite: bool = False,
    ) -> None:
        self.target = Target(path, codec=codec, source=like.path, overwrite=overwrite)
        self.notes: tuple[str, ...] = ()
        self._like = like
        handle, name = tempfile.mkstemp(
            prefix=f".{self.target.path.stem[:40]}-", suffix=".part", dir=self.target.folder
        )
        os.close(handle)
        os.unlink(name)
        self._part = PartWriter(name, like=like, codec=codec, crf=crf)

    def write(self, image: torch.Tensor, time: Fraction) -> None:
        """Add an image [3, H, W] shown from `time` on, in seconds since the first frame."""
        self._part.write(image, time)

    def close(self) -> None:
        """Finish the film and give it its name."""
        try:
            self._part.close()
            told = assemble([self._part.path], self.target.path, source=self._like, overwrite=True)
            self.notes = (*self._part.notes, *told)
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop at once and leave nothing behind."""
        self._part.abort()
        PartTable.remove(self._part.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def _checked_crf(codec: Codec, crf: float | None) -> float | None:
    if crf is None:
        return codec.crf
    if codec.crf is None:
        raise UsageError(f"{codec.name} has no crf", where="crf", remedy="leave it out")
    if not 0 <= crf <= codec.top_crf:
        raise UsageError(f"{crf:g} is outside 0..{codec.top_crf:g}", where="crf")
    return crf


def _filters(
    codec: Codec, like: FilmInfo, size: tuple[int, int], padded: tuple[int, int], *, deep: bool
) -> str:
    """Turn RGB into the codec's pixels, padded by repeating the edge, and tag them."""
    colour, steps = like.colour, []
    if padded != size:
        right, below = padded[0] - size[0], padded[1] - size[1]
        steps.append(f"pad={padded[0]}:{padded[1]}")
        steps.append(f"fillborders=right={right}:bottom={below}:mode=smear")
    pixels = codec.pixels[10 if deep else 8]
    span = "full" if colour.full_range else "limited"
    if codec.rgb:
        steps.append(f"format={pixels}")
    else:
        matrix = colour.working_matrix(like.source_lines or size[1])
        steps.append(f"scale=flags={SWSCALE_FLAGS}:out_color_matrix={matrix}:out_range={span}")
        steps.append(f"format={pixels}")
        tags = f"colorspace={colour.matrix}:range={span}"
        steps.append(
            f"setparams={tags}:color_primaries={colour.primaries}:color_trc={colour.transfer}"
        )
    return ",".join(steps)
