"""The result of a command, and the notes for the user."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dreamvid.settings.values import FULL_SIZE

if TYPE_CHECKING:
    from dreamvid.dream.dreamer import Dreamer
    from dreamvid.dream.octaves import Size


@dataclass(frozen=True)
class Result:
    """The result of a command: the file, its number of frames, and notes for the user.

    `damage` describes the parts of the source that could not be read.
    """

    path: Path
    frames: int
    notes: tuple[str, ...] = ()
    damage: str | None = None


def describe_size(own: Size, asked: str | None, size: Size, kind: str) -> str:
    """Describe the size of a dream that differs from `own`, or that ignores the one `asked` for."""
    there, here = (f"{width}x{height}" for height, width in (own, size))
    if size != own:
        how = "" if asked else f"; --dream-size {FULL_SIZE} changes that"
        return f"at {here}, added to the {there} {kind}{how}"
    if asked in (None, FULL_SIZE, there):
        return ""
    return f"at {there}, because the {kind} is not larger than --dream-size {asked}"


def skipped(dream: Dreamer, height: int, width: int) -> tuple[str, ...]:
    """Describe how many octaves are too small for the network, if any."""
    count = dream.skipped(height, width)
    too_small = f"too small for {count} of the octaves, which were skipped"
    return (f"{width}x{height} is {too_small}",) if count else ()
