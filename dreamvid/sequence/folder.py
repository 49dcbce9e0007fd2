"""The folder beside an output that holds the parts of its film until it is complete."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

from dreamvid.errors import DreamvidError, OutputExists
from dreamvid.media.parts import PartTable
from dreamvid.sequence.digests import digests_of, is_intact

PLAN = "plan.json"
"""The file, beside the parts, that lists the shots of a film."""

SIGNALS, LOCK = "signals.json", "look.lock"
"""What was seen of the film, and what is locked by a process that looks at it."""

PART_FRAMES = 120
PART_SIZE = 640 * 360
"""A part ends at a cut, or after PART_FRAMES frames of PART_SIZE pixels; fewer if they are larger.

An interruption loses at most one part: half a minute of dreaming at this size, minutes at 4K.
"""

KEPT_EVERY = 8
"""One memory in this many parts is kept, so that damage to an early part does not cost them all."""

START_OVER = "use another name to keep them, or -y to start over"
"""The remedy where frames of another run would be lost."""


def part_frames(size: tuple[int, int]) -> int:
    """The most frames of a part of a film of (width, height)."""
    share = min(1.0, PART_SIZE / (size[0] * size[1]))
    return max(1, round(PART_FRAMES * math.sqrt(share)))


def folder_of(output: Path) -> Path:
    """The folder of the parts of an output."""
    return output.with_name(f".{output.name}.parts")


def record_in(folder: Path) -> Path:
    """The record of the job whose parts are in `folder`."""
    return folder / "job.toml"


def part_at(folder: Path, first: int) -> Path:
    """The path of the part that begins with frame `first`."""
    return folder / f"part-{first:09d}.film"


def frames_in(parts: Sequence[Path]) -> int:
    """The number of frames in the parts."""
    return sum(len(PartTable.load(part).ticks) for part in parts)


def finished_parts(folder: Path) -> list[Path]:
    """All intact parts, also those after a gap."""
    return [part for part in sorted(folder.glob("part-*.film")) if is_intact(part)]


def listed_frames(folder: Path, first: int, end: int) -> int:
    """The number of frames from `first` up to `end` in finished parts, which are not read."""
    frame = first
    while frame < end and digests_of(part := part_at(folder, frame)).exists():
        try:
            frame += frames_in([part])
        except DreamvidError:
            break
    return frame - first


def intact_parts(folder: Path, first: int, end: float = math.inf) -> list[Path]:
    """The consecutive intact parts from frame `first` on, up to frame `end`."""
    parts = []
    while first < end and is_intact(part := part_at(folder, first)):
        parts.append(part)
        first += frames_in([part])
    return parts


def clear(folder: Path) -> None:
    """Delete all that is in a folder but what was seen of the film, which names its own source."""
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        if file.is_dir():
            shutil.rmtree(file)
        elif file.name not in (SIGNALS, LOCK):
            file.unlink()


def other_settings(output: Path, frames: int, changed: str) -> OutputExists:
    """The error for `frames` dreamed with settings of which those `changed` are other ones now."""
    how = f"by a run with other settings ({changed.replace('_sha256', ' file')})"
    if "dreamvid" in changed.split(", "):
        how = "by another version of dreamvid"
    return OutputExists(
        f"{frames} frames are already dreamed, {how}",
        where=output,
        remedy=START_OVER,
    )
