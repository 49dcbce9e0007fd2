"""Counts the frames of many workers, each once, however often it was dreamed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dreamvid.sequence.progress import OnProgress, Progress


class Tally:
    """Turns the numbers of frames, in any order, into events of one progress display."""

    def __init__(self, on_progress: OnProgress, text: str) -> None:
        self._on_progress, self._text = on_progress, text
        self._done: set[int] = set()
        self.total = 0

    def begin(self, total: int, done: Iterable[Sequence[int]]) -> None:
        """There are `total` frames, of which some are done: pairs of first and end."""
        for first, end in done:
            self._done.update(range(first, end))
        if not self.total and self._done:
            self._on_progress(Progress("frames", len(self._done), total, self._text))
        self.total = total

    def add(self, frame: int) -> None:
        """The frame with this index is done."""
        if frame not in self._done:
            self._done.add(frame)
            self._on_progress(Progress("frames", len(self._done), self.total, self._text))
