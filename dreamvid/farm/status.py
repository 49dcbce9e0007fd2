"""How far a film is that processes are dreaming: read from the folder of its parts alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dreamvid.errors import DreamvidError, UnreadableInput
from dreamvid.sequence.digests import digests_of, seconds_of
from dreamvid.sequence.folder import folder_of, frames_in, listed_frames
from dreamvid.sequence.owners import is_owned
from dreamvid.sequence.plan import Plan


@dataclass(frozen=True)
class Status:
    """Of `shots` and `frames` so many are done; None where there is no plan yet.

    `running` shots are being dreamed now, `missing` ones are not. `seconds_a_frame` is that of one
    worker, `seconds_left` at the present number of workers, None if none is running. `newest` is a
    picture of the newest frame.
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
        if not output.exists():
            remedy = "check the name of the output"
            raise UnreadableInput("nothing is dreamed here", where=output, remedy=remedy)
        return Status(str(output), True, *(None,) * 5, 0, None, None, None)
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
