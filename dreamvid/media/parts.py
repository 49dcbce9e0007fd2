"""Encoded parts of a film: packet order and exact frame times."""

from __future__ import annotations

import bisect
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

from dreamvid.errors import DreamvidError
from dreamvid.files import write_whole
from dreamvid.media.info import FilmInfo


@dataclass(frozen=True)
class PartTable:
    """The table stored beside a part: the time of each frame in ticks, and its packet order.

    `ranks[n]` is the presentation index of the frame in the n-th packet. `alpha` is true if the
    frames have transparency.
    """

    tick: Fraction
    codec: str
    ticks: Sequence[int]
    ranks: Sequence[int]
    alpha: bool = False

    @staticmethod
    def clock(like: FilmInfo) -> Fraction:
        """The tick in which frame times are stored: 1/n seconds for an integer n."""
        return Fraction(1, like.time_base.denominator)

    @staticmethod
    def place(part: Path) -> Path:
        """The path of the table of a part."""
        return part.with_name(part.name + ".times")

    @classmethod
    def load(cls, part: Path) -> Self:
        """Read the table of a part.

        Raises DreamvidError if it is missing or damaged.
        """
        try:
            data = json.loads(cls.place(part).read_text("utf-8"))
            words = (data["codec"], data["ticks"], data["ranks"], data.get("alpha", False))
            return cls(Fraction(data["tick"]), *words)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DreamvidError(
                f"the frame times of the part cannot be read ({error})",
                where=part,
                remedy="render it again",
            ) from error

    def save(self, part: Path) -> None:
        """Write the table of a part atomically."""
        text = json.dumps(asdict(self) | {"tick": str(self.tick)})
        write_whole(self.place(part), text.encode())


def read_ranks(path: Path) -> list[int]:
    """Return the presentation index of each packet of an encoded file.

    Raises DreamvidError if the file cannot be read back.
    """
    import av.error  # takes a while, and the tables do not need it

    from dreamvid.media.probe import open_leniently

    try:
        with open_leniently(path) as container:
            packets = container.demux(container.streams.video[0])
            times = [p.pts for p in packets if p.size and p.pts is not None]
    except av.error.FFmpegError as error:
        raise DreamvidError(
            f"the encoded part cannot be read back ({error})", where=path
        ) from error
    order = sorted(times)
    return [bisect.bisect_left(order, time) for time in times]
