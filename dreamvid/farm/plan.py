"""The plan of a film: its shots, which can be dreamed on their own because a cut resets all state.

It is a function of the source and the settings, never of who dreams it. The cuts are those that a
run in one process finds, at the same size; cuts that only show in a consistency mask are found
later, inside the shots, by whoever dreams them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from filelock import FileLock

from dreamvid.commands.preflight import keeps_alpha, open_film
from dreamvid.commands.video import Ready
from dreamvid.errors import UnreadableInput, writing
from dreamvid.files import write_whole
from dreamvid.media.reader import VideoReader
from dreamvid.motion.shots import CutDetector
from dreamvid.sequence.job import PLAN
from dreamvid.sequence.progress import OnProgress, Progress


@dataclass(frozen=True, order=True)
class Shot:
    """The frames from index `first` up to `end`."""

    first: int
    end: int

    @property
    def frames(self) -> int:
        """The number of frames."""
        return self.end - self.first


@dataclass(frozen=True)
class Plan:
    """The shots of a film in order, which cover it; `damage` and `warnings` are its reader's."""

    shots: tuple[Shot, ...]
    damage: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """The number of frames of the film."""
        return self.shots[-1].end

    def share(self, part: int, of: int) -> tuple[Shot, ...]:
        """The shots of part 1..`of` of a film that is split into so many parts."""
        return self.shots[part - 1 :: of]

    @property
    def text(self) -> str:
        """The plan as JSON, from which `read` restores it."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The plan that lies in the folder of the parts; None if there is none, or another file."""
        try:
            found = json.loads((folder / PLAN).read_text("utf-8"))
            shots = tuple(Shot(int(shot["first"]), int(shot["end"])) for shot in found["shots"])
            damage, warnings = found["damage"], tuple(map(str, found["warnings"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return cls(shots, damage, warnings) if shots else None


def plan_of(ready: Ready, folder: Path, on_progress: OnProgress) -> Plan:
    """Read the plan of a film, or make it; of several processes one makes it, the others wait."""
    with writing(folder), FileLock(folder / "plan.lock"):
        plan = Plan.read(folder)
        if plan is None:
            plan = make_plan(ready, on_progress)
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
