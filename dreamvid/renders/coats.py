"""Coats: fur, feathers, scales, wool and skin, as tone and relief in the animal's own space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import noise
from .maths import TURN, Array, unit
from .palettes import Rng
from .sculpt import Coat

Wrap = Callable[[Array, Array, Array], tuple[Array, Array]]


Weave = Callable[..., Coat]


def polar(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
    """Wrap a head: the angle about the nose's axis, and the angle away from the nose."""
    radius = np.sqrt(x * x + y * y + z * z) + 1e-4
    return np.arctan2(y, x), np.arccos(np.clip(z / radius, -1, 1))


def lengthwise(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
    """Wrap a body: the angle about its long axis, and the way towards the tail."""
    return np.arctan2(y, x), -z


def lattice(u: Array, v: Array, reach: float = 0.78) -> tuple[Array, Array, Array, Array]:
    """Lay overlapping discs on a staggered lattice, each row over the next.

    Returns each pixel's distance from its disc's middle (0..1), a random number for each disc,
    and the place in the disc.
    """
    base = np.floor(v)
    distance = np.full(u.shape, 9, np.float32)
    name, across, down = (np.zeros(u.shape, np.float32) for _ in range(3))
    for step in (1, 0, -1):
        row = base + step
        shift = 0.5 * (row % 2)
        column = np.round(u - shift) + shift
        du, dv = u - column, v - row
        away = np.sqrt(du * du + 0.8 * dv * dv) * np.float32(1 / reach)
        here = (away < 1) & (distance > 8)
        distance[here], across[here], down[here] = away[here], du[here], dv[here]
        name[here] = np.sin(column[here] * 12.9898 + row[here] * 78.233) * 0.5 + 0.5
    return np.minimum(distance, 1), name, across, down


def fur(rng: Rng, wrap: Wrap, length: float = 1.0, strength: float = 1.0) -> Coat:
    """Hair that grows from the nose, or along the body, to the tail."""
    shift, turns = rng.uniform(0, noise.SIDE, 2), int(rng.integers(2, 4))
    tile = noise.hair()[rng.integers(4)]

    def coat(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        u, v = wrap(x, y, z)
        strands = noise.sample(tile, u * (noise.SIDE / TURN * turns) + shift[0], v * 55 / length)
        locks = noise.sample(noise.hair()[1], u * (noise.SIDE / TURN) + shift[1], v * 20 / length)
        tone = 0.7 * strands + 0.35 * locks
        return 1 + 0.13 * strength * tone, tone * (0.55 * strength)

    return coat


def wool(rng: Rng, wrap: Wrap, size: float = 1.0) -> Coat:
    """Curls: a cellular relief."""
    shift, tile = rng.uniform(0, noise.SIDE), noise.cells(14)[0]

    def coat(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        u, v = wrap(x, y, z)
        curl = noise.sample(tile, u * (noise.SIDE / TURN) + shift, v * 40 / size)
        return 1.12 - 0.3 * curl, 5 * (0.6 - curl)

    return coat


def _laid(rng: Rng, wrap: Wrap, around: float, along: float) -> Wrap:
    count, shift = int(np.ceil(around)), rng.uniform(0, 1)

    def place(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        u, v = wrap(x, y, z)
        return u * (count / TURN), -v * along + shift

    return place


def scales(rng: Rng, wrap: Wrap, around: float = 26, along: float = 8) -> Coat:
    """Overlapping scales, glossy in the middle and dark at the rim."""
    place = _laid(rng, wrap, around, along)

    def coat(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        d, name, _, dv = lattice(*place(x, y, z))
        return 1.15 - 0.5 * d**3 + 0.3 * (name - 0.5), (1 - d * d + 0.4 * dv) * 3

    return coat


def feathers(rng: Rng, wrap: Wrap, around: float = 24, along: float = 7) -> Coat:
    """Overlapping feathers with shaft and barbs."""
    place = _laid(rng, wrap, around, along)

    def coat(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        d, name, du, dv = lattice(*place(x, y, z))
        barbs = np.sin((np.abs(du) * 1.2 + dv) * 34)
        shaft = np.exp(-np.square(du / 0.05)) * (d < 0.9)
        tone = 1.1 - 0.42 * unit(d * 3 - 2) + 0.3 * (name - 0.5) + 0.05 * barbs + 0.12 * shaft
        return tone, (1 - d * d) * 2.2 + barbs * 0.25

    return coat


def skin(rng: Rng, wrap: Wrap, wrinkles: float = 0.5, grain: float = 22) -> Coat:
    """Bare hide: grain and wrinkles across the body."""
    shift, tile = rng.uniform(0, noise.SIDE), noise.cells(40)[1]

    def coat(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        u, v = wrap(x, y, z)
        cells = unit(noise.sample(tile, u * (noise.SIDE / TURN) + shift, v * grain) * 3)
        return 1 + 0.22 * wrinkles * (cells - 0.6), cells * (1.6 * wrinkles)

    return coat


def smooth(rng: Rng, wrap: Wrap) -> Coat:
    """Wet, smooth skin with a faint mottle."""
    shift = rng.uniform(0, noise.SIDE)

    def coat(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        u, v = wrap(x, y, z)
        mottle = noise.sample(noise.blobs()[2], u * (noise.SIDE / TURN) + shift, v * 30)
        return 1 + 0.05 * mottle, mottle * 0.15

    return coat
