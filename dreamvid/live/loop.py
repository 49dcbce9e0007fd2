"""The loop of a live picture: newest frame, motion, carry, outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dreamvid.live.clock import Clock
from dreamvid.live.frames import LiveFrame
from dreamvid.live.outputs.beside import Outputs
from dreamvid.live.pace import Pace
from dreamvid.live.showing import Showing
from dreamvid.live.status import Status
from dreamvid.sequence.memory import Memory

Carry = Callable[[LiveFrame, Memory | None], Memory]


def dream_live(frames: Iterable[LiveFrame], carry: Carry, show: Callable[..., None]) -> None:
    """Dream the newest frame, again and again, until the frames end."""
    memory = None
    for frame in frames:
        memory = carry(frame, memory)
        show(frame, memory)


class Wall:
    """Shows what was dreamed on every output, and keeps the time of it."""

    def __init__(
        self, showing: Showing, outputs: Outputs, pace: Pace, status: Status, clock: Clock
    ) -> None:
        self._showing, self._outputs = showing, outputs
        self._pace, self._status, self._clock = pace, status, clock
        self._first: float | None = None

    def __call__(self, frame: LiveFrame, memory: Memory) -> None:
        """Show a frame."""
        picture = self._showing(frame, memory)
        self._first = frame.taken if self._first is None else self._first
        self._outputs.show(picture, frame.taken - self._first)
        now = self._clock.now()
        height, width = memory.dreamed.shape[-2:]
        self._status.size = f"{width}x{height}"
        self._status.tick(now, frame.taken)
        self._pace.took(now - frame.begun, now - frame.taken, now)
