"""The loop: carry the dream from frame to frame, and dream on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import torch

from dreamvid.dream.dreamer import Dreamer, Gauge
from dreamvid.sequence.carry import Carry, Memory
from dreamvid.sequence.frames import Frame

Dreams = Callable[[int], Dreamer]
"""The Dreamer of each frame, by its index."""


def render(
    frames: Iterable[Frame],
    dream: Dreamer | Dreams,
    *,
    stability: float | Callable[[int], float] = 0.9,
) -> Iterator[torch.Tensor]:
    """Dream a sequence: yields an image [3, H, W] of float32 in 0..1 for every frame.

    `stability` 0..1 says how calm: 0 dreams every frame for itself. Both it and `dream` may be
    functions of the frame's index.
    """
    for _, memory in remember(frames, dream, stability=stability):
        yield memory.dreamed


def remember(
    frames: Iterable[Frame],
    dream: Dreamer | Dreams,
    *,
    stability: float | Callable[[int], float],
    memory: Memory | None = None,
) -> Iterator[tuple[Frame, Memory]]:
    """Dream a sequence: yields every frame with what it leaves to the next.

    With the `memory` of an earlier frame the sequence goes on from there, to the same bytes as if
    it had never stopped.
    """
    for frame in frames:
        dreamer = _at(dream, frame.index)
        carry = Carry(dreamer, stability(frame.index) if callable(stability) else stability)
        if memory is not None and not isinstance(dream, Dreamer):
            memory = _redosed(memory, dream(frame.index - 1), dreamer, frame)
        memory = carry(frame, memory)
        yield frame, memory


def _at(dream: Dreamer | Dreams, index: int) -> Dreamer:
    return dream if isinstance(dream, Dreamer) else dream(index)


def _redosed(memory: Memory, before: Dreamer, now: Dreamer, frame: Frame) -> Memory | None:
    """What is remembered, for a dose that has changed; None where nothing had been dreamed."""
    if before is now:
        return memory
    if before.objective.layers != now.objective.layers:  # gradients of another size altogether
        memory = replace(memory, gauge=Gauge())
    if frame.image is None or now.dose.step == 0:
        return memory
    if before.dose.step == 0:
        return None
    return replace(memory, spread=memory.spread * now.dose.step / before.dose.step)
