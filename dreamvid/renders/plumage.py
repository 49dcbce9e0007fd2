"""The bird kit: beaks, crests, feathers, wings, tails and legs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .frames import Frame
from .maths import Array, Point, curve, floats
from .palettes import Look, Rng
from .sculpt import Sculpture
from .solids import Paint

Beak = Callable[[Sculpture, Frame, Array], None]
Growth = Callable[[Sculpture, Frame, Look, Rng], None]
LEAF_AT = np.linspace(0, 1, 6)
LEAF_WIDTH = np.sin(np.pi * LEAF_AT**0.75) ** 0.8


def feather(
    s: Sculpture, f: Frame, root: Point, tip: Point, width: float, paint: Paint,
    *, end: Paint | None = None, normal: Point = (0, 0, 1), cup: float = 0.12,
) -> None:  # fmt: skip
    """Add one leaf-shaped feather from root to tip, lying across `normal`."""
    start, axis = np.asarray(root, float), np.asarray(tip, float) - np.asarray(root, float)
    across = np.cross(axis, np.asarray(normal, float))
    across *= width / max(float(np.linalg.norm(across)), 1e-6)
    spine = start + LEAF_AT[:, None] * axis
    edge = across * LEAF_WIDTH[:, None]
    s.patch(f, np.concatenate([spine + edge, (spine - edge)[::-1]]), paint, cup=cup, tip=end)


def fan(
    s: Sculpture, f: Frame, root: Point, length: float, count: int, spread: float,
        paints: list[Paint],
    *, middle: float = 0.0, width: float = 0.12, back: float = 0.0,
) -> None:  # fmt: skip
    """Add feathers from one root, `spread` radians to each side of upwards turned by `middle`."""
    for k in range(count):
        angle = middle + spread * (2 * k / max(count - 1, 1) - 1)
        tip = (root[0] + length * np.sin(angle), root[1] - length * np.cos(angle), root[2] + back)
        feather(s, f, root, tip, width, paints[k % len(paints)], end=paints[-1])


def _horn(colour: Array, tone: float = 1.0) -> Paint:
    return Paint(np.clip(colour * tone, 0, 1), 0.5, 0)


def hooked(length: float, depth: float) -> Beak:
    """Return a bird of prey's or parrot's beak."""

    def grow(s: Sculpture, f: Frame, colour: Array) -> None:
        path = [(0, 0.02, 0.45), (0, -0.05, 0.5 + length), (0, depth * 1.9, 0.5 + length * 0.95)]
        s.tube(f, curve(path, 9), np.linspace(depth * 0.62, 0.02, 9), [_horn(colour)], blend=0.03)
        low = (0, 0.2 + depth * 0.5, 0.5 + length * 0.45)
        s.limb(f, (0, 0.18, 0.35), low, (depth * 0.45, depth * 0.2), _horn(colour, 0.75))

    return grow


def straight(length: float, depth: float, droop: float = 0.0, *, tip: Array | None = None) -> Beak:
    """Return a pointed beak, long or short, straight or curved down."""

    def grow(s: Sculpture, f: Frame, colour: Array) -> None:
        for lift, tone in ((0.0, 1.05), (0.11 * min(1, depth * 4), 0.75)):
            path = [
                (0, lift, 0.45),
                (0, lift * 0.6, 0.5 + length * 0.6),
                (0, droop + lift * 0.2, 0.5 + length),
            ]
            points, radii = curve(path, 8), np.linspace(depth, 0.015, 8)
            s.tube(f, points[:6], radii[:6], [_horn(colour, tone)], blend=0.02)
            s.tube(f, points[5:], radii[5:], [_horn(colour if tip is None else tip, tone)])

    return grow


def broad(length: float, width: float) -> Beak:
    """Return a duck's flat bill."""

    def grow(s: Sculpture, f: Frame, colour: Array) -> None:
        s.ball(
            f,
            (0, 0.14, 0.45 + length * 0.5),
            (width, 0.11, length * 0.62),
            _horn(colour),
            pitch=0.2,
        )
        s.ball(
            f,
            (0, 0.26, 0.45 + length * 0.4),
            (width * 0.85, 0.07, length * 0.5),
            _horn(colour, 0.75),
            pitch=0.25,
            blend=0.02,
        )
        hole = Paint(floats([0.05, 0.03, 0.03]), 0, 0)
        for side in f.both():
            s.ball(
                side, (width * 0.35, 0.05, 0.45 + length * 0.4), (0.03, 0.03, 0.06), hole, blend=0
            )

    return grow


def pouched(length: float) -> Beak:
    """Return a pelican's bill with its sack."""

    def grow(s: Sculpture, f: Frame, colour: Array) -> None:
        s.limb(f, (0, 0.0, 0.4), (0, 0.25, 0.5 + length), (0.15, 0.05), _horn(colour))
        s.limb(
            f, (0, 0.3, 0.35), (0, 0.3, 0.4 + length), (0.26, 0.04), _horn(colour, 0.8), blend=0.1
        )
        s.ball(f, (0, 0.45, 0.5 + length * 0.3), (0.2, 0.26, length * 0.42), _horn(colour, 0.85))

    return grow


def wing_folded(s: Sculpture, f: Frame, look: Look, radii: Point) -> None:
    """Add a folded wing at a body's side (the frame stands in the body's middle)."""
    rx, ry, rz = radii
    cover, dark = Paint(look.dark), Paint(look.dark * 0.75)
    for row, (drop, reach) in enumerate(((0.35, 1.25), (0.15, 1.4), (-0.05, 1.5))):
        tip = (rx * 0.75, ry * (drop + 0.1), -rz * reach)
        feather(
            s,
            f,
            (rx * 1.0, ry * drop, rz * 0.2),
            tip,
            ry * 0.24,
            dark if row % 2 else cover,
            end=Paint(look.accent),
            normal=(1, 0.2, 0),
        )
    s.ball(
        f,
        (rx * 0.78, ry * 0.05, -rz * 0.08),
        (rx * 0.36, ry * 0.6, rz * 0.7),
        cover,
        blend=0.05,
        pitch=-0.15,
    )


def wing_spread(
    s: Sculpture, f: Frame, look: Look, span: float, lift: float, count: int = 9
) -> None:
    """Add an outstretched wing on the left: an arm, three rows of feathers (frame: the body's)."""
    arm = curve(
        [(0.2, -0.1, 0.25), (span * 0.45, -0.2 - lift, 0.45), (span, -0.1 - lift * 1.1, 0.1)], count
    )
    rows = (
        (1.0, look.dark, look.accent, 0.17),
        (0.62, look.coat, look.dark, 0.16),
        (0.36, look.light, look.coat, 0.14),
    )
    for row, (reach, root, tip, width) in enumerate(rows):
        for k in range(count - 1, -1, -1):
            t = k / (count - 1)
            way = np.array([0.25 + 1.1 * t**2, 0.1, -1.0 + 0.75 * t**3])
            way *= reach * span * (0.42 + 0.16 * t) / float(np.linalg.norm(way))
            rise = np.array([0, -0.03 * (row + 1), 0])
            feather(
                s,
                f,
                arm[k] + rise,
                arm[k] + way + rise,
                width * span * 0.62,
                Paint(root),
                end=Paint(tip),
                normal=(0, 1, 0.25),
                cup=0.05,
            )
    s.tube(f, arm, np.linspace(0.13, 0.05, count), [Paint(look.coat)])


def legs(
    s: Sculpture, f: Frame, length: float, colour: Array, *, apart: float, z: float, y: float
) -> None:
    """Add two thin legs with three toes each."""
    paint = Paint(colour, 0.3, 0)
    for side in f.both():
        knee, foot = (apart, y + length * 0.5, z - 0.06), (apart, y + length, z + 0.04)
        s.limb(side, (apart, y - 0.1, z), knee, (0.1, 0.05), paint, blend=0.03)
        s.limb(side, knee, foot, (0.05, 0.045), paint)
        for turn in (-0.5, 0.0, 0.5, np.pi):
            toe = (foot[0] + 0.2 * np.sin(turn), foot[1] + 0.05, foot[2] + 0.22 * np.cos(turn))
            s.limb(side, foot, toe, (0.045, 0.025), paint)


def crest(
    count: int, length: float, spread: float = 0.5, *, tilt: float = 0.5, name: str = "accent"
) -> Growth:
    """Return a crest of feathers that rises from the crown, swept back by `tilt`."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        tint = getattr(look, name)
        for k in range(count):
            a = spread * (2 * k / max(count - 1, 1) - 1) + tilt
            root = (0, -0.45, 0.1 - 0.12 * k / count)
            tip = (rng.normal(0, 0.05), -0.45 - length * np.cos(a), 0.1 - length * np.sin(a))
            feather(s, f, root, tip, 0.13, Paint(tint * rng.uniform(0.75, 1.1)), normal=(1, 0, 0.3))

    return grow


def tufts(length: float = 0.55) -> Growth:
    """Return a pair of feather ears."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        for side in f.both():
            for k, tone in enumerate((0.7, 1.0)):
                tip = (0.5 + 0.06 * k, -0.42 - length, 0.15 - 0.1 * k)
                feather(
                    s,
                    side,
                    (0.28 + 0.06 * k, -0.36, 0.25),
                    tip,
                    0.15,
                    Paint(look.dark * tone + 0.03),
                )

    return grow


def comb(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow a rooster's comb and wattles."""
    red = Paint(floats([0.85, 0.08, 0.08]) if rng.random() < 0.7 else look.accent, 0.4, 0)
    for k, size in enumerate((0.15, 0.2, 0.22, 0.19, 0.13)):
        z = 0.4 - 0.17 * k
        s.limb(f, (0, -0.4, z), (0, -0.52 - size, z - 0.06), (0.13, size * 0.55), red, blend=0.03)
    for side in f.both():
        s.ball(side, (0.12, 0.5, 0.42), (0.1, 0.26, 0.14), red, blend=0.02)
