"""Dream a stretch of a finished film once more, with other settings, and join it into the film.

The dream grows out of the last frame before the stretch, and at its end is led back to the frames
of the finished film, so that nothing changes outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import torch

from dreamvid.image import to_image
from dreamvid.media.reader import SourceFrame
from dreamvid.motion.flow import Array
from dreamvid.sequence.lap import order_of, replaced
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.plan import FADE

Begin = Callable[[SourceFrame], Memory]
"""Dreams a frame on its own, at the size of the dream."""


class Rejoin:
    """Leads the dream of the frames from `first` up to `end` out of a finished film and back to it.

    `dreamed` are the frames of the film by index, at the size of the dream: the one before `first`,
    and, unless a shot begins at `end`, the `fade_of` before that. `begin` makes the memory to start
    from.
    """

    def __init__(self, first: int, end: int, dreamed: Mapping[int, Array], begin: Begin) -> None:
        self._first, self._end, self._dreamed, self._begin = first, end, dreamed, begin
        self._fade = fade_of(first, end)
        self._source: SourceFrame | None = None
        self._when: torch.Tensor | None = None

    def watched(self, sources: Iterable[SourceFrame]) -> Iterator[SourceFrame]:
        """The frames of the source, of which the one before the stretch is remembered."""
        for frame in sources:
            if frame.index == self._first - 1:
                self._source = frame
            yield frame

    def is_break(self, index: int) -> bool:
        """Whether a part ends before a frame because of this: never."""
        return False

    def before(self, index: int, memory: Memory | None) -> Memory | None:
        """The memory to dream a frame with, given that after the frame before it, None if none."""
        if memory is not None or index != self._first or not index:
            return memory
        assert self._source is not None
        return _shown(self._begin(self._source), self._dreamed[index - 1])

    def after(self, index: int, memory: Memory) -> Memory:
        """The memory after a frame: what is dreamed gives way to the film, which may be unlike."""
        passed = index - (self._end - self._fade) + 1
        if passed <= 0 or index not in self._dreamed:
            return memory
        if self._when is None:
            self._when = order_of(memory.dreamed.shape[1:])
        there = _shown(memory, self._dreamed[index])
        return replaced(memory, there, passed / (self._fade + 1), self._when)


def fade_of(first: int, end: int) -> int:
    """The number of frames, at the end of a stretch, that are led back."""
    return min(FADE, (end - first + 1) // 2)


def _shown(memory: Memory, array: Array) -> Memory:
    """A memory whose regions all have dreamed a frame of a film."""
    dreamed = to_image(array).to(memory.dreamed.device)
    others = tuple(_shown(other, array) for other in memory.others)
    return replace(memory, dreamed=dreamed, others=others)
