"""A worker: takes the shots of a film that nobody dreams, one after the other, and dreams them.

Workers share nothing but the folder of the parts. A shot is owned by a lock that the system
releases, and is done when its parts are intact, so that workers may begin, end and be killed at any
time, on any machine that sees the folder. Whoever finds the film complete joins it.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Self

import torch

from dreamvid.commands.planning import opened_at, plan_of, seams_of
from dreamvid.commands.preflight import Film
from dreamvid.commands.ready import Ready, prepare
from dreamvid.commands.result import Result
from dreamvid.errors import DreamvidError, UnreadableInput
from dreamvid.farm.check import check_shared
from dreamvid.farm.joining import Left, incomplete, join, left_of, look
from dreamvid.media.mark import MARK_EVERY
from dreamvid.media.reader import SourceFrame, VideoReader
from dreamvid.media.target import Busy, exclusive_lock
from dreamvid.sequence.folder import folder_of, listed_frames, record_in
from dreamvid.sequence.job import Job
from dreamvid.sequence.lengthen import drop_state, write_parts
from dreamvid.sequence.owners import owned
from dreamvid.sequence.plan import Plan, Shot
from dreamvid.sequence.progress import OnProgress, Progress
from dreamvid.sequence.stretch import Stretch

PATIENCE = 20.0
"""Seconds to wait for another process that begins or joins the same film."""

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
    keep: bool = False,
) -> Result | Left:
    """Dream the shots of one part of a checked film that nobody else dreams, and close the film.

    Part 1 of 1 is the whole film. The result is that of the film if it was joined here, which may
    `keep` its state. Events of frames tell the number of the frame in the film. The number of
    threads is that of the job, if it was begun already.
    """
    check_shared(request.settings)
    output = request.output
    if threads := threads_of(output.path):
        torch.set_num_threads(threads)
    with request.reader, ExitStack() as films:
        ready = prepare(request, films, on_progress)
        with briefly_locked(output.path):
            output.check_new()  # another run may have finished since the check
            job = ready.job(on_progress, shared=True, keep=write_parts if keep else drop_state)
            record = record_in(job.folder).read_bytes()
        plan = plan_of(ready, job.folder, on_progress)
        if plan is None:
            return Left()
        source = films.enter_context(_Source(ready, plan))
        worker = _Worker(ready, job, record, plan, source, on_progress)
        mine = plan.share(part, of)
        begun(sum(shot.frames for shot in mine), worker.done(mine))
        while True:
            worker.dream(mine)
            missing = worker.missing(plan.shots)
            if missing:
                return left_of(plan, missing, mine)
            result = worker.join()
            if result is not None:
                return result


class _Worker:
    """Dreams shots of one job, and joins it; `source` reads the film."""

    def __init__(
        self,
        ready: Ready,
        job: Job,
        record: bytes,
        plan: Plan,
        source: _Source,
        on_progress: OnProgress,
    ) -> None:
        self._ready, self._job, self._record, self._plan = ready, job, record, plan
        self._source, self._on_progress = source, on_progress
        self._seams = seams_of(ready, plan, job.folder, on_progress)
        self._output = ready.request.output
        self._damaged: set[Shot] = set()
        self._notes: tuple[str, ...] = ()

    def done(self, shots: Sequence[Shot]) -> list[tuple[int, int]]:
        """The frames of these shots that are in finished parts, as pairs of first and end."""
        counts = ((shot.first, self._listed(shot)) for shot in shots)
        return [(first, first + count) for first, count in counts if count]

    def missing(self, shots: Sequence[Shot]) -> list[Shot]:
        """Those of these shots that are not complete, as far as can be told without reading them.

        None are once another process has joined the film.
        """
        if self._is_over():
            return []
        return [shot for shot in shots if shot in self._damaged or self._listed(shot) < shot.frames]

    def dream(self, shots: Sequence[Shot]) -> None:
        """Dream one after the other, those first that lie ahead, until none of them is free."""
        tries = 0
        while tries < TRIES and (left := self.missing(shots)):
            left.sort(key=lambda shot: (shot.first < self._source.position, shot))
            if any(self._dream(shot) for shot in left):
                tries = 0
            else:
                tries += 1
                time.sleep(PAUSE)

    def join(self) -> Result | Left | None:
        """Join the film, unless another process does; None if parts are damaged and missing."""
        try:
            with exclusive_lock(self._output.path):
                if self._is_over():
                    return Left()
                found = look(self._job, self._plan)
                self._damaged = set(incomplete(found))
                if self._damaged:
                    return None
                result = join(self._job, self._plan, found)
        except Busy:
            return Left()
        notes = tuple(dict.fromkeys((*result.notes, *self._ready.skipped, *self._notes)))
        return replace(result, notes=notes)

    def _dream(self, shot: Shot) -> bool:
        """Dream a shot, if no other process does; whether this is done."""
        with ExitStack() as stack:
            with briefly_locked(self._output.path):
                if self._is_over() or not stack.enter_context(owned(self._job.folder, shot.first)):
                    return False
            stretch = self._stretch(shot)
            try:
                if not stretch.complete:
                    self._run(stretch, shot)
            except BaseException:
                stretch.abort()
                raise
            self._damaged.discard(shot)
            self._notes = tuple(dict.fromkeys(self._notes + stretch.notes))
        return True

    def _run(self, stretch: Stretch, shot: Shot) -> None:
        ready, shots = self._ready, self._plan.shots
        text = f"shot {shots.index(shot) + 1} of {len(shots)}"

        def told(event: Progress) -> None:
            self._on_progress(replace(event, total=self._plan.frames, text=text))

        ahead = self._seams.is_break(shot.end) and ready.dreams.follow_motion
        sources = self._source.frames(stretch.done, shot.end + ahead)
        with ready.moving(sources, stretch.done) as moving:
            frames = takewhile(lambda frame: frame.index < shot.end, moving)
            stretch.run(
                frames,
                ready.dreams,
                stability=ready.stability,
                lead=self._seams,
                on_progress=told,
            )
        if not stretch.complete:
            what = f"the film ends before frame {shot.end}, where it went on before"
            raise UnreadableInput(what, where=ready.request.source, remedy="start over with -y")

    def _stretch(self, shot: Shot) -> Stretch:
        return self._job.shot(shot.first, shot.end)

    def _listed(self, shot: Shot) -> int:
        return listed_frames(self._job.folder, shot.first, shot.end)

    def _is_over(self) -> bool:
        """Whether another process has joined the film; DreamvidError if it was started over."""
        try:
            record = record_in(self._job.folder).read_bytes()
        except FileNotFoundError:
            return True
        if record != self._record:
            raise DreamvidError("another run has started this film over", where=self._output.path)
        return False


class _Source:
    """Reads a film forward; for a shot that lies behind or far ahead it is opened once more."""

    def __init__(self, ready: Ready, plan: Plan) -> None:
        self._ready, self._plan = ready, plan
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


def threads_of(output: Path) -> int | None:
    """With how many threads the job of an output was begun; None if there is none."""
    try:
        threads = tomllib.loads(record_in(folder_of(output)).read_text("utf-8"))["made"]["threads"]
    except (OSError, ValueError, KeyError, TypeError):
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
