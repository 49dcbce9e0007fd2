"""A tiny source of training pictures, and a tiny model, for tests of the training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import nn

from dreamvid.renders import Batch

GREY, UNIT = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


@dataclass(frozen=True)
class Stripes:
    """Stripes across or down, in noise, before grounds of noise alone."""

    labels: tuple[str, ...] = ("across", "down")

    def composer(self, *, size: int, seed: int) -> _Stripes:
        return _Stripes(size, seed)


@dataclass(frozen=True)
class Laden(Stripes):
    """Stripes that bring something along to the process that makes them."""

    load: tuple[object, ...] = ()


@dataclass(frozen=True)
class Call:
    """Calls a function where it arrives."""

    what: Callable[..., object]
    arguments: tuple[object, ...]

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.what, self.arguments


class _Stripes:
    def __init__(self, size: int, seed: int) -> None:
        self.size, self.rng = size, np.random.default_rng(seed)

    def batch(self, count: int) -> Batch:
        wave = np.sin(np.arange(self.size) * 1.2 + self.rng.uniform(0, 6, (count, 1)))
        down = self.rng.random(count) < 0.5
        plane = np.where(down[:, None, None], wave[:, None, :], wave[:, :, None])
        grounds = 128 + self.rng.normal(0, 20, (count, self.size, self.size, 3))
        pictures, grounds = (
            np.clip(values, 0, 255).astype(np.uint8)
            for values in (grounds + 50 * plane[..., None], grounds)
        )
        return Batch(pictures, np.eye(2, dtype=np.float32)[down.astype(int)], grounds)


def small_model(*, norm: bool = True) -> nn.Sequential:
    """Two convolutions, with or without batch norm."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, 2),
        nn.BatchNorm2d(8) if norm else nn.Identity(),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
