"""How long, at which sizes and against which attacks a network is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

MILDER, SPARED = 0.55, 1 / 3
"""The share of the time after which attacks shrink, and what is left of them at the end."""

WARM = 200
"""Steps over which the learning rate rises at first: young batch norms cannot stand more."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a network is trained, apart from its pictures.

    `sizes` are the sides of the pictures, in pixels, each for its share of the time, of `shares`:
    small pictures teach fast, large ones teach detail. `rate` is AdamW's at its height. `attack` is
    the length, at 96x96 pixels, of the largest change an attack may make (L2, RGB in 0..1), reached
    halfway; the first `calm` share of the time goes without attacks, and towards the end they
    shrink, which makes a network more certain of what it sees.
    """

    minutes: float
    sizes: tuple[int, ...] = (64, 96, 112)
    shares: tuple[float, ...] = (0.4, 0.35, 0.25)
    batch: int = 128
    rate: float = 0.004
    decay: float = 0.03
    smoothing: float = 0.05
    attack: float = 1.5
    calm: float = 0.08
    seed: int = 0

    def size(self, progress: float) -> int:
        """The side of the pictures, in pixels, when a share `progress` of the time is over."""
        passed = 0.0
        for size, share in zip(self.sizes, self.shares, strict=True):
            passed += share
            if progress < passed:
                return size
        return self.sizes[-1]

    def pace(self, progress: float, step: int) -> float:
        """The learning rate: up over `WARM` steps, then down along a cosine to nearly nothing."""
        rising = min(1.0, (step + 1) / WARM)
        return self.rate * rising * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1, progress))))

    def reach(self, progress: float, size: int) -> float:
        """The largest length of an attack on pictures of this size; 0 while it is calm.

        It grows with the square root of the number of pixels, so that it changes each as much.
        """
        rising = (progress - self.calm) / max(1e-9, 0.5 - self.calm)
        falling = 1 - (1 - SPARED) * max(0.0, progress - MILDER) / (1 - MILDER)
        return self.attack * size / 96 * falling * min(1.0, max(0.0, rising))
