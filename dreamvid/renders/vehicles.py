"""Vehicles: cars, engines, ships, rockets, balloons, aeroplanes."""

from __future__ import annotations

from functools import partial

import numpy as np

from .canvas import Canvas, box
from .finish import Picture, portrait
from .frames import upright
from .machines import PALE, RUBBER
from .maths import TURN, Array, curve, floats, outline, ring
from .palettes import METAL, Rng, ramp, stock, vivid
from .registry import REGISTER
from .sculpt import Sculpture
from .solids import Paint

GLASS = [floats([0.1, 0.13, 0.2]), floats([0.4, 0.55, 0.7]), floats([0.95, 0.98, 1])]


def _tyre(c: Canvas, x: float, y: float, radius: float) -> None:
    r, a = c.polar(x, y)
    c.lay(c.inside(r - radius), RUBBER, height=0.06, gloss=0.3)
    hub = PALE * (0.35 + 0.6 * (np.cos(a * 5) > -0.2))[..., None]
    c.lay(c.inside(r - radius * 0.6), hub, height=0.08 + 0.02 * np.cos(a * 5), gloss=0.9)


def _body(kind: str, q: float) -> Array:
    """Return a car's outline; `q` is how much higher than usual its roof is."""
    if kind == "van":
        front = [(0.55, -0.6 - q), (0.75, -0.12), (1, -0.05), (1, 0.28)]
        return np.array([(-1, 0.28), (-1, -0.6 - q), *front])
    if kind == "beetle":
        return outline(
            [(-1, 0.28), (-1.0, -0.1), (-0.7, -0.15)],
            [(-0.6, -0.5), (0, -0.95 - q), (0.5, -0.2)],
            [(0.6, -0.2), (1.02, -0.2), (1, 0.28)],
        )
    return outline(
        [(-1, 0.28), (-1, -0.05), (-0.72, -0.08)],
        [(-0.6, -0.1), (-0.4, -0.5 - q), (0, -0.5 - q)],
        [(0, -0.5 - q), (0.3, -0.5 - q), (0.5, -0.12)],
        [(0.6, -0.1), (1.05, -0.05), (1, 0.28)],
    )


def _panes(c: Canvas, kind: str, q: float) -> None:
    glass = ramp(GLASS, 0.4 + 0.5 * np.sin(c.x * 5 + c.y * 7))
    spans = ((-0.88, -0.5), (-0.5, -0.12), (-0.12, 0.26), (0.3, 0.55))
    for x0, x1 in spans if kind == "van" else ((-0.48, -0.04), (0.03, 0.4)):
        lean = 0.0 if kind == "van" else 0.14
        top = -0.5 - q * 0.5 if kind == "van" else -0.42 - q
        left, right = x0 + lean * (x0 < 0), x1 - lean * (x0 >= 0)
        c.fill(np.array([(x0, -0.1), (left, top), (right, top), (x1, -0.1)]), glass, gloss=0.9)


def car(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw a 'saloon', a 'beetle' or a 'van' from the side."""
    c, colour, q = Canvas(rng, size, turn=0.1), vivid(rng), rng.uniform(0, 0.12)
    c.fill(_body(kind, q), colour, bevel=0.22, gloss=0.8)
    _panes(c, kind, q)
    c.fill(ring((0.94, 0.04), (0.06, 0.07)), floats([1, 0.97, 0.75]), bevel=0.05, gloss=0.9)
    c.fill(ring((-0.96, 0.03), (0.04, 0.08)), floats([0.85, 0.1, 0.1]), bevel=0.04, gloss=0.9)
    seams = [np.array([(0, -0.1), (0, 0.25)]), np.array([(0.06, 0.0), (0.16, 0.0)])]
    c.line(seams, 0.018, colour * 0.35)
    c.line([np.array([(-1, 0.2), (1, 0.2)])], 0.05, PALE * 0.8, bevel=0.03)
    for x in (-0.56, 0.56):
        _tyre(c, x, 0.3, 0.24)
    return c.picture()


def locomotive(rng: Rng, size: int) -> Picture:
    """Draw a steam engine from the side."""
    c, colour, brass = Canvas(rng, size, turn=0.05), vivid(rng) * 0.85, METAL[0]
    c.fill(box(-1.0, -0.62, -0.42, 0.3), colour, bevel=0.08, gloss=0.5)
    c.fill(box(-1.07, -0.75, -0.35, -0.6), colour * 0.5, bevel=0.08)
    c.fill(box(-0.88, -0.48, -0.54, -0.15), ramp(GLASS, 0.5 + c.x), gloss=0.8)
    c.fill(box(-0.45, -0.32, 0.85, 0.18), colour, bevel=0.45, gloss=0.8)
    for x in (-0.2, 0.2, 0.6):
        c.fill(box(x - 0.03, -0.33, x + 0.03, 0.19), brass, bevel=0.4, gloss=0.9, lift=0.02)
    c.fill(
        np.array(
            [(0.52, -0.3), (0.5, -0.75), (0.42, -0.92), (0.82, -0.92), (0.74, -0.75), (0.72, -0.3)]
        ),
        RUBBER + 0.1,
        bevel=0.2,
        gloss=0.5,
    )
    c.fill(ring((0.12, -0.36), (0.13, 0.16)), brass, bevel=0.2, gloss=0.9)
    c.fill(np.array([(0.8, 0.2), (1.12, 0.6), (0.7, 0.6)]), brass * 0.8, bevel=0.06)
    c.fill(box(-1.0, 0.2, 0.9, 0.34), RUBBER + 0.08, bevel=0.06)
    for x, radius in ((-0.68, 0.28), (-0.08, 0.28), (0.42, 0.2), (0.78, 0.17)):
        r, a = c.polar(x, 0.62 - radius + 0.2)
        c.lay(c.inside(np.abs(r - radius) - 0.035), colour * 0.6 + 0.1, height=0.1, gloss=0.7)
        c.lay(
            c.inside(np.maximum(r - radius, np.abs(np.sin(a * 4)) * r - 0.025)),
            brass,
            height=0.08,
            gloss=0.7,
        )
    c.line([np.array([(-0.68, 0.54), (0.45, 0.58)])], 0.06, PALE * 0.7, bevel=0.05)
    return c.picture()


def ship(rng: Rng, size: int) -> Picture:
    """Draw a sailing ship in full rig."""
    c, hull = Canvas(rng, size, turn=0.12), stock(rng, METAL[2:3], 0.5) * 0.6
    sail = PALE if rng.random() < 0.6 else vivid(rng)
    planks = 1 + 0.2 * np.sin(c.y * 60)
    c.fill(
        outline(
            [(-1.05, 0.3), (-0.5, 0.48), (0.6, 0.42)],
            [(0.6, 0.42), (0.95, 0.35), (1.1, 0.2)],
            [(1.0, 0.5), (0.8, 0.95), (0.3, 0.95)],
            [(0.3, 0.95), (-0.5, 0.98), (-0.8, 0.9)],
        ),
        hull * planks[..., None],
        bevel=0.3,
    )
    c.line(
        [curve([(-1.05, 0.33), (-0.5, 0.52), (0.6, 0.46), (1.08, 0.24)], 12)],
        0.05,
        METAL[0],
        bevel=0.04,
    )
    for x, tall in ((-0.6, 1.2), (0.0, 1.45), (0.58, 1.15)):
        c.line([np.array([(x, 0.5), (x, 0.45 - tall)])], 0.045, hull * 0.8, bevel=0.03)
        for k in range(3):
            y, w, h = 0.38 - tall * 0.33 * k, 0.3 * (1 - 0.2 * k), tall * 0.29
            shape = outline(
                [(x - w * 0.85, y - h), (x + w * 0.85, y - h)],
                [(x + w * 0.85, y - h), (x + w * 1.35, y - h * 0.4), (x + w, y)],
                [(x + w, y), (x + 0.1, y - 0.08), (x - w, y)],
                [(x - w, y), (x - w * 0.8, y - h * 0.4), (x - w * 0.85, y - h)],
            )
            c.fill(shape, sail * (1 - 0.1 * k), bevel=0.22)
        c.fill(np.array([(x, 0.45 - tall), (x + 0.2, 0.5 - tall), (x, 0.55 - tall)]), vivid(rng))
    for x in np.linspace(-0.6, 0.6, 5):
        c.fill(box(x - 0.05, 0.62, x + 0.05, 0.71), RUBBER)
    return c.picture()


def rocket(rng: Rng, size: int) -> Picture:
    """Draw a finned rocket on its flame."""
    s, f = Sculpture(), upright(rng.uniform(-1, 1), rng.uniform(-0.2, 0.4), rng.normal(0, 0.5))
    body, fin = Paint(PALE, 0.8, 0), Paint(vivid(rng), 0.7, 0)
    profile = [(0.22, 0.75), (0.34, 0.4), (0.38, 0.0), (0.34, -0.45), (0.2, -0.8), (0.02, -1.1)]
    for k in range(5):
        (r0, y0), (r1, y1) = profile[k], profile[k + 1]
        s.limb(f, (0, y0, 0), (0, y1, 0), (r0, r1), fin if k in (3, 4) else body, blend=0.03)
    for k in range(4):
        a = k * TURN / 4 + 0.4
        way = np.array([np.sin(a), 0, np.cos(a)])
        shape = [
            way * 0.3 + (0, 0.1, 0),
            way * 0.75 + (0, 0.6, 0),
            way * 0.75 + (0, 1.0, 0),
            way * 0.2 + (0, 0.75, 0),
        ]
        s.patch(f, np.array(shape), fin)
    for y in (-0.3, 0.1):
        s.ball(f, (0, y, 0.34), (0.14, 0.14, 0.07), Paint(METAL[1], 0.9, 0), blend=0)
        s.ball(f, (0, y, 0.37), (0.1, 0.1, 0.07), Paint(floats([0.3, 0.6, 0.9]), 1.0, 0), blend=0)
    for radius, reach, tone in ((0.24, 1.5, (1.2, 0.45, 0.1)), (0.14, 1.25, (1.4, 1.1, 0.4))):
        s.limb(f, (0, 0.85, 0), (0, reach, 0.05), (radius, 0.03), Paint(floats(tone), 0, 0))
    return portrait(s, rng, size, (0.88, 1.08))


def balloon(rng: Rng, size: int) -> Picture:
    """Draw a striped hot-air balloon with its basket."""
    s, f = Sculpture(), upright(rng.uniform(-1, 1), rng.uniform(-0.2, 0.2), rng.normal(0, 0.12))
    tones, gores = (Paint(vivid(rng), 0.4, 0), Paint(vivid(rng), 0.4, 0)), 14
    for k in range(gores):
        a = k * TURN / gores
        spot = np.array([np.sin(a), 0, np.cos(a)])
        s.ball(f, spot * 0.55 + (0, -0.35, 0), (0.28, 0.78, 0.28), tones[k % 2], blend=0.02)
        s.limb(
            f,
            spot * 0.5 + (0, 0.0, 0),
            spot * 0.16 + (0, 0.62, 0),
            (0.26, 0.06),
            tones[k % 2],
            blend=0.02,
        )
    for x in (-0.13, 0.13):
        s.limb(f, (x, 0.6, 0.1), (x, 1.0, 0.1), (0.018, 0.018), Paint(RUBBER, 0, 0))
    s.ball(f, (0, 1.08, 0), (0.2, 0.16, 0.2), Paint(floats([0.6, 0.4, 0.2]), 0.1, 0), blend=0)
    return portrait(s, rng, size, (0.85, 1.04))


def aeroplane(rng: Rng, size: int) -> Picture:
    """Draw a propeller aeroplane in flight."""
    s, f = Sculpture(), upright(rng.uniform(0.2, 1.3), rng.uniform(0.1, 0.7), rng.normal(0, 0.3))
    body, trim, dark = Paint(vivid(rng), 0.7, 0), Paint(PALE, 0.6, 0), Paint(RUBBER, 0.5, 0)
    s.limb(f, (0, 0, 0.75), (0, -0.12, -1.2), (0.3, 0.08), body, blend=0.05)
    s.ball(f, (0, 0, 0.8), (0.3, 0.3, 0.2), trim)
    for side in f.both():
        s.patch(
            side,
            np.array([(0.1, 0.12, 0.55), (1.6, 0.02, 0.4), (1.65, 0.02, 0.05), (0.1, 0.12, -0.1)]),
            trim,
            cup=0.1,
            tip=body,
        )
        s.patch(
            side,
            np.array(
                [(0.02, -0.1, -0.9), (0.55, -0.15, -1.1), (0.55, -0.15, -1.3), (0.02, -0.12, -1.2)]
            ),
            trim,
        )
        s.limb(side, (0.22, 0.2, 0.5), (0.35, 0.5, 0.55), (0.04, 0.04), dark)
        s.ball(side, (0.36, 0.56, 0.55), (0.06, 0.15, 0.15), dark, blend=0)
    s.patch(
        f, np.array([(0, -0.12, -0.85), (0, -0.6, -1.2), (0, -0.6, -1.35), (0, -0.1, -1.25)]), body
    )
    s.ball(f, (0, -0.22, 0.05), (0.2, 0.2, 0.35), Paint(floats([0.3, 0.5, 0.7]), 1, 0), blend=0.01)
    a = rng.uniform(0, TURN)
    for turn in (a, a + TURN / 2):
        way = np.array([np.cos(turn), np.sin(turn), 0])
        s.ball(f, way * 0.36 + (0, 0, 1.02), (0.36, 0.08, 0.03), dark, blend=0, roll=turn)
    s.ball(f, (0, 0, 1.05), (0.1, 0.1, 0.15), Paint(METAL[0], 0.9, 0))
    return portrait(s, rng, size, (0.9, 1.1))


REGISTER.add(
    "car", "machines", {kind: partial(car, kind=kind) for kind in ("saloon", "beetle", "van")}
)
REGISTER.add("locomotive", "machines", {"steam": locomotive})
REGISTER.add("ship", "machines", {"sailing": ship})
REGISTER.add("rocket", "machines", {"flying": rocket})
REGISTER.add("balloon", "machines", {"rising": balloon})
REGISTER.add("aeroplane", "machines", {"propeller": aeroplane})
