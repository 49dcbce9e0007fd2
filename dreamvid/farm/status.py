"""How far a film is that processes are dreaming: read from the folder of its parts alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dreamvid.errors import DreamvidError, UnreadableInput
from dreamvid.farm.remote import RemoteJob
from dreamvid.farm.storage import Storage
from dreamvid.sequence.digests import digests_of, seconds_of
from dreamvid.sequence.folder import folder_of, frames_in, listed_frames
from dreamvid.sequence.owners import is_owned
from dreamvid.sequence.plan import Plan


@dataclass(frozen=True)
class Status:
    """Of `shots` and `frames` so many are done; None where there is no plan yet.

    `running` shots are being dreamed now, `missing` ones are not; None of a storage, where nobody
    sees them. `seconds_a_frame` is that of one worker, `seconds_left` at the present number of
    workers, None if none is running. `newest` is a picture of the newest frame.
    """

    output: str
    complete: bool
    shots: int | None
    shots_done: int | None
    running: int | None
    missing: int | None
    frames: int | None
    frames_done: int
    seconds_a_frame: float | None
    seconds_left: float | None
    newest: str | None


def status_of(output: Path) -> Status:
    """The status of an output; UnreadableInput if nothing dreams it or has dreamed it."""
    folder = folder_of(output)
    if not folder.is_dir():
        return _without_job(output, str(output))
    done, pace = _pace(folder)
    plan = Plan.read(folder)
    preview = output.with_name(f"{output.name}.preview.jpg")
    newest = str(preview) if preview.is_file() else None
    if plan is None:
        return Status(str(output), False, *(None,) * 5, done, pace, None, newest)
    listed = [listed_frames(folder, shot.first, shot.end) for shot in plan.shots]
    open_shots = [s for s, count in zip(plan.shots, listed, strict=True) if count < s.frames]
    running = sum(is_owned(folder, shot.first) for shot in open_shots)
    left = None if pace is None or not running else (plan.frames - sum(listed)) * pace / running
    shots = len(plan.shots)
    return Status(
        str(output),
        False,
        shots,
        shots - len(open_shots),
        running,
        len(open_shots) - running,
        plan.frames,
        sum(listed),
        pace,
        left,
        newest,
    )


def stored_status(output: Path, storage: Storage) -> Status:
    """The status of an output whose parts go to a storage: the frames are those of whole shots.

    Raises UnreadableInput if nothing dreams it or has dreamed it.
    """
    with TemporaryDirectory(prefix="dreamvid-") as folder:
        job = RemoteJob(storage, Path(folder))
        if job.record() is None:
            return _without_job(output, storage.place)
        job.fetch_plan()
        plan = Plan.read(Path(folder))
    if plan is None:
        return Status(str(output), False, *(None,) * 5, 0, None, None, None)
    firsts = job.done()
    done = [shot.frames for shot in plan.shots if shot.first in firsts]
    counts = len(plan.shots), len(done), None, None, plan.frames, sum(done)
    return Status(str(output), False, *counts, None, None, None)


def _without_job(output: Path, where: str) -> Status:
    """The status of an output that no process dreams; UnreadableInput if there is none."""
    if not output.exists():
        remedy = "check the name of the output"
        raise UnreadableInput("nothing is dreamed here", where=where, remedy=remedy)
    return Status(str(output), True, *(None,) * 5, 0, None, None, None)


def _pace(folder: Path) -> tuple[int, float | None]:
    """The number of frames in finished parts, and the seconds that one took; None if unknown."""
    frames, seconds = 0, 0.0
    for part in folder.glob("part-*.film"):
        if digests_of(part).exists():
            try:
                count = frames_in([part])
            except DreamvidError:  # damaged: it is dreamed again
                continue
            frames, seconds = frames + count, seconds + seconds_of(part)
    return frames, seconds / frames if frames and seconds else None
