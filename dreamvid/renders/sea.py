"""Soft and shelled creatures of the sea: tentacles, bells, spirals, stars."""

from __future__ import annotations

import numpy as np

from . import coats
from . import markings as m
from .eyes import Iris
from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import Array, curve, moved
from .palettes import Rng, look
from .registry import REGISTER
from .sculpt import Mark, Sculpture
from .solids import Paint

FURS = (
    "e8603a 6a1a14 ffd8c0 f0a81e", "8a4ac8 2a1450 e8d0ff f05a9a", "1e8ac8 0e2a5a d0f0ff f0c81e",
    "e89ab0 8a2a4a fff0f0 c83a5a", "d8a83a 5a3a14 fff0c8 c8501e", "3ab88a 0e4a3a e0ffe8 e8801e",
)  # fmt: skip


def _eyes(
    s: Sculpture, f: Frame, x: float, y: float, z: float, radius: float, iris: Iris, coat: Paint
) -> None:
    for side in f.both():
        s.ball(side, (x * 0.92, y, z * 0.92), (radius * 1.25,) * 3, coat, blend=0.06)
        s.eye(side, (x, y, z + radius * 0.8), (0.45, -0.1, 1), radius, iris)


def arm(rng: Rng, start: Array, way: Array, length: float, count: int = 16) -> Array:
    """Return a tentacle's path: it starts along `way` and curls more and more."""
    turn = rng.uniform(0.5, 1.6) * rng.choice([-1, 1])
    lift, t = rng.uniform(-0.6, 0.6), np.linspace(0, 1, count)
    angle = turn * 2.6 * t**2 + np.arctan2(way[0], way[2])
    step = np.stack([np.sin(angle), way[1] * (1 - t) + lift * t, np.cos(angle)], 1)
    return np.asarray(start + np.cumsum(step, 0) * (length / count))


def paint_octopus(rng: Rng, size: int) -> Picture:
    """Draw an octopus with eight curling arms and their suckers."""
    colours, s = look(rng, FURS), Sculpture()
    f = upright(rng.uniform(-0.5, 0.5), rng.uniform(0.1, 0.7), rng.normal(0, 0.25))
    coat, cup = Paint(colours.coat, 0.5), Paint(colours.light, 0.4, 0.3)
    for k in range(8):
        a = (k + 0.5) * np.pi / 4
        way = np.array([np.sin(a), 0.55, np.cos(a)])
        path = arm(rng, way * (0.3, 0.6, 0.3) + (0, 0.2, 0), way, rng.uniform(1.5, 2.0))
        radii = np.linspace(0.2, 0.035, len(path))
        s.tube(f, path, radii, [coat], blend=0.04)
        for j in range(2, 14, 2):
            r = radii[j]
            s.ball(f, path[j] + np.array([0.0, r * 0.55, r * 0.8]), (r * 0.42,) * 3, cup, blend=0)
    s.ball(f, (0, -0.62, -0.2), (0.6, 0.8, 0.62), coat, blend=0.15, pitch=0.3)
    s.ball(f, (0, 0.05, 0.05), (0.48, 0.4, 0.44), coat, blend=0.15)
    s.coat(f, coats.skin(rng, coats.polar, 0.5))
    s.mark(f, m.spots(colours.light, rng, size=0.8, share=0.24))
    iris = Iris(colours.iris, str(rng.choice(["bar", "round"])), lid=0.15)
    _eyes(s, f, 0.34, -0.1, 0.38, 0.17, iris, coat)
    return portrait(s, rng, size, (0.88, 1.1))


def paint_squid(rng: Rng, size: int) -> Picture:
    """Draw a squid: a pointed mantle with fins, ten arms ahead."""
    colours, s = look(rng, FURS), Sculpture()
    f = upright(rng.uniform(0.5, 1.4), rng.uniform(-0.2, 0.5), rng.uniform(-0.9, 0.9))
    coat = Paint(colours.coat, 0.5)
    s.limb(f, (0, 0, 0.3), (0, 0, -1.6), (0.42, 0.08), coat, blend=0.1)
    for side in f.both():
        s.patch(
            side,
            np.array([(0, 0, -1.75), (0.75, 0, -1.3), (0.25, 0, -0.85)]),
            Paint(colours.accent, 0.4),
        )
    s.ball(f, (0, 0, 0.5), (0.34, 0.32, 0.3), coat)
    for k in range(9):
        a = k * 0.7
        way = np.array([0.3 * np.sin(a), 0.3 * np.cos(a), 1.0])
        path = arm(
            rng, np.array([0.2 * np.sin(a), 0.2 * np.cos(a), 0.7]), way, rng.uniform(0.9, 1.3), 11
        )
        s.tube(f, path, np.linspace(0.1, 0.025, 11), [coat], blend=0.02)
    s.mark(f, m.spots(colours.dark, rng, size=0.6, share=0.26))
    _eyes(s, f, 0.34, 0.0, 0.5, 0.15, Iris(colours.iris), coat)
    for side in f.both():
        s.eye(side, (0.37, 0, 0.5), (1, 0, 0.1), 0.17, Iris(colours.iris))
    return portrait(s, rng, size, (0.9, 1.12))


def paint_jelly(rng: Rng, size: int) -> Picture:
    """Draw a jellyfish: a ribbed bell, frills, long threads."""
    colours, s = look(rng, FURS, 0.4), Sculpture()
    f = upright(0, rng.uniform(-0.1, 0.5), rng.normal(0, 0.45))
    for k in range(16):
        a = k * np.pi / 8
        t, sway = np.linspace(0, 1, 10), rng.uniform(0, 6)
        x = (0.72 - 0.2 * t) * np.sin(a) + 0.12 * np.sin(t * 7 + sway) * t
        path = np.stack([x, 0.1 + t * rng.uniform(1.1, 1.9), 0.7 * np.cos(a) + 0 * t], 1)
        s.tube(f, path, np.linspace(0.05, 0.02, 10), [Paint(colours.accent, 0.5)], blend=0.01)
    for k in range(5):
        path = arm(
            rng, np.array([0.15 * (k - 2), 0.1, 0.2]), np.array([0.1 * (k - 2), 1.6, 0.1]), 1.3, 9
        )
        s.tube(
            f,
            path,
            np.linspace(0.17, 0.05, 9),
            [Paint(colours.light, 0.5), Paint(colours.coat, 0.5)],
        )
    s.ball(f, (0, -0.15, 0), (0.95, 0.82, 0.95), Paint(colours.coat, 0.9), blend=0.02)
    s.ball(f, (0, 0.22, 0), (0.98, 0.3, 0.98), Paint(colours.light, 0.6), blend=0.06)
    s.mark(f, _ribs(int(rng.integers(8, 17)), colours.light))
    return portrait(s, rng, size, (0.88, 1.1))


def _ribs(count: int, colour: Array) -> Mark:
    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        wave = np.cos(np.arctan2(x, z) * count)
        return np.clip(wave * 2 - 0.9, 0, 1) * (y < 0.3) * 0.8, colour

    return mark


def _spine() -> tuple[Array, Array]:
    """Return a seahorse's line from nape to rolled tail, and its girth along it."""
    back = curve([(0.1, -1.0, 0), (-0.45, -0.5, 0), (0.55, 0.1, 0), (-0.15, 0.9, 0)], 20)
    a, t = np.linspace(0, 5.5, 14), np.linspace(0, 1, 34)
    reach = 0.33 * (1 - a / 7)
    roll = np.stack([0.18 - reach * np.cos(a), 0.95 + reach * np.sin(a), 0 * a], 1)
    girth = 0.06 + 0.26 * np.exp(-np.square((t - 0.3) / 0.17)) + 0.12 * (1 - t)
    return np.concatenate([back, roll]), girth


def paint_seahorse(rng: Rng, size: int) -> Picture:
    """Draw a seahorse: snout, crown, ringed belly, rolled tail."""
    colours, s = look(rng, FURS, 0.6), Sculpture()
    f = upright(rng.uniform(-0.35, 0.35), rng.uniform(-0.1, 0.2), rng.normal(0, 0.2))
    rings = [Paint(colours.coat, 0.35), Paint(colours.coat * 0.78, 0.35)]
    trim = Paint(colours.accent, 0.3)
    path, girth = _spine()
    s.tube(f, path, girth, rings, blend=0.015)
    for k in range(2, 16):
        spike = moved(path[k], -girth[k] - 0.09, -0.03)
        s.limb(f, path[k], spike, (girth[k] * 0.5, 0.02), trim, blend=0.02)
    fin = [(-0.15, -0.25, 0), (-0.75, -0.35, 0), (-0.7, 0.25, 0), (-0.05, 0.15, 0)]
    s.patch(f, np.array(fin), trim)
    s.ball(f, (0.2, -1.05, 0), (0.32, 0.27, 0.26), rings[0])
    s.limb(f, (0.35, -0.98, 0), (0.95, -0.8, 0), (0.14, 0.09), rings[0])
    for k in range(4):
        s.limb(f, (0.1 + 0.07 * k, -1.2, 0), (-0.05 + 0.12 * k, -1.55, 0), (0.08, 0.02), trim)
    s.eye(f, (0.27, -1.08, 0.26), (0.1, 0, 1), 0.13, Iris(colours.iris))
    s.mark(f, m.spots(colours.light, rng, size=0.5, share=0.2))
    return portrait(s, rng, size, (0.88, 1.08))


def paint_ray(rng: Rng, size: int) -> Picture:
    """Draw a manta ray from above."""
    colours, s = look(rng, FURS, 0.5), Sculpture()
    f = upright(rng.normal(0, 0.3), rng.uniform(0.7, 1.4), rng.uniform(-1.5, 1.5))
    flap = rng.uniform(-0.3, 0.6)
    for side in f.both():
        shape = np.array(
            [
                (0.1, 0, 0.65),
                (0.7, -0.1, 0.4),
                (1.7, -flap, -0.25),
                (0.9, -0.1, -0.4),
                (0.1, 0, -0.75),
            ]
        )
        s.patch(side, shape, Paint(colours.coat, 0.4), cup=0.3, tip=Paint(colours.dark, 0.4))
        s.limb(side, (0.22, 0, 0.6), (0.26, 0.08, 1.0), (0.1, 0.04), Paint(colours.dark, 0.4))
        s.eye(side, (0.34, -0.1, 0.58), (0.7, -0.7, 0.4), 0.1, Iris(colours.iris))
    s.ball(f, (0, 0, 0), (0.5, 0.22, 0.85), Paint(colours.coat, 0.4), blend=0.15)
    s.tube(
        f,
        curve([(0, 0, -0.7), (0.1, 0, -1.4), (-0.2, 0, -2.1)], 9),
        np.linspace(0.09, 0.02, 9),
        [Paint(colours.dark, 0.3)],
    )
    s.mark(f, m.spots(colours.light, rng, size=0.9, share=0.3))
    return portrait(s, rng, size, (0.9, 1.12))


REGISTER.add("octopus", "sea", {"curling": paint_octopus})
REGISTER.add("squid", "sea", {"swimming": paint_squid})
REGISTER.add("jellyfish", "sea", {"drifting": paint_jelly})
REGISTER.add("seahorse", "sea", {"upright": paint_seahorse})
REGISTER.add("ray", "sea", {"gliding": paint_ray})
