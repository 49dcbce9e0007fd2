"""Make a small folder of pictures to train on: `python samples/make_pictures.py FOLDER [COUNT]`.

Four classes in the manner of the 1920s, gold on night blue: fans, suns, stairs and lanterns. Every
picture is a formula of place, and a seed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]
SIDE = 160
GOLD, CREAM = (0.95, 0.74, 0.25), (0.98, 0.93, 0.78)
DARKS = ((0.04, 0.07, 0.20), (0.02, 0.20, 0.22), (0.25, 0.03, 0.07), (0.05, 0.05, 0.08))
Shape = Callable[[Array, Array, np.random.Generator], tuple[Array, Array]]


def fans(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Rows of overlapping fans: how far inside its rings a place is, and which fan it is on."""
    count, rings = rng.integers(3, 7), rng.integers(3, 6)
    best, own = np.full_like(x, 9.0), np.zeros_like(x)
    for row in range(-1, 2 * count + 3):
        shift = (row % 2) / 2
        column = np.round(x * count - shift)
        away = np.hypot(x * count - shift - column, (y * count - row / 2) * 1.0)
        inside = away < 0.62
        best, own = np.where(inside, away, best), np.where(inside, column * 7 + row, own)
    return np.cos(2 * np.pi * rings * best / 0.62), own


def suns(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Rays around a disc that rises somewhere in the lower half."""
    x, y = x - rng.uniform(0.25, 0.75), y - rng.uniform(0.55, 1.0)
    radius, angle, rays = np.hypot(x, y), np.arctan2(y, x), int(rng.integers(9, 22))
    light = np.where(radius < 0.22, np.cos(radius * 60), np.cos(rays * angle))
    return light, np.floor(radius * 5)


def stairs(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Stepped towers, one in the other."""
    count = rng.integers(2, 4)
    u = np.abs((x * count) % 1 - 0.5) * 2
    step = np.floor(u * rng.integers(4, 8)) / 6
    height = y * rng.uniform(1.2, 2) + step
    return np.cos(2 * np.pi * height * rng.integers(4, 8)), np.floor(x * count)


def lanterns(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Ribbed paper lanterns in rows, lit from within."""
    count = rng.integers(2, 5)
    row = np.floor(y * count)
    u = ((x * count + 0.5 * (row % 2)) % 1 - 0.5) / 0.42
    v = ((y * count) % 1 - 0.5) / 0.46
    inside = u**2 + v**2 < 1
    ribs = np.cos(
        rng.integers(5, 8)
        * np.arcsin(np.clip(u / np.sqrt(np.clip(1.001 - v**2, 0.01, 1)), -1, 1))
        * 2
    )
    glow = np.sqrt(np.clip(1 - u**2 - v**2, 0, 1))
    return np.where(inside, 0.6 * ribs + 1.4 * glow - 0.4, -1.0), row


CLASSES: dict[str, Shape] = {"fans": fans, "suns": suns, "stairs": stairs, "lanterns": lanterns}


def picture(shape: Shape, seed: int) -> NDArray[np.uint8]:
    """One picture, uint8 [SIDE, SIDE, 3]: the same seed gives the same bytes."""
    rng = np.random.default_rng(seed)
    big = 2 * SIDE  # drawn twice as large, then averaged, so that edges are smooth
    y, x = (np.mgrid[0:big, 0:big] + 0.5) / big
    x, y = x + 0.02 * np.sin(6 * y + rng.uniform(0, 6)), y + 0.02 * np.sin(6 * x)
    light, part = shape(x, y, rng)
    dark = np.array(DARKS[rng.integers(len(DARKS))])
    other = dark + 0.10 * np.sin(part[..., None] * 2.4 + np.arange(3))
    metal = np.array(GOLD) * (1 - 0.35 * y[..., None]) + 0.1 * (np.array(CREAM) - GOLD)
    edge = np.clip(light * 6, 0, 1)[..., None]
    rgb = other * (1 - edge) + metal * edge * rng.uniform(0.85, 1.1)
    rgb += 0.25 * np.exp(-((light[..., None] - 0.2) ** 2) * 90) * (np.array(CREAM) - rgb)
    small = rgb.reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3))
    return (255 * small.clip(0, 1) + 0.5).astype(np.uint8)


def main(folder: Path, count: int = 200) -> None:
    """Write `count` pictures, a sub-folder for each class."""
    for k in range(count):
        name = list(CLASSES)[k % len(CLASSES)]
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(CLASSES[name], k)).save(folder / name / f"{k:04d}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
