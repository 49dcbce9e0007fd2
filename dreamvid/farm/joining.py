"""Join a film that many processes have dreamed, once all of its shots are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from dreamvid.commands.preflight import Film
from dreamvid.commands.result import Result
from dreamvid.commands.shared import with_sound
from dreamvid.errors import DreamvidError, UsageError
from dreamvid.media.target import exclusive_lock
from dreamvid.sequence.folder import folder_of, record_in
from dreamvid.sequence.job import Job
from dreamvid.sequence.plan import Plan, Shot
from dreamvid.sequence.stretch import Stretch


@dataclass(frozen=True)
class Left:
    """A film of so many `shots` that was not joined here.

    The numbers of the `missing` ones count from 1; `mine` are those of the part that was dreamed
    here, which other processes dream. Without missing ones another process joins the film.
    """

    shots: int = 0
    missing: tuple[int, ...] = ()
    mine: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """What is left to do, in words."""
        if not self.missing:
            return "all shots are dreamed, and another process joins them"
        what = f"{_shots(self.missing)} of {self.shots} missing"
        others = f"; another process dreams {_shots(self.mine)}" if self.mine else ""
        return f"{what}{others}; whoever dreams the last one joins the film"


def left_of(plan: Plan, missing: Sequence[Shot], mine: Sequence[Shot]) -> Left:
    """What is left of a film, to one that dreamed the shots that are `mine`."""
    numbers = {shot: number for number, shot in enumerate(plan.shots, 1)}
    ours = tuple(numbers[shot] for shot in missing if shot in mine)
    return Left(len(plan.shots), tuple(numbers[shot] for shot in missing), ours)


def look(job: Job, plan: Plan) -> dict[Shot, Stretch]:
    """The shots of a film, with what there is of each; all parts are read."""
    return {shot: job.shot(shot.first, shot.end) for shot in plan.shots}


def incomplete(found: Mapping[Shot, Stretch]) -> list[Shot]:
    """The shots whose parts are missing or damaged."""
    return [shot for shot, stretch in found.items() if not stretch.complete]


def join(job: Job, plan: Plan, found: Mapping[Shot, Stretch]) -> Result:
    """Join a film whose shots are all there; the caller holds the lock on the output."""
    job.complete([part for stretch in found.values() for part in stretch.parts])
    notes = (*plan.warnings, *job.notes)
    return Result(job.output.path, job.delivered, notes, plan.damage)


def join_film(request: Film) -> Result:
    """Join the film of a checked request, and close it; DreamvidError if shots are missing."""
    output = request.output
    folder = folder_of(output.path)
    with request.reader as film, exclusive_lock(output.path):
        plan = Plan.read(folder)
        if plan is None:
            remedy = "dream it with --workers or --part"
            raise UsageError("there are no shots to join", where=output.path, remedy=remedy)
        record = record_in(folder).read_text("utf-8")
        like = with_sound(film.info, request.settings.sound)
        job = Job(output, like=like, record=record, shared=True)
        found = look(job, plan)
        if missing := incomplete(found):
            left = left_of(plan, missing, ())
            what = f"{_shots(left.missing)} of {left.shots} missing"
            remedy = "repeat the commands that dream them"
            raise DreamvidError(what, where=output.path, remedy=remedy)
        return join(job, plan, found)


def _shots(numbers: Sequence[int]) -> str:
    spans = ", ".join(_spans(numbers))
    return f"shot {spans}" if len(numbers) == 1 else f"shots {spans}"


def _spans(numbers: Sequence[int]) -> Iterator[str]:
    """Yield the numbers in words: 3, 5-7."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        first, *others = (number for _, number in group)
        yield f"{first}-{others[-1]}" if others else f"{first}"
