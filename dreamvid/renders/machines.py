"""Machines and made things: gears, wheels, cars, engines, ships, rockets, balloons, pots."""

from __future__ import annotations

from functools import partial

import numpy as np

from .canvas import Canvas
from .finish import Picture, portrait
from .frames import upright
from .maths import TURN, Array, curve, dome, floats, mix, unit
from .palettes import METAL, Rng, stock, vivid
from .places import lathe
from .registry import REGISTER
from .sculpt import Sculpture
from .solids import Paint

RUBBER, PALE = floats([0.07, 0.07, 0.08]), floats([0.94, 0.94, 0.95])


def gear(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw a cogwheel with 'holes' or 'spokes'."""
    c = Canvas(rng, size, turn=3, stretch=0.04)
    r, a = c.polar()
    teeth, arms = int(rng.integers(9, 19)), int(rng.integers(3, 7))
    rim = 0.86 + 0.11 * np.clip(np.sin(a * teeth) * 3, -1, 1)
    b = (np.mod(a * (arms / TURN), 1) - 0.5) * TURN / arms
    if kind == "holes":
        gap = np.hypot(r * np.cos(b) - 0.48, r * np.sin(b)) - 0.17
    else:
        gap = np.maximum(np.abs(r - 0.48) - 0.19, 0.1 - np.abs(np.abs(b) - TURN / 2 / arms) * r)
    gap = np.minimum(gap, r - 0.13)
    metal = stock(rng, METAL, 0.75)
    near = np.minimum(rim - r, gap)
    shine = 1 + 0.15 * np.sin(a * 2 + r * 4) + 0.05 * np.sin(r * 130)
    c.lay(
        c.inside(r - rim) * c.inside(-gap),
        metal * shine[..., None],
        height=np.clip(near, 0, 0.06),
        gloss=0.9,
    )
    return c.picture()


def wheel(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw a 'cart' wheel, a car's 'alloy' or a 'bicycle' wheel."""
    c = Canvas(rng, size, turn=3, stretch=0.3)
    r, a = c.polar()
    fewest, most = {"cart": (8, 15), "alloy": (5, 9), "bicycle": (24, 25)}[kind]
    spokes = int(rng.integers(fewest, most))
    inner = 0.88 if kind == "bicycle" else 0.72
    tyre = floats([0.45, 0.26, 0.13]) if kind == "cart" else RUBBER
    metal = tyre * 1.1 if kind == "cart" else stock(rng, METAL, 0.6) * 0.5 + 0.4
    off = np.abs(np.mod(a * (spokes / TURN), 1) - 0.5) * r * TURN / spokes
    wide: Array = 0 * r + {"cart": 0.06, "alloy": 0.06, "bicycle": 0.014}[kind]
    wide = wide + 0.1 * r * (kind == "alloy")
    if kind == "alloy":
        c.lay(c.inside(r - 0.72), RUBBER * 0.7)
    c.lay(
        c.inside(off - wide) * c.inside(r - inner),
        metal,
        height=unit(1 - off / wide) * 0.06,
        gloss=0.8,
    )
    tread = 1 + 0.4 * np.sin(a * 60) * (kind == "alloy")
    bulge = dome(np.square((r - (1 + inner) / 2) / ((1 - inner) / 2)))
    c.lay(
        c.inside(r - 1) * c.inside(inner - r),
        np.clip(tyre * tread[..., None], 0, 1),
        height=bulge * 0.12,
        gloss=0.4,
    )
    c.lay(c.inside(np.abs(r - inner) - 0.035), metal, height=0.13, gloss=0.9)
    c.lay(c.inside(r - 0.15), metal * 0.85, height=0.1 + 0.1 * dome(np.square(r / 0.15)), gloss=0.9)
    return c.picture()


def vessel(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw a banded 'vase' or a 'teapot' in glaze."""
    s, f = Sculpture(), upright(rng.uniform(-0.4, 0.4), rng.uniform(0.1, 0.4), rng.normal(0, 0.1))
    paints = [Paint(vivid(rng), 0.9, 0), Paint(vivid(rng), 0.9, 0), Paint(PALE, 0.9, 0)]
    if kind == "vase":
        belly, neck, lip = rng.uniform(0.45, 0.75), rng.uniform(0.14, 0.3), rng.uniform(0.3, 0.48)
        rows = curve(
            [(0.3, 0.95), (belly * 1.5, 0.6), (belly, -0.1), (neck * 0.6, -0.5), (lip, -1.0)], 8
        )
        lathe(s, f, [(float(r), float(y)) for r, y in rows], paints)
        s.ball(f, (0, -1.02, 0), (lip * 0.75, 0.04, lip * 0.75), Paint(RUBBER, 0.1, 0), blend=0)
        return portrait(s, rng, size, (0.82, 1.02))
    s.ball(f, (0, 0.1, 0), (0.75, 0.62, 0.75), paints[0])
    s.ball(f, (0, -0.42, 0), (0.42, 0.16, 0.42), paints[1], blend=0)
    s.ball(f, (0, -0.62, 0), (0.12, 0.12, 0.12), paints[1], blend=0.02)
    s.ball(f, (0, 0.64, 0), (0.48, 0.12, 0.48), paints[1])
    s.tube(
        f,
        curve([(0.55, 0.3, 0), (1.0, 0.25, 0), (0.9, -0.4, 0), (1.25, -0.5, 0)], 9),
        np.linspace(0.24, 0.09, 9),
        [paints[0]],
        blend=0.05,
    )
    s.tube(
        f,
        curve([(-0.55, -0.25, 0), (-1.4, -0.5, 0), (-1.3, 0.6, 0), (-0.6, 0.4, 0)], 12),
        np.full(12, 0.09),
        [paints[1]],
        blend=0.03,
    )
    return portrait(s, rng, size, (0.82, 1.04))


def clock(rng: Rng, size: int) -> Picture:
    """Draw a clock's face."""
    c, rim = Canvas(rng, size, turn=0.2, stretch=0.05), stock(rng, METAL, 0.7)
    r, a = c.polar()
    c.lay(c.inside(r - 1), rim, height=0.16 * dome(np.square((r - 0.9) / 0.1)), gloss=0.9)
    c.lay(c.inside(r - 0.82), mix(PALE, vivid(rng), rng.choice([0.0, 0.25])), height=0.0, gloss=0.3)
    tick = np.abs(np.mod(a * (12 / TURN), 1) - np.round(np.mod(a * (12 / TURN), 1))) * r * TURN / 12
    c.lay(c.inside(tick - 0.035) * c.inside(np.abs(r - 0.68) - 0.09), RUBBER)
    fine = np.abs(np.sin(a * 30)) * r / 30
    c.lay(c.inside(fine - 0.008) * c.inside(np.abs(r - 0.76) - 0.03), RUBBER)
    for reach, width in ((0.45, 0.1), (0.66, 0.06)):
        turn = rng.uniform(0, TURN)
        way, side = np.array([np.sin(turn), -np.cos(turn)]), np.array([np.cos(turn), np.sin(turn)])
        c.fill(
            np.array(
                [
                    -way * 0.12 + side * width / 2,
                    way * reach * 0.6 + side * width * 0.7,
                    way * reach,
                    way * reach * 0.6 - side * width * 0.7,
                    -way * 0.12 - side * width / 2,
                ]
            ),
            RUBBER,
            bevel=0.03,
            lift=0.05,
        )
    c.lay(c.inside(r - 0.07), rim, height=0.08 + 0.07 * dome(np.square(r / 0.07)), gloss=0.9)
    return c.picture()


for _kind, _maker, _names in (
    ("gear", gear, ("holes", "spokes")),
    ("wheel", wheel, ("cart", "alloy", "bicycle")),
    ("pot", vessel, ("vase", "teapot")),
):
    REGISTER.add(_kind, "machines", {name: partial(_maker, kind=name) for name in _names})
REGISTER.add("clock", "machines", {"face": clock})
