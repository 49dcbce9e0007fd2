"""Encode films: a part at a time, or a whole one as its only part."""

from __future__ import annotations

import contextlib
import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import torch

from dreamvid.errors import DreamvidError, UsageError
from dreamvid.image import to_array
from dreamvid.media.child import FfmpegChild
from dreamvid.media.formats import Codec, codec_named, filters, part_codec
from dreamvid.media.info import MATRICES, UNKNOWN, FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.parts import PartTable, read_ranks
from dreamvid.media.probe import file_url
from dreamvid.media.target import Target

SUBSAMPLING_FLAGS: Final = "lanczos+accurate_rnd+full_chroma_int"
"""How chroma is made smaller; lanczos undoes best what the reader's bicubic enlarged."""


class PartWriter:
    """Encode a stretch of a film to a file of its own, picture only.

    The encoder sees a steady rate, so that every part of a film gets the same headers whatever the
    film's clock does; the exact times are noted beside the part (in `PATH.times`), and
    `assemble` gives them to the packets. `path` appears when the part is complete and counted;
    an exit by exception leaves nothing. The size of the frames is that of the first one.

    `notes` says what a user should know, e.g. that an odd size was padded. `where` names the
    output in errors, when that is not `path`. Raises UsageError for a codec, crf or size that
    cannot be used.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        like: FilmInfo,
        codec: str = "h264",
        crf: float | None = None,
        where: Path | None = None,
    ) -> None:
        self.path = Path(path)
        self._where = where or self.path
        self.notes: tuple[str, ...] = ()
        self._codec = codec_named(codec)
        self._crf = _checked_crf(self._codec, crf)
        self._like = like
        self._draft = self.path.with_name(self.path.name + ".draft")
        self._child: FfmpegChild | None = None
        self._size = (0, 0)
        self._deep = self._codec.is_deep(like.bits)
        self._ticks: list[int] = []
        if like.bits > max(self._codec.pixels):
            self.notes += (f"{self._codec.name} keeps 8 of the source's {like.bits} bits",)

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
            self._child = self._start(size, array.nbytes)
        if size != self._size:
            raise UsageError(f"a frame of {size[0]}x{size[1]} in a film of {self._size}")
        self._child.write(array)
        self._ticks.append(tick)

    def close(self) -> None:
        """Finish the part, count its frames and give it its name.

        Raises UsageError when nothing was written, DreamvidError or DiskFull when encoding failed.
        """
        if self._child is None:
            raise UsageError("no frame was written", where=self._where)
        try:
            self._child.finish()
            ranks = read_ranks(self._draft)
            if len(ranks) != len(self._ticks):
                raise DreamvidError(
                    f"{len(ranks)} of {len(self._ticks)} frames were encoded", where=self._where
                )
            table = PartTable(PartTable.clock(self._like), self._codec.name, self._ticks, ranks)
            table.save(self.path)
            os.replace(self._draft, self.path)
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop at once; nothing is left but a part that was already complete."""
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

    def _start(self, size: tuple[int, int], frame_bytes: int) -> FfmpegChild:
        codec, (width, height), like = self._codec, size, self._like
        if width < codec.smallest[0] or height < codec.smallest[1]:
            least = "x".join(map(str, codec.smallest))
            raise UsageError(
                f"{width}x{height} is too small for {codec.name}, which needs {least}",
                where=self._where,
                remedy="use h264, or a larger size",
            )
        self._size = size
        padded = (_up(width, codec.multiple[0]), _up(height, codec.multiple[1]))
        if padded != size:
            self.notes += (f"padded from {width}x{height} to {padded[0]}x{padded[1]}",)
        bits = like.bits
        quality = () if self._crf is None else ("-crf", f"{self._crf:g}")
        options = codec.deep_options if bits > 8 and codec.deep_options else codec.options
        arguments = [
            *("-protocol_whitelist", "file,pipe", "-f", "rawvideo"),
            *("-pix_fmt", "rgb48le" if self._deep else "rgb24", "-video_size", f"{width}x{height}"),
            # -r, since ffmpeg guesses another rate from -framerate alone, and not always the same.
            *("-framerate", str(like.rate), "-r", str(like.rate), "-i", "pipe:0"),
            *("-vf", ",".join([*_padding(size, padded), *_colouring(codec, like)])),
            *("-c:v", codec.encoder, *options, *quality),
            *("-fps_mode", "passthrough", "-f", codec.part, file_url(self._draft)),
        ]
        return FfmpegChild(arguments, where=self._where, frame_bytes=frame_bytes)


class VideoWriter:
    """Write a film: pictures in, and sound, subtitles, chapters and metadata from the source.

    A film of one part. The target appears when it is complete and counted, and never when the
    `with` block ends by an exception. Names ending in .gif, .webp or .png (frame_%05d.png) make
    pictures, whatever the codec. `notes` says what a user should know.

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
        self._target = Target(path, codec=codec, source=like.path, overwrite=overwrite)
        self._overwrite = overwrite
        self.notes: tuple[str, ...] = ()
        self._like = like
        self._stack = contextlib.ExitStack()
        folder = self._stack.enter_context(self._target.workshop())
        try:
            inner = part_codec(self._target.path, codec)
            self._part = PartWriter(
                folder / "part",
                like=like,
                codec=inner,
                crf=crf if inner == codec else None,
                where=self._target.path,
            )
        except BaseException:
            self._stack.close()
            raise

    def write(self, image: torch.Tensor, time: Fraction) -> None:
        """Add an image [3, H, W] shown from `time` on, in seconds since the first frame."""
        self._part.write(image, time)

    def close(self) -> None:
        """Finish the film and give it its name."""
        try:
            self._part.close()
            told = assemble(
                [self._part.path], self._target.path, source=self._like, overwrite=self._overwrite
            )
            self.notes = (*self._part.notes, *told)
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop at once and leave nothing behind."""
        self._part.abort()
        self._stack.close()

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


def _padding(size: tuple[int, int], padded: tuple[int, int]) -> list[str]:
    """Pad by repeating the right and lower edge."""
    if size == padded:
        return []
    edge = f"right={padded[0] - size[0]}:bottom={padded[1] - size[1]}"
    return [f"pad={padded[0]}:{padded[1]}", f"fillborders={edge}:mode=smear"]


def _colouring(codec: Codec, like: FilmInfo) -> list[str]:
    """Turn RGB into the codec's pixels and tag them.

    The matrix is applied by zscale: swscale's own RGB to full-range YUV is half a level off in
    chroma. The tags are set on the frames, since ffmpeg 9 ignores those given as output options.
    """
    pixels, colour = codec.pixel_format(like.bits), like.colour
    primaries = f"color_primaries={colour.primaries}:color_trc={colour.transfer}"
    if codec.rgb:
        return [f"format={pixels}", f"setparams={primaries}"]
    matrix = colour.working_matrix(like.height)
    span = "full" if colour.full_range else "limited"
    scale = f"scale=flags={SUBSAMPLING_FLAGS}:in_range={span}:out_range={span}"
    scale += f":in_color_matrix={matrix}:out_color_matrix={matrix}"
    if "zscale" in filters():
        number = next(n for n, name in MATRICES.items() if name == matrix)
        whole = "yuv444p" if like.bits <= 8 and not pixels.endswith("10le") else "yuv444p10le"
        steps = [f"zscale=matrix={number}:range={span}:dither=none", f"format={whole}", scale]
    else:
        steps = [scale.partition(":in_range")[0] + f":out_range={span}:out_color_matrix={matrix}"]
    tagged = "" if colour.matrix == UNKNOWN else f"colorspace={colour.matrix}:"
    untagged = "colorspace=unknown:" if not tagged else ""
    kept = "unknown" if colour.full_range is None else span
    return [*steps, f"format={pixels}", f"setparams={tagged or untagged}range={kept}:{primaries}"]
