"""Fish and whales: trunk, fins with rays, tail, mouth, from one set of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import coats
from . import markings as m
from .coats import Weave
from .eyes import Iris
from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import Array, floats, unit
from .palettes import Look, Rng, look
from .plumage import Growth
from .registry import Painter
from .sculpt import Mark, Sculpture
from .solids import Paint


@dataclass(frozen=True)
class Fish:
    """One fish along z: half axes of its trunk, where its fins stand, its pattern.

    `fins` holds (z of the root, half length of the root, height, sweep back) of the fins above
    (negative height: below); `tail` (length, spread, fork: 0 round .. 1 deeply forked), `side`
    the size of the breast fin, `flat` a whale's level tail.
    """

    girth: tuple[float, float, float] = (0.3, 0.5, 1.0)
    fins: tuple[tuple[float, float, float, float], ...] = (
        (0.0, 0.45, 0.45, 0.3),
        (-0.3, 0.25, -0.4, 0.3),
    )
    tail: tuple[float, float, float] = (0.6, 0.5, 0.5)
    side: float = 0.45
    eye: tuple[float, float] = (-0.12, 0.15)
    mouth: tuple[float, float] = (0.1, 0.25)
    lips: float = 0.1
    pattern: str = "any"
    furs: tuple[str, ...] = (
        "f07818 1c1a20 fff4e8 f8c81e", "1e6ad8 0e1a4a d8f0ff f8d01e", "e8c81e 3a2a10 fff8d0 e8501e",
        "d82a4a 4a0e1e ffe0d8 f0a01e", "1eb89a 0a3a44 e0fff0 f05a8a",
    )  # fmt: skip
    weave: Weave = coats.scales
    flat: bool = False
    growths: tuple[Growth, ...] = ()


def fin(s: Sculpture, f: Frame, roots: Array, tips: Array, look: Look) -> None:
    """Add a fin: a row of rays from `roots` to `tips`, the skin between them in two tones."""
    tones = Paint(look.accent, 0.3, 0), Paint(look.accent * 0.72, 0.3, 0)
    edge = Paint(look.dark * 0.6 + look.accent * 0.4, 0.3, 0)
    for k in range(len(roots) - 1):
        quad = np.array([roots[k], tips[k], tips[k + 1], roots[k + 1]])
        s.patch(f, quad, tones[k % 2], tip=edge)


def _median_fin(s: Sculpture, f: Frame, fish: Fish, look: Look, spec: tuple[float, ...]) -> None:
    z, half, height, sweep = spec
    t, way = np.linspace(0, 1, 7), np.sign(height)
    root_z = z + half * (1 - 2 * t)
    _, ry, rz = fish.girth
    base = -way * ry * np.sqrt(np.maximum(1 - (root_z / (rz * 1.1)) ** 2, 0)) * 0.85
    tall = height * np.sin(np.pi * (0.12 + 0.75 * t)) ** 0.7
    roots = np.stack([0 * t, base, root_z], 1)
    tips = np.stack([0 * t, base - tall, root_z - sweep * (0.6 + t)], 1)
    fin(s, f, roots, tips, look)


def _tail(s: Sculpture, f: Frame, fish: Fish, look: Look) -> None:
    length, spread, fork = fish.tail
    _, ry, rz = fish.girth
    t = np.linspace(-1, 1, 9)
    reach = length * (1 - fork * (1 - np.abs(t)) * 0.75)
    roots = np.stack([0 * t, t * ry * 0.16, 0 * t - rz * 0.95], 1)
    tips = np.stack([0.05 * np.sin(3 * t), t * spread, -rz * 0.95 - reach], 1)
    if fish.flat:
        roots, tips = roots[:, [1, 0, 2]], tips[:, [1, 0, 2]]
    s.limb(
        f,
        (0, 0, -rz * 0.5),
        (0, 0, -rz * 1.02),
        (ry * 0.5, ry * 0.14),
        Paint(look.coat),
        blend=0.15,
    )
    fin(s, f, roots, tips, look)


def _face(s: Sculpture, f: Frame, fish: Fish, look: Look) -> None:
    rx, ry, rz = fish.girth
    y, radius = fish.eye
    z = rz * 0.62
    x = rx * np.sqrt(max(1 - (y / ry) ** 2 - (z / rz) ** 2, 0.05))
    white = floats([0.95, 0.92, 0.8])
    for side in f.both():
        s.eye(side, (x * 1.02, y, z), (1, -0.1, 0.3), radius, Iris(look.iris, lid=0.02))
        s.ball(
            side,
            (x * 0.8, y, z),
            (radius * 1.1, radius * 1.15, radius * 1.15),
            Paint(white * look.light),
        )
    if fish.lips:
        lip = Paint(look.accent * 0.8 + 0.1, 0.4, 0)
        low = fish.mouth[0]
        for rise in (-0.04, 0.06):
            s.ball(
                f, (0, low + rise, rz * 0.96), (rx * 0.45, fish.lips * 0.7, 0.12), lip, blend=0.02
            )
    for side in f.both():
        t = np.linspace(-0.6, 0.6, 6)
        root = np.array([rx * 0.88, ry * 0.25, rz * 0.22])
        tips = root + fish.side * np.stack([0.45 + 0 * t, 0.35 + t * 0.6, -0.9 + 0.2 * t * t], 1)
        fin(s, side, root + 0.12 * np.stack([0 * t, t, 0.2 * t], 1), tips, look)


def _gill(fish: Fish) -> Mark:
    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        arc = z - fish.girth[2] * 0.38 + 0.5 * np.square(y)
        return 0.6 * np.exp(-np.square(arc / 0.035)) * (np.abs(y) < fish.girth[1] * 0.6), floats(
            [0.1, 0.05, 0.06]
        )

    return mark


def _mouth(fish: Fish) -> Mark:
    low, length = fish.mouth

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        back = fish.girth[2] * 1.05 - length
        line = np.exp(-np.square((y - low - 0.12 * (fish.girth[2] - z)) / 0.03)) * (z > back)
        return line, floats([0.08, 0.03, 0.04])

    return mark


def _pattern(fish: Fish, look: Look, rng: Rng) -> list[Mark]:
    kind = fish.pattern
    if kind == "any":
        kind = ("bands", "belly", "spots", "patches")[int(rng.integers(4))]
    if kind == "bands":
        return [m.stripes(look.light, rng, count=rng.uniform(5, 8), head=False)]
    if kind == "clown":
        return [_bars(look)]
    if kind == "spots":
        return [m.belly(look.light), m.spots(look.dark, rng, size=0.9, share=0.34)]
    if kind == "patches":
        return [m.patches(look.light, rng, share=-0.1)]
    return [m.belly(look.light, above=0.1, blur=0.1)]


def _bars(look: Look) -> Mark:
    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        away = np.min([np.abs(z - c + 0.15 * np.square(y)) for c in (0.38, -0.15, -0.7)], 0)
        white = unit((0.13 - away) * 16 + 0.5)
        tone = np.where((away < 0.1)[..., None], look.light, look.dark)
        return white, np.moveaxis(tone, -1, 0)

    return mark


def paint_fish(fish: Fish, view: str) -> Painter:
    """Return the painter of a fish from the 'side' or in three-'quarter' view."""
    turns = {"side": (1.2, 1.75), "quarter": (0.5, 0.95)}[view]

    def paint(rng: Rng, size: int) -> Picture:
        colours, s = look(rng, fish.furs), Sculpture()
        f = upright(rng.uniform(*turns), rng.uniform(-0.2, 0.35), rng.normal(0, 0.3))
        _tail(s, f, fish, colours)
        for spec in fish.fins:
            _median_fin(s, f, fish, colours, spec)
        s.ball(f, (0, 0, 0), fish.girth, Paint(colours.coat, 0.4), blend=0.12)
        s.coat(f, fish.weave(rng, coats.lengthwise))
        for mark in (*_pattern(fish, colours, rng), _gill(fish), _mouth(fish)):
            s.mark(f, mark)
        _face(s, f, fish, colours)
        for growth in fish.growths:
            growth(s, f, colours, rng)
        return portrait(s, rng, size, (0.85, 1.12))

    return paint
