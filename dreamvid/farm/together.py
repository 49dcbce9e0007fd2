"""Several shots of a film at once in one process: threads that share a GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Lock
from typing import Literal

import torch

from dreamvid.dream.octaves import Size
from dreamvid.dream.slope import deterministic
from dreamvid.sequence.progress import OnProgress, Progress

FULL = 1920 * 1080
"""The pixels of a frame that is taken to fill a GPU."""

MOST = 8
"""The most shots that `auto` dreams at once: each holds a dream of its own in memory."""

Count = int | Literal["auto"]
"""How many shots are to be dreamed at once; auto is as many as fill a GPU."""


def shots_at_once(asked: Count, size: Size, shots: int, device: torch.device) -> int:
    """How many of so many shots are dreamed at once, with frames of a size (height, width).

    At least 1. auto is how often a frame goes into one of 1080p, at most MOST, and 1 on a CPU.
    """
    fit = min(MOST, FULL // (size[0] * size[1])) if device.type == "cuda" else 1
    return max(1, min(fit if asked == "auto" else asked, shots))


class Together:
    """Threads that work at the same time, tell `on_progress` in turn, and end together."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._turn, self._ends = Lock(), False

    def tell(self, event: Progress) -> None:
        """Pass on an event of a thread; ends the thread if the others are to end."""
        with self._turn:
            if self._ends:
                raise _Ended
            self._on_progress(event)

    def run(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Do all tasks, each in a thread; a single one in this thread.

        After an error of one, or Ctrl-C, the others end at their next event; that is raised then.
        """
        if len(tasks) == 1:
            tasks[0]()
            return
        with deterministic(), ThreadPoolExecutor(len(tasks), thread_name_prefix="shot") as threads:
            try:
                running = [threads.submit(task) for task in tasks]
                wait(running, return_when=FIRST_EXCEPTION)
            finally:
                self._ends = True
        self._ends = False
        errors = [error for one in running if (error := one.exception()) is not None]
        for error in sorted(errors, key=lambda error: isinstance(error, _Ended)):
            raise error


class _Ended(BaseException):
    """Ends a thread because of another one; not an Exception, which a dream might handle."""
