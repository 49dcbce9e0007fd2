"""Colours: hue helpers, ramps, natural stocks of fur, leaf and stone, and a creature's look."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from .maths import Array, floats

Rng = np.random.Generator

FUR = floats(
    [
        [0.85, 0.5, 0.2],
        [0.45, 0.26, 0.13],
        [0.93, 0.88, 0.8],
        [0.15, 0.13, 0.13],
        [0.6, 0.57, 0.55],
        [0.78, 0.6, 0.38],
        [0.58, 0.2, 0.09],
        [0.97, 0.75, 0.4],
        [0.33, 0.32, 0.38],
    ]
)
LEAF = floats(
    [
        [0.2, 0.5, 0.12],
        [0.42, 0.66, 0.15],
        [0.08, 0.34, 0.13],
        [0.6, 0.7, 0.2],
        [0.25, 0.55, 0.35],
        [0.7, 0.42, 0.1],
        [0.72, 0.22, 0.1],
    ]
)
STONE = floats(
    [
        [0.75, 0.65, 0.5],
        [0.6, 0.55, 0.52],
        [0.85, 0.76, 0.62],
        [0.5, 0.5, 0.54],
        [0.76, 0.42, 0.3],
        [0.88, 0.83, 0.74],
        [0.42, 0.4, 0.42],
    ]
)
METAL = floats([[0.85, 0.66, 0.28], [0.68, 0.7, 0.75], [0.76, 0.44, 0.3], [0.4, 0.44, 0.5]])

_NATURAL: ContextVar[bool] = ContextVar("natural", default=False)


@contextmanager
def natural_colours() -> Iterator[None]:
    """Draw only natural colours within the context: foxes are red, never green."""
    before = _NATURAL.set(True)
    try:
        yield
    finally:
        _NATURAL.reset(before)


def hsv(hue: float, saturation: float, value: float) -> Array:
    """Return an RGB colour; the hue wraps, the others are clipped to 0..1."""
    s, v = min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
    return floats(colorsys.hsv_to_rgb(hue % 1, s, v))


def vivid(rng: Rng) -> Array:
    """Return any saturated, fairly bright colour."""
    return hsv(rng.random(), rng.uniform(0.55, 1), rng.uniform(0.55, 1))


def stock(rng: Rng, colours: Array, natural: float = 0.7) -> Array:
    """Return one of `colours`, varied a little, or with probability 1 - `natural` any vivid one."""
    if rng.random() > natural and not _NATURAL.get():
        return vivid(rng)
    chosen = colours[rng.integers(len(colours))]
    return floats(np.clip(chosen * rng.uniform(0.85, 1.15) + rng.normal(0, 0.04, 3), 0, 1))


def ramp(stops: Sequence[Array], values: Array) -> Array:
    """Colour `values` (0..1) by a ramp through `stops`, spaced evenly."""
    table = np.array(stops, np.float32)
    at = np.linspace(0, len(table) - 1, 256)
    lut = np.stack([np.interp(at, np.arange(len(table)), column) for column in table.T], 1)
    return np.asarray(floats(lut)[np.clip(values * 255, 0, 255).astype(np.uint8)])


def random_stops(rng: Rng, count: int = 4, colours: Array | None = None) -> list[Array]:
    """Return `count` stops for a ramp: from a natural stock, or a run of hues, dark and bright."""
    if colours is not None and rng.random() < 0.55:
        return [stock(rng, colours, 1) for _ in range(count)]
    hue, spread = rng.random(), rng.choice([0.06, 0.15, 0.45])
    values = rng.permutation(np.linspace(rng.uniform(0.1, 0.35), rng.uniform(0.85, 1), count))
    return [hsv(hue + rng.normal() * spread, rng.uniform(0.45, 1), v) for v in values]


@dataclass(frozen=True)
class Look:
    """The colours of one creature: coat, markings, belly, accent, bare skin, horn, iris."""

    coat: Array
    dark: Array
    light: Array
    accent: Array
    skin: Array
    horn: Array
    iris: tuple[Array, Array, Array]


IRIS_HUES = (0.07, 0.1, 0.13, 0.16, 0.28, 0.36, 0.5, 0.56, 0.6, 0.75, 0.0)


def iris_stops(rng: Rng) -> tuple[Array, Array, Array]:
    """Return the three colours of an iris from pupil to rim."""
    hue = rng.choice(IRIS_HUES)
    return hsv(hue + 0.04, 0.7, 1), hsv(hue, 0.9, 0.85), hsv(hue - 0.03, 0.95, 0.35)


def _recoloured(colour: Array, hue: float, saturation: float) -> Array:
    value = float(colour.max())
    return hsv(hue, saturation * (1.1 - 0.55 * value), value)


def look(rng: Rng, coats: Sequence[str], natural: float = 0.65) -> Look:
    """Draw a creature's colours from its natural `coats`, or keep only their lights and darks.

    A coat is 'main dark light accent', four hexadecimal colours such as 'e08a3c'. With
    probability 1 - `natural` hues are drawn afresh, so that no species owns a colour.
    """
    words = coats[int(rng.integers(len(coats)))].split()
    colours = [floats([int(word[k : k + 2], 16) / 255 for k in (0, 2, 4)]) for word in words]
    colours = [
        np.clip(c * rng.uniform(0.9, 1.12) + floats(rng.normal(0, 0.025, 3)), 0, 1) for c in colours
    ]
    if rng.random() > natural and not _NATURAL.get():
        hue, other = rng.random(), rng.uniform(0.15, 0.6)
        shifts, strength = (0, 0.05, 0.08, other), rng.uniform(0.6, 1.2)
        colours = [_recoloured(c, hue + s, strength) for c, s in zip(colours, shifts, strict=True)]
    coat, dark, light, accent = (floats(c) for c in colours)
    skin = hsv(rng.choice([0.0, 0.02, 0.95]), rng.uniform(0.2, 0.6), rng.choice([0.08, 0.15, 0.75]))
    horn = hsv(rng.uniform(0.08, 0.13), rng.uniform(0.1, 0.5), rng.uniform(0.35, 0.9))
    return Look(coat, dark, light, accent, skin, horn, iris_stops(rng))
