"""Architecture in the round: castles, domes, lighthouses, windmills."""

from __future__ import annotations

from functools import partial

import numpy as np

from .canvas import box
from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import TURN, Array, floats, moved, unit
from .palettes import METAL, STONE, Rng, stock, vivid
from .registry import REGISTER
from .sculpt import Mark, Sculpture
from .solids import Paint

DARK = floats([0.07, 0.06, 0.09])
GLOW = floats([1.0, 0.82, 0.4])


def lathe(s: Sculpture, f: Frame, profile: list[tuple[float, float]], paints: list[Paint]) -> None:
    """Turn a profile, (radius, y) from bottom to top, about the vertical axis."""
    for k in range(len(profile) - 1):
        (r0, y0), (r1, y1) = profile[k], profile[k + 1]
        steps = max(1, round(abs(y0 - y1) / 0.12))
        for j in range(steps):
            t0, t1 = j / steps, (j + 1) / steps
            low, high = (0, y0 + (y1 - y0) * t0, 0), (0, y0 + (y1 - y0) * t1, 0)
            radii = r0 + (r1 - r0) * t0, r0 + (r1 - r0) * t1
            _ring(s, f, low, high, radii, paints[k % len(paints)])


def _ring(
    s: Sculpture,
    f: Frame,
    low: tuple[float, ...],
    high: tuple[float, ...],
    radii: tuple[float, float],
    paint: Paint,
) -> None:
    half = abs(low[1] - high[1]) * 0.62
    middle = (low[0], (low[1] + high[1]) / 2, low[2])
    wide = (radii[0] + radii[1]) / 2
    s.ball(f, middle, (wide, max(half, wide * 0.16), wide), paint, blend=0.03)


def _courses(colour: Array, k: float) -> Mark:
    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        row = np.floor(y * k)
        u = np.arctan2(x, z + 1e-4) * 3 + 0.5 * np.mod(row, 2)
        joint = np.minimum(
            np.abs(np.mod(u, 1) - 0.5) * -2 + 1, 1 - np.abs(np.mod(y * k, 1) - 0.5) * 2
        )
        return unit(0.75 - joint * 6) * 0.55, colour

    return mark


def _window(s: Sculpture, f: Frame, x: float, y: float, z: float, size: float, lit: bool) -> None:
    paint = Paint(GLOW if lit else DARK, 0.5, 0)
    s.ball(f, (x, y, z), (size * 0.6, size, size * 0.5), paint, blend=0)


def _battlement(s: Sculpture, f: Frame, head: Array, radius: float, stone: Paint) -> None:
    wide = radius * 1.25
    s.ball(f, moved(head, y=-0.03), (wide, radius * 0.4, wide), stone, blend=0.02)
    for k in range(9):
        a = k * TURN / 9
        spot = head + np.array([np.sin(a), 0, np.cos(a)]) * radius * 1.08
        merlon = moved(spot, y=-radius * 0.75)
        s.limb(f, spot, merlon, (radius * 0.24, radius * 0.22), stone, blend=0)


def _onion(s: Sculpture, f: Frame, head: Array, radius: float, roof: Paint) -> None:
    wide = radius * 1.25
    s.ball(f, moved(head, y=-radius * 0.6), (wide, radius * 1.15, wide), roof, blend=0.01)
    spire = moved(head, y=-radius * 1.2), moved(head, y=-radius * 2.7)
    s.limb(f, *spire, (radius * 0.7, 0.02), roof, blend=0.08)


def _cone(s: Sculpture, f: Frame, head: Array, radius: float, roof: Paint) -> None:
    tip = moved(head, y=-radius * 3.2)
    s.limb(f, head, tip, (radius * 1.28, 0.02), roof, blend=0.0)
    s.ball(f, tip, (0.05, 0.05, 0.05), Paint(GLOW, 0.9, 0), blend=0)


def _tower(
    s: Sculpture, f: Frame, at: Array, radius: float, tall: float, paints: tuple[Paint, Paint],
        kind: str
) -> None:  # fmt: skip
    stone, roof = paints
    head = moved(at, y=-tall)
    s.limb(f, moved(at, y=0.1), head, (radius, radius * 0.95), stone, blend=0.01)
    if kind == "battlement":
        _battlement(s, f, head, radius, stone)
    elif kind == "onion":
        _onion(s, f, head, radius, roof)
    else:
        _cone(s, f, head, radius, roof)


def castle(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw a castle of round towers with 'battlement', 'cone' or 'onion' tops."""
    s, f = (
        Sculpture(),
        upright(rng.uniform(-0.5, 0.5), rng.uniform(0.05, 0.35), rng.normal(0, 0.04)),
    )
    stone, roof = Paint(stock(rng, STONE, 0.85), 0.05), Paint(vivid(rng), 0.5, 0)
    s.ball(f, (0, 0.6, 0), (0.95, 0.5, 0.4), stone, blend=0)
    places = [
        (-0.85, 0.2, 0.2),
        (0.85, 0.2, 0.2),
        (-0.38, -0.25, 0.24),
        (0.42, -0.35, 0.22),
        (0.0, 0.3, 0.3),
    ]
    for k, (x, z, radius) in enumerate(places):
        tall = rng.uniform(0.35, 0.8) + (0.55 if k in (2, 3) else 0.0)
        at = np.array([x, 0.75, z])
        _tower(s, f, at, radius, tall + 0.35, (stone, roof), kind)
        for j in range(2):
            lit = rng.random() < 0.4
            _window(s, f, x, 0.55 - (tall + 0.2) * (0.45 + 0.4 * j), z + radius * 0.9, 0.08, lit)
    s.ball(f, (0, 0.75, 0.58), (0.17, 0.3, 0.1), Paint(DARK, 0, 0), blend=0)
    s.mark(f, _courses(stone.rgb * 0.45, 8.0))
    return portrait(s, rng, size, (0.85, 1.05))


def mosque(rng: Rng, size: int) -> Picture:
    """Draw a great dome between minarets."""
    s, f = Sculpture(), upright(rng.uniform(-0.4, 0.4), rng.uniform(0.05, 0.3), rng.normal(0, 0.03))
    stone, roof = Paint(stock(rng, STONE, 0.85), 0.1), Paint(vivid(rng), 0.7, 0)
    gold = Paint(METAL[0], 0.9, 0)
    wall = box(-0.95, 0.12, 0.95, 0.95)
    s.patch(f, np.column_stack([wall, np.full(4, 0.62)]), stone)
    s.limb(f, (0, 0.3, 0), (0, 0.0, 0), (0.68, 0.66), stone, blend=0)
    for side in (-1, 1):
        _tower(s, f, np.array([side * 1.15, 0.9, 0.1]), 0.13, 1.75, (stone, roof), "onion")
        s.ball(f, (side * 1.15, -0.35, 0.1), (0.2, 0.06, 0.2), stone, blend=0)
        s.ball(f, (side * 0.62, 0.1, 0.3), (0.3, 0.32, 0.3), roof, blend=0)
    s.ball(f, (0, -0.2, 0), (0.72, 0.68, 0.72), roof, blend=0.01)
    s.limb(f, (0, -0.7, 0), (0, -1.25, 0), (0.3, 0.02), roof, blend=0.1)
    s.limb(f, (0, -1.15, 0), (0, -1.5, 0), (0.04, 0.02), gold)
    for k in range(-2, 3):
        _window(s, f, k * 0.34, 0.55, 0.62, 0.15 if k else 0.24, rng.random() < 0.3)
    s.mark(f, _courses(stone.rgb * 0.5, 8.0))
    return portrait(s, rng, size, (0.88, 1.06))


def lighthouse(rng: Rng, size: int) -> Picture:
    """Draw a striped lighthouse."""
    s, f = Sculpture(), upright(0, rng.uniform(0.05, 0.3), rng.normal(0, 0.06))
    bands = [Paint(vivid(rng), 0.3, 0), Paint(floats([0.96, 0.95, 0.92]), 0.3, 0)]
    rock = Paint(stock(rng, STONE, 1) * 0.7, 0.1)
    for _ in range(6):
        s.ball(
            f,
            (rng.uniform(-0.6, 0.6), 1.15, rng.uniform(-0.2, 0.3)),
            (0.3, 0.2, 0.3),
            rock,
            blend=0.02,
        )
    for k in range(6):
        y0, y1 = 1.0 - 0.27 * k, 1.0 - 0.27 * (k + 1)
        s.limb(
            f, (0, y0, 0), (0, y1, 0), (0.36 - 0.025 * k, 0.335 - 0.025 * k), bands[k % 2], blend=0
        )
    s.ball(f, (0, -0.64, 0), (0.36, 0.08, 0.36), Paint(DARK + 0.1, 0.4, 0), blend=0)
    s.limb(f, (0, -0.7, 0), (0, -0.88, 0), (0.2, 0.2), Paint(GLOW * 1.3, 0.9, 0), blend=0)
    s.limb(f, (0, -0.95, 0), (0, -1.2, 0), (0.28, 0.03), bands[0], blend=0)
    return portrait(s, rng, size, (0.88, 1.06))


def windmill(rng: Rng, size: int) -> Picture:
    """Draw a windmill with four latticed sails."""
    s, f = Sculpture(), upright(rng.uniform(-0.5, 0.5), rng.uniform(0.0, 0.25), rng.normal(0, 0.04))
    wall, cap, wood = (
        Paint(stock(rng, STONE, 0.8), 0.1),
        Paint(vivid(rng), 0.3, 0),
        Paint(floats([0.35, 0.22, 0.13]), 0.1, 0),
    )
    s.limb(f, (0, 1.0, 0), (0, -0.3, 0), (0.48, 0.3), wall, blend=0)
    s.ball(f, (0, -0.38, 0), (0.36, 0.32, 0.36), cap, blend=0.01)
    _window(s, f, 0, 0.1, 0.36, 0.1, True)
    _window(s, f, 0, 0.75, 0.45, 0.19, False)
    turn, hub = rng.uniform(0, TURN), np.array([0, -0.35, 0.5])
    for k in range(4):
        a = turn + k * TURN / 4
        way, side = np.array([np.sin(a), -np.cos(a), 0]), np.array([np.cos(a), np.sin(a), 0.12])
        s.limb(f, hub, hub + way * 1.1, (0.045, 0.035), wood)
        sail = np.array(
            [
                hub + way * 0.25,
                hub + way * 1.08,
                hub + way * 1.08 + side * 0.3,
                hub + way * 0.25 + side * 0.3,
            ]
        )
        s.patch(f, sail, Paint(floats([0.93, 0.88, 0.76]), 0.05, 0))
        for j in range(1, 6):
            rib = np.array(
                [hub + way * (0.25 + 0.14 * j), hub + way * (0.25 + 0.14 * j) + side * 0.3]
            )
            s.stroke(f, moved(rib, 0, 0, 0.05), 0.03, wood.rgb)
    s.ball(f, hub, (0.09, 0.09, 0.09), wood)
    return portrait(s, rng, size, (0.9, 1.08))


REGISTER.add(
    "castle",
    "architecture",
    {kind: partial(castle, kind=kind) for kind in ("battlement", "cone", "onion")},
)
REGISTER.add("mosque", "architecture", {"dome": mosque})
REGISTER.add("lighthouse", "architecture", {"striped": lighthouse})
REGISTER.add("windmill", "architecture", {"sails": windmill})
