"""The pictures of a row that a film is dreamed from: which parts are valid once some change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from pathlib import Path

from dreamvid.media.parts import PartTable


@dataclass(frozen=True)
class Row:
    """The pictures of a row: `digests` by their place in it, as it is read at a `rate`.

    `start` is the time of the first frame kept. `shared` describes what of all the pictures decides
    every frame: rows that differ in it have no part in common.
    """

    digests: Mapping[int, str]
    rate: Fraction
    start: Fraction
    shared: str = ""

    def text(self) -> str:
        """The text that is stored beside the parts."""
        pictures = (f"{place} {digest}" for place, digest in self.digests.items())
        return "\n".join((self.shared, *pictures))

    def valid(self, parts: Sequence[Path], stored: str) -> list[Path]:
        """The leading parts, of a row with another `text`, whose pictures are all unchanged.

        A frame is decided by its own picture and those before it.
        """
        shared, *lines = stored.split("\n")
        if shared != self.shared:
            return []
        now = set(self.text().split("\n")[1:])
        changed = [int(line.split(" ")[0]) for line in now.symmetric_difference(lines)]
        if not changed:
            return list(parts)
        end = min(changed) / self.rate - self.start
        return list(takewhile(lambda part: _last_time(part) < end, parts))


def _last_time(part: Path) -> Fraction:
    """The time of the last frame of a part, in seconds after the film's first frame."""
    table = PartTable.load(part)
    return table.ticks[-1] * table.tick
