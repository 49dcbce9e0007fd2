"""Output for the user: progress bars on a terminal, plain lines elsewhere; tables and JSON."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.progress import TimeRemainingColumn as Eta

from dreamvid.commands.room import check_room
from dreamvid.errors import one_line
from dreamvid.sequence.progress import Progress

if TYPE_CHECKING:
    from dreamvid.commands.dry_run import Forecast
    from dreamvid.commands.preflight import Clip, Film
    from dreamvid.commands.result import Result

MEGABYTE = 1_000_000
LINE_EVERY = 10.0
"""Seconds between progress lines when there is no terminal."""

QUIET_FOR = 2.0
"""Seconds before work without steps is shown."""


class Show:
    """Shows the progress of one command on standard error; a context manager.

    NO_COLOR and terminals without a cursor are respected.
    """

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet, self._verbose = quiet, verbose
        self._console = Console(stderr=True, highlight=False, quiet=quiet)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            Eta(),
            console=self._console,
            disable=quiet or not self._console.is_interactive,
        )
        self._tasks: dict[str, TaskID] = {}
        self._began: tuple[float, int] | None = None
        self._counts = False
        self._spoke = 0.0
        self._said: set[str] = set()

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

    def say(self, *lines: str) -> None:
        """Print lines."""
        self._said.update(lines)
        for line in lines:
            self._console.print(one_line(line), soft_wrap=True, markup=False)

    def detail(self, line: str) -> None:
        """Print a line, if it is not empty, for a user who asked for more."""
        if self._verbose and line:
            self.say(line)

    def made(self, result: Result) -> None:
        """Print the notes of a result, if not said before, its path and its number of frames."""
        self.say(*(note for note in result.notes if note not in self._said))
        self.say(f"{result.path}: {result.frames} frames")

    def forecast(self, forecast: Forecast, request: Film | Clip[Any], *, force: bool) -> None:
        """Print a forecast on standard output; DiskFull if the run would be refused."""
        self._bars.stop()
        for name, value in forecast.rows():
            print(f"{name:<9}{value}")
        check_room(request, force=force)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show that work without steps is going on, and for how long, after QUIET_FOR seconds.

        It ends with the first frame, as frames have a progress of their own.
        """
        done = threading.Event()
        teller = threading.Thread(target=self._tell_busy, args=(what, done), daemon=True)
        teller.start()
        try:
            yield
        finally:
            done.set()
            teller.join()

    def _tell_busy(self, what: str, done: threading.Event) -> None:
        began, wait, task = time.monotonic(), QUIET_FOR, None
        while not done.wait(wait) and not self._counts:
            passed = f"{time.monotonic() - began:.0f} s so far"
            if self._bars.disable:
                wait = LINE_EVERY
                self.say(f"{what}: {passed}")
            else:
                wait = 1.0
                task = self._bars.add_task(what, total=None, pace="") if task is None else task
                self._bars.update(task, pace=passed)
        if task is not None:
            self._bars.remove_task(task)

    def on_progress(self, event: Progress) -> None:
        """Show an event; of the frames of a film also the seconds per frame and the time left."""
        self._counts = self._counts or event.task in ("frames", "lead-in")
        match event.task:
            case "sidecar":
                return
            case "note":
                self.say(event.text)
            case "download":
                done, total = event.done // MEGABYTE, (event.total or 0) // MEGABYTE
                self._advance(f"{event.text} (MB)", done, total, "")
            case "frames":
                self._advance(event.text, event.done, event.total, self._pace(event.done), "film")
            case _:
                self._advance(event.text, event.done, event.total, event.detail, event.task)

    def _pace(self, done: int) -> str:
        """The seconds per frame since the first one, which is slower: loading, full dose."""
        now = time.monotonic()
        if self._began is None:
            self._began = (now, done)
            return ""
        return f"{(now - self._began[0]) / max(1, done - self._began[1]):.2f} s/frame"

    def _advance(
        self, what: str, done: int, total: int | None, pace: str, name: str | None = None
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


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print aligned columns on standard output, numbers right-aligned; None is shown as n/a."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    numbers = [
        all(isinstance(value, int | float | None) for value in column)
        for column in zip(*rows, strict=True)
    ] or [False] * len(head)
    for line in (head, *cells):
        placed = (
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, numbers, strict=True)
        )
        print("  ".join(placed).rstrip())


def print_tables(tables: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    """Print rows of named values under their titles."""
    for title, rows in tables.items():
        print(f"\n{title}")
        print_table(tuple(rows[0]), [tuple(row.values()) for row in rows])


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    print(json.dumps(value, indent=2, default=str))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return "n/a" if value is None else str(value)
