"""Noise that repeats, in two and three dimensions, and how to read it anywhere."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
VOLUME = 64


def floats(values: NDArray[np.generic] | float) -> Array:
    """Store as float32."""
    return np.asarray(values, dtype=np.float32)


def smooth(low: float, high: float, value: Array) -> Array:
    """Rise from 0 at `low` to 1 at `high`, softly."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return floats(t * t * (3 - 2 * t))


def mix(a: Array, b: Array, t: Array) -> Array:
    """Blend two colours, or two pictures, by a map."""
    return floats(a + (b - a) * t[..., None])


def sample(tile: Array, u: Array, v: Array) -> Array:
    """Read a tile at (u right, v down), in its pixels, repeating for ever."""
    # remap holds coordinates in 16 bits, so they are brought home first, and lists are folded
    u, v = floats(np.mod(u, tile.shape[1])), floats(np.mod(v, tile.shape[0]))
    shape, rows = u.shape, -(-u.size // 1024)
    if u.ndim == 1:
        u, v = (np.resize(c, (rows, 1024)) if c.size else c for c in (u, v))
    seen = cv2.remap(tile, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return floats(seen.reshape(-1)[: int(np.prod(shape))].reshape(shape))


def bumps(side: int, cells: int, rng: np.random.Generator) -> Array:
    """Make a repeating tile of smooth noise with `cells` bumps across, deviation about 1."""
    grid = floats(np.pad(rng.standard_normal((cells, cells)), 4, mode="wrap"))
    big = int(side * (cells + 8) / cells)
    edge = int(side * 4 / cells)
    picture = cv2.resize(grid, (big, big), interpolation=cv2.INTER_CUBIC)
    return floats(picture[edge : edge + side, edge : edge + side])


def fractal(side: int, cells: int, octaves: int, seed: int, gain: float = 0.5) -> Array:
    """Sum octaves of `bumps`; mean 0, deviation 1."""
    rng = np.random.default_rng(seed)
    total = np.zeros((side, side), np.float32)
    for k in range(octaves):
        total += floats(gain**k) * bumps(side, cells * 2**k, rng)
    return floats((total - total.mean()) / total.std())


def eroded(side: int, cells: int, octaves: int, seed: int) -> Array:
    """Make mountains, 0..1: ridged noise whose octaves fade where the ground is steep already.

    That is what leaves smooth flanks between sharp crests (the idea is Inigo Quilez's).
    """
    rng = np.random.default_rng(seed)
    total = np.zeros((side, side), np.float32)
    down, across = np.zeros_like(total), np.zeros_like(total)
    for k in range(octaves):
        ridge = 1 - np.abs(np.tanh(0.9 * bumps(side, cells * 2**k, rng)))
        fall = np.gradient(ridge, 1 / (cells * 2**k) * side / 8)
        down, across = down + floats(fall[0]), across + floats(fall[1])
        total += floats(0.52**k * ridge / (1 + 0.7 * (down * down + across * across)))
    low, high = np.percentile(total, (0.5, 99.8))
    return floats(np.clip((total - low) / (high - low), 0, 1.1))


def spots(side: int, cells: int, seed: int) -> tuple[Array, Array]:
    """Scatter one point a cell: the distance to the nearest, in cells, and its own number 0..1."""
    rng = np.random.default_rng(seed)
    jitter = rng.uniform(-0.4, 0.4, (2, cells, cells))
    own = rng.random((cells, cells))
    y, x = np.mgrid[0:side, 0:side] * (cells / side)
    best, name = np.full((side, side), 9.0), np.zeros((side, side))
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            row, column = np.floor(y).astype(int) + down, np.floor(x).astype(int) + across
            at = row % cells, column % cells
            away = np.hypot(x - column - 0.5 - jitter[0][at], y - row - 0.5 - jitter[1][at])
            name, best = np.where(away < best, own[at], name), np.minimum(away, best)
    return floats(best), floats(name)


# --- three dimensions -------------------------------------------------------------------------


def _billows(cells: int, rng: np.random.Generator) -> Array:
    """Fill a cube with round lumps, 0..1: one less the distance to the nearest of the points."""
    points = rng.uniform(0.1, 0.9, (3, cells, cells, cells))
    place = np.mgrid[0:VOLUME, 0:VOLUME, 0:VOLUME] * (cells / VOLUME)
    home = np.floor(place).astype(int)
    best = np.full((VOLUME,) * 3, 9.0)
    for step in np.ndindex(3, 3, 3):
        near = home + (np.array(step) - 1)[:, None, None, None]
        at = tuple(near % cells)
        away = sum((place[k] - near[k] - points[k][at]) ** 2 for k in range(3))
        best = np.minimum(best, away)
    return floats(np.clip(1 - np.sqrt(best), 0, 1))


@cache
def volume() -> Array:
    """Return a repeating cube of billows as a tall picture: slice below slice, a row to spare."""
    rng = np.random.default_rng(11)
    cube = 0.625 * _billows(4, rng) + 0.25 * _billows(8, rng) + 0.125 * _billows(16, rng)
    cube = (cube - cube.mean()) / cube.std()
    cube = np.pad(cube, ((0, 1), (0, 1), (0, 1)), mode="wrap")
    return floats(cube.reshape(-1, VOLUME + 1))


def sample_volume(x: Array, y: Array, z: Array) -> Array:
    """Read the cube of `volume` at places in cubes: 1 is once through it. Mean 0, deviation 1."""
    x, y, z = (np.mod(c, 1) * VOLUME for c in (x, y, z))
    layer = np.minimum(np.floor(z), VOLUME - 1)
    row = layer * (VOLUME + 1) + np.minimum(y, VOLUME - 0.01)
    low, high = (
        cv2.remap(volume(), floats(x), floats(row + d), cv2.INTER_LINEAR) for d in (0, VOLUME + 1)
    )
    return floats(low + (high - low) * (z - layer))
