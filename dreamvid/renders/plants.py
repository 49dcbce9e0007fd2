"""Plants: petals, leaves, caps and trunks on the same sculptor as the animals."""

from __future__ import annotations

import numpy as np

from . import coats
from . import markings as m
from .finish import Picture, portrait
from .flowers import whorl
from .frames import Frame, upright
from .maths import Array, curve, floats, moved
from .palettes import LEAF, Look, Rng, look, stock
from .plumage import feather
from .registry import REGISTER, Painter
from .sculpt import Sculpture
from .solids import Paint


def mushroom(kind: str) -> Painter:
    """Return the painter of a spotted 'toadstool' or a brown 'cep', single or in company."""

    def paint(rng: Rng, size: int) -> Picture:
        tones = (
            ("d81e1e 8a0e0e fff4e0 f8f0e0",)
            if kind == "toadstool"
            else ("9a5a2a 4a2a12 f0dcb8 d8b888", "d8a05a 7a4a1e fff0d0 e8c898")
        )
        c, s = look(rng, tones, 0.6), Sculpture()
        f = upright(0, rng.uniform(-0.25, 0.35), rng.normal(0, 0.15))
        company = int(rng.integers(1, 4))
        for x, y, scale in ((0.0, 0.0, 1.0), (-0.75, 0.45, 0.5), (0.7, 0.5, 0.45))[:company]:
            _mushroom(
                s,
                f.inside((x, y, 0.2 * (1 - scale)), scale=scale, roll=rng.normal(0, 0.12)),
                c,
                kind == "toadstool",
                rng,
            )
        s.coat(f, coats.smooth(rng, coats.polar))
        return portrait(s, rng, size, (0.82, 1.06))

    return paint


def _mushroom(s: Sculpture, f: Frame, c: Look, spotted: bool, rng: Rng) -> None:
    stalk, tall = Paint(c.light, 0.1), rng.uniform(0.4, 0.65)
    s.limb(f, (0, -0.1, 0), (0, 0.95, 0), (0.18, 0.28), stalk)
    s.ball(f, (0, 0.12, 0), (0.3, 0.06, 0.3), Paint(c.light * 0.9, 0.1), blend=0.03)
    s.ball(f, (0, -0.2, 0), (0.8, 0.12, 0.8), Paint(c.light * 0.75, 0.1), blend=0.01)
    s.ball(f, (0, -0.27, 0), (0.85, tall, 0.85), Paint(c.coat, 0.6), blend=0.01)
    s.ball(f, (0, -0.08, 0.05), (0.74, 0.12, 0.74), Paint(c.light * 0.8, 0.1), blend=0.0)
    for k in range(16 * spotted):
        up = 0.2 + 0.8 * (k + 0.5) / 16
        a, r = k * 2.39996, np.sqrt(max(1 - up * up, 0))
        spot = (0.84 * r * np.sin(a), -0.27 - tall * up, 0.84 * r * np.cos(a))
        size = rng.uniform(0.06, 0.12)
        s.ball(f, spot, (size, size * 0.75, size), Paint(c.accent, 0.15), blend=0.01)


def paint_cactus(rng: Rng, size: int) -> Picture:
    """Draw a branching, ribbed cactus with a flower."""
    c, s = (
        look(rng, ("3a8a3a 1a4a24 c8e8a0 f05a8a", "5a9a6a 2a5a3a e0f0c0 f8c81e"), 0.75),
        Sculpture(),
    )
    f = upright(rng.uniform(-0.6, 0.6), rng.uniform(0, 0.2), rng.normal(0, 0.08))
    _ribbed(s, f, np.array([(0, 1.1, 0), (0, -0.9, 0)]), 0.34, c)
    for side in (-1, 1):
        y, up = rng.uniform(-0.1, 0.5), rng.uniform(0.5, 0.9)
        _ribbed(s, f, np.array([(side * 0.2, y, 0), (side * 0.75, y, 0)]), 0.2, c)
        _ribbed(s, f, np.array([(side * 0.75, y, 0), (side * 0.78, y - up, 0)]), 0.2, c)
    whorl(
        s,
        f.inside((0, -1.25, 0), pitch=-1.1),
        8,
        0.35,
        0.12,
        0.25,
        (Paint(c.accent, 0.2, 0), Paint(c.accent * 1.1, 0.2, 0)),
    )
    s.mark(f, m.spots(c.light, rng, size=0.35, share=0.22))
    return portrait(s, rng, size, (0.85, 1.06))


def _ribbed(s: Sculpture, f: Frame, ends: Array, radius: float, c: Look) -> None:
    axis = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    across = np.cross(axis, (0, 0, 1))
    for k in range(9):
        a = 2 * np.pi * k / 9
        off = (across * np.cos(a) + np.array([0, 0, 1]) * np.sin(a)) * radius * 0.8
        tone = Paint(c.coat * (1.05 if k % 2 else 0.9), 0.15)
        s.limb(f, ends[0] + off, ends[1] + off, (radius * 0.36, radius * 0.32), tone, blend=0.02)
    s.limb(f, ends[0], ends[1], (radius * 0.8, radius * 0.85), Paint(c.dark), blend=0.01)


def tree(kind: str) -> Painter:
    """Return the painter of a 'leafy' tree, a 'palm' or a 'fir'."""

    def paint(rng: Rng, size: int) -> Picture:
        s, f = Sculpture(), upright(0, rng.uniform(-0.1, 0.15), rng.normal(0, 0.06))
        green, bark = stock(rng, LEAF, 0.8), floats([0.42, 0.28, 0.17]) * rng.uniform(0.7, 1.3)
        {"leafy": _leafy, "palm": _palm, "fir": _fir}[kind](s, f, green, Paint(bark), rng)
        s.coat(
            f,
            coats.wool(rng, coats.polar, 0.5)
            if kind == "leafy"
            else coats.smooth(rng, coats.polar),
        )
        return portrait(s, rng, size, (0.9, 1.08))

    return paint


def _leafy(s: Sculpture, f: Frame, green: Array, bark: Paint, rng: Rng) -> None:
    s.limb(f, (0, 1.1, 0), (0, 0.1, 0), (0.2, 0.12), Paint(bark.rgb, 0.05, 0.2), blend=0.1)
    for k in range(15):
        a, r = k * 2.39996, 0.72 * np.sqrt(k / 15)
        spot = (r * np.sin(a), -0.45 - 0.62 * r * np.cos(a), 0.3 * np.cos(3 * a))
        if k % 3 == 0:
            s.limb(f, (0, 0.3, 0), spot, (0.1, 0.04), Paint(bark.rgb, 0.05, 0.2))
        tone = Paint(np.clip(green * rng.uniform(0.7, 1.25), 0, 1), 0.1)
        size = rng.uniform(0.25, 0.38)
        s.ball(f, spot, (size, size * 0.85, size), tone, blend=0.06)


def _palm(s: Sculpture, f: Frame, green: Array, bark: Paint, rng: Rng) -> None:
    top = np.array([rng.uniform(-0.5, 0.5), -0.5, 0])
    trunk = curve([(0, 1.2, 0), (top[0] * 0.2, 0.4, 0), top], 12)
    s.tube(f, trunk, np.linspace(0.14, 0.08, 12), [bark, Paint(bark.rgb * 0.7)], blend=0.01)
    for k in range(9):
        a = 2 * np.pi * k / 9 + 0.2
        drop = curve(
            [
                top,
                moved(top, 0.45 * np.sin(a), -0.35 + 0.12 * np.cos(a), 0.4 * np.cos(a)),
                moved(top, 0.95 * np.sin(a), 0.25 + 0.2 * np.cos(a), 0.7 * np.cos(a)),
            ],
            6,
        )
        for j in range(5):
            tone = Paint(green * (0.75 + 0.08 * j), 0.2, 0)
            feather(
                s,
                f,
                drop[j],
                drop[j + 1] + (drop[j + 1] - drop[j]) * 0.5,
                0.1,
                tone,
                normal=(0, 0.6, 1),
            )
    for x in (-0.08, 0.08, 0.0):
        s.ball(f, moved(top, x, 0.09, 0.12), (0.08, 0.08, 0.08), Paint(bark.rgb * 0.6, 0.3, 0))


def _fir(s: Sculpture, f: Frame, green: Array, bark: Paint, rng: Rng) -> None:
    s.limb(f, (0, 1.15, 0), (0, 0.7, 0), (0.14, 0.12), bark)
    for row in range(7):
        y, reach = 0.85 - 0.3 * row, 0.85 - 0.11 * row
        for k in range(13):
            a = 2 * np.pi * k / 13 + row
            tip = (reach * np.sin(a), y + 0.05, reach * np.cos(a))
            tone = Paint(np.clip(green * rng.uniform(0.7, 1.2), 0, 1), 0.1)
            s.limb(f, (0, y - 0.42, 0), tip, (0.12, 0.05), tone, blend=0.03)


FRUITS = (
    "d82a1e 5a0e0e f8e0a0 3a7a1e",
    "7ab82a 3a5a14 f0f0b0 4a8a1e",
    "f0901e 8a3a0e fff0c0 3a7a2a",
    "8a2a8a 3a0e4a f0c8f0 4a8a2a",
)


def fruit(kind: str) -> Painter:
    """Return the painter of an 'apple', 'pumpkin', 'strawberry' or 'pineapple'."""

    def paint(rng: Rng, size: int) -> Picture:
        c, s = look(rng, FRUITS, 0.7), Sculpture()
        f = upright(rng.uniform(-0.6, 0.6), rng.uniform(0, 0.5), rng.normal(0, 0.25))
        {"apple": _apple, "pumpkin": _pumpkin, "strawberry": _strawberry, "pineapple": _pineapple}[
            kind
        ](s, f, c, rng)
        return portrait(s, rng, size, (0.75, 1.02))

    return paint


def _apple(s: Sculpture, f: Frame, c: Look, rng: Rng) -> None:
    for k in range(5):
        a = 2 * np.pi * k / 5
        s.ball(
            f,
            (0.26 * np.sin(a), 0, 0.26 * np.cos(a)),
            (0.6, 0.72, 0.6),
            Paint(c.coat, 0.7),
            blend=0.15,
        )
    s.mark(f, m.belly(c.light * 0.5 + c.coat * 0.5, above=0.5, blur=0.8))
    s.tube(
        f,
        curve([(0, -0.55, 0), (0.05, -0.8, 0), (0.15, -1.05, 0)], 5),
        np.full(5, 0.05),
        [Paint(c.dark, 0.2, 0)],
    )
    feather(
        s,
        f,
        (0.06, -0.8, 0),
        (0.65, -1.0, 0.15),
        0.17,
        Paint(c.accent, 0.3, 0),
        end=Paint(c.accent * 1.3, 0.3, 0),
    )


def _pumpkin(s: Sculpture, f: Frame, c: Look, rng: Rng) -> None:
    for k in range(11):
        a = 2 * np.pi * k / 11
        tone = Paint(c.coat * (1 if k % 2 else 0.92), 0.35)
        s.ball(f, (0.55 * np.sin(a), 0, 0.55 * np.cos(a)), (0.36, 0.66, 0.36), tone, blend=0.02)
    s.tube(
        f,
        curve([(0, -0.5, 0), (0, -0.9, 0), (0.2, -1.0, 0)], 6),
        np.linspace(0.17, 0.1, 6),
        [Paint(c.accent, 0.2, 0), Paint(c.accent * 0.8, 0.2, 0)],
    )


def _strawberry(s: Sculpture, f: Frame, c: Look, rng: Rng) -> None:
    s.limb(f, (0, -0.35, 0), (0, 0.65, 0), (0.72, 0.25), Paint(c.coat, 0.7))
    for k in range(70):
        t, a = (k + 0.5) / 70, k * 2.39996
        r, y = 0.72 - 0.45 * t, -0.55 + 1.3 * t
        s.ball(
            f,
            (r * np.sin(a), y, r * np.cos(a)),
            (0.03, 0.05, 0.03),
            Paint(c.light, 0.3, 0),
            blend=0.01,
        )
    whorl(
        s,
        f.inside((0, -1.08, 0), pitch=-1.3),
        8,
        0.75,
        0.16,
        -0.3,
        (Paint(c.accent, 0.2, 0), Paint(c.accent * 1.3, 0.2, 0)),
    )


def _pineapple(s: Sculpture, f: Frame, c: Look, rng: Rng) -> None:
    for k in range(18):
        a, row = k * 2.39996, k / 18
        root = np.array([0, -0.6, 0])
        tip = moved(
            root, 0.75 * (1 - row) * np.sin(a), -0.35 - 0.75 * row, 0.75 * (1 - row) * np.cos(a)
        )
        feather(
            s,
            f,
            root,
            tip,
            0.12,
            Paint(c.accent * 0.7, 0.2, 0),
            end=Paint(c.accent * 1.2, 0.2, 0),
            normal=(0, 0.3, 1),
        )
    s.ball(f, (0, 0.2, 0), (0.6, 0.85, 0.6), Paint(c.coat * 0.7, 0.3))
    for k in range(90):
        y, a = 1 - 2 * (k + 0.5) / 90, k * 2.39996
        r = 0.6 * np.sqrt(1 - y * y)
        s.ball(
            f,
            (r * np.sin(a), 0.2 + 0.85 * y, r * np.cos(a)),
            (0.1, 0.09, 0.1),
            Paint(c.coat * (1.1 if k % 2 else 0.95), 0.4),
            blend=0.01,
        )


REGISTER.add("mushroom", "plants", {kind: mushroom(kind) for kind in ("toadstool", "cep")})
REGISTER.add("cactus", "plants", {"branching": paint_cactus})
REGISTER.add("tree", "plants", {kind: tree(kind) for kind in ("leafy", "palm", "fir")})
REGISTER.add(
    "fruit",
    "plants",
    {kind: fruit(kind) for kind in ("apple", "pumpkin", "strawberry", "pineapple")},
)
