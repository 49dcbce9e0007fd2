"""Frames that are dreamed live: with the time at which they were taken."""

from __future__ import annotations

from dataclasses import dataclass

from dreamvid.sequence.frames import Frame


@dataclass(frozen=True)
class LiveFrame(Frame):
    """A frame of a live picture.

    `taken` is when it came in, `begun` when work on it began, in seconds on the live clock. `new`
    is true where the picture before it is left: it is then dissolved into this one. `times`
    multiplies the iterations of a first frame, for noise.
    """

    taken: float = 0.0
    begun: float = 0.0
    new: bool = False
    times: float = 1.0
