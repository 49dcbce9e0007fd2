"""Dream a film on a Ray cluster: every piece of its plan is a task, the film is joined here."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from dreamvid.commands.preflight import Film
from dreamvid.commands.result import Result
from dreamvid.errors import (
    DreamvidError,
    Interrupted,
    MissingDependency,
    OutOfMemory,
    OutputExists,
    UnreadableInput,
    UsageError,
)
from dreamvid.farm.board import Answer, Board
from dreamvid.farm.check import check_shared
from dreamvid.farm.cluster import connected
from dreamvid.farm.joining import interrupted, try_join
from dreamvid.farm.left import Left
from dreamvid.farm.messages import Order, error_of
from dreamvid.farm.piecework import dream_piece, plan_film
from dreamvid.farm.remote import forget_copy
from dreamvid.farm.tally import Tally
from dreamvid.farm.work import SMALLEST, threads_in, threads_of
from dreamvid.media.newest import NewestFrame
from dreamvid.sequence.progress import OnProgress, Progress

OURS: Final = (UsageError, UnreadableInput, OutputExists, MissingDependency, Interrupted)
"""Errors of the request, which end the run: every machine would find them."""

FAILURES: Final = 3
"""The run ends after so many failures for each task at a time, without a new frame between them."""

POLL, PAUSE = 0.2, 1.0
"""Seconds between two looks at the tasks; and until a piece is tried again that another owns."""

GPU_THREADS: Final = 4
"""The most threads of a task on a GPU, which reads, estimates motion and encodes on the CPU."""

LARGEST_TILE: Final = 1024
"""The side of the tiles of a dream that was killed for its memory, unless others were given."""


def dream_by_ray(
    request: Film,
    address: str,
    on_progress: OnProgress,
    *,
    source: Path | None = None,
    newest: NewestFrame | None = None,
    storage: str | None = None,
    keep: bool = False,
) -> Result | Left:
    """Dream a checked film on the cluster at an `address`, join it here, and close it.

    `source` is the film as the machines find it, by default as it is found here. `newest` shows the
    newest frame. The parts lie in the folder of the output, which all machines must see, or in a
    `storage`. `keep` keeps the state of the film. The bytes are those of one process with one
    thread, or with as many as the job began with. Tasks of machines that fail are repeated. Raises
    the first error of the request, and Interrupted on Ctrl-C.
    """
    with request.reader, ExitStack() as stack:
        check_shared(request.settings)
        output = request.output
        target = output.path if storage else output.path.absolute()
        here = (source or request.source) if storage else (source or request.source.absolute())
        said = request.settings, output.overwrite, 1, None, storage, keep
        order = Order(here, target, *said)
        ray = stack.enter_context(connected(address))
        needs = _needs(ray, order)
        run = _Run(ray, order, needs, Tally(on_progress, needs.text), newest)
        try:
            return run.run(request)
        except KeyboardInterrupt:
            run.cancel()
            if storage is not None:
                what, remedy = "stopped", "repeat the command to resume"
                raise Interrupted(what, where=output.path, remedy=remedy) from None
            raise interrupted(request) from None
        finally:
            run.cancel()


class _Needs:
    """What a task needs, and how many fit on a cluster at a time."""

    def __init__(self, cpus: float, gpus: float, *, device: str, threads: int | None) -> None:
        if device == "cuda" and not gpus:
            raise UsageError("the cluster has no GPU", where="--device", remedy="use --device cpu")
        if not cpus:
            remedy = "start its machines with --num-cpus"
            raise UsageError("the cluster offers no CPU", where="--ray", remedy=remedy)
        self.gpu = gpus > 0 and device in ("auto", "cuda")
        spare = max(1, min(GPU_THREADS, int(cpus / gpus))) if self.gpu else 1
        self.threads = threads or spare
        fit = gpus if self.gpu else cpus // self.threads
        self.slots = max(1, int(fit))
        self.text = f"{self.slots} {'GPU' if self.gpu else 'task'}{'s' * (self.slots > 1)}"

    @property
    def options(self) -> dict[str, Any]:
        """The options of a task: it is repeated by us, and its process is kept for the next one."""
        return {
            "num_cpus": self.threads,
            "num_gpus": int(self.gpu),
            "max_retries": 0,
            "max_calls": 0,
        }


def _needs(ray: Any, order: Order) -> _Needs:
    threads = threads_of(order.target)
    if threads is None and (store := order.store) is not None:
        from dreamvid.farm.remote import RemoteJob

        threads = threads_in(RemoteJob(store, order.target).record() or "")
    has = ray.cluster_resources()
    device = order.settings.network.device
    needs = _Needs(has.get("CPU", 0), has.get("GPU", 0), device=device, threads=threads)
    largest = max(node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"])
    if needs.threads > largest:
        what = f"this job was begun with {needs.threads} threads, no machine has as many cores"
        raise UsageError(what, where=order.target, remedy="go on where it began")
    return needs


class _Run:
    """One film on a cluster: which pieces are being dreamed, and what became of them."""

    def __init__(
        self,
        ray: Any,
        order: Order,
        needs: _Needs,
        tally: Tally,
        newest: NewestFrame | None,
    ) -> None:
        self._ray, self._needs, self._tally = ray, needs, tally
        self._order = replace(order, threads=needs.threads)
        self._run_id = uuid.uuid4().hex
        self._newest = newest
        self._board = ray.remote(num_cpus=0, max_restarts=-1)(Board).remote()
        self._plan = ray.remote(**needs.options)(plan_film)
        self._dream = ray.remote(**needs.options)(dream_piece)
        self._running: dict[Any, int] = {}
        self._later: list[tuple[float, int]] = []
        self._pieces: list[tuple[int, int]] = []
        self._tiles: dict[int, int] = {}
        self._shows: int | None = None
        self._taken: Any = None
        self._failures, self._seen = 0, 0
        self._notes: tuple[str, ...] = ()

    def run(self, request: Film) -> Result | Left:
        """Plan the film, dream its pieces, and join it."""
        done = self._begin()
        if done is None:
            return Left()
        finished = set(map(tuple, done))
        for number, piece in enumerate(self._pieces):
            if piece not in finished:
                self._send(number)
        while True:
            if not self._finish():
                return Left()
            made = try_join(request, self._order.store, keep=self._order.keep)
            if isinstance(made, Result):
                break
            if not made.missing:  # another process has joined the film meanwhile
                return made
            what = "finished parts are damaged again and again"
            self._failed(DreamvidError(what, where=self._order.target, remedy="check the disk"))
            for number in made.missing:
                self._send(number - 1)
        if self._order.storage is not None:
            forget_copy(f"{self._order.storage}/{self._order.target.name}")
        return replace(made, notes=tuple(dict.fromkeys((*made.notes, *self._notes))))

    def cancel(self) -> None:
        """End all tasks at once: what they have not finished is dreamed again on resume."""
        running, self._running = list(self._running), {}
        self._later.clear()
        for task in running:
            self._ray.cancel(task, force=True)
        if running:
            self._ray.wait(running, num_returns=len(running), timeout=10)

    def _begin(self) -> list[tuple[int, int]] | None:
        """Plan the film: the frames that are done; None if it is joined already.

        Every machine that will dream begins to read and load at once; the first plan is taken.
        """
        text = self._order.text
        tasks = [
            self._plan.remote(text, self._run_id, self._board) for _ in range(self._needs.slots)
        ]
        self._running = dict.fromkeys(tasks, -1)
        while self._running:
            for task in self._ended():
                answer = self._answer(task, self._running.pop(task))
                if answer is None:
                    again = self._plan.remote(text, self._run_id, self._board)
                    self._running[again] = -1
                elif answer.get("over"):
                    return None
                else:
                    self._running.clear()
                    self._pieces = [(first, end) for first, end in answer["pieces"]]
                    done = [(first, end) for first, end in answer["done"]]
                    self._tally.begin(self._pieces[-1][1], done)
                    return done
        raise AssertionError

    def _finish(self) -> bool:
        """Wait until all pieces are complete; False if another process has joined the film."""
        while self._running or self._later:
            now = time.monotonic()
            due = [number for when, number in self._later if when <= now]
            self._later = [one for one in self._later if one[0] > now]
            for number in due:
                self._send(number)
            for task in self._ended():
                number = self._running.pop(task)
                if self._shows == number:
                    self._shows = None
                answer = self._answer(task, number)
                if answer is None or not answer.get("complete", answer.get("over")):
                    self._later.append((now + PAUSE, number))
                elif answer.get("over"):
                    return False
                else:
                    self._tally.begin(self._tally.total, [self._pieces[number]])
                    self._notes += tuple(answer["notes"])
        self._listen()
        return True

    def _send(self, number: int) -> None:
        shows = self._newest is not None and self._shows is None
        if shows:
            self._shows = number
        tile = self._tiles.get(number)
        text = self._order.text
        task = self._dream.remote(text, self._run_id, number, tile, shows, self._board)
        self._running[task] = number

    def _ended(self) -> list[Any]:
        """The tasks that have ended; listens to the others for a moment."""
        if not self._running:
            time.sleep(POLL)
            return []
        tasks = list(self._running)
        ended, _ = self._ray.wait(tasks, num_returns=1, timeout=POLL)
        self._listen()
        return list(ended)

    def _answer(self, task: Any, number: int) -> Answer | None:
        """What a task answers; None if it is to be repeated. Raises errors of the request."""
        failed: Exception
        try:
            answer: Answer = self._ray.get(task)
        except self._ray.exceptions.OutOfMemoryError as error:
            self._tiles[number] = self._smaller(number)
            failed = OutOfMemory("the system ran out of memory", where=self._order.target)
            failed.__cause__ = error
        except self._ray.exceptions.RayTaskError as error:
            what = f"a machine of the cluster cannot dream ({_last_line(error)})"
            remedy = "install the same dreamvid there; see dreamvid doctor --ray"
            raise MissingDependency(what, where="--ray", remedy=remedy) from error
        except self._ray.exceptions.RayError as error:  # its process or its machine is gone
            what = f"the tasks of the cluster keep dying ({_last_line(error)})"
            failed = DreamvidError(what, where=self._order.target)
        else:
            if "error" not in answer:
                return answer
            failed = error_of(answer["error"])
            if not isinstance(failed, DreamvidError):
                failed.add_note(answer["trace"])
        self._failed(failed)
        return None

    def _failed(self, error: Exception) -> None:
        """Count a failure; raises it if it is one of the request, or if there are too many."""
        if isinstance(error, OURS):
            raise error
        count = self._tally.count
        self._failures = self._failures + 1 if count == self._seen else 1
        self._seen = count
        if self._failures > FAILURES * self._needs.slots:
            raise error

    def _smaller(self, number: int) -> int:
        tile = self._tiles.get(number) or self._order.settings.dream.tile or LARGEST_TILE
        return max(SMALLEST, tile // 2)

    def _listen(self) -> None:
        """Pass on what the tasks have told; what a slow board takes out is waited for next time."""
        if self._taken is None:
            self._taken = self._board.take.remote()
        try:
            messages = self._ray.get(self._taken, timeout=10)
        except self._ray.exceptions.GetTimeoutError:
            return
        except self._ray.exceptions.RayError:  # it is being restarted, and what it had is lost
            messages = []
        self._taken = None
        for message in messages:
            self._hear(message)

    def _hear(self, message: Mapping[str, Any]) -> None:
        if "newest" in message:
            if self._newest is not None:
                self._newest.put(message["newest"])
            return
        self._tally.pass_on(Progress(**message["progress"]))


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1][:300]
