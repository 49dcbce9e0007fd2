"""Make the plan of a film: read it once and find its cuts.

The cuts are those that a run in one process finds, because they are looked for at the same size, in
the same frames. Cuts that only show in a consistency mask are found later, inside the shots, by
whoever dreams them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from dreamvid.commands.preflight import keeps_alpha, open_film
from dreamvid.commands.video import Ready
from dreamvid.errors import UnreadableInput, writing
from dreamvid.farm.plan import Plan, Shot
from dreamvid.files import write_whole
from dreamvid.media.reader import VideoReader
from dreamvid.motion.shots import CutDetector
from dreamvid.sequence.folder import PLAN, record_in
from dreamvid.sequence.owners import locked
from dreamvid.sequence.progress import OnProgress, Progress


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
        return plan


def make_plan(ready: Ready, on_progress: OnProgress) -> Plan:
    """Read a film to its end and find its shots; without cuts it is one."""
    with reopened(ready) as film:
        detector, firsts, count = CutDetector(), [0], 0
        for frame in ready.small(film):
            count = frame.index + 1
            if ready.settings.motion.cuts and detector.is_cut(frame.array):
                firsts.append(frame.index)
            on_progress(Progress("looking", count, film.info.frames, "looking for cuts"))
        if not count:
            raise UnreadableInput("no frame can be decoded", where=ready.request.source)
        return Plan(tuple(_shots(firsts, count)), film.damage, film.warnings)


def reopened(ready: Ready) -> VideoReader:
    """Open the film once more, from its first frame."""
    request = ready.request
    kept = keeps_alpha(request.output, request.settings)
    return open_film(request.source, request.settings, keep_alpha=kept)


def _shots(firsts: list[int], count: int) -> Iterator[Shot]:
    for first, end in zip(firsts, [*firsts[1:], count], strict=True):
        yield Shot(first, end)
