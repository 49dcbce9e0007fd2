"""Markings: stripes, spots, masks and bellies in the animal's own coordinates."""

from __future__ import annotations

import numpy as np

from . import noise
from .maths import TURN, Array, bump, floats, unit
from .palettes import Look, Rng
from .sculpt import Mark


def belly(colour: Array, *, above: float = 0.15, blur: float = 0.2) -> Mark:
    """Lighten what lies below y = `above`."""

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        return unit((y - above) / blur + 0.5) * 0.9, colour

    return mark


def spot(colour: Array, at: tuple[float, float, float], radii: tuple[float, float, float]) -> Mark:
    """Colour an ellipsoid's inside, on both sides of the body."""

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        square = np.square((np.abs(x) - at[0]) / radii[0]) + np.square((y - at[1]) / radii[1])
        square += np.square((z - at[2]) / radii[2])
        return unit((1.1 - square) * 3.5), colour

    return mark


def blaze(colour: Array, width: float, top: float = -2.0, bottom: float = 2.0) -> Mark:
    """Draw a streak down the middle of the face."""

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        return unit((width - np.abs(x)) * 14 + 0.5) * (y > top) * (y < bottom) * (z > 0), colour

    return mark


def stripes(colour: Array, rng: Rng, *, count: float, head: bool, share: float = 0.0) -> Mark:
    """Draw a tiger's or zebra's bars: across the brow and cheeks, or around the trunk."""
    phase, wobble = rng.uniform(0, TURN), noise.blobs()[1]

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        warp = noise.sample(wobble, x * 40 + z * 30, y * 50 + phase * 9)
        if head:
            rings = np.sqrt(np.square(x * 0.9) + np.square(y * 0.75) + np.square(z - 1.1))
            wave = np.sin(rings * count * 2.2 + warp * 0.7 + 2.5 * np.cos(3 * np.arctan2(y, x)))
            keep = unit((0.95 - z) * 4) * unit((np.hypot(np.abs(x) - 0.33, y + 0.1) - 0.3) * 8)
        else:
            wave = np.sin(z * count + warp * 0.9 + 0.6 * np.sin(y * 5 + phase))
            keep = 1.0 + 0 * x
        return unit((wave - 0.25 + share) * 3.5) * keep, colour

    return mark


def spots(
    colour: Array, rng: Rng, *, size: float = 1.0, ring: bool = False, share: float = 0.3
) -> Mark:
    """Scatter spots, or a leopard's rosettes, over the coat."""
    distance = noise.cells(20)[0]
    shift = rng.uniform(0, noise.SIDE, 2)

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        u = (z + 0.35 * np.abs(x)) * (60 / size) + shift[0]
        v = (y - 0.35 * np.abs(x)) * (60 / size) + shift[1]
        away = noise.sample(distance, u, v)
        dot = unit((share - away) * 12 + 0.5)
        return (dot - unit((share * 0.5 - away) * 12 + 0.5) * 0.75 if ring else dot), colour

    return mark


def patches(colour: Array, rng: Rng, *, scale: float = 1.0, share: float = 0.0) -> Mark:
    """Lay a cow's or calico's map of patches."""
    shift = rng.uniform(0, noise.SIDE, 2)

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        lumps = noise.sample(
            noise.blobs()[1],
            (z + x * 0.8) * 34 / scale + shift[0],
            (y + x * 0.5) * 34 / scale + shift[1],
        )
        return unit((lumps + share) * 7), colour

    return mark


def net(colour: Array, rng: Rng, *, size: float = 1.0) -> Mark:
    """Draw a giraffe's net of light lines between dark fields."""
    lead, shift = noise.cells(14)[1], rng.uniform(0, noise.SIDE, 2)

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        u, v = (z + 0.4 * np.abs(x)) * 50 / size + shift[0], (y - 0.4 * np.abs(x)) * 50 / size
        return unit((noise.sample(lead, u, v + shift[1]) - 0.16) * 12), colour

    return mark


def mouth(y: float, tip: float, back: float, *, smile: float = 0.1, dip: float = 0.05) -> Mark:
    """Draw the line of the mouth from the tip of the muzzle (z = `tip`) to its corner (`back`)."""
    dark = floats([0.06, 0.025, 0.03, 0.1, 0.2])

    def mark(x: Array, height: Array, z: Array) -> tuple[Array, Array]:
        t = np.clip((tip - z) / (tip - back), 0, 1)
        line = y + dip * np.sin(np.pi * np.minimum(t * 1.6, 1)) - smile * t * t
        width = 0.05 * (1.15 - t)
        return 1.2 * bump((height - line) / width, 0, 1) * (z > back), dark

    return mark


def philtrum(top: float, bottom: float, front: float) -> Mark:
    """Draw the groove from the nose to the mouth."""
    dark = floats([0.06, 0.025, 0.03])

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        return bump(x, 0, 0.03) * (y > top) * (y < bottom) * (z > front), dark

    return mark


def shaded(look: Look, *, top: float, strength: float = 0.5) -> Mark:
    """Darken the back above y = `top`."""

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        return unit((top - y) * 2.5) * strength, look.dark

    return mark


def rings(at: tuple[float, float], radius: float, colour: Array) -> Mark:
    """Draw rings around both eyes: an owl's facial discs."""

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        away = np.hypot(np.abs(x) - at[0], y - at[1]) / radius
        waves = 0.45 * unit(np.sin(away * 16)) * (away < 1)
        return (waves + bump(away, 1.05, 0.1)) * (z > 0.1), colour

    return mark
