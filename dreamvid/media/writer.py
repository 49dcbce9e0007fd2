"""Encode films: part by part, or as a single part."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.errors import DreamvidError, UsageError
from dreamvid.files import settle
from dreamvid.image import to_array, to_image
from dreamvid.media.child import FfmpegChild
from dreamvid.media.formats import check_alpha, check_crf, check_size, codec_named, part_codec
from dreamvid.media.info import FilmInfo
from dreamvid.media.mux import assemble
from dreamvid.media.output import Output
from dreamvid.media.parts import PartTable, read_ranks
from dreamvid.media.pixels import padded_size, raw_format, to_codec
from dreamvid.media.probe import file_url

Array = NDArray[np.uint8] | NDArray[np.uint16]


class PartWriter:
    """Encode a part of a film to a file of its own, video only.

    The encoder is given a constant rate, so that all parts of a film get the same headers even if
    its frame rate varies; the exact times are stored in `PATH.times` and applied by `assemble`.
    `path` is created by a rename once all frames are encoded and counted; an exception leaves no
    file. The first frame sets the frame size and whether there is an alpha channel. `intra` makes
    every frame a keyframe, so that the packets can be repeated.

    `notes` are messages for the user, e.g. that an odd size was padded. `where` names the output
    in errors if it is not `path`. Raises UsageError for an invalid codec, crf or size.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        like: FilmInfo,
        codec: str = "h264",
        crf: float | None = None,
        intra: bool = False,
        where: Path | None = None,
    ) -> None:
        self.path = Path(path)
        self._where = where or self.path
        self.notes: tuple[str, ...] = ()
        self._codec = codec_named(codec)
        self._crf = check_crf(self._codec, crf)
        self._like, self._intra = like, intra
        self._draft = self.path.with_name(self.path.name + ".draft")
        if self._draft.is_dir():  # ffmpeg would not say what is wrong
            raise DreamvidError("a folder has this name", where=self._draft, remedy="remove it")
        self._child: FfmpegChild | None = None
        self._shape: tuple[int, ...] = ()
        self._deep = self._codec.is_deep(like.bits)
        self._ticks: list[int] = []
        if like.bits > max(self._codec.pixels):
            self.notes += (f"{self._codec.name} stores 8 bits, the source has {like.bits}",)

    def write(self, image: torch.Tensor | Array, time: Fraction) -> None:
        """Encode an image that is shown from `time` on, in seconds after the film's first frame.

        It is [3, H, W], or [4, H, W] with straight alpha if the codec supports it, or an array
        [H, W, 3] of uint8 or uint16, which avoids a conversion. Raises UsageError if the codec has
        no alpha, the shape differs from the first image or the time does not increase; DiskFull
        or DreamvidError if the encoder fails.
        """
        tick = round(time / PartTable.clock(self._like))
        if self._ticks and tick <= self._ticks[-1]:
            raise UsageError(f"the frame at {float(time):g} s is not later than the last one")
        array = _levels(image, 16 if self._deep else 8)
        if self._child is None:
            self._child = self._start(array.shape, array.nbytes)
        if array.shape != self._shape:
            made, film = (f"{w}x{h} with {n} channels" for h, w, n in (array.shape, self._shape))
            raise UsageError(f"the frame is {made}, the film {film}")
        self._child.write(array)
        self._ticks.append(tick)

    @property
    def count(self) -> int:
        """The number of frames written."""
        return len(self._ticks)

    def close(self) -> None:
        """Finish encoding, verify the number of frames and rename the part to `path`.

        Raises UsageError if no frame was written, DreamvidError or DiskFull if encoding failed.
        """
        if self._child is None:
            raise UsageError("no frames were written", where=self._where)
        try:
            self._child.finish()
            ranks = read_ranks(self._draft)
            if len(ranks) != len(self._ticks):
                raise DreamvidError(
                    f"{len(ranks)} of {len(self._ticks)} frames were encoded", where=self._where
                )
            clock, alpha = PartTable.clock(self._like), self._shape[2] == 4
            table = PartTable(clock, self._codec.name, self._ticks, ranks, alpha)
            table.save(self.path)
            settle(self._draft, self.path)
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop encoding and delete the unfinished file; a completed part is kept."""
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

    def _start(self, shape: tuple[int, ...], frame_bytes: int) -> FfmpegChild:
        """Start the encoder for frames of `shape` [H, W, channels]."""
        codec, like, alpha = self._codec, self._like, shape[2] == 4
        if alpha:
            check_alpha(codec)
        size = (shape[1], shape[0])
        check_size(codec, size, where=self._where)
        self._draft.unlink(missing_ok=True)  # the encoder of a killed run may still be writing it
        self._shape = shape
        padded = padded_size(codec, size)
        if padded != size:
            self.notes += (
                f"padded from {size[0]}x{size[1]} to {padded[0]}x{padded[1]} for {codec.name}",
            )
        options = codec.deep_options if like.bits > 8 and codec.deep_options else codec.options
        options += codec.alpha_options if alpha else ()
        options += codec.intra if self._intra else ()
        quality = () if self._crf is None else (codec.quality, f"{self._crf:g}")
        arguments = [
            *("-protocol_whitelist", "file,pipe", "-f", "rawvideo"),
            *("-pix_fmt", raw_format(deep=self._deep, alpha=alpha)),
            *("-video_size", f"{size[0]}x{size[1]}"),
            # With -framerate alone, ffmpeg may guess another rate; -r fixes it.
            *("-framerate", str(like.rate), "-r", str(like.rate), "-i", "pipe:0"),
            *("-vf", ",".join(to_codec(codec, like, size, alpha=alpha))),
            *("-c:v", codec.encoder, *options, *quality),
            *("-fps_mode", "passthrough", "-f", codec.part, file_url(self._draft)),
        ]
        return FfmpegChild(arguments, where=self._where, frame_bytes=frame_bytes)


class VideoWriter:
    """Write a film from images, with audio, subtitles, chapters and metadata of the source.

    The film is encoded as one part. The output is created by a rename once it is complete and its
    frames are counted; if the `with` block ends by an exception, there is no output. Names ending
    in .gif, .apng, .webp, .png or .exr (frame_%05d.png) write images, whatever the codec.
    `repeat_to` is for players that cannot loop: the film is repeated a whole number of times, to
    at least that many seconds. `notes` are messages for the user, `frames` is the number
    in the finished file.

    Raises OutputExists if the output exists and `overwrite` is not set, UsageError if it is the
    source, cannot be written, or its name or the crf does not fit the codec.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        like: FilmInfo,
        codec: str = "h264",
        crf: float | None = None,
        overwrite: bool = False,
        repeat_to: Fraction | None = None,
    ) -> None:
        self._target = Output(Path(path), codec, crf, overwrite, repeat_to)
        self._target.check(like.path)
        self.notes: tuple[str, ...] = ()
        self.frames = self._count = 0
        self._like = like
        self._stack = contextlib.ExitStack()
        folder = self._stack.enter_context(self._target.staging_dir())
        try:
            self._part = PartWriter(
                folder / "part",
                like=like,
                codec=part_codec(self._target.path, codec),
                crf=crf,
                intra=repeat_to is not None,
                where=self._target.path,
            )
        except BaseException:
            self._stack.close()
            raise

    def write(self, image: torch.Tensor | Array, time: Fraction | None = None) -> None:
        """Add an image that is shown from `time` on, in seconds after the first frame.

        It is [3, H, W], or [4, H, W] with straight alpha if the codec supports it, or an array
        [H, W, 3] of uint8 or uint16. Without `time` it follows the last one at the film's rate.
        """
        self._part.write(image, self._count / self._like.rate if time is None else time)
        self._count += 1

    def close(self) -> None:
        """Finish the film and rename it to its final name."""
        try:
            self._part.close()
            made = assemble(
                [self._part.path],
                self._target.path,
                source=self._like,
                overwrite=self._target.overwrite,
                repeat_to=self._target.repeat_to,
            )
            self.notes, self.frames = (*self._part.notes, *made.notes), made.frames
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop and delete all temporary files."""
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


def _levels(image: torch.Tensor | Array, bits: int) -> Array:
    """Convert an image to an array of `bits` bits per channel; unchanged if it is one."""
    if isinstance(image, torch.Tensor):
        return to_array(image, bits)
    return image if image.itemsize * 8 == bits else to_array(to_image(image), bits)
