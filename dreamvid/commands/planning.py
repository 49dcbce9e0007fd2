"""Make the plan of a film: read it once, find its cuts, and split its long shots.

The cuts are those that a run in one process finds, because they are looked for at the same size, in
the same frames. Cuts that only show in a consistency mask are found later, inside the shots, by
whoever dreams them.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from dreamvid.commands.preflight import keeps_alpha, open_film
from dreamvid.commands.ready import Ready
from dreamvid.errors import UnreadableInput, writing
from dreamvid.files import write_whole
from dreamvid.media.mark import MARK_EVERY, Mark, read_from
from dreamvid.media.reader import VideoReader
from dreamvid.motion.shots import CutDetector
from dreamvid.sequence.folder import PLAN, record_in
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.owners import locked
from dreamvid.sequence.plan import FADE, Plan, Shot, most_led, pieces
from dreamvid.sequence.progress import OnProgress, Progress
from dreamvid.sequence.render import render_with_memory
from dreamvid.sequence.seams import Seams


def plan_of(ready: Ready, folder: Path, on_progress: OnProgress) -> Plan | None:
    """Read the plan of a film, or make it; of several processes one makes it, the others wait.

    None if another process has joined the film meanwhile.
    """
    with locked(folder / "plan.lock"):
        if not record_in(folder).is_file():
            shutil.rmtree(folder, ignore_errors=True)  # the lock has created it
            return None
        plan = Plan.read(folder)
        if plan is None:
            plan = make_plan(ready, on_progress)
            with writing(folder):
                write_whole(folder / PLAN, plan.text.encode())
            if plan.overhead:
                on_progress(Progress("note", text=plan.overhead))
        return plan


def make_plan(ready: Ready, on_progress: OnProgress) -> Plan:
    """Read a film to its end and find its shots; without cuts it is one, which may be split."""
    motion = ready.settings.motion
    with reopened(ready) as film:
        detector, firsts, count, marks = CutDetector(), [0], 0, list[Mark]()
        for frame in ready.small(film):
            count = frame.index + 1
            if motion.cuts and detector.is_cut(frame.array):
                firsts.append(frame.index)
            if frame.index % MARK_EVERY == 0:
                marks.append(Mark.of(frame))
            on_progress(Progress("looking", count, film.info.frames, "looking for cuts"))
        if not count:
            raise UnreadableInput("no frame can be decoded", where=ready.request.source)
        shots = tuple(_shots(firsts, count, ready))
        return Plan(shots, film.damage, film.warnings, tuple(marks if film.seekable else ()))


def reopened(ready: Ready) -> VideoReader:
    """Open the film once more, from its first frame."""
    request = ready.request
    kept = keeps_alpha(request.output, request.settings)
    return open_film(request.source, request.settings, keep_alpha=kept)


def opened_at(ready: Ready, plan: Plan, first: int) -> VideoReader:
    """Open the film once more, so that it begins at or before frame `first`."""
    return read_from(lambda: reopened(ready), plan.marks, first)


def seams_of(ready: Ready, plan: Plan, folder: Path, on_progress: OnProgress) -> Seams:
    """The seams of a film whose parts lie in a folder."""

    @contextmanager
    def warm(shot: Shot) -> Generator[Iterator[Memory]]:
        first = shot.first - shot.warm
        with opened_at(ready, plan, first) as film:
            # One frame more, because masks that follow motion look ahead.
            near = itertools.takewhile(lambda frame: frame.index <= shot.first, film)
            sources = itertools.dropwhile(lambda frame: frame.index < first, near)
            with ready.moving(sources, first) as frames:
                yield memories(itertools.islice(frames, shot.warm), shot)

    def memories(frames: Iterator[Frame], shot: Shot) -> Iterator[Memory]:
        dreamt = render_with_memory(frames, ready.dreams, stability=ready.stability)
        for done, (_, memory) in enumerate(dreamt, 1):
            text = f"warming up for frame {shot.first + 1}"
            on_progress(Progress("lead-in", done, shot.warm, text))
            yield memory

    return Seams(folder, plan.shots, warm, device=ready.dreams(0).device)


def _shots(firsts: list[int], count: int, ready: Ready) -> Iterator[Shot]:
    every, (height, width) = ready.settings.motion.most_frames, ready.size
    fade = min(FADE, most_led(height * width * len(ready.settings.regions)))
    for first, end in zip(firsts, [*firsts[1:], count], strict=True):
        yield from pieces(first, end, every, fade=fade)
