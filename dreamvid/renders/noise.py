"""Periodic noise tiles of 256 x 256, made once from a fixed seed, and how to sample them."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from .maths import Array, floats

SIDE = 256
_SMOOTHNESS = {"fine": 0.7, "grain": 1.3, "cloud": 1.9, "mist": 2.6}
_HAIR = ((60, 2.0), (40, 3.5), (80, 5.0), (30, 1.5))
_PATTERNS = ((0.05, 0, 1), (0.08, 0, 1), (0.06, 0.35, 1), (0.045, -0.35, 1), (0.06, 0, 2.2))


def _frequencies() -> tuple[Array, Array, Array]:
    across, down = np.fft.rfftfreq(SIDE)[None], np.fft.fftfreq(SIDE)[:, None]
    length = np.hypot(across, down)
    length[0, 0] = 1
    return across, down, length


def _filtered(picture: Array, gain: Array) -> Array:
    spectrum = np.fft.rfft2(picture) * gain
    return np.fft.irfft2(spectrum, s=(SIDE, SIDE))


def _normal(picture: Array) -> Array:
    return floats((picture - picture.mean()) / (picture.std() + 1e-9))


@cache
def clouds(name: str) -> Array:
    """Return four tiles of 1/f^b noise, mean 0, deviation 1: 'fine', 'grain', 'cloud' or 'mist'."""
    rng = np.random.default_rng(list(name.encode()))
    gain = _frequencies()[2] ** -_SMOOTHNESS[name] * (_frequencies()[2] > 1.5 / SIDE)
    return np.stack([_normal(_filtered(rng.standard_normal((SIDE, SIDE)), gain)) for _ in range(4)])


@cache
def blobs() -> Array:
    """Return four tiles of smooth lumps, mean 0, deviation 1, from coarse to finer."""
    rng, length = np.random.default_rng(2), _frequencies()[2]
    gains = [np.exp(-((length * SIDE / c) ** 2)) * (length > 0.5 / SIDE) for c in (4, 8, 14, 22)]
    return np.stack([_normal(_filtered(rng.standard_normal((SIDE, SIDE)), g)) for g in gains])


@cache
def hair() -> Array:
    """Return four tiles of white noise smeared along the rows' direction (down): hair, fibres."""
    rng = np.random.default_rng(3)
    across, down, _ = _frequencies()
    gains = [
        np.exp(-((down * long) ** 2) - (across * wide) ** 2) * (across > 0.012)
        for long, wide in _HAIR
    ]
    return np.stack([_normal(_filtered(rng.standard_normal((SIDE, SIDE)), g)) for g in gains])


@cache
def cells(size: int) -> tuple[Array, Array, Array]:
    """Return a jittered tiling of `size` x `size` cells.

    Three tiles: the distance to the nearest seed and the lead over the second nearest (both in
    cells), and a random number in 0..1 for each cell (Worley, 1996).
    """
    rng = np.random.default_rng(size)
    jitter, identity = rng.uniform(-0.42, 0.42, (2, size, size)), rng.random((size, size))
    y, x = np.mgrid[0:SIDE, 0:SIDE] * (size / SIDE)
    distances, names = [], []
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            row, column = np.floor(y).astype(int) + down, np.floor(x).astype(int) + across
            at = row % size, column % size
            seed_x, seed_y = column + 0.5 + jitter[0][at], row + 0.5 + jitter[1][at]
            distances.append(np.hypot(x - seed_x, y - seed_y))
            names.append(identity[at])
    order = np.argsort(distances, axis=0)
    first, second = (
        np.take_along_axis(np.array(distances), order[k : k + 1], 0)[0] for k in (0, 1)
    )
    name = np.take_along_axis(np.array(names), order[:1], 0)[0]
    return floats(first), floats(second - first), floats(name)


@cache
def patterns() -> Array:
    """Return five reaction-diffusion-like tiles in -1..1: labyrinths, dots, holes, bands."""
    rng = np.random.default_rng(5)
    across, down, _ = _frequencies()
    made = []
    for pitch, bias, stretch in _PATTERNS:
        gain = np.exp(-(((np.hypot(across * stretch, down) - pitch) / (0.3 * pitch)) ** 2))
        tile = rng.standard_normal((SIDE, SIDE))
        for _ in range(16):
            tile = _filtered(tile, gain)
            tile = np.tanh(1.8 * tile / tile.std() + bias)
        made.append(tile)
    return floats(made)


def sample(tile: Array, u: Array, v: Array) -> Array:
    """Read a tile at (u right, v down), in tile pixels, linearly, repeating for ever."""
    shape = np.broadcast_shapes(np.shape(u), np.shape(v))
    across = np.ascontiguousarray(np.broadcast_to(floats(u), shape))
    down = np.ascontiguousarray(np.broadcast_to(floats(v), shape))
    return cv2.remap(tile, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def nearest(tile: Array, u: Array, v: Array) -> Array:
    """Read a tile as `sample` does, but without blending neighbours."""
    return cv2.remap(tile, floats(u), floats(v), cv2.INTER_NEAREST, borderMode=cv2.BORDER_WRAP)


def field(rng: np.random.Generator, tile: Array, size: int, scale: float = 1.0) -> Array:
    """Return a randomly turned and shifted `size` x `size` view of a tile, zoomed out by `scale`.

    The zoom is relative to a picture of 192 pixels, so that a scene looks alike at every size.
    """
    turn, step = rng.uniform(0, 2 * np.pi), scale * 192 / size
    c, s = np.cos(turn) * step, np.sin(turn) * step
    at = np.arange(size)
    shift = rng.uniform(0, SIDE, 2)
    u = c * at[None] - s * at[:, None] + shift[0]
    return sample(tile, u, s * at[None] + c * at[:, None] + shift[1])
