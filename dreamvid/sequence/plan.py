"""The plan of a film: its shots, which can be dreamed on their own because a cut resets all state.

A long shot is split into pieces, which count as shots. It is a function of the source and the
settings, never of who dreams it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

from dreamvid.errors import DreamvidError
from dreamvid.media.mark import Mark
from dreamvid.sequence.folder import PLAN
from dreamvid.settings.versions import version_of

WARM: Final = 72
"""Frames that are dreamed before a piece: its strength settles in 24, then the FADE begins.

The past itself is never forgotten, because a dream reinforces itself.
"""

FADE: Final = 48
"""Frames over which the dream of a piece is led to that of the next one.

In fewer the change is seen where nothing else moves.
"""

LED_BYTES: Final = 6
"""Bytes of a pixel of a dream to which another one is led: three half floats."""

FADE_BYTES: Final = 512 << 20
"""Upper bound of such dreams that are kept in memory at a time."""


@dataclass(frozen=True, order=True)
class Shot:
    """The frames from index `first` up to `end`: a shot, or a piece of one that is split.

    `warm` frames are dreamed before a piece that begins inside a shot; the piece before it is led
    to the last `fade` of them. Both are 0 after a cut.
    """

    first: int
    end: int
    warm: int = 0
    fade: int = 0

    @property
    def frames(self) -> int:
        """The number of frames."""
        return self.end - self.first


def pieces(first: int, end: int, every: int | None, *, fade: int = FADE) -> Iterator[Shot]:
    """Split a shot evenly into as few pieces as possible of at most `every` frames.

    They are led to each other over at most `fade` frames.
    """
    count = 1 if every is None else math.ceil((end - first) / every)
    bounds = [first + (end - first) * number // count for number in range(count + 1)]
    yield Shot(first, bounds[1])
    for before, (start, stop) in zip(bounds, pairwise(bounds[1:]), strict=False):
        warm = min(WARM, start - first)
        yield Shot(start, stop, warm, min(fade, warm, start - before))


def most_led(pixels: int) -> int:
    """The most frames over which dreams of so many pixels, of all regions, are led; at least 1."""
    return max(1, FADE_BYTES // (LED_BYTES * pixels))


@dataclass(frozen=True)
class Plan:
    """The shots of a film in order, which cover it; `damage` and `warnings` are its reader's.

    `marks` are frames at which the film can be read from; there are none where it cannot seek.
    """

    shots: tuple[Shot, ...]
    damage: str | None = None
    warnings: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def frames(self) -> int:
        """The number of frames of the film."""
        return self.shots[-1].end

    @property
    def overhead(self) -> str:
        """What is dreamed besides the film because shots are split, in words; empty if nothing."""
        return overhead(self.shots)

    def share(self, part: int, of: int) -> tuple[Shot, ...]:
        """The shots of part 1..`of` of a film that is split into so many parts."""
        return self.shots[part - 1 :: of]

    @property
    def text(self) -> str:
        """The plan as JSON, from which `read` restores it."""
        marks = [(mark.index, str(mark.time), mark.crc) for mark in self.marks]
        return json.dumps(
            {"dreamvid": version_of("dreamvid")} | asdict(self) | {"marks": marks}, indent=1
        )

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The plan that lies in the folder of the parts; None if there is none, or another file.

        DreamvidError if another version of dreamvid has made it: it may find other shots.
        """
        try:
            found = json.loads((folder / PLAN).read_text("utf-8"))
            shots = tuple(Shot(**shot) for shot in found["shots"])
            damage, warnings = found["damage"], tuple(map(str, found["warnings"]))
            marks = tuple(Mark(n, Fraction(time), crc) for n, time, crc in found.get("marks", ()))
            made = found.get("dreamvid", "another version")
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if shots and made != version_of("dreamvid"):
            raise DreamvidError(
                f"planned by dreamvid {made}, this is {version_of('dreamvid')}",
                where=folder,
                remedy="go on with that version, or start over with -y",
            )
        return cls(shots, damage, warnings, marks) if shots else None


def overhead(shots: Sequence[Shot]) -> str:
    """What is dreamed besides the film because shots are split, in words; empty if nothing."""
    extra = sum(shot.warm for shot in shots)
    if not extra:
        return ""
    split = sum(shot.warm > 0 for shot in shots)
    share = extra / shots[-1].end
    at = "1 place" if split == 1 else f"{split} places"
    return f"long shots are split at {at}: {extra} more frames are dreamed ({share:.1%})"
