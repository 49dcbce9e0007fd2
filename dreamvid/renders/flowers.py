"""Flowers: petals in whorls about a heart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas
from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import TURN, Array, curve, moved, unit
from .palettes import LEAF, Look, Rng, look, ramp, stock
from .plumage import feather
from .registry import REGISTER, Painter
from .sculpt import Sculpture
from .solids import Paint

PETALS = (
    "e83a5a 7a0e2a ffb8c0 f8c81e", "f8c81e b8640e fff0a0 7a3a14", "8a4ae8 3a1478 d8c0ff f8d81e",
    "f4f0f8 b8a0d0 ffffff f8c01e", "f07a2a 8a2a0e ffd0a0 3a1a0e", "3a6ae8 14287a c0d8ff f8e83a",
    "f08ac0 a83a78 ffe0f0 f8d04a",
)  # fmt: skip


def green_paint(rng: Rng) -> Paint:
    """Return the paint of a stem or leaf."""
    return Paint(stock(rng, LEAF[:5], 0.9), 0.2, 0)


def _stem(s: Sculpture, f: Frame, paint: Paint, rng: Rng, *, length: float = 1.3) -> None:
    bend = rng.uniform(-0.4, 0.4)
    path = curve([(0, 0.1, -0.3), (0, length * 0.5, -0.4), (bend, length, -0.3)], 8)
    s.tube(f, path, np.full(8, 0.06), [paint], fits=False)
    for side in (-1, 1):
        root = path[4 + (side > 0)]
        feather(
            s,
            f,
            root,
            moved(root, side * 0.6, -0.25, 0.15),
            0.15,
            paint,
            end=Paint(paint.rgb * 0.7),
            normal=(0, 0.3, 1),
        )


def whorl(
    s: Sculpture, f: Frame, count: int, reach: float, width: float, rise: float,
    paints: tuple[Paint, Paint], *, shift: float = 0.0, z: float = 0.0,
) -> None:  # fmt: skip
    """Add a ring of petals that face the viewer, their tips raised by `rise`."""
    for k in range(count):
        a = 2 * np.pi * k / count + shift
        way = np.array([np.sin(a), -np.cos(a), 0])
        tip = way * reach + (0, 0, z + rise)
        feather(
            s,
            f,
            way * 0.12 + (0, 0, z),
            tip,
            width,
            paints[0],
            end=paints[1],
            normal=(way[0] * -rise, way[1] * -rise, 1),
            cup=0.25,
        )


def _heart(s: Sculpture, f: Frame, radius: float, colour: Array, *, seeds: int = 60) -> None:
    s.ball(f, (0, 0, 0.1), (radius, radius, radius * 0.45), Paint(colour * 0.7, 0.2))
    for k in range(seeds):
        r, a = radius * 0.97 * np.sqrt((k + 0.5) / seeds), k * 2.39996
        z = 0.1 + radius * 0.45 * np.sqrt(max(1 - (r / radius) ** 2, 0))
        tone = Paint(np.clip(colour * (0.8 + 0.5 * r / radius), 0, 1), 0.3, 0)
        size = radius * 0.085 * (60 / seeds) ** 0.5
        s.ball(f, (r * np.sin(a), -r * np.cos(a), z), (size, size, size), tone, blend=0.005)


@dataclass(frozen=True)
class Bloom:
    """A flower: fewest and most petals, rows of them, their half width, rise, heart's radius."""

    petals: tuple[int, int]
    rows: int
    width: float
    rise: float = 0.0
    heart: float = 0.27
    seeds: int = 60


BLOOMS = {
    "daisy": Bloom((13, 22), 1, 0.13),
    "lily": Bloom((5, 7), 1, 0.32, heart=0.0),
    "lotus": Bloom((8, 11), 3, 0.26, rise=0.28),
    "sunflower": Bloom((18, 26), 2, 0.15, heart=0.55, seeds=110),
}


def _stamens(s: Sculpture, f: Frame, c: Look) -> None:
    for k in range(6):
        tip = (0.3 * np.sin(k), -0.3 * np.cos(k), 0.5)
        s.limb(f, (0, 0, 0), tip, (0.03, 0.02), Paint(c.light, 0, 0))
        s.ball(f, tip, (0.07, 0.05, 0.05), Paint(c.accent, 0.2, 0))


def flower(kind: str) -> Painter:
    """Return the painter of a 'daisy', 'lily', 'lotus' or 'sunflower'."""
    bloom = BLOOMS[kind]

    def paint(rng: Rng, size: int) -> Picture:
        c, s = look(rng, PETALS, 0.6), Sculpture()
        f = upright(rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.4), rng.uniform(-0.4, 0.4))
        _stem(s, f, green_paint(rng), rng)
        count = int(rng.integers(bloom.petals[0], bloom.petals[1]))
        tip = Paint(c.light if bloom.rise else c.coat * 0.8 + c.dark * 0.2, 0.15, 0)
        for row in range(bloom.rows):
            root = Paint(c.coat * 0.85 + 0.1 if row else c.coat, 0.15, 0)
            reach, rise, shift = 1.0 - 0.17 * row, 0.1 + bloom.rise * row, 0.5 * row
            whorl(s, f, count, reach, bloom.width, rise, (root, tip), shift=shift, z=0.05 * row)
        if bloom.heart:
            seed = c.accent if bloom.rows < 2 or bloom.rise else c.dark * 0.5 + c.accent * 0.3
            _heart(s, f, bloom.heart * rng.uniform(0.85, 1.1), seed, seeds=bloom.seeds)
        else:
            _stamens(s, f, c)
        return portrait(s, rng, size, (0.8, 1.1))

    return paint


def paint_rose(rng: Rng, size: int) -> Picture:
    """Draw a rose from above: rings of petals, ever tighter, each lit at its rim."""
    c, colours = Canvas(rng, size, turn=3), look(rng, PETALS, 0.6)
    radius, angle = c.polar()
    stops = [
        colours.dark * 0.5,
        colours.dark * 0.4 + colours.coat * 0.6,
        colours.coat,
        colours.coat * 0.6 + colours.light * 0.4,
    ]
    rows = int(rng.integers(6, 9))
    for row in range(rows):
        reach, petals = 1.0 - row * (0.92 / rows), max(2, 6 - row * 4 // rows)
        a = np.mod(angle * (petals / TURN) + row * 0.618 + rng.uniform(-0.1, 0.1), 1) - 0.5
        rim = reach * (0.85 + 0.15 * np.cos(a * TURN) + 0.02 * np.sin(angle * 7 + row))
        depth = unit((rim - radius) / 0.24)
        tone = ramp(stops, 0.98 - 0.85 * depth - 0.5 * unit(np.abs(a) - 0.36) * 3)
        curl = 0.05 * np.exp(-np.square(depth / 0.25)) + 0.16 * (1 - radius)
        c.lay(unit(1 - (radius - rim) * 7) * 0.4 * (radius < 1.02), colours.dark * 0.4, height=curl)
        c.lay(c.inside(radius - rim), tone, height=curl + 0.02 * row, gloss=0.2)
    return c.picture()


def paint_tulip(rng: Rng, size: int) -> Picture:
    """Draw a tulip from the side."""
    c, s, green = look(rng, PETALS, 0.6), Sculpture(), green_paint(rng)
    f = upright(rng.uniform(-0.5, 0.5), rng.uniform(-0.1, 0.2), rng.normal(0, 0.15))
    s.tube(f, curve([(0, 0.3, 0), (0.1, 0.9, 0), (0, 1.5, 0)], 7), np.full(7, 0.08), [green])
    for side in (-1, 1):
        tip = (side * 0.75, 0.35, 0.25)
        feather(s, f, (0, 1.5, 0), tip, 0.17, green, end=Paint(green.rgb * 1.2))
    for k in range(6):
        a = np.pi * k / 3 + 0.3
        way = np.array([np.sin(a), 0, np.cos(a)])
        petal = c.coat * (0.85 if k % 2 else 1.05)
        cup = moved(way * 0.26, y=-0.18)
        s.ball(f, cup, (0.36, 0.62, 0.2), Paint(petal, 0.25, 0), blend=0.01, yaw=a)
        point = moved(way * 0.4, y=-0.45), moved(way * 0.42, y=-0.85)
        s.limb(f, *point, (0.22, 0.03), Paint(petal * 0.9 + c.light * 0.1, 0.25, 0), blend=0.04)
    return portrait(s, rng, size, (0.82, 1.05))


REGISTER.add("flower", "plants", {kind: flower(kind) for kind in ("daisy", "lily", "lotus")})

REGISTER.add("sunflower", "plants", {"open": flower("sunflower")})

REGISTER.add("rose", "plants", {"open": paint_rose})

REGISTER.add("tulip", "plants", {"side": paint_tulip})
