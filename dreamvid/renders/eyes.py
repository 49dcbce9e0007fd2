"""The one glossy eye that all creatures share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import noise
from .light import Light
from .maths import TURN, Array, edge, floats, mix, unit
from .palettes import Rng, hsv, ramp


@dataclass(frozen=True)
class Iris:
    """How an eye looks: pupil ('round', 'slit', 'bar'), colours, white, lids.

    `white` is the sclera's colour or None for an iris that fills the eye; `ring` the rim's colour;
    `lid` how far the upper lid hangs down (0 open .. 1 shut), `slant` how much it drops to the
    nose (fierce) or, negative, to the temple (sad); `size` the pupil's, 1 is normal.
    """

    stops: tuple[Array, Array, Array]
    pupil: str = "round"
    white: Array | None = None
    ring: Array | None = None
    lid: float = 0.12
    slant: float = 0.0
    size: float = 1.0


def _pupil(kind: str, x: Array, y: Array, distance: Array, radius: float, size: float) -> Array:
    if kind == "slit":
        sides = np.abs(x) - 0.24 * size * radius * np.maximum(1 - np.square(y / radius), 0)
        return np.asarray(np.maximum(sides, distance - 0.96 * radius))
    if kind == "bar":
        return np.asarray(np.maximum(np.abs(y) - 0.24 * radius * size, np.abs(x) - 0.7 * radius))
    disc: Array = distance - 0.5 * radius * size
    return disc


def _iris(iris: Iris, x: Array, y: Array, distance: Array, radius: float, rng: Rng) -> Array:
    angle = np.arctan2(y, x)
    fibres = noise.sample(noise.hair()[1], angle * (noise.SIDE / TURN), distance * 40)
    limbus = np.exp(-np.square((distance - radius) / 0.1))
    colour: Array = ramp(iris.stops, distance / radius * 0.85 + 0.14 * fibres)
    colour *= (1.1 - 0.75 * limbus)[..., None]
    return colour


def paint_eye(
    picture: Array, x: Array, y: Array, iris: Iris, light: Light, rng: Rng, pixel: float
) -> None:
    """Paint an eye into `picture` (RGB, changed in place).

    `x` and `y` are each pixel's place in units of the eye's radius, `pixel` one pixel in them.
    """
    distance = np.sqrt(x * x + y * y)
    radius = 0.94 if iris.white is None else 0.6
    soft = max(pixel * 1.4, 0.02)
    colour = _iris(iris, x, y, distance, radius, rng)
    lx, ly, _ = light.direction
    colour = colour * (0.85 - 0.4 * (lx * x + ly * y))[..., None]
    if iris.white is not None:
        white = iris.white * (1 - 0.3 * distance * distance)[..., None]
        colour = mix(white, colour, edge(distance - radius, soft))
    pupil = edge(_pupil(iris.pupil, x, y, distance, radius, iris.size), soft)
    colour = mix(colour, floats([0.02, 0.015, 0.02]), pupil)
    gx, gy = 0.34 * (1 if lx >= 0 else -1), -0.34
    glint = edge(np.hypot(x - gx, y - gy) - 0.2, max(soft, 0.08))
    answer = edge(np.hypot(x + gx, y + gy * 1.2) - 0.16, 0.25) * 0.35
    colour = colour + glint[..., None] + answer[..., None]
    lid = y + 1.0 - 2 * iris.lid + iris.slant * x
    shadow = unit(1.2 - lid * 2.5) * 0.5
    colour = colour * (1 - shadow)[..., None]
    ring = hsv(0, 0, 0.05) if iris.ring is None else iris.ring
    rim = unit((1.24 - distance) / 0.12) * 0.92
    picture[:] = mix(picture, ring, rim)
    shown = edge(distance - 1, soft) * edge(-lid, soft * 1.5)
    picture[:] = mix(picture, colour, shown)
