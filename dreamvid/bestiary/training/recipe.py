"""The training schedule: duration, image sizes, learning rates and attacks."""

from __future__ import annotations

import math
from dataclasses import dataclass

WARM_UP = 200
"""Warm-up steps of the learning rate, while batch norm statistics are unreliable."""
SMALL_SHARE = 0.6
"""The share of the classification phase that uses small images."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All training parameters except the images.

    For a share `telling` of the time the network learns classification, then its gradients are
    aligned as well; 0 is for a network that can already classify. `sizes` are the image sides in
    pixels: small images train fast, large ones, used last, teach detail. `batch` and `rate` (the
    peak learning rate of AdamW) apply to the classification phase, `aligned_batch` and
    `aligned_rate` after it. `attack` is the largest L2 norm of an adversarial perturbation at
    96x96 pixels (RGB in 0..1), reached in the middle of the classification phase; its first share
    `calm` has no attacks.
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
        """Whether gradients are aligned at `progress`, the share of the time elapsed."""
        return progress >= self.telling

    def size(self, progress: float) -> int:
        """The image side in pixels at `progress`."""
        return self.sizes[progress >= SMALL_SHARE * self.telling]

    def count(self, progress: float) -> int:
        """The batch size at `progress`."""
        return self.aligned_batch if self.aligns(progress) else self.batch

    def pace(self, progress: float, step: int) -> float:
        """The learning rate, `step` steps after the start of the current phase.

        In each phase it rises linearly over `WARM_UP` steps, then decays along a cosine to 1 %.
        """
        if self.aligns(progress):
            most, passed = self.aligned_rate, (progress - self.telling) / (1 - self.telling)
        else:
            most, passed = self.rate, progress / self.telling
        rising = min(1.0, (step + 1) / WARM_UP)
        return most * rising * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1, passed))))

    def reach(self, progress: float, size: int) -> float:
        """The largest norm of an attack at this image size; 0 during the attack-free period.

        It is proportional to the side, so that the change per pixel does not depend on the size.
        """
        rising = 1.0
        if not self.aligns(progress):
            rising = (progress / self.telling - self.calm) / max(1e-9, 0.5 - self.calm)
        return self.attack * size / 96 * min(1.0, max(0.0, rising))
