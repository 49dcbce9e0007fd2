"""Counts the frames of many workers, each once, however often it was dreamed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dreamvid.sequence.progress import OnProgress, Progress


class Tally:
    """Turns the numbers of frames, in any order, into events of one progress display.

    `alone` is true for a single worker.
    """

    def __init__(self, on_progress: OnProgress, text: str, *, alone: bool = False) -> None:
        self._on_progress, self._text, self._alone = on_progress, text, alone
        self._done: set[int] = set()
        self._said: set[str] = set()
        self.total = 0

    @property
    def count(self) -> int:
        """The number of frames that are done."""
        return len(self._done)

    def begin(self, total: int, done: Iterable[Sequence[int]]) -> None:
        """There are `total` frames, of which some are done: pairs of first and end."""
        for first, end in done:
            self._done.update(range(first, end))
        if not self.total and self._done:
            self._on_progress(Progress("frames", len(self._done), total, self._text))
        self.total = total

    def pass_on(self, event: Progress) -> None:
        """Pass on an event of a worker.

        The same note is told once. Lead-ins are not told of several workers, which are in several.
        """
        if event.task == "frames":
            self.add(event)
        elif event.task == "lead-in" and not self._alone:
            return
        elif event.task not in ("note", "sidecar") or event.text not in self._said:
            self._said.add(event.text)
            self._on_progress(event)

    def add(self, event: Progress) -> None:
        """Pass on an event of a frame, whose number in the film it tells."""
        if event.done - 1 not in self._done:
            self._done.add(event.done - 1)
            count = len(self._done)
            self._on_progress(replace(event, done=count, total=self.total, text=self._text))

    def finish(self) -> None:
        """Tell that all frames are done, as when who dreamed the last ones was not heard."""
        if self.total and self.count < self.total:
            self._done.update(range(self.total))
            self._on_progress(Progress("frames", self.total, self.total, self._text))
