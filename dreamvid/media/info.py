"""Properties of a film: size, timing and colour."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, Self

MATRICES: Final = {
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020nc",
}
PRIMARIES: Final = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}
TRANSFERS: Final = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}
UNKNOWN: Final = "unknown"
HD_LINES: Final = 720
"""Films of at least this height without a tagged matrix are assumed to be BT.709."""


@dataclass(frozen=True)
class Colour:
    """Colour tags of a film, in ffmpeg's names; "unknown" if untagged.

    `full_range` is None if untagged (which means limited range for YUV).
    """

    matrix: str = UNKNOWN
    primaries: str = UNKNOWN
    transfer: str = UNKNOWN
    full_range: bool | None = None

    def working_matrix(self, lines: int) -> str:
        """Return the matrix to convert with: the tagged one, else BT.709 for HD, BT.601 below."""
        if self.matrix != UNKNOWN:
            return self.matrix
        return "bt709" if lines >= HD_LINES else "smpte170m"


REC709: Final = Colour("bt709", "bt709", "bt709", False)
"""The colour tags of a film that has no source."""


@dataclass(frozen=True)
class FilmInfo:
    """A film as the reader returns it: upright, square pixels, progressive, at the requested size.

    Times are exact seconds. `start` is the time of the first frame kept, on the source's clock.
    `origin` is the time on that clock that becomes zero in the output (0 for a whole film, so that
    its start offset is kept; `start` if the beginning was cut off). `time_base` is the tick of the
    clock: the time of every frame is a multiple of it. `duration` counts from the first frame kept.
    `frames` is the number stated by the file, or None. `cut_out` is true if the video was set to
    end before the file does, so that the audio must end with it. `path` is the source (a film, a
    folder or a pattern), None for a film without a source.
    """

    path: Path | None
    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    variable: bool = False
    frames: int | None = None
    duration: Fraction | None = None
    start: Fraction = Fraction(0)
    origin: Fraction = Fraction(0)
    cut_out: bool = False
    bits: int = 8
    colour: Colour = field(default_factory=Colour)
    has_audio: bool = False
    has_alpha: bool = False

    @classmethod
    def plain(cls, width: int, height: int, rate: Fraction, frames: int | None = None) -> Self:
        """Describe a film without a source: silent, constant rate, BT.709."""
        return cls(
            path=None,
            width=width,
            height=height,
            rate=rate,
            time_base=Fraction(1, rate.numerator),
            frames=frames,
            duration=None if frames is None else frames / rate,
            colour=REC709,
        )

    @property
    def matrix(self) -> str:
        """The tagged YUV matrix in ffmpeg's name, or "unknown"."""
        return self.colour.matrix

    @property
    def primaries(self) -> str:
        """The tagged colour primaries in ffmpeg's name, or "unknown"."""
        return self.colour.primaries

    @property
    def transfer(self) -> str:
        """The tagged transfer curve in ffmpeg's name, or "unknown"."""
        return self.colour.transfer

    @property
    def full_range(self) -> bool:
        """Whether the YUV values use the full range (0..255) rather than the limited (16..235)."""
        return bool(self.colour.full_range)
