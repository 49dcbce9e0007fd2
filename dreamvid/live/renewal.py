"""Keeps a dream from burning in: here and there it melts into clouds, and grows anew from them.

What an unchanging picture has grown is a fixed point of the ascent: a residual that only leaks
comes back as it was, the same after ten thousand frames. From other clouds another dream grows.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import torch

from dreamvid.dream.octaves import Size
from dreamvid.loops.texture import noise_texture
from dreamvid.sequence.memory import Memory

PERIOD = 5.0
"""Seconds for which one place melts; the next one follows."""

RADIUS = 0.3
"""The size of a place, as a share of the height; all of a picture takes a minute and a half."""

RATE = 1.5
"""The share of the residual that melts per second, at the middle of the place and of its time."""


def renewed(memory: Memory, now: float, seconds: float) -> Memory:
    """The memory at the time `now`, after `seconds` in which a place has melted.

    There the residual turns into clouds of the strength of the full dose, and the steps are as long
    as on fresh areas.
    """
    number, passed = divmod(now / PERIOD, 1.0)
    size = int(memory.source.shape[1]), int(memory.source.shape[2])
    place, clouds = (plane.to(memory.source.device) for plane in _place(int(number), size))
    share = place * math.sin(math.pi * passed) ** 2
    residual = memory.dreamed - memory.source
    melted = torch.lerp(
        residual, memory.reference.spread * clouds, share * min(1.0, RATE * max(0.0, seconds))
    )
    dreamed = (memory.source + melted).clamp_(0, 1)
    return replace(memory, dreamed=dreamed, fresh=torch.maximum(memory.fresh, share))


@lru_cache(1)
def _place(number: int, size: Size) -> tuple[torch.Tensor, torch.Tensor]:
    """A place as a plane [1, H, W] of 0..1, and clouds [3, H, W] of mean 0 and deviation 1.

    Places follow the R2 sequence (Roberts 2018), which leaves no gap for long.
    """
    height, width = size
    top = (0.7548776662466927 * number) % 1.0 * height
    left = (0.5698402909980532 * number) % 1.0 * width
    down = (torch.arange(height) - top).square().view(-1, 1)
    across = (torch.arange(width) - left).square()
    place = torch.exp(-(down + across) / (RADIUS * height) ** 2)[None]
    clouds = noise_texture(size, seed=number % 2**31, contrast=0.1)
    clouds = clouds - clouds.mean()
    return place, clouds / clouds.std().clamp_min(1e-6)
