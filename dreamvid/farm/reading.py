"""A worker's way through the film: forward from shot to shot, as far as that is possible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Self

from dreamvid.commands.planning import opened_at
from dreamvid.commands.ready import Ready
from dreamvid.media.mark import MARK_EVERY
from dreamvid.media.reader import SourceFrame, VideoReader
from dreamvid.sequence.plan import Plan


class Source:
    """Reads a film forward; for a shot that lies behind or far ahead it is opened once more.

    `position` is the index of the next frame. `films` closes the films of masks.
    """

    def __init__(self, ready: Ready, plan: Plan, films: ExitStack) -> None:
        self._ready, self._plan, self.films = ready, plan, films
        self._film: VideoReader | None = None
        self._last: SourceFrame | None = None
        self.position = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def frames(self, first: int, end: int) -> Iterator[SourceFrame]:
        """The frames from `first` up to `end`, and the one before them, if there is one."""
        before = max(0, first - 1)
        if self._last is not None and self._last.index == before:
            yield self._last
        elif self._film is None or not 0 <= before - self.position <= MARK_EVERY:
            self._close()
            self._film = opened_at(self._ready, self._plan, before)
        assert self._film is not None
        while self.position < end:
            frame = next(self._film, None)
            if frame is None:
                return
            self._last, self.position = frame, frame.index + 1
            if frame.index >= before:
                yield frame

    def _close(self) -> None:
        if self._film is not None:
            self._film.close()
        self._film, self.position = None, 0
