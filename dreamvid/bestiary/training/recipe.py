"""How long, at which sizes and against which attacks a network is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

WARM = 200
"""Steps over which the learning rate rises at first: young batch norms cannot stand more."""
SMALL = 0.6
"""The share of the time of telling apart that goes to small pictures."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a network is trained, apart from its pictures.

    For a share `telling` of the time it learns to tell pictures apart, then its gradients are
    aligned as well; 0 is for a network that can tell already. `sizes` are the sides of the
    pictures, in pixels: small ones teach fast, large ones, which come last, teach detail. `batch`
    and `rate`, AdamW's at its height, hold while it learns to tell, `aligned_batch` and
    `aligned_rate` after that. `attack` is the length, at 96x96 pixels, of the largest change an
    attack may make (L2, RGB in 0..1), reached in the middle of `telling`; the first `calm` share of
    that goes without attacks.
    """

    minutes: float
    telling: float = 0.0
    sizes: tuple[int, int] = (64, 96)
    batch: int = 128
    rate: float = 0.004
    aligned_batch: int = 48
    aligned_rate: float = 0.0004
    decay: float = 0.03
    smoothing: float = 0.05
    attack: float = 2.0
    calm: float = 0.15
    seed: int = 0

    def aligns(self, progress: float) -> bool:
        """Whether gradients are aligned when a share `progress` of the time is over."""
        return progress >= self.telling

    def size(self, progress: float) -> int:
        """The side of the pictures, in pixels, at that time."""
        return self.sizes[progress >= SMALL * self.telling]

    def count(self, progress: float) -> int:
        """How many pictures a batch holds at that time."""
        return self.aligned_batch if self.aligns(progress) else self.batch

    def pace(self, progress: float, step: int) -> float:
        """The learning rate, `step` steps after the telling or the aligning began.

        In each it rises over `WARM` steps, then falls along a cosine to nearly nothing.
        """
        if self.aligns(progress):
            most, passed = self.aligned_rate, (progress - self.telling) / (1 - self.telling)
        else:
            most, passed = self.rate, progress / self.telling
        rising = min(1.0, (step + 1) / WARM)
        return most * rising * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1, passed))))

    def reach(self, progress: float, size: int) -> float:
        """The largest length of an attack on pictures of this size; 0 while it is calm.

        It grows with the square root of the number of pixels, so that it changes each as much.
        """
        rising = 1.0
        if not self.aligns(progress):
            rising = (progress / self.telling - self.calm) / max(1e-9, 0.5 - self.calm)
        return self.attack * size / 96 * min(1.0, max(0.0, rising))
