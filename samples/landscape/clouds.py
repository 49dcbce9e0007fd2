"""A sky with cumulus clouds, marched through in three dimensions, and a veil of cirrus above."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .light import Light
from .noise import Array, floats, fractal, mix, sample, sample_volume, smooth

BASE, TOP = 1000.0, 3200.0
"""Between which heights the cumulus stand, in metres."""


@dataclass(frozen=True)
class Weather:
    """How much of the sky is covered, where the clouds stand, and how far they reach."""

    cover: float = 0.45
    shift: tuple[float, float] = (0.0, 0.0)
    veil: float = 0.5
    size: float = 5200.0


def density(weather: Weather, x: Array, height: Array, z: Array, fine: bool = True) -> Array:
    """How thick the cloud is at a place, 0..1."""
    u, v = (x + weather.shift[0]) / weather.size, (z + weather.shift[1]) / weather.size
    up = (height - BASE) / (TOP - BASE)
    shape = 0.75 * sample_volume(u, v, 0.35 * up + 0.2) + 0.45 * sample_volume(
        2.3 * u, 2.3 * v, 0.8 * up
    )
    profile = smooth(0, 0.1, up) * smooth(1.0, 0.25, up)
    thick = shape * 0.42 + weather.cover - 0.6 + 0.75 * profile - 0.45 * up
    if fine:
        w = height / weather.size
        thick = thick + 0.17 * sample_volume(5.1 * u, 5.1 * v, 5.1 * w)
        thick = thick + 0.10 * sample_volume(13.7 * u, 13.7 * v, 13.7 * w)
    return floats(np.clip(thick * 2.4, 0, 1) * (profile > 0))


def _shade(weather: Weather, light: Light, x: Array, height: Array, z: Array) -> Array:
    """How much sunlight reaches a place through the cloud, 0..1."""
    depth = np.zeros_like(x)
    for step, length in ((60.0, 90.0), (180.0, 150.0), (380.0, 260.0), (720.0, 420.0)):
        at = [c + step * d for c, d in zip((x, height, z), light.towards, strict=True)]
        depth += length * density(weather, *at, fine=step < 100)
    # a second, slower fall stands for light that has been scattered many times
    return floats(0.8 * np.exp(-0.016 * depth) + 0.2 * np.exp(-0.003 * depth))


def cumulus(weather: Weather, light: Light, across: Array, rise: Array) -> tuple[Array, Array]:
    """March through the clouds: their light [.., 3], and how much of the sky they let through.

    A ray goes `across` radians to the right and climbs `rise` metres a metre.
    """
    rng = np.random.default_rng(5)
    steps, reach = 72, 26000.0
    start = BASE / np.maximum(rise, 0.02)
    stop = np.minimum(TOP / np.maximum(rise, 0.02), reach)
    stride = np.maximum(stop - start, 0) / steps
    jitter = floats(rng.random(across.shape))
    # straight into the sun the rims of clouds are brightest
    facing = (np.sin(across) * light.towards[0] + np.cos(across) * light.towards[2]) + (
        rise * light.towards[1]
    )
    facing = facing / np.sqrt(1 + rise * rise)
    forward = 0.8 + 1.3 * smooth(0.2, 1.0, facing) ** 3
    clear, glow = np.ones_like(across), np.zeros((*across.shape, 3), np.float32)
    for k in range(steps):
        far = start + (k + jitter) * stride
        x, z, height = far * np.sin(across), far * np.cos(across), far * rise
        thick = density(weather, x, height, z)
        lit = _shade(weather, light, x, height, z) * forward
        up = np.clip((height - BASE) / (TOP - BASE), 0, 1)
        own = lit[..., None] * light.sun + mix(light.under, light.above, smooth(-0.1, 0.8, up))
        gone = 1 - np.exp(-0.010 * thick * stride * np.sqrt(1 + rise * rise))
        haze = light.haze_at(facing)
        own = mix(own, haze, floats(1 - np.exp(-far / 38000)))
        glow += (clear * gone)[..., None] * own
        clear = clear * (1 - gone)
    fade = smooth(0.02, 0.07, rise)
    return floats(glow * fade[..., None]), floats(1 - (1 - clear) * fade)


@dataclass(frozen=True)
class Sky:
    """A panorama of the sky, made once: the clouds over the angle to the right, and the rise."""

    light: Light
    weather: Weather
    glow: Array
    clear: Array
    half: float
    top: float

    @classmethod
    def make(cls, light: Light, weather: Weather, half: float, top: float, fine: int) -> Sky:
        """March through the clouds, `half` radians to both sides and to a rise of `top`."""
        wide, tall = int(2 * half * fine), int(top * fine)
        across, rise = np.meshgrid(
            np.linspace(-half, half, wide, dtype=np.float32),
            np.linspace(0, top, tall, dtype=np.float32),
        )
        glow, clear = cumulus(weather, light, across, rise)
        # the jitter of the march is grain, which a little blur takes out
        return cls(
            light, weather, *(cv2.GaussianBlur(p, (0, 0), 0.8) for p in (glow, clear)), half, top
        )

    def look(self, across: Array, rise: Array, drift: float = 0.0) -> Array:
        """See the sky [.., 3], its clouds moved `drift` radians to the right."""
        rise = np.maximum(rise, 0)
        sky = self._veiled(self.light.sky(across, rise), across, rise, drift)
        u = (across - drift + self.half) / (2 * self.half) * (self.glow.shape[1] - 1)
        v = rise / self.top * (self.glow.shape[0] - 1)
        glow, clear = (
            cv2.remap(p, floats(u), floats(v), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for p in (self.glow, self.clear)
        )
        return floats(sky * clear[..., None] + glow)

    def _veiled(self, sky: Array, across: Array, rise: Array, drift: float) -> Array:
        """Draw cirrus on a plane far above, combed by the wind."""
        far = 1 / (rise + 0.06)
        x, z = far * np.sin(across - 0.4 * drift), far * np.cos(across - 0.4 * drift)
        tile = fractal(512, 4, 7, 21, 0.55)
        bend = sample(tile, 14 * x + 90, 14 * z)
        comb = sample(tile, 16 * x + 34 * bend + 0.5 * 36 * z, 40 * z - 12 * x + 22 * bend)
        puffs = sample(tile, 60 * x + 20 * bend, 75 * z)
        thick = smooth(-0.3, 2.3, comb + 0.55 * puffs + 0.5 * bend)
        thick = thick * self.weather.veil * smooth(0.02, 0.12, rise)
        return mix(sky, self.light.veil(across, rise), thick)
