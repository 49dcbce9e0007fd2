"""Read a film as upright RGB frames with exact times, decoding ahead in a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.media.decode import FilmDecoder
from dreamvid.media.graph import FrameGraph
from dreamvid.media.info import FilmInfo
from dreamvid.media.inspect import inspect

AHEAD_BYTES: Final = 64 << 20
"""Decode ahead at most so many bytes of finished frames."""


@dataclass(frozen=True)
class SourceFrame:
    """One frame of a film: `index` counts from 0, `time` is in exact seconds since the first frame kept.

    `array` is [H, W, 3] RGB, uint8 or, for films of more than 8 bits, uint16.
    """

    index: int
    time: Fraction
    array: NDArray[np.uint8] | NDArray[np.uint16]


class VideoReader:
    """Iterate over the frames of a film: upright, square pixels, progressive, RGB.

    Every source frame comes once, with its exact time. `start` and `end` are seconds from the
    film's first frame: frames at start <= t < end are kept, at most `frames` of them. With only one
    of `width` and `height` the other follows from the shape; with both the picture is stretched.

    `info` describes the frames, `warnings` says what was changed to make them so, and `damage`,
    once the iteration is over, says in a sentence what was damaged or missing, else None.

    Raises UsageError for values that cannot be used, UnreadableInput for a file that cannot.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        start: Fraction | None = None,
        end: Fraction | None = None,
        frames: int | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> None:
        _check(start, end, frames, width, height)
        self._decoder = FilmDecoder(Path(path))
        try:
            since = None if start is None else self._decoder.first_time + start
            self._raw = self._decoder.frames(since)
            self._head = next(self._raw, None)
            if self._head is None:
                raise self._nothing(start)
            view = inspect(self._decoder, self._head, width=width, height=height)
        except BaseException:
            self._decoder.close()
            raise
        zero = self._head[0]
        first = self._decoder.first_time
        self._until = None if end is None else first + end - zero
        self._limit = frames
        self.info: FilmInfo = view.trimmed(self._until, frames, started=start is not None)
        self._look = view.look
        self._whole = start is None and end is None and frames is None
        self.warnings: tuple[str, ...] = view.warnings
        self.damage: str | None = None
        self._count = 0
        self._worker: _Ahead | None = None

    def __iter__(self) -> Iterator[SourceFrame]:
        return self

    def __next__(self) -> SourceFrame:
        if self._worker is None:
            size = self.info.width * self.info.height * (6 if self._look.deep else 3)
            self._worker = _Ahead(self._frames(), max(2, min(16, AHEAD_BYTES // size)))
        frame = self._worker.get()
        if frame is None:
            raise StopIteration
        return frame

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
        """Stop decoding and let go of the file."""
        if self._worker is not None:
            self._worker.stop()
        self._decoder.close()

    def _nothing(self, start: Fraction | None) -> Exception:
        path = self._decoder.path
        if start:
            return UsageError(f"no frame at or after {float(start):g} s", where=path)
        return UnreadableInput("no frame in it can be decoded", where=path)

    def _frames(self) -> Iterator[SourceFrame]:
        """Yield the finished frames; runs in the worker's thread."""
        index = 0
        for time, frame in self._finished():
            if self._until is not None and time >= self._until:
                break
            if self._limit is not None and index >= self._limit:
                break
            yield SourceFrame(index, time, _array(frame))
            index += 1

    def _finished(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        assert self._head is not None
        zero, frame = self._head
        graph, shape = FrameGraph(frame, self._decoder.time_base, self._look), _shape(frame)
        head: tuple[Fraction, VideoFrame] | None = self._head
        while head is not None:
            time, frame = head
            if _shape(frame) != shape:  # the stream changes its size or format half-way
                yield from _timed(graph.push(None), zero)
                graph, shape = FrameGraph(frame, self._decoder.time_base, self._look), _shape(frame)
            frame.pts = int(time / self._decoder.time_base)
            yield from _timed(graph.push(frame), zero)
            head = next(self._raw, None)
        yield from _timed(graph.push(None), zero)
        self.damage = self._report()

    def _report(self) -> str | None:
        return None


def _timed(frames: Iterator[VideoFrame], zero: Fraction) -> Iterator[tuple[Fraction, VideoFrame]]:
    for frame in frames:
        assert frame.pts is not None and frame.time_base is not None
        yield frame.pts * frame.time_base - zero, frame


def _array(frame: VideoFrame) -> NDArray[Any]:
    return np.ascontiguousarray(frame.to_ndarray())


def _shape(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name


def _check(
    start: Fraction | None,
    end: Fraction | None,
    frames: int | None,
    width: int | None,
    height: int | None,
) -> None:
    if start is not None and start < 0:
        raise UsageError(f"{float(start):g} s is before the film", where="start")
    if end is not None and end <= (start or 0):
        raise UsageError(f"{float(end):g} s leaves no frame", where="end", remedy="end after start")
    for name, value in (("frames", frames), ("width", width), ("height", height)):
        if value is not None and value < 1:
            raise UsageError(f"{value} is too small", where=name, remedy="give 1 or more")


class _Ahead:
    """Runs an iterator in a thread, a bounded number of items ahead."""

    def __init__(self, items: Iterator[SourceFrame], size: int) -> None:
        self._queue: queue.Queue[SourceFrame | BaseException | None] = queue.Queue(size)
        self._stop = threading.Event()
        self._done = False
        self._thread = threading.Thread(target=self._run, args=(items,), name="decode", daemon=True)
        self._thread.start()

    def get(self) -> SourceFrame | None:
        """Give the next item, or None at the end; an error of the thread is raised here."""
        if self._done:
            return None
        item = self._queue.get()
        if isinstance(item, SourceFrame):
            return item
        self._done = True
        if item is not None:
            raise item
        return None

    def stop(self) -> None:
        """End the thread, whatever it is doing, and wait for it."""
        self._stop.set()
        self._done = True
        self._thread.join()

    def _run(self, items: Iterator[SourceFrame]) -> None:
        last: BaseException | None = None
        try:
            for item in items:
                if not self._put(item):
                    return
        except BaseException as error:
            last = error
        self._put(last)

    def _put(self, item: SourceFrame | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.05)
                return True
            except queue.Full:
                continue
        return False
