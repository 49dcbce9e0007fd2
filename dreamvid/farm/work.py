"""A worker: takes the shots of a film that nobody dreams, one after the other, and dreams them.

Workers share nothing but the folder of the parts. A shot is owned by a lock that the system
releases, and is done when its parts are intact, so that workers may begin, end and be killed at any
time, on any machine that sees the folder. Whoever finds the film complete joins it.
"""

from __future__ import annotations

import gc
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import chain, takewhile
from pathlib import Path

import torch

from dreamvid.commands.clock import needs_look
from dreamvid.commands.planning import plan_of, seams_of
from dreamvid.commands.preflight import Film
from dreamvid.commands.ready import Ready, prepare
from dreamvid.commands.result import Result
from dreamvid.device.card import own_stream
from dreamvid.errors import DreamvidError, UnreadableInput, no_memory
from dreamvid.farm.check import check_shared
from dreamvid.farm.joining import incomplete, join, look
from dreamvid.farm.left import Left, left_of
from dreamvid.farm.reading import Source
from dreamvid.farm.remote import RemoteJob
from dreamvid.farm.storage import Storage
from dreamvid.farm.together import Count, Together, shots_at_once
from dreamvid.media.target import Busy, exclusive_lock
from dreamvid.sequence.folder import folder_of, intact_parts, listed_frames, record_in
from dreamvid.sequence.job import Job
from dreamvid.sequence.lengthen import drop_state, write_parts
from dreamvid.sequence.owners import owned
from dreamvid.sequence.plan import Plan, Shot
from dreamvid.sequence.progress import OnProgress, Progress
from dreamvid.sequence.seams import Seams
from dreamvid.sequence.stretch import Stretch

PATIENCE = 20.0
"""Seconds to wait for another process that begins or joins the same film."""

SMALLEST = 128
"""The smallest side of tiles to which a dream retreats when memory runs out."""

TRIES, PAUSE = 3, 0.1
"""How often a worker looks for a free shot, and the seconds between: `status` owns one briefly."""

Begun = Callable[[int, Sequence[tuple[int, int]]], None]
"""Told once: how many frames there are to dream, and which are done, as pairs of first and end."""


def work(
    request: Film,
    on_progress: OnProgress,
    begun: Begun,
    *,
    part: int = 1,
    of: int = 1,
    storage: Storage | None = None,
    keep: bool = False,
    together: Count = 1,
) -> Result | Left:
    """Dream the shots of one part of a checked film that nobody else dreams, and close the film.

    Part 1 of 1 is the whole film. The result is that of the film if it was joined here, which may
    `keep` its state; what is in a `storage` is not joined. Events of frames tell the number of the
    frame in the film. The number of threads is that of the job, if it was begun already. So many
    shots `together` are dreamed at once, which is noted unless it is 1.
    """
    threads = Together(on_progress)
    with hired(request, threads.tell, storage, keep=keep) as worker:
        if worker is None:
            return Left()
        plan = worker.plan
        mine = plan.share(part, of)
        begun(sum(shot.frames for shot in mine), worker.done(mine))
        workers = worker.team(together, mine)
        if together != 1:
            at_once = f"{len(workers)} shots at once" if workers[1:] else "one shot at a time"
            threads.tell(Progress("note", text=at_once))
        while True:
            threads.run([partial(one.dream, mine) for one in workers])
            worker.note(*chain.from_iterable(one.notes for one in workers))
            missing = worker.missing(plan.shots)
            if missing or storage is not None:
                return left_of(plan, missing, mine, stored=storage is not None)
            result = worker.join()
            if result is not None:
                return result


@contextmanager
def hired(
    request: Film, on_progress: OnProgress, storage: Storage | None = None, *, keep: bool = False
) -> Iterator[Worker | None]:
    """A worker that is ready for a checked film, which is closed in the end.

    None if another process has joined the film meanwhile. `keep` is as in `work`.
    """
    check_shared(request.settings)
    output = request.output
    remote = None if storage is None else RemoteJob(storage, folder_of(output.path))
    if threads := threads_of(output.path) or (remote and threads_in(remote.record() or "")):
        torch.set_num_threads(threads)
    with request.reader as film, ExitStack() as films:
        if remote is not None and needs_look(request.settings, film.info.frames):
            remote.fetch_signals()
        ready = prepare(request, films, on_progress)
        with briefly_locked(output.path):
            output.check_new()  # another run may have finished since the check
            job = ready.job(on_progress, shared=True, keep=write_parts if keep else drop_state)
            record = record_in(job.folder).read_bytes()
        if remote is not None:
            remote.begin(ready.record, overwrite=output.overwrite)
            remote.fetch_plan()
        plan = plan_of(ready, job.folder, on_progress)
        if plan is None:
            yield None
            return
        if remote is not None:
            remote.send_plan()
        source = films.enter_context(Source(ready, plan, films))
        yield Worker(ready, job, record, plan, source, on_progress, remote)


class Worker:
    """Dreams shots of one job, and joins it; `source` reads the film.

    Finished parts are also sent to the storage of a `remote` job. `here` leads to the stream of a
    GPU on which it dreams.
    """

    def __init__(
        self,
        ready: Ready,
        job: Job,
        record: bytes,
        plan: Plan,
        source: Source,
        on_progress: OnProgress,
        remote: RemoteJob | None,
        here: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._here = here
        self._ready, self._job, self._record, self.plan = ready, job, record, plan
        self._source, self._on_progress, self._remote = source, on_progress, remote
        self._output = ready.request.output
        self._damaged: set[Shot] = set()
        self.notes: tuple[str, ...] = ready.skipped

    def team(self, asked: Count, shots: Sequence[Shot]) -> list[Worker]:
        """This worker and others for threads beside it, as many as `asked` for these shots."""
        device, missing = self._ready.dreams(0).device, len(self.missing(shots))
        count = shots_at_once(asked, self._ready.size, missing, device)
        return [self, *(self._twin(own_stream(device)) for _ in range(count - 1))]

    def _twin(self, here: Callable[[], AbstractContextManager[object]]) -> Worker:
        """A worker of the same job that shares nothing that a dream changes."""
        films, on_progress = self._source.films, self._on_progress
        with here():
            ready = self._ready.twin(films, on_progress)
        source = films.enter_context(Source(ready, self.plan, films))
        job = self._job, self._record, self.plan
        return Worker(ready, *job, source, on_progress, self._remote, here)

    def done(self, shots: Sequence[Shot]) -> list[tuple[int, int]]:
        """The frames of these shots that are in finished parts, as pairs of first and end."""
        elsewhere = self._elsewhere()
        counts = ((shot.first, self._listed(shot, elsewhere)) for shot in shots)
        return [(first, first + count) for first, count in counts if count]

    def missing(self, shots: Sequence[Shot]) -> list[Shot]:
        """Those of these shots that are not complete, as far as can be told without reading them.

        None are once another process has joined the film.
        """
        if self.is_over():
            return []
        elsewhere = self._elsewhere()
        return [
            shot
            for shot in shots
            if shot in self._damaged or self._listed(shot, elsewhere) < shot.frames
        ]

    def check(self, shot: Shot) -> None:
        """Read the parts of a shot that are here, so that damaged ones count as missing."""
        if self._remote is None and not self._job.shot(shot.first, shot.end).complete:
            self._damaged.add(shot)

    def dream(self, shots: Sequence[Shot], *, tile: int | None = None) -> None:
        """Dream one after the other, those first that lie ahead, until none of them is free.

        `tile` is the largest tile if it is known that there is no memory for larger ones.
        """
        with self._here():
            ready = self._ready if tile is None else self._smaller(tile)
            tries = 0
            while tries < TRIES and (left := self.missing(shots)):
                left.sort(key=lambda shot: (shot.first < self._source.position, shot))
                if any(self._dream(shot, ready) for shot in left):
                    tries = 0
                else:
                    tries += 1
                    time.sleep(PAUSE)

    def parts(self, shot: Shot) -> list[Path]:
        """The finished parts of a shot that are here."""
        return intact_parts(self._job.folder, shot.first, shot.end)

    def discard(self, shot: Shot) -> None:
        """Delete the parts of a shot here if it is complete in the storage."""
        if shot.first in self._elsewhere():
            for part in self.parts(shot):
                for file in self._job.folder.glob(f"{part.stem}.*"):
                    file.unlink(missing_ok=True)

    def join(self) -> Result | Left | None:
        """Join the film, unless another process does; None if parts are damaged and missing."""
        try:
            with exclusive_lock(self._output.path):
                if self.is_over():
                    return Left()
                found = look(self._job, self.plan)
                self._damaged = set(incomplete(found))
                if self._damaged:
                    return None
                result = join(self._job, self.plan, found)
        except Busy:
            return Left()
        return replace(result, notes=tuple(dict.fromkeys((*result.notes, *self.notes))))

    def _dream(self, shot: Shot, ready: Ready) -> bool:
        """Dream a shot, if no other process does; whether this is done."""
        with ExitStack() as stack:
            with briefly_locked(self._output.path):
                if self.is_over() or not stack.enter_context(owned(self._job.folder, shot.first)):
                    return False
            if self._remote is not None:
                self._remote.fetch(shot)
            while not self._dreamed(shot, ready):
                gc.collect()  # what the error still holds
                ready = self._smaller(self._tile(ready) // 2)
            self._damaged.discard(shot)
        return True

    def _dreamed(self, shot: Shot, ready: Ready) -> bool:
        """Dream what is missing of a shot; False if there is not enough memory for its tiles."""
        stretch = self._job.shot(shot.first, shot.end)
        seams = seams_of(ready, self.plan, self._job.folder, self._on_progress)
        try:
            if not stretch.complete:
                self._run(stretch, shot, ready, seams)
        except BaseException as error:
            stretch.abort()
            if no_memory(error) and self._tile(ready) // 2 >= SMALLEST:
                return False
            raise
        if self._remote is not None:
            self._remote.send(shot, stretch.parts)
            seams.tidy(self._elsewhere())
        self.note(*stretch.notes)
        return True

    def _run(self, stretch: Stretch, shot: Shot, ready: Ready, seams: Seams) -> None:
        shots = self.plan.shots
        text = f"shot {shots.index(shot) + 1} of {len(shots)}"
        sent = len(stretch.parts)

        def told(event: Progress) -> None:
            nonlocal sent
            if self._remote is not None and len(stretch.parts) > sent:
                self._remote.send(shot, stretch.parts)
                sent = len(stretch.parts)
            self._on_progress(replace(event, total=self.plan.frames, text=text))

        ahead = seams.is_break(shot.end) and ready.dreams.follow_motion
        sources = self._source.frames(stretch.done, shot.end + ahead)
        with ready.moving(sources, stretch.done) as moving:
            frames = takewhile(lambda frame: frame.index < shot.end, moving)
            stretch.run(
                frames,
                ready.dreams,
                stability=ready.stability,
                lead=seams,
                on_progress=told,
            )
        if not stretch.complete:
            what = f"the film ends before frame {shot.end}, where it went on before"
            raise UnreadableInput(what, where=ready.request.source, remedy="start over with -y")

    def _smaller(self, tile: int) -> Ready:
        """The same dream on smaller tiles; the record stays, so that other parts are kept."""
        self.note(f"dreamed on tiles of {tile} pixels, because memory ran out")
        return self._ready.tiled(tile, self._source.films, self._on_progress)

    def _tile(self, ready: Ready) -> int:
        """The side of the largest tile that is dreamed at once."""
        return min(ready.dreams(0).tile, max(ready.size))

    def note(self, *notes: str) -> None:
        """Add to what there is to say in the end, unless it is there already."""
        self.notes = tuple(dict.fromkeys(self.notes + notes))

    def _elsewhere(self) -> set[int]:
        return set() if self._remote is None else self._remote.done()

    def _listed(self, shot: Shot, elsewhere: set[int]) -> int:
        """The number of frames in finished parts; all if the shot is complete in a storage."""
        if shot.first in elsewhere:
            return shot.frames
        listed = listed_frames(self._job.folder, shot.first, shot.end)
        if self._remote is not None and listed >= shot.frames:  # not sent as a whole
            return shot.frames - 1
        return listed

    def is_over(self) -> bool:
        """Whether another process has joined the film; DreamvidError if it was started over."""
        try:
            record = record_in(self._job.folder).read_bytes()
        except FileNotFoundError:
            return True
        if record != self._record:
            raise DreamvidError("another run has started this film over", where=self._output.path)
        return False


def threads_of(output: Path) -> int | None:
    """With how many threads the job of an output was begun; None if there is none."""
    try:
        return threads_in(record_in(folder_of(output)).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def threads_in(record: str) -> int | None:
    """The number of threads in the record of a job; None if it has none."""
    try:
        threads = tomllib.loads(record)["made"]["threads"]
    except (ValueError, KeyError, TypeError):
        return None
    return threads if isinstance(threads, int) and threads > 0 else None


@contextmanager
def briefly_locked(path: Path) -> Iterator[None]:
    """Hold the lock on an output; waits PATIENCE seconds for others that hold it briefly too."""
    until = time.monotonic() + PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(exclusive_lock(path))
                break
            except Busy:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        yield
