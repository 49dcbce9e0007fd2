"""The valley: a lake between wooded shores, mountains and clouds, in the evening sun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from . import terrain
from .balloon import Balloon
from .camera import Camera
from .clouds import Sky, Weather
from .light import GOLDEN, Light, develop, rgb
from .noise import Array, floats, fractal, mix, sample, smooth

FAR = floats(np.concatenate([np.geomspace(150, 1500, 520), np.geomspace(1503, 14000, 420)]))
NEAR = floats(np.geomspace(2.6, 60, 300))


SPEED, MIDDLE = 1.5, 1.5
"""How fast the camera drifts to the right, in metres a second, and when it is at 0."""


def balloon(t: float) -> Balloon:
    """Say where the balloon is, `t` seconds after the start."""
    return Balloon(-62 + 9 * t, 76 + 1.5 * t, 330)


@dataclass(frozen=True)
class Valley:
    """The place and its light."""

    light: Light
    sky: Sky

    @classmethod
    def make(cls) -> Valley:
        """Make the valley of the samples."""
        weather = Weather(cover=-0.5, size=9500.0, shift=(-4000.0, 5000.0))
        return cls(GOLDEN, Sky.make(GOLDEN, weather, 0.62, 0.42, 640))

    def distance(self, camera: Camera, t: float) -> tuple[Array, Array]:
        """See the sky and all that lies beyond the lake: light [.., 3], and the depth."""
        right, up = camera.rays()
        across, rise = camera.directions()
        picture = self.sky.look(across, rise, 0.004 * t)
        depth = camera.hits(terrain.far_ground, FAR)
        seen = np.isfinite(depth)
        z = depth[seen]
        x, y = camera.x + right[seen] * z, camera.height + up[seen] * z
        lit = self._lit(x, y, z, z / camera.scale)
        facing = self.light.facing(across[seen], rise[seen])
        haze = self.light.haze_at(facing)
        thick = 1 - np.exp(-z / 9500 * np.exp(-np.maximum(y, 0) / 2600))
        picture[seen] = mix(lit, haze, floats(thick))
        return balloon(t).draw(camera, self.light, picture), depth

    def _lit(self, x: Array, y: Array, z: Array, pixel: Array) -> Array:
        """Light the far ground."""
        sun = terrain.slopes(x, z, self.light, pixel)
        steep = floats(np.clip(0.5 + 0.5 * sun, 0, 1))
        colour = terrain.far_colour(x, y, z, steep)
        free = terrain.shadow(x, floats(y + 2), z, self.light, 1600.0)
        direct = np.clip(0.12 + 0.95 * sun, 0, 1) * free
        sky = self.light.above * (0.65 + 0.35 * steep)[..., None]
        return floats(colour * (1.5 * direct[..., None] * self.light.sun + sky))

    def water(self, camera: Camera, picture: Array, depth: Array, t: float) -> Array:
        """Lay the lake over the picture where no land stands before it."""
        right, up = camera.rays()
        z = camera.height / np.maximum(-up, 1e-5)
        wet = (up < 0) & (z < depth)
        half = (camera.size[0] // 2, camera.size[1] // 2)  # ripples blur the mirror anyway
        mirror = self.distance(replace(camera, size=half, height=-camera.height), t)[0]
        mirror = cv2.resize(mirror, camera.size, interpolation=cv2.INTER_CUBIC)
        x = camera.x + right * z
        wave, bend = self._ripples(x, z, t)
        tall, wide = up.shape
        column, row = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(tall))
        flip = 2 * camera.horizon * tall - row - 1
        flip = flip - camera.scale * (0.026 * wave + 0.004)
        seen = cv2.remap(
            mirror,
            floats(column + 0.012 * bend * camera.scale),
            floats(flip),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        tilt = np.clip(-up - 0.10 * wave, 0.01, 1)
        mirrored = np.clip(0.06 + 0.94 * (1 - tilt) ** 5, 0, 1)
        deep = rgb("1d4a52") * 0.55 * (1 + 0.5 * wave)[..., None]
        lake = floats(deep * (1 - mirrored)[..., None] + seen * mirrored[..., None])
        return np.where(wet[..., None], lake, picture)

    @staticmethod
    def _ripples(x: Array, z: Array, t: float) -> tuple[Array, Array]:
        """How the water is tilted, towards us and to the side; t in seconds."""
        z = np.minimum(z, 5000)
        tile = fractal(512, 12, 5, 33, 0.6)
        broad = sample(tile, 14 * x + 22 * t, 30 * z - 40 * t)
        small = sample(tile, 37 * x - 50 * t + 90, 71 * z + 82 * t)
        calm = 0.25 + 0.75 * smooth(-0.7, 1.0, sample(tile, 0.9 * x + 4 * t, 1.6 * z))
        fade = 1 / (1 + (z / 130) ** 1.2)
        return floats((broad + 0.6 * small) * calm * fade), floats((small - 0.5 * broad) * fade)

    def shore(self, camera: Camera, picture: Array) -> Array:
        """Stand the meadow in front."""
        right, up = camera.rays()
        depth = camera.hits(terrain.near_ground, NEAR)
        z = np.where(np.isfinite(depth), depth, 1)
        x, y = camera.x + right * z, camera.height + up * z
        seen = np.isfinite(depth) & (y > 0.02)
        x, y, z = x[seen], y[seen], z[seen]
        step = floats(0.05)
        here = terrain.near_ground(x, z)
        tilt = (terrain.near_ground(floats(x + step), z) - here) / step
        lit = np.clip(0.62 - 0.5 * np.tanh(0.8 * tilt) * np.sign(self.light.towards[0]), 0, 1.2)
        colour = terrain.near_colour(x, y, z)
        picture = picture.copy()
        picture[seen] = colour * (0.95 * lit[..., None] * self.light.sun + 0.9 * self.light.above)
        return picture

    def see(self, camera: Camera, t: float = 0.0) -> Array:
        """Take a picture, 0..1, `t` seconds after the start."""
        picture, depth = self.distance(camera, t)
        picture = self.water(camera, picture, depth, t)
        return develop(self.shore(camera, picture), 0.72)

    def photograph(
        self, size: tuple[int, int], t: float = 0.0, finer: float = 2.0
    ) -> NDArray[np.uint8]:
        """Take a picture [H, W, 3] that is made `finer` times as large and shrunk."""
        large = (round(finer * size[0]), round(finer * size[1]))
        camera = Camera(large, x=SPEED * (t - MIDDLE))
        light = cv2.resize(self.see(camera, t), size, interpolation=cv2.INTER_AREA)
        return np.asarray(np.rint(np.clip(light, 0.02, 0.98) * 255), dtype=np.uint8)

    def film(self, size: tuple[int, int], rate: int, length: int) -> Iterator[NDArray[np.uint8]]:
        """Take `length` pictures, `rate` a second."""
        for k in range(length):
            yield self.photograph(size, k / rate, finer=1.5)
