"""The loop: carry the dream from frame to frame, and dream on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

from dreamvid.dream.dreamer import Dreamer
from dreamvid.sequence.carry import Carry, Memory
from dreamvid.sequence.frames import Frame


def render(
    frames: Iterable[Frame], dream: Dreamer, *, stability: float = 0.9
) -> Iterator[torch.Tensor]:
    """Dream a sequence: yields an image [3, H, W] of float32 in 0..1 for every frame.

    `stability` 0..1 says how calm: 0 dreams every frame for itself.
    """
    for _, memory in remember(frames, dream, stability=stability):
        yield memory.dreamed


def remember(
    frames: Iterable[Frame], dream: Dreamer, *, stability: float, memory: Memory | None = None
) -> Iterator[tuple[Frame, Memory]]:
    """Dream a sequence: yields every frame with what it leaves to the next.

    With the `memory` of an earlier frame the sequence goes on from there, to the same bytes as if
    it had never stopped.
    """
    carry = Carry(dream, stability)
    for frame in frames:
        memory = carry(frame, memory)
        yield frame, memory
