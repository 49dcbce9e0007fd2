"""Marks in a film: frames at which reading can begin, without decoding all that is before them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from dreamvid.media.reader import SourceFrame, VideoReader

MARK_EVERY: Final = 50
"""A film is marked every so many frames."""


@dataclass(frozen=True)
class Mark:
    """A frame of a film: its index, its time as in SourceFrame, and the CRC-32 of its pixels.

    The CRC shows whether a seek has found the same frame that reading from the start finds.
    """

    index: int
    time: Fraction
    crc: int

    @classmethod
    def of(cls, frame: SourceFrame) -> Self:
        """The mark of a frame."""
        return cls(frame.index, frame.time, _crc(frame))

    def is_of(self, frame: SourceFrame | None) -> bool:
        """Whether this is the mark of a frame."""
        return frame is not None and frame.time == self.time and _crc(frame) == self.crc


def _crc(frame: SourceFrame) -> int:
    return zlib.crc32((frame.array if frame.full is None else frame.full).data)


def read_from(opened: Callable[[], VideoReader], marks: Sequence[Mark], first: int) -> VideoReader:
    """Open a film at the last of its marks up to frame `first`.

    Where a seek does not find the very frame of the mark, the film begins at its start.
    """
    mark = next((mark for mark in reversed(marks) if mark.index <= first), None)
    film = opened()
    if mark is None or mark.index == 0 or film.begin_at(mark):
        return film
    film.close()
    return opened()
