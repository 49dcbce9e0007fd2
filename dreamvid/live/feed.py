"""A thread that reads an input, keeps its newest picture, and connects again when it is lost."""

from __future__ import annotations

import threading
from typing import NamedTuple

from dreamvid.errors import UnreadableInput, one_line
from dreamvid.live.clock import Clock
from dreamvid.live.inputs import Source
from dreamvid.live.newest import Newest
from dreamvid.motion.flow import Array

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before a lost input is tried again; they double each time, up to the longest."""

PATIENCE = 15.0
"""Seconds that the first picture may take."""


class Taken(NamedTuple):
    """A picture [H, W, 3] of uint8, and when it came in, in seconds on the live clock."""

    array: Array
    time: float


class Feed:
    """The newest picture of a source.

    `start` connects and waits for the first picture, so that errors are raised at once; from then
    on a lost source is tried again for ever. `trouble` says why it is lost, empty while it is not.
    """

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source, self._clock = source, clock
        self._slot: Newest[Taken] = Newest()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="input", daemon=True)
        self.trouble = ""
        self.still = source.still

    def start(self) -> Taken:
        """Connect, and return the first picture; UnreadableInput if there is none."""
        self._source.open()
        self._thread.start()
        first = self._slot.take(PATIENCE)
        if first is None:
            self.stop()
            raise UnreadableInput(
                self.trouble or "sends no pictures", where=self._source.name,
                remedy="check that another program shows it",
            )  # fmt: skip
        return first

    def take(self, timeout: float) -> Taken | None:
        """The newest picture that was not taken yet; None if none comes within `timeout` s."""
        return self._slot.take(timeout)

    def stop(self) -> None:
        """End the thread; a read that blocks ends with the process."""
        self._stop.set()
        self._slot.close()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        wait, opened = FIRST_WAIT, True
        while not self._stop.is_set():
            count = 0
            try:
                if not opened:
                    self._source.open()
                while not self._stop.is_set() and (array := self._source.read()) is not None:
                    self._slot.put(Taken(array, self._clock.now()))
                    count, wait, self.trouble = count + 1, FIRST_WAIT, ""
                reason = "" if self._source.repeats and count else "sends no more pictures"
            except Exception as error:  # drivers raise what they like
                reason = one_line(str(error) or type(error).__name__)
            self._source.close()
            opened = False
            if reason:
                self.trouble = reason
                self._stop.wait(wait)
                wait = min(LONGEST_WAIT, 2 * wait)
