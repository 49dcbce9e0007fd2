"""A crew: worker processes on this machine that dream one film together."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Protocol

from dreamvid.commands.preflight import Film
from dreamvid.commands.result import Result
from dreamvid.commands.shares import threads_of_each
from dreamvid.errors import DreamvidError, OutOfMemory, OutputExists
from dreamvid.farm.check import check_shared
from dreamvid.farm.joining import interrupted, try_join
from dreamvid.farm.left import Left
from dreamvid.farm.messages import Order, error_of, left_of_fields, result_of
from dreamvid.farm.tally import Tally
from dreamvid.farm.work import threads_of
from dreamvid.media.target import Busy, exclusive_lock
from dreamvid.sequence.folder import finished_parts, folder_of, record_in
from dreamvid.sequence.progress import OnProgress, Progress

DEATHS = 3
"""A crew gives up after so many deaths for each worker without a part finished between them."""


KILLED = -9
"""The exit code of a process that was ended by SIGKILL, as by a system that is out of memory."""


class Child(Protocol):
    """A worker process: what a crew needs of a Popen whose `stdout` tells lines."""

    stdout: IO[str] | None

    def kill(self) -> None:
        """End it at once."""

    def wait(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""


Start = Callable[[Order], Child]


def start_child(order: Order) -> Child:
    """Start a worker with its share of threads, which a Ctrl-C in the terminal does not reach."""
    threads = {"OMP_NUM_THREADS": str(order.threads), "MKL_NUM_THREADS": str(order.threads)}
    child = subprocess.Popen(
        [sys.executable, "-m", "dreamvid.farm.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | threads,
        start_new_session=True,
    )
    assert child.stdin is not None
    with suppress(OSError):  # it died already, which is noticed elsewhere
        child.stdin.write(order.text)
        child.stdin.close()
    return child


def dream_by_workers(
    request: Film,
    workers: int,
    on_progress: OnProgress,
    start: Start = start_child,
    *,
    newest: Path | None = None,
    storage: str | None = None,
    keep: bool = False,
    threads: int | None = None,
) -> Result | Left:
    """Dream a checked film in so many processes, and close it.

    One of them shows its newest frame in the file `newest`. Each computes with so many `threads`,
    by default its share of the cores, or with as many as the job began with. The bytes are those of
    one process with that number of threads. A worker that was killed is replaced. Parts also go to
    a `storage`, if one is given. Who joins the film may `keep` its state. Raises the first error of
    a worker, and Interrupted on Ctrl-C.
    """
    with request.reader:
        check_shared(request.settings)
        output = request.output
        threads = threads_of(output.path) or threads or threads_of_each(workers)
        said = request.settings, output.overwrite, threads, newest, storage, keep
        order = Order(request.source, output.path, *said)
        crew = _Crew(order, workers, start, on_progress)
        try:
            made = crew.run()
            if storage is None or isinstance(made, Result) or made.missing:
                return made
            return try_join(request, order.store, keep=keep)
        except KeyboardInterrupt:
            crew.stop()
            raise interrupted(request) from None
        finally:
            crew.stop()
            with suppress(Busy), exclusive_lock(output.path):
                pass  # which deletes the file of the lock that a killed worker held


class _Crew:
    def __init__(self, order: Order, workers: int, start: Start, on_progress: OnProgress) -> None:
        self._order, self._workers, self._start = order, workers, start
        self._folder = folder_of(order.target)
        self._told: queue.Queue[tuple[Child, dict[str, Any] | None]] = queue.Queue()
        self._children: dict[Child, Order] = {}
        self._tally = Tally(on_progress, f"{workers} workers")
        self._deaths, self._parts = 0, 0
        self._left: Left | None = None

    def run(self) -> Result | Left:
        """Start the workers and listen to them until the film is complete, or all have ended."""
        for number in range(self._workers):
            self._add(self._order if number == 0 else replace(self._order, newest=None))
        ended: set[Child] = set()
        while self._children:
            child, message = self._told.get()
            if message is None:
                order = self._children.pop(child)
                code = child.wait()
                if child not in ended:
                    self._replace(order, code)
            elif "result" in message:
                self.stop()
                self._tidy()
                self._tally.finish()
                return result_of(message["result"])
            elif self._hear(message):
                ended.add(child)
        if self._left is None:
            raise DreamvidError("the workers ended without a result", where=self._order.target)
        if not self._left.missing:
            self._tally.finish()
        return self._left

    def stop(self) -> None:
        """End all workers at once: what they have not finished is dreamed again on resume."""
        for child in self._children:
            child.kill()
        for child in self._children:
            child.wait()
        self._children.clear()

    def _add(self, order: Order) -> None:
        child = self._start(order)
        self._children[child] = order
        threading.Thread(target=self._listen, args=(child,), daemon=True).start()

    def _listen(self, child: Child) -> None:
        assert child.stdout is not None
        with child.stdout as lines, suppress(ValueError):  # a line that a kill has cut
            for line in lines:
                self._told.put((child, json.loads(line)))
        self._told.put((child, None))

    def _hear(self, message: Mapping[str, Any]) -> bool:
        """Pass on what a worker tells; whether it has ended. Raises the error that it tells."""
        if "begun" in message:
            self._tally.begin(message["begun"]["frames"], message["begun"]["done"])
        elif "progress" in message:
            self._tally.pass_on(Progress(**message["progress"]))
        elif "left" in message:
            if self._left is None or self._left.missing:  # else one has seen the last shot done
                self._left = left_of_fields(message["left"])
            return True
        elif "error" in message:
            error = error_of(message["error"])
            if isinstance(error, OutputExists) and self._tally.total:
                return True  # it began when another had just joined the film
            if not isinstance(error, DreamvidError):
                error.add_note(message["trace"])
            raise error
        return False

    def _replace(self, order: Order, code: int) -> None:
        """Replace a worker that has died; DreamvidError if they die without getting anywhere.

        One that has joined the film before it died is not replaced.
        """
        if self._tally.total and not record_in(self._folder).exists():
            self._left = Left()
            return
        parts = len(list(self._folder.glob("part-*.sha256")))
        self._deaths = self._deaths + 1 if parts == self._parts else 1
        self._parts = parts
        if self._deaths <= DEATHS * self._workers:
            self._add(order)
            return
        what = f"{self._deaths} workers have died without finishing a part"
        if code == KILLED:
            remedy = "they may need too much memory: use fewer workers, or a smaller --dream-size"
            raise OutOfMemory(f"{what}, by SIGKILL", where=self._order.target, remedy=remedy)
        remedy = "leave out --workers to see why"
        raise DreamvidError(f"{what}, code {code}", where=self._order.target, remedy=remedy)

    def _tidy(self) -> None:
        """Delete what a worker has left that began when another had just joined the film."""
        if self._folder.is_dir() and not finished_parts(self._folder):
            shutil.rmtree(self._folder, ignore_errors=True)
