"""What a person sees of the work: bars on a terminal, plain lines elsewhere. For the cli only."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeRemainingColumn as Eta

LINE_EVERY = 10.0
"""Seconds between lines where there is no terminal."""


class Step(Protocol):
    """How far a job is."""

    @property
    def done(self) -> int:
        """Frames done."""
        ...

    @property
    def total(self) -> int | None:
        """Frames expected, None when unknown."""
        ...

    @property
    def shot(self) -> int:
        """The number of the shot."""
        ...


class Show:
    """Shows the progress of one command on standard error; a context manager.

    NO_COLOR and terminals without a cursor are respected.
    """

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet, self._verbose = quiet, verbose
        self._console = Console(stderr=True, highlight=False, quiet=quiet)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            Eta(),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._began: tuple[float, int] | None = None
        self._spoke = 0.0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def say(self, line: str) -> None:
        """Print one line."""
        self._console.print(line, soft_wrap=True, markup=False)

    def fetched(self, done: int, total: int) -> None:
        """Show how much of a download is done, in bytes."""
        megabyte = 1_000_000
        self._advance("fetching weights (MB)", done // megabyte, total // megabyte, "")

    def report(self, step: Step) -> None:
        """Show how far a film is: frame, shot, seconds a frame, time left."""
        now = time.monotonic()
        if self._began is None:  # the first frame loads, warms up and takes the full dose
            self._began = (now, step.done)
            pace = 0.0
        else:
            pace = (now - self._began[0]) / max(1, step.done - self._began[1])
        told = f"{pace:.2f} s/frame" if pace else ""
        self._advance(f"shot {step.shot}", step.done, step.total, told, name="film")

    def _advance(
        self, what: str, done: int, total: int | None, pace: str, *, name: str | None = None
    ) -> None:
        name = name or what
        if not self._bars.disable:
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(what, total=total, pace=pace)
            self._bars.update(
                self._tasks[name], completed=done, total=total, description=what, pace=pace
            )
            return
        now = time.monotonic()
        if self._verbose or now - self._spoke >= LINE_EVERY or done == total:
            self._spoke = now
            of = f" of {total}" if total else ""
            self.say(f"{what}: {done}{of} {pace}".rstrip())
