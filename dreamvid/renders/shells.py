"""Shells, snails, stars and urchins of the sea."""

from __future__ import annotations

import numpy as np

from . import coats
from .eyes import Iris
from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import Array, curve
from .palettes import Look, Rng, look
from .registry import REGISTER
from .sculpt import Sculpture
from .sea import FURS, arm
from .solids import Paint


def paint_starfish(rng: Rng, size: int) -> Picture:
    """Draw a starfish with beaded arms."""
    colours, s = look(rng, FURS, 0.5), Sculpture()
    f = upright(0, rng.uniform(-0.5, 0.5), rng.uniform(-3, 3))
    arms, reach = int(rng.choice([5, 5, 5, 6, 8])), rng.uniform(0.9, 1.1)
    coat, bead = Paint(colours.coat, 0.25), Paint(colours.light, 0.4, 0.2)
    for k in range(arms):
        a = 2 * np.pi * k / arms
        bend = rng.normal(0, 0.2)
        path = curve(
            [
                (0, 0, 0),
                (0.5 * np.sin(a), -0.5 * np.cos(a), 0.1),
                (reach * np.sin(a + bend), -reach * np.cos(a + bend), 0),
            ],
            9,
        )
        s.tube(f, path, np.linspace(0.3, 0.07, 9), [coat], blend=0.08)
        for j in range(9):
            for off in (0,) if j % 2 else (-1, 0, 1):
                way = np.array([np.cos(a), np.sin(a), 0]) * off * (0.17 - 0.016 * j)
                s.ball(
                    f,
                    path[j] + way + (0, 0, 0.28 - 0.024 * j - 0.06 * abs(off)),
                    (0.05, 0.05, 0.05),
                    bead,
                    blend=0.01,
                )
    s.coat(f, coats.skin(rng, coats.polar, 0.7))
    return portrait(s, rng, size, (0.88, 1.12))


def _spiral(turns: float, ratio: float, count: int, rise: float) -> tuple[Array, Array]:
    t = np.linspace(0, 1, count)
    angle, reach = t * turns * 2 * np.pi, ratio ** (turns * (t - 1))
    path = np.stack([reach * np.cos(angle), reach * np.sin(angle), rise * (1 - reach)], 1)
    return np.asarray(path * 0.62), np.asarray(reach * 0.62 * (1 - 1 / ratio) * 0.62)


def _shell(s: Sculpture, f: Frame, colours: Look, rng: Rng, rise: float) -> None:
    path, radii = _spiral(2.6, rng.uniform(2.3, 3.0), 48, rise)
    stripes = int(rng.integers(1, 4))
    paints = [Paint(colours.coat, 0.5, 0.5)] * stripes + [Paint(colours.accent, 0.5, 0.5)] * int(
        rng.integers(1, 3)
    )
    s.tube(f, path, radii, paints, blend=0.012)


def paint_nautilus(rng: Rng, size: int) -> Picture:
    """Draw a nautilus: a striped spiral shell, an eye, arms in its mouth."""
    colours, s = look(rng, FURS, 0.6), Sculpture()
    f = upright(rng.uniform(-0.4, 0.4), rng.uniform(-0.2, 0.2), rng.normal(0, 0.4))
    _shell(s, f, colours, rng, 0.0)
    for k in range(9):
        path = arm(
            rng,
            np.array([0.5 + 0.035 * k, 0.1, 0.05]),
            np.array([0.25 * (k / 4 - 1), 1.1, 0.2]),
            0.75,
            8,
        )
        s.tube(f, path, np.linspace(0.075, 0.02, 8), [Paint(colours.light, 0.4)], blend=0.02)
    s.ball(f, (0.62, 0.08, 0.0), (0.32, 0.24, 0.32), Paint(colours.light, 0.4))
    s.eye(f, (0.62, 0.08, 0.36), (0, 0, 1), 0.13, Iris(colours.iris, "bar"))
    return portrait(s, rng, size, (0.85, 1.1))


def paint_snail(rng: Rng, size: int) -> Picture:
    """Draw a land snail: foot, stalked eyes, whorled shell."""
    colours, s = look(rng, FURS, 0.7), Sculpture()
    f = upright(rng.uniform(0.1, 0.5), rng.uniform(0, 0.25), rng.normal(0, 0.12))
    body = Paint(colours.light * (0.85, 0.75, 0.6), 0.5)
    s.tube(
        f,
        curve([(-1.3, 0.72, 0), (-0.2, 0.78, 0), (0.9, 0.75, 0), (1.15, 0.15, 0)], 12),
        np.linspace(0.1, 0.27, 12),
        [body],
        blend=0.06,
    )
    place = f.inside((-0.15, 0.05, 0), roll=rng.uniform(0.6, 1.2), scale=1.15)
    _shell(s, place, colours, rng, 0.5)
    for z in (-0.14, 0.14):
        tip = (1.45, -0.42, z * 2)
        s.limb(f, (1.2, 0.1, z), tip, (0.08, 0.05), body)
        s.ball(f, tip, (0.12, 0.12, 0.12), body, blend=0.02)
        s.eye(f, np.add(tip, (0.03, 0, 0.1)), (0.3, 0, 1), 0.1, Iris(colours.iris))
        s.limb(f, (1.3, 0.3, z), (1.55, 0.35, z * 1.6), (0.05, 0.03), body)
    s.coat(f, coats.skin(rng, coats.polar, 0.8))
    return portrait(s, rng, size, (0.85, 1.1))


def paint_scallop(rng: Rng, size: int) -> Picture:
    """Draw a scallop's ribbed fan."""
    colours, s = look(rng, FURS, 0.5), Sculpture()
    f = upright(rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4), rng.uniform(-0.8, 0.8))
    ribs = int(rng.integers(9, 15))
    for k in range(ribs):
        a = (k / (ribs - 1) - 0.5) * 2.1
        long = 1.55 - 0.28 * a * a
        path = curve(
            [
                (0, 0.7, 0),
                (0.5 * np.sin(a), 0.7 - 0.5 * np.cos(a), 0.5),
                (long * np.sin(a), 0.7 - long * np.cos(a), 0),
            ],
            10,
        )
        tones = [
            Paint(colours.coat, 0.4),
            Paint(colours.accent, 0.4),
            Paint(colours.coat * 0.8 + 0.15, 0.4),
        ]
        s.tube(f, path, np.linspace(0.05, 0.2 * 12 / ribs, 10), tones, blend=0.03)
    s.ball(f, (0, 0.74, 0.1), (0.36, 0.12, 0.1), Paint(colours.accent * 0.8, 0.4))
    return portrait(s, rng, size, (0.82, 1.05))


def paint_urchin(rng: Rng, size: int) -> Picture:
    """Draw a sea urchin's ball of spines."""
    colours, s = look(rng, FURS, 0.5), Sculpture()
    f = upright(rng.uniform(-1, 1), rng.uniform(-1, 1))
    s.ball(f, (0, 0, 0), (0.55, 0.5, 0.55), Paint(colours.coat, 0.4))
    for k in range(70):
        z, a = 1 - 2 * (k + 0.5) / 70, k * 2.39996
        r = np.sqrt(1 - z * z)
        way = np.array([r * np.cos(a), r * np.sin(a), z])
        tint = colours.accent if k % 2 else colours.light
        s.limb(
            f,
            way * 0.45,
            way * rng.uniform(0.95, 1.2),
            (0.06, 0.012),
            Paint(tint, 0.5, 0),
            blend=0.01,
        )
    return portrait(s, rng, size, (0.85, 1.08))


REGISTER.add("starfish", "sea", {"beaded": paint_starfish})

REGISTER.add("nautilus", "sea", {"shell": paint_nautilus})

REGISTER.add("snail", "sea", {"crawling": paint_snail})

REGISTER.add("scallop", "sea", {"fan": paint_scallop})

REGISTER.add("urchin", "sea", {"spines": paint_urchin})
