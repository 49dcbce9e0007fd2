"""dream_video: dream a film."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from dreamvid.commands.looped import LoopedFilm
from dreamvid.commands.planning import opened_at, plan_of, seams_of
from dreamvid.commands.preflight import Film, check_video, keeps_alpha
from dreamvid.commands.ready import Ready, prepare
from dreamvid.commands.result import Result
from dreamvid.commands.room import check_room
from dreamvid.media.target import exclusive_lock
from dreamvid.sequence.job import Job
from dreamvid.sequence.lengthen import drop_state, write_parts
from dreamvid.sequence.plan import Plan
from dreamvid.sequence.progress import OnProgress, ignore
from dreamvid.settings.models import VideoSettings


def dream_video(
    source: str | Path,
    target: str | Path,
    settings: VideoSettings | None = None,
    *,
    overwrite: bool = False,
    keep_state: bool = False,
    on_progress: OnProgress = ignore,
) -> Result:
    """Dream a film; its length, rate, size, colour format and sound stay the same.

    With `keep_state` a file beside the target lets stretches of it be dreamed again.
    `on_progress` gets an event after each frame, and others. After an interruption, the same call
    resumes after the last finished part. Raises any DreamvidError; the target is written
    atomically.
    """
    settings = settings or VideoSettings()
    request = check_video(Path(source), Path(target), settings, overwrite=overwrite)
    check_room(request)
    return run_video(request, on_progress, keep=keep_state)


def run_video(request: Film, on_progress: OnProgress, *, keep: bool = False) -> Result:
    """Dream a checked film, and close it; `keep` its state."""
    output = request.output
    with request.reader as film, exclusive_lock(output.path), ExitStack() as films:
        output.check_new()  # another run may have finished since the check
        ready = prepare(request, films, on_progress)
        job = ready.job(on_progress, keep=write_parts if keep else drop_state)
        seam, plan = tuple[str, ...](), None
        if ready.settings.motion.loop:
            seam = _dream_loop(ready, job, on_progress)
        elif ready.may_split:
            plan = _dream_pieces(ready, job, on_progress)
        else:
            with ready.moving(film, job.done) as frames:
                job.run(frames, ready.dreams, stability=ready.stability, on_progress=on_progress)
        read = plan or film
        notes = (*read.warnings, *ready.skipped, *job.notes, *seam)
        return Result(output.path, job.delivered, notes, read.damage)


def _dream_loop(ready: Ready, job: Job, on_progress: OnProgress) -> tuple[str, ...]:
    """Dream a film that loops; returns notes on the seam."""
    request, settings = ready.request, ready.settings
    keep_alpha = keeps_alpha(request.output, settings)
    looped = LoopedFilm.look(request.source, settings, ready.size, keep_alpha=keep_alpha)
    return looped.dream(
        job,
        request.reader,
        request.output.path,
        ready.moving,
        ready.dreams,
        ready.stability,
        on_progress,
    )


def _dream_pieces(ready: Ready, job: Job, on_progress: OnProgress) -> Plan:
    """Dream a film whose long shots are split, in one process."""
    plan = plan_of(ready, job.folder, on_progress)
    assert plan is not None  # this process holds the lock on the output
    lead = seams_of(ready, plan, job.folder, on_progress)
    with (
        opened_at(ready, plan, max(0, job.done - 1)) as film,
        ready.moving(film, job.done) as frames,
    ):
        job.run(frames, ready.dreams, stability=ready.stability, lead=lead, on_progress=on_progress)
    return plan
