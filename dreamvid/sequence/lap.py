"""A lap: the carried dream of a loop is led back to that before its first frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import torch

from dreamvid.dream.octaves import resize
from dreamvid.sequence.memory import Memory


class Lead(Protocol):
    """Leads the carried dream elsewhere: a Lap, or Seams."""

    def before(self, index: int, memory: Memory | None) -> Memory | None:
        """The memory to dream a frame with, given that after the frame before it, None if none."""

    def after(self, index: int, memory: Memory) -> Memory:
        """The memory after a frame, which is shown and carried on, given what was dreamed."""

    def is_break(self, index: int) -> bool:
        """Whether a part ends before a frame."""


CELLS = 6
"""Cells across and down of the random mask that blends the end of a lap into its beginning."""

SOFT = 0.4
"""Share of the fade during which one pixel changes from the old dream to the new one."""


class Lap:
    """One lap of a loop of `count` frames, whose last `fade` are led back to those before it.

    The lap is the frames 0 to `count` - 1. Dreaming begins at earlier frames, of negative index;
    the memories of the last `fade` of them are kept, their dreams in half precision. At the end of
    the lap the carried dream is replaced by them, pixel by pixel, while dreaming continues, so that
    no two pictures are ever superimposed. `start` is the memory before frame 0.
    """

    def __init__(self, count: int, fade: int) -> None:
        self.start: Memory | None = None
        self._fade, self._fading = fade, count - fade
        self._kept: list[Memory] = []
        self._when: torch.Tensor | None = None

    def keep(self, index: int, memory: Memory) -> None:
        """Take note of the memory after a frame before the lap."""
        if -self._fade <= index < 0:
            self._kept.append(slim(memory))
        if index == -1:
            self.start = memory

    def is_break(self, index: int) -> bool:
        """Whether a part ends before a frame because of this: never."""
        return False

    def before(self, index: int, memory: Memory | None) -> Memory | None:
        """The memory to dream a frame with, given that after the frame before it, None if none."""
        return self.start if memory is None else self.led(index, memory)

    def after(self, index: int, memory: Memory) -> Memory:
        """The memory after a frame: what was dreamed."""
        return memory

    def led(self, index: int, memory: Memory) -> Memory:
        """Lead the memory before a frame back, where that frame is in the fade."""
        passed = index - self._fading
        if passed <= 0:
            return memory
        if self._when is None:
            self._when = order_of(memory.dreamed.shape[1:])
        share = passed / max(1, self._fade - 1)
        return replaced(memory, self._kept[passed - 1], share, self._when)


def replaced(memory: Memory, other: Memory, share: float, when: torch.Tensor) -> Memory:
    """Replace the carried dream by that of `other` where the fade's `share` has passed `when`.

    In the second half of the fade, places and control are those of `other` as well.
    """
    there = ((share * (1 + SOFT) - when.to(memory.dreamed.device)) / SOFT).clamp(0, 1)
    there = there * there * (3 - 2 * there)
    dreamed = torch.lerp(memory.dreamed, other.dreamed.to(memory.dreamed), there)
    now = other if share >= 0.5 else memory
    pairs = zip(memory.others, other.others, strict=True)
    return replace(
        now,
        dreamed=dreamed,
        source=memory.source,
        fresh=memory.fresh,
        shot=memory.shot,
        moving=memory.moving,
        others=tuple(replaced(one, two, share, when) for one, two in pairs),
    )


def slim(memory: Memory) -> Memory:
    """A memory without what is soon that of the film, and its dream in half precision."""
    nothing = memory.fresh.new_zeros(0)
    return replace(
        memory,
        dreamed=memory.dreamed.half().cpu(),
        source=nothing,
        fresh=nothing,
        mask=None,
        moving=None,
        others=tuple(map(slim, memory.others)),
    )


def order_of(size: torch.Size) -> torch.Tensor:
    """The time, 0..1, at which each pixel changes [1, H, W]: ranks of smooth noise."""
    hills = torch.rand((1, CELLS, CELLS), generator=torch.Generator().manual_seed(1))
    hills = resize(hills, (int(size[0]), int(size[1])))
    ranks = torch.empty(hills.numel())
    ranks[hills.flatten().argsort()] = torch.linspace(0, 1, hills.numel())
    return ranks.view_as(hills)
