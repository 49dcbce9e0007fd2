"""Read a film as upright RGB frames with exact times; a thread prefetches them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av.error
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from dreamvid.errors import DreamvidError, UsageError
from dreamvid.image import filled, laid_over
from dreamvid.media.decode import Decoder, FilmDecoder, Timed
from dreamvid.media.graph import FrameGraph, Look, rgb_array
from dreamvid.media.info import FilmInfo
from dreamvid.media.inspect import Treatment, inspect
from dreamvid.media.mark import Mark
from dreamvid.media.prefetch import Prefetcher
from dreamvid.media.probe import reason
from dreamvid.media.row import listed
from dreamvid.media.source import is_sequence
from dreamvid.media.stills import StillsDecoder, decode_error

PREFETCH_BYTES: Final = 64 << 20
"""Upper bound of prefetched frames in bytes."""

GAPS_APART: Final = 10
"""A film with gaps more often than once in this many frames has no constant rate at all."""


@dataclass(frozen=True)
class SourceFrame:
    """One frame of a film: `index` counts from 0, `time` is in exact seconds after the first kept.

    `array` is [H, W, 3] RGB, uint8, or uint16 for films of more than 8 bits. If it was shrunk for
    dreaming, `full` is the frame at the size of the film. `alpha` [H, W] is its transparency, if
    that is kept.
    """

    index: int
    time: Fraction
    array: NDArray[np.uint8] | NDArray[np.uint16]
    full: NDArray[np.uint8] | NDArray[np.uint16] | None = None
    alpha: NDArray[np.uint8] | NDArray[np.uint16] | None = None


class VideoReader:
    """Iterate over the frames of a film: upright, square pixels, progressive, RGB.

    `path` is a film, an image, a folder of images, or a pattern such as frame_%05d.png; image
    sequences play at `rate` images per second. Every source frame is returned once, with its exact
    time. `start` and `end` are seconds after the film's first frame: frames at start <= t < end are
    kept, at most `frames` of them. If only one of `width` and `height` is given, the aspect ratio
    is kept; with both the image is stretched. With `keep_alpha` the frames have their alpha channel
    beside them, if there is one; otherwise they are laid over a `background` colour, black without
    one.

    `info` describes the frames, `begins` is the time of the first one kept in seconds after the
    film's first frame, `warnings` lists conversions that were applied, and `damage`, set
    at the end of the iteration, describes damaged or missing frames in a sentence, else None.
    `assumed` names the colour tags that the film lacks and their assumed values, if any, and
    `transparency` says what is done with transparent areas, if any, and `keeps_alpha` whether they
    stay transparent.

    Raises UsageError for invalid arguments, UnreadableInput for an unreadable file.
    """

    _head: Timed

    def __init__(
        self,
        path: str | Path,
        *,
        start: Fraction | None = None,
        end: Fraction | None = None,
        frames: int | None = None,
        width: int | None = None,
        height: int | None = None,
        rate: Fraction | None = None,
        keep_alpha: bool = False,
        background: str | None = None,
    ) -> None:
        _check_span(start, end)
        _check_counts(frames=frames, width=width, height=height)
        self._decoder = _decoder(Path(path), rate)
        try:
            on_black = not keep_alpha and background is None
            treatment = self._look_at(start, width, height, on_black)
        except BaseException:
            self._decoder.close()
            raise
        first, zero = self._decoder.first_time, self._head[0]
        self._until = None if end is None else first + end - zero
        self._limit = frames
        self.begins: Fraction = zero - first
        self.info: FilmInfo = treatment.trimmed(self._until, frames, started=start is not None)
        self._whole = start is None and end is None and frames is None
        self._look = treatment.look
        self.warnings: tuple[str, ...] = (*self._decoder.facts.notes, *treatment.warnings)
        self.assumed: str = treatment.assumed
        self._background = background
        self.keeps_alpha = keep_alpha and treatment.transparent and self._look.alpha
        kept = "transparency kept" if self.keeps_alpha else self._over
        self.transparency = kept if treatment.transparent else ""
        self.damage: str | None = None
        self._prefetcher: Prefetcher[SourceFrame] | None = None
        self._begins_at, self._found = 0, list[SourceFrame]()

    def begin_at(self, mark: Mark) -> bool:
        """Begin with the frame of a mark, before any frame was read.

        False if a seek does not find that very frame: this reader is then of no use.
        """
        assert self._prefetcher is None
        self._begins_at = mark.index
        self._raw = self._decoder.frames(self._head[0] + mark.time)
        try:
            self._found = [frame for frame in [next(self, None)] if frame is not None]
        except DreamvidError:
            return False
        return bool(self._found) and mark.is_of(self._found[0])

    @property
    def seekable(self) -> bool:
        """Whether frames do not depend on those before them, as deinterlaced and damaged ones do.

        It is certain at the end of the iteration.
        """
        return self.damage is None and not self._look.deinterlace

    def __iter__(self) -> Iterator[SourceFrame]:
        return self

    def __next__(self) -> SourceFrame:
        if self._found:
            return self._found.pop()
        if self._prefetcher is None:
            size = self.info.width * self.info.height * (6 if self._look.deep else 3)
            self._prefetcher = Prefetcher(self._frames(), max(2, min(16, PREFETCH_BYTES // size)))
        return next(self._prefetcher)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop decoding and close the file."""
        if self._prefetcher is not None:
            self._prefetcher.stop()
        self._decoder.close()

    def _look_at(
        self, start: Fraction | None, width: int | None, height: int | None, on_black: bool
    ) -> Treatment:
        decoder = self._decoder
        self._raw = decoder.frames(None if start is None else decoder.first_time + start)
        head = next(self._raw, None)
        if head is None and start:
            raise UsageError(
                f"no frame at or after {float(start):g} s",
                where=decoder.path,
                remedy="start earlier",
            )
        if head is None:
            raise decode_error(decoder.path)
        self._head = head
        return inspect(decoder, head, width=width, height=height, on_black=on_black)

    @property
    def _over(self) -> str:
        return f"transparent areas over {self._background or 'black'}"

    def _frames(self) -> Iterator[SourceFrame]:
        """Yield the converted frames, then report damage; runs in the prefetch thread."""
        last = Fraction(0)
        count = 0
        for count, (time, frame) in enumerate(self._finished(), self._begins_at + 1):
            last = time
            yield self._source_frame(count - 1, time, rgb_array(frame, self._look))
            if count == self._limit:
                self._report(count, last, ended=False)
                return
        self._report(count, last, ended=True)

    def _source_frame(self, index: int, time: Fraction, pixels: NDArray[Any]) -> SourceFrame:
        """Make a frame of an array [H, W, 3], or [H, W, 4] with straight alpha."""
        if pixels.shape[2] == 3:
            return SourceFrame(index, time, pixels)
        if self.keeps_alpha:
            array, alpha = self._fitted(filled(pixels)), self._fitted(pixels[..., 3])
            return SourceFrame(index, time, array, alpha=alpha)
        if not self.transparency and pixels[..., 3].min() < np.iinfo(pixels.dtype).max:
            self.transparency = self._over  # of an animation that starts opaque
            self.warnings += (f"{self.transparency} from {float(time):.3f} s on",)
        return SourceFrame(index, time, self._fitted(laid_over(pixels, self._background)))

    def _fitted(self, array: NDArray[Any]) -> NDArray[Any]:
        """Scale an upright array [H, W, ...] to the size of the film."""
        size = self.info.width, self.info.height
        if array.shape[1::-1] == size:
            return np.ascontiguousarray(array)
        shrinks = size[0] <= array.shape[1] and size[1] <= array.shape[0]
        import cv2  # takes .2 s: a refusal does not need it

        filters = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(array, size, interpolation=filters))

    def _report(self, count: int, last: Fraction, *, ended: bool) -> None:
        """Set `damage` and `warnings` after `count` frames; `ended` if there are no more."""
        found, facts = self._decoder.damage, self._decoder.facts
        seldom = not facts.counted and found.gaps * GAPS_APART <= count
        left_out = found.skipped if seldom else 0
        self.damage = self._damage(count if ended else None, last, left_out)
        if left_out and found.skip is not None and self.damage is None:
            when = float(found.skip - self._decoder.first_time)
            left = f"{_frames(left_out, None)} missing from {when:.3f} s on"
            self.warnings += (f"{left}: dropped when the file was made, or damaged",)

    def _finished(self) -> Iterator[Timed]:
        """Filter every frame; rebuild the graph when the size or format of the frames changes."""
        zero, base = self._head[0], self._decoder.facts.time_base
        graph, shape = None, None
        for time, frame in self._kept():
            if frame.interlaced_frame and not self._look.deinterlace:
                self._look = replace(self._look, deinterlace=True)
                self.warnings += ("partly interlaced: deinterlaced with bwdif",)
            if _shape(frame, self._look) != shape:
                if graph is not None:
                    yield from _timed(graph.push(None), zero)
                graph, shape = self._graph(frame, base), _shape(frame, self._look)
            assert graph is not None
            frame.pts = int(time / base)
            yield from _timed(graph.push(frame), zero)
        if graph is not None:
            yield from _timed(graph.push(None), zero)

    def _kept(self) -> Iterator[Timed]:
        zero = self._head[0]
        if not self._begins_at:
            yield self._head
        for time, frame in self._raw:
            if self._until is not None and time - zero >= self._until:
                return
            yield time, frame

    def _graph(self, frame: VideoFrame, base: Fraction) -> FrameGraph:
        try:
            return FrameGraph(frame, base, self._look)
        except av.error.FFmpegError as error:
            raise DreamvidError(
                f"{frame.format.name} frames of {frame.width}x{frame.height} cannot be converted "
                f"to {self.info.width}x{self.info.height} RGB ({reason(error)})",
                where=self._decoder.path,
            ) from error

    def _damage(self, count: int | None, last: Fraction, left_out: int) -> str | None:
        """Describe damage; `count` is the number of frames if read to the end, else None."""
        found, facts = self._decoder.damage, self._decoder.facts
        lost, tail = found.lost, found.cut
        if count is not None and self.info.duration is not None:
            missing = self.info.duration - last - 1 / facts.rate
            tail = missing if missing > (1 if facts.variable else 1 / facts.rate) else tail
        if not facts.counted:
            lost = max(lost, left_out) if lost or found.corrupted else 0
        elif count is not None and self._whole and facts.frames is not None:
            lost, tail = max(lost, facts.frames - count), Fraction(0)
        elif not lost:
            tail = Fraction(0)
        first = None if found.first is None else found.first - self._decoder.first_time
        damage = _describe_damage(lost, found.corrupted, facts.frames, first, tail)
        return f"{damage}; unreadable: {listed(found.files)}" if damage and found.files else damage


def _describe_damage(
    lost: int, corrupted: int, of: int | None, first: Fraction | None, tail: Fraction
) -> str | None:
    told = []
    if lost:
        told.append(f"{_frames(lost, of)} missing")
    if corrupted:
        told.append(f"{_frames(corrupted, of)} damaged")
    if told and first is not None:
        told[-1] += f", from {float(first):.3f} s on"
    if tail:
        told.append(f"the last {float(tail):.3f} s are missing")
    return "; ".join(told) or None


def _frames(count: int, of: int | None) -> str:
    if of is not None:
        return f"{count} of {of} frames are"
    return f"{count} frames are" if count > 1 else "1 frame is"


def _decoder(path: Path, rate: Fraction | None) -> Decoder:
    if rate is not None and rate <= 0:
        raise UsageError(f"{rate} is not a frame rate", where="rate", remedy="give more than 0")
    return StillsDecoder(path, rate) if is_sequence(path) else FilmDecoder(path)


def _timed(frames: Iterator[VideoFrame], zero: Fraction) -> Iterator[Timed]:
    for frame in frames:
        assert frame.pts is not None and frame.time_base is not None
        yield frame.pts * frame.time_base - zero, frame


def _shape(frame: VideoFrame, look: Look) -> tuple[int, int, str, bool]:
    return frame.width, frame.height, frame.format.name, look.deinterlace


def _check_span(start: Fraction | None, end: Fraction | None) -> None:
    if start is not None and start < 0:
        raise UsageError(f"{float(start):g} s is negative", where="start", remedy="give 0 or more")
    if end is not None and end <= (start or 0):
        raise UsageError(
            f"{float(end):g} s is not after the start", where="end", remedy="end after start"
        )


def _check_counts(**values: int | None) -> None:
    for name, value in values.items():
        if value is not None and value < 1:
            raise UsageError(f"{value} is too small", where=name, remedy="give 1 or more")
