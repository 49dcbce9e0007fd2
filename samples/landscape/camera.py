"""A camera that looks at ground given by its height, and finds what every pixel sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .noise import Array, floats

Height = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Camera:
    """A camera at (x, height, 0) that looks along z.

    `focal`, and `horizon` from the top, are in picture heights.
    """

    size: tuple[int, int]
    x: float = 0.0
    height: float = 9.0
    focal: float = 1.6
    horizon: float = 0.56

    @property
    def scale(self) -> float:
        """Pixels for a slope of one."""
        return self.focal * self.size[1]

    def rays(self) -> tuple[Array, Array]:
        """Give for every pixel the slope of its ray to the right, and upwards."""
        wide, tall = self.size
        right = (np.arange(wide, dtype=np.float32) + 0.5 - wide / 2) / self.scale
        up = (self.horizon * tall - np.arange(tall, dtype=np.float32) - 0.5) / self.scale
        right, up = np.meshgrid(right, up)
        return floats(right), floats(up)

    def directions(self) -> tuple[Array, Array]:
        """Give for every pixel the angle to the right, and the rise, as a sky wants them."""
        right, up = self.rays()
        return floats(np.arctan(right)), floats(up / np.sqrt(1 + right * right))

    def hits(self, ground: Height, depths: Array) -> Array:
        """Find for every pixel the depth at which its ray meets the ground; infinite for sky.

        In every column the slopes of the ground seen so far only grow with the depth, so that
        the first slice above a ray is found by searching.
        """
        right, up = self.rays()
        x = self.x + depths[:, None] * right[:1]
        slope = ground(floats(x), floats(np.broadcast_to(depths[:, None], x.shape))) - self.height
        slope = np.maximum.accumulate(slope / depths[:, None], axis=0)
        found = np.empty(up.shape, np.float32)
        for column in range(self.size[0]):
            line = slope[:, column]
            at = np.searchsorted(line, up[:, column])
            late, early = np.minimum(at, len(line) - 1), np.maximum(at - 1, 0)
            part = (up[:, column] - line[early]) / np.maximum(line[late] - line[early], 1e-9)
            deep = depths[early] + np.clip(part, 0, 1) * (depths[late] - depths[early])
            found[:, column] = np.where(at < len(line), deep, np.inf)
        return found
