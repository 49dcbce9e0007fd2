"""A hot-air balloon of striped cloth, round and lit from one side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import Camera
from .light import Light, rgb
from .noise import Array, floats, mix, smooth


@dataclass(frozen=True)
class Balloon:
    """A balloon whose middle hangs at (x, y, z); it is `radius` metres wide to each side."""

    x: float
    y: float
    z: float
    radius: float = 11.0

    def draw(self, camera: Camera, light: Light, picture: Array) -> Array:
        """Hang the balloon into a picture of light [H, W, 3]."""
        right, up = camera.rays()
        x = ((camera.x - self.x) + right * self.z) / self.radius
        y = ((camera.height - self.y) + up * self.z) / self.radius
        pixel = self.z / camera.scale / self.radius
        colour, cover = self._cloth(x, y, light, pixel)
        picture = mix(picture, colour, cover)
        return mix(picture, *self._basket(x, y, light, pixel))

    @staticmethod
    def _cloth(x: Array, y: Array, light: Light, pixel: float) -> tuple[Array, Array]:
        """Colour the envelope: a ball above, drawn out to a mouth below."""
        low = np.clip(-y, 0, 1.4) / 1.4
        wide = np.where(y > 0, np.sqrt(np.clip(1 - y * y, 1e-4, 1)), 1 - 0.82 * low**1.7)
        inside = np.where((y < 1) & (y > -1.4), np.abs(x) / wide, 9)
        side = np.clip(x / wide, -1, 1)
        turn = np.arcsin(side) + 0.35
        gore = 0.5 + 0.5 * np.tanh(5 * np.sin(6 * turn))
        colour = mix(rgb("b5403a"), rgb("e9d6ae"), floats(gore))
        band = smooth(0.16, 0.10, np.abs(y + 0.05 + 0.07 * np.cos(12 * turn)))
        colour = mix(colour, rgb("2f6f78"), band)
        normal = (side, np.clip(y + 0.25 * low, -1, 1), -np.sqrt(np.clip(1 - side**2, 0, 1)))
        east, tall, north = light.towards
        sun = np.clip(0.3 + 0.75 * (normal[0] * east + normal[1] * tall + normal[2] * north), 0, 1)
        seam = 0.82 + 0.18 * np.abs(np.cos(6 * turn))
        lit = (sun * seam)[..., None] * light.sun + light.above
        return floats(colour * lit), smooth(1 + pixel, 1 - pixel, floats(inside))

    @staticmethod
    def _basket(x: Array, y: Array, light: Light, pixel: float) -> tuple[Array, Array]:
        """Colour the basket and its ropes."""
        box = smooth(pixel, -pixel, floats(np.maximum(np.abs(x) - 0.15, np.abs(y + 1.82) - 0.12)))
        rope = smooth(1.2 * pixel, 0, np.abs(np.abs(x) - 0.155)) * ((y < -1.38) & (y > -1.72))
        weave = rgb("7a5230") * (0.6 + 0.25 * np.sign(light.towards[0]) * x / 0.15)[..., None]
        return floats(weave * (light.sun + light.above)), floats(np.clip(box + 0.6 * rope, 0, 1))
