"""Light on a height field: a warm key, a cool fill, gloss and a rim, from any direction."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .maths import Array, floats
from .palettes import Rng, hsv


@dataclass(frozen=True)
class Light:
    """A key light's unit direction (x right, y down, z to the viewer), colours and ambience."""

    direction: tuple[float, float, float]
    key: Array
    fill: Array
    rim: Array


def random_light(rng: Rng) -> Light:
    """Draw a light from above, front or side, warm or cool."""
    azimuth, height = rng.uniform(0, np.pi), rng.uniform(0.35, 1.0)
    flat = np.cos(height)
    direction = float(np.cos(azimuth) * flat), float(-np.sin(azimuth) * flat), float(np.sin(height))
    warm = rng.choice([0.09, 0.12, 0.6, rng.random()])
    key = hsv(warm, rng.uniform(0, 0.3), 1) * rng.uniform(0.85, 1.05)
    fill = hsv(warm + 0.5, rng.uniform(0.05, 0.35), 1) * rng.uniform(0.32, 0.5)
    rim = hsv(rng.random(), rng.uniform(0.1, 0.6), 1) * rng.choice([0, 0.25, 0.55])
    return Light(direction, floats(key), floats(fill), floats(rim))


def shade(
    rgb: Array, height: Array, light: Light, *, gloss: Array | float = 0.2, sharpness: int = 4
) -> Array:
    """Light a coloured height field (Lambert, plus Blinn's highlight, plus a rim).

    `height` is in pixels; `gloss` (a number or a plane, 0..1) weighs the highlight, whose
    exponent is 2 ** `sharpness`. Returns RGB that may exceed 1.
    """
    height = floats(height)
    gx = np.clip(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8), -3, 3)
    gy = np.clip(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8), -3, 3)
    up = 1 / np.sqrt(1 + gx * gx + gy * gy)
    lx, ly, lz = (np.float32(value) for value in light.direction)
    lambert = np.maximum((lz - lx * gx - ly * gy) * up, 0)
    half = np.float32(np.sqrt(2 + 2 * lz))
    highlight = np.maximum((lz + 1 - lx * gx - ly * gy) * up / half, 0)
    for _ in range(sharpness):
        highlight = highlight * highlight
    highlight *= gloss
    grazing = (1 - up) ** 2
    light_map = np.multiply.outer(lambert, light.key) + light.fill
    light_map += np.multiply.outer(grazing, light.rim)
    lit: Array = rgb * light_map + highlight[..., None]
    return lit
