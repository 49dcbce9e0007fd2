"""Join a film that many processes have dreamed, once all of its shots are there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from dreamvid.commands.preflight import Film
from dreamvid.commands.result import Result
from dreamvid.commands.shared import with_sound
from dreamvid.commands.sidecar import origin
from dreamvid.errors import Interrupted
from dreamvid.farm.left import Left, left_of, unjoined
from dreamvid.farm.remote import RemoteJob
from dreamvid.farm.storage import Storage
from dreamvid.media.target import exclusive_lock
from dreamvid.sequence.folder import finished_parts, folder_of, record_in
from dreamvid.sequence.job import Job
from dreamvid.sequence.lengthen import drop_state, write_parts
from dreamvid.sequence.plan import Plan, Shot
from dreamvid.sequence.stretch import Stretch


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


def join_film(request: Film, storage: Storage | None = None, *, keep: bool = False) -> Result:
    """Join the film of a checked request, and close it; `keep` its state.

    DreamvidError if shots are missing; UnreadableInput if none are planned.
    """
    with request.reader:
        made = try_join(request, storage, keep=keep)
    if isinstance(made, Result):
        return made
    raise unjoined(made, request.output.path)


def try_join(request: Film, storage: Storage | None = None, *, keep: bool = False) -> Result | Left:
    """Join the film of a checked request, unless shots are missing; `keep` its state.

    Nothing is missing and nothing joined where there is no plan, as once another process has joined
    the film. What is in a `storage` is fetched, and deleted once the film is complete.
    """
    output, film = request.output, request.reader
    folder = folder_of(output.path)
    remote = None if storage is None else RemoteJob(storage, folder)
    with exclusive_lock(output.path):
        if remote is not None:
            remote.gather(request.source, origin(request.source, output.path))
        plan = Plan.read(folder)
        if plan is None:
            return Left()
        record = record_in(folder).read_text("utf-8")
        like = with_sound(film.info, request.settings.sound)
        kept = partial(write_parts if keep else drop_state, output)
        job = Job(output, like=like, record=record, keep=kept, shared=True)
        found = look(job, plan)
        if missing := incomplete(found):
            return left_of(plan, missing, ())
        result = join(job, plan, found)
        if remote is not None:
            remote.clear()
        return result


def interrupted(request: Film) -> Interrupted:
    """What to say after a Ctrl-C; the first frames are written under another name."""
    output = request.output
    record = record_in(folder_of(output.path))
    if not record.is_file():
        return Interrupted("stopped before the first frame", where=output.path)
    like = with_sound(request.reader.info, request.settings.sound)
    with exclusive_lock(output.path):
        job = Job(output, like=like, record=record.read_text("utf-8"), shared=True)
        if not finished_parts(job.folder):
            job.leave()
            return Interrupted("stopped before a part was finished", where=output.path)
        return job.interrupted()
