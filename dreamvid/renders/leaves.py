"""Leaves: oval, maple and fern."""

from __future__ import annotations

import numpy as np

from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import Array, curve, moved
from .palettes import LEAF, Rng, hsv, stock
from .plumage import feather
from .registry import REGISTER, Painter
from .sculpt import Sculpture
from .solids import Paint


def leaf(kind: str) -> Painter:
    """Return the painter of an 'oval', 'maple' or 'fern' leaf."""

    def paint(rng: Rng, size: int) -> Picture:
        s, f = (
            Sculpture(),
            upright(rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(-3, 3)),
        )
        green = stock(rng, LEAF, 0.85)
        base, tip = (
            Paint(green, 0.3, 0),
            Paint(np.clip(green * 0.75 + hsv(rng.random(), 0.6, 0.2), 0, 1), 0.3, 0),
        )
        spine = curve(
            [(0, 1, 0), (rng.uniform(-0.3, 0.3), 0, 0.15), (rng.uniform(-0.5, 0.5), -1, 0)], 15
        )
        {"oval": _oval, "maple": _maple, "fern": _fern}[kind](s, f, spine, base, tip)
        vein = np.clip(green * 0.5 + 0.45, 0, 1)
        s.tube(
            f,
            moved(spine, 0, 0, 0.03),
            np.linspace(0.045, 0.015, 15),
            [Paint(vein, 0.2, 0)],
            blend=0.005,
        )
        return portrait(s, rng, size, (0.85, 1.15))

    return paint


def _oval(s: Sculpture, f: Frame, spine: Array, base: Paint, tip: Paint) -> None:
    widths = 0.55 * np.sin(np.pi * np.linspace(0.08, 1, 15) ** 0.8)
    for side in (-1, 1):
        for k in range(1, 13):
            rows = (
                spine[k : k + 2],
                spine[k : k + 2]
                + np.array([(side * widths[k + j], -0.22 * widths[k + j], 0.14) for j in (0, 1)]),
            )
            tone = base if k % 2 else Paint(base.rgb * 0.86, 0.3, 0)
            s.patch(f, np.array([rows[0][0], rows[1][0], rows[1][1], rows[0][1]]), tone, tip=tip)
        for k in range(2, 13, 2):
            s.stroke(
                f,
                np.array([spine[k], spine[k] + (side * widths[k] * 0.85, -0.25, 0.2)]),
                0.02,
                np.clip(base.rgb * 0.5 + 0.4, 0, 1),
            )


def _maple(s: Sculpture, f: Frame, spine: Array, base: Paint, tip: Paint) -> None:
    for a, reach in ((0, 1.3), (0.85, 1.15), (-0.85, 1.15), (1.75, 0.8), (-1.75, 0.8)):
        way = np.array([np.sin(a), -np.cos(a), 0])
        root = np.array([0, 0.35, 0])
        feather(s, f, root, root + way * reach, 0.3, base, end=tip, cup=0.1)
        for t, turn in ((0.5, 0.7), (0.5, -0.7)):
            b = a + turn
            start = root + way * reach * t * 0.8
            feather(
                s,
                f,
                start,
                start + np.array([np.sin(b), -np.cos(b), 0]) * reach * 0.42,
                0.14,
                base,
                end=tip,
            )
        s.stroke(
            f,
            np.array([moved(root, 0, 0, 0.06), root + way * reach * 0.8 + (0, 0, 0.06)]),
            0.025,
            np.clip(base.rgb * 0.5 + 0.4, 0, 1),
        )


def _fern(s: Sculpture, f: Frame, spine: Array, base: Paint, tip: Paint) -> None:
    for k in range(1, 14):
        reach = 0.75 * np.sin(np.pi * (1 - k / 14.5) ** 0.7)
        for side in (-1, 1):
            way = np.array([side * 0.92, -0.4, 0.05]) * reach
            feather(s, f, spine[k], spine[k] + way, 0.085, base, end=tip)


REGISTER.add("leaf", "plants", {kind: leaf(kind) for kind in ("oval", "maple", "fern")})
