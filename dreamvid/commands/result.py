"""What comes of a command, and what a user should know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.octaves import Size
from dreamvid.settings.values import FULL_SIZE

Begun = Callable[[str], None]
"""Is told, before anything is dreamed, the text of the sidecar to be."""


@dataclass(frozen=True)
class Result:
    """What came of a call: the file, the frames in it, and what a user should know."""

    path: Path
    frames: int
    notes: tuple[str, ...] = ()
    damage: str | None = None


def describe_size(own: Size, asked: str | None, size: Size, kind: str) -> str:
    """Tell the size of a dream that is not `own`, or is although a smaller one was asked for."""
    there, here = (f"{width}x{height}" for height, width in (own, size))
    if size != own:
        how = "" if asked else f"; --dream-size {FULL_SIZE} changes that"
        return f"at {here}, added to the {there} {kind}{how}"
    if asked in (None, FULL_SIZE, there):
        return ""
    return f"at {there}: the {kind} is not larger than --dream-size {asked}"


def skipped(dream: Dreamer, height: int, width: int) -> tuple[str, ...]:
    """Say how many octaves are too small for the network, if any."""
    count = dream.skipped(height, width)
    too_small = f"too small for {count} of the octaves, which were left out"
    return (f"{width}x{height} is {too_small}",) if count else ()
