"""Eyes and faces: the human and the masked, the skull, the eye alone."""

from __future__ import annotations

from functools import partial

import numpy as np

from . import coats
from .eyes import Iris
from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import Array, curve, floats, mix, unit
from .palettes import Look, Rng, look, vivid
from .registry import REGISTER
from .sculpt import Mark, Sculpture
from .solids import Paint

SKINS = floats(
    [
        [0.96, 0.78, 0.66],
        [0.88, 0.64, 0.48],
        [0.66, 0.43, 0.3],
        [0.42, 0.26, 0.18],
        [0.26, 0.16, 0.12],
    ]
)
WHITE = floats([0.96, 0.95, 0.93])


def _bones(s: Sculpture, f: Frame, paint: Paint, *, jaw: float = 0.42) -> None:
    s.ball(f, (0, -0.2, -0.1), (0.66, 0.68, 0.74), paint)
    s.ball(f, (0, 0.3, 0.1), (0.5, 0.62, 0.52), paint, blend=0.2)
    s.ball(f, (0, 0.72, 0.3), (jaw * 0.65, 0.24, 0.3), paint, blend=0.2)
    for side in f.both():
        s.ball(side, (0.36, 0.18, 0.36), (0.2, 0.17, 0.2), paint, blend=0.15)


def _features(s: Sculpture, f: Frame, skin: Paint, lips: Paint, look: Look, rng: Rng) -> None:
    s.limb(f, (0, -0.15, 0.58), (0, 0.22, 0.76), (0.09, 0.12), skin, blend=0.1)
    for side in f.both():
        s.ball(side, (0.09, 0.25, 0.68), (0.09, 0.08, 0.09), skin, blend=0.05)
        s.ball(side, (0.25, -0.14, 0.5), (0.2, 0.06, 0.16), skin, blend=0.08, roll=0.15)
        s.ball(side, (0.66, 0.05, -0.05), (0.08, 0.2, 0.13), skin, blend=0.05)
        s.eye(
            side,
            (0.25, 0.0, 0.6),
            (0.2, 0, 1),
            0.145,
            Iris(look.iris, "round", WHITE, lid=0.22, slant=-0.1, ring=skin.rgb * 0.4),
        )
        brow = curve([(0.08, -0.17, 0.72), (0.26, -0.27, 0.68), (0.46, -0.16, 0.5)], 7)
        s.tube(
            side,
            brow,
            np.array([0.035, 0.045, 0.05, 0.045, 0.04, 0.03, 0.02]),
            [Paint(look.dark, 0.05)],
            blend=0.02,
        )
    for y, radii in ((0.5, (0.17, 0.05, 0.1)), (0.585, (0.14, 0.065, 0.1))):
        s.ball(f, (0, y, 0.56), radii, lips, blend=0.02)


def face(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw a human head with hair: 'front' or three-'quarter'."""
    s, tone = (
        Sculpture(),
        SKINS[int(rng.integers(len(SKINS)))] if rng.random() < 0.7 else vivid(rng),
    )
    f = upright(
        rng.normal(0, 0.12) if kind == "front" else rng.uniform(0.45, 0.8),
        rng.uniform(-0.1, 0.2),
        rng.normal(0, 0.1),
    )
    colours = look(
        rng,
        (
            "3a2416 1e120c f0e0d0 8a4a2a",
            "d8b060 8a6a2a f0e0d0 a8702a",
            "1a1614 0c0a0a f0e0d0 2a2420",
            "a83a1e 5a1e10 f0e0d0 8a2a14",
        ),
    )
    skin, hair = Paint(tone, 0.25, 0), Paint(colours.coat, 0.3)
    s.limb(f, (0, 0.5, -0.1), (0, 1.2, -0.15), (0.34, 0.4), skin, fits=False)
    _bones(s, f, skin)
    lips = Paint(mix(tone, floats([0.8, 0.15, 0.2]), rng.uniform(0.3, 0.8)), 0.5, 0)
    _features(s, f, skin, lips, colours, rng)
    _hair(s, f, hair, rng.random() < 0.6, rng)
    s.coat(f, coats.fur(rng, coats.polar, 1.5))
    return portrait(s, rng, size, (0.82, 1.05))


def _hair(s: Sculpture, f: Frame, hair: Paint, long: bool, rng: Rng) -> None:
    s.ball(f, (0, -0.36, -0.2), (0.74, 0.64, 0.78), hair, blend=0.02, pitch=-0.25)
    for side in f.both():
        reach = rng.uniform(0.8, 1.2) if long else 0.1
        s.tube(
            side,
            curve(
                [(0.15, -0.82, 0.3), (0.66, -0.6, 0.35), (0.74, 0.0, 0.0), (0.7, reach, -0.05)], 8
            ),
            np.linspace(0.2, 0.16, 8),
            [hair],
            blend=0.08,
        )


def _war_paint(rng: Rng, look: Look) -> Mark:
    bands, tilt = rng.uniform(9, 20), rng.uniform(-14, 14)

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        wave = np.sin(np.abs(x) * bands + y * tilt)
        eyes = np.hypot(np.abs(x) - 0.26, y) - 0.26
        return unit(wave * 3) * unit(eyes * 9), look.accent

    return mark


def mask(rng: Rng, size: int) -> Picture:
    """Draw a painted wooden mask with horns or feathers."""
    s, colours = (
        Sculpture(),
        look(
            rng,
            (
                "c8501e 3a1a0e f0d8a0 1e6ad8",
                "2a8a6a 0e3a2e f0e8c0 d8a01e",
                "8a2a5a 2a0e1e f8e0c8 e8c01e",
            ),
            0.5,
        ),
    )
    f = upright(rng.normal(0, 0.3), rng.uniform(-0.1, 0.2), rng.normal(0, 0.1))
    wood, pale = Paint(colours.coat, 0.4), Paint(colours.light, 0.5, 0)
    _bones(s, f, wood)
    s.limb(f, (0, -0.25, 0.6), (0, 0.25, 0.85), (0.1, 0.15), Paint(colours.accent, 0.5, 0))
    for side in f.both():
        s.ball(side, (0.26, 0.0, 0.56), (0.22, 0.16, 0.12), pale, blend=0.02)
        s.eye(side, (0.26, 0.0, 0.68), (0.1, 0, 1), 0.12, Iris(colours.iris, size=0.8))
    s.ball(f, (0, 0.6, 0.5), (0.3, 0.15, 0.16), Paint(colours.dark, 0.3, 0), blend=0.03)
    for k in range(6):
        x = (k - 2.5) * 0.085
        s.ball(f, (x, 0.6, 0.64), (0.04, 0.09, 0.04), pale, blend=0)
    for k in range(9):
        a = (k / 8 - 0.5) * 2.4
        way = np.array([np.sin(a), -np.cos(a), 0])
        tint = (colours.accent, colours.light, colours.dark)[k % 3]
        s.limb(
            f,
            way * 0.6,
            way * rng.uniform(1.1, 1.3) + (0, -0.1, -0.2),
            (0.12, 0.04),
            Paint(tint, 0.3, 0),
        )
    s.mark(f, _war_paint(rng, colours))
    return portrait(s, rng, size, (0.82, 1.05))


def skull(rng: Rng, size: int) -> Picture:
    """Draw a skull."""
    s, f = Sculpture(), upright(rng.normal(0, 0.45), rng.uniform(-0.1, 0.25), rng.normal(0, 0.15))
    tone = (
        floats([0.92, 0.88, 0.76]) if rng.random() < 0.7 else np.clip(vivid(rng) * 0.6 + 0.35, 0, 1)
    )
    bone, hole = Paint(tone, 0.3), Paint(floats([0.03, 0.02, 0.02]), 0.05, 0)
    s.ball(f, (0, -0.3, -0.15), (0.72, 0.68, 0.8), bone)
    s.ball(f, (0, 0.25, 0.28), (0.42, 0.42, 0.36), bone, blend=0.15)
    s.ball(f, (0, 0.72, 0.3), (0.36, 0.2, 0.3), bone, blend=0.06)
    for side in f.both():
        s.ball(side, (0.42, 0.12, 0.38), (0.22, 0.12, 0.18), bone, blend=0.1)
        s.limb(side, (0.42, 0.3, 0.0), (0.32, 0.75, 0.2), (0.1, 0.1), bone)
        s.ball(side, (0.27, -0.08, 0.56), (0.2, 0.2, 0.13), hole, blend=0.04)
        s.limb(side, (0.05, 0.14, 0.66), (0.1, 0.3, 0.66), (0.05, 0.06), hole, blend=0.03)
    for k in range(8):
        x = (k - 3.5) * 0.085
        for y in (0.53, 0.68):
            s.ball(
                f,
                (x, y, 0.64 - x * x * 0.6),
                (0.042, 0.08, 0.05),
                Paint(tone * 1.05, 0.4, 0),
                blend=0,
            )
    s.ball(f, (0, 0.605, 0.55), (0.33, 0.02, 0.12), hole, blend=0)
    s.coat(f, coats.skin(rng, coats.polar, 0.4))
    return portrait(s, rng, size, (0.8, 1.05))


REGISTER.add("face", "faces", {kind: partial(face, kind=kind) for kind in ("front", "quarter")})
REGISTER.add("mask", "faces", {"painted": mask})
REGISTER.add("skull", "faces", {"bare": skull})
