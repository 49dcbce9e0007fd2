"""What grows on heads: horns, antlers, whiskers, manes, beards, trunks, spines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .frames import Frame
from .heads import Extra, colour
from .maths import Point, curve, floats
from .palettes import Look, Rng
from .sculpt import Sculpture
from .solids import Paint


def horns(
    points: Sequence[Point], radii: tuple[float, float], *, bands: int = 0, steps: int = 10
) -> Extra:
    """Return an extra that grows a pair of horns along a Bezier curve given for the left one."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        pale, dark = Paint(look.horn, 0.35, 0), Paint(look.horn * 0.6, 0.3, 0)
        paints = [pale, dark] if bands else [pale]
        count = bands * 2 if bands else steps
        for side in f.both():
            thick = np.linspace(*radii, count + 1)
            s.tube(side, curve(points, count + 1), thick, paints, blend=0.015)

    return grow


def antlers(size: float = 1.0) -> Extra:
    """Return an extra that grows a stag's branching antlers."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        paint, z = Paint(look.horn, 0.2, 0), -0.05
        beam = curve(
            [
                (0.25, -0.6, z),
                (0.95 * size, -0.9, z),
                (0.9 * size, -1.5 * size, z + 0.1),
                (0.5 * size, -2.0 * size, z),
            ],
            9,
        )
        for side in f.both():
            s.tube(side, beam, np.linspace(0.1, 0.04, 9), [paint])
            for k, reach in ((1, 0.42), (3, 0.5), (5, 0.45), (6, 0.35)):
                out = 1 if k % 2 else -1
                end = beam[k] + np.array([0.25 * out, -reach, 0.25 if k == 1 else 0.05]) * size
                s.limb(side, beam[k], end, (0.065, 0.025), paint)

    return grow


def whiskers(y: float, z: float, *, count: int = 3, reach: float = 1.05) -> Extra:
    """Return an extra that draws whiskers from the pads."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        for side in f.both():
            for k in range(count):
                lift = (k - 1) * 0.16 + rng.uniform(-0.05, 0.05)
                path = [
                    (0.2, y + 0.04 * k, z),
                    (0.6, y + lift - 0.08, z),
                    (reach, y + lift * 1.7, z - 0.2),
                ]
                s.stroke(side, curve(path, 8), 0.018, floats([1, 1, 0.97]))

    return grow


def mane(
    radius: float,
    *,
    count: int = 22,
    colour_name: str = "dark",
    back: float = -0.25,
    y: float = 0.05,
    width: float = 0.22,
) -> Extra:
    """Return an extra that wreathes the head in two rows of locks."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        base = colour(look, colour_name)
        for ring, (reach, depth, tone) in enumerate(
            ((radius, back - 0.3, 0.75), (radius * 0.8, back, 1.05))
        ):
            s.ball(
                f, (0, y, depth), (reach * 0.72, reach * 0.72, 0.4), Paint(base * tone), blend=0.1
            )
            for k in range(count):
                a = (k + 0.5 * ring) * 2 * np.pi / count
                way = np.array([np.sin(a), -np.cos(a) + 0.12, 0])
                long = reach * rng.uniform(0.9, 1.12)
                start = way * reach * 0.6 + (0, y, depth + 0.2)
                stop = way * long + (rng.normal(0, 0.06), y + 0.1, depth - 0.1)
                lock = Paint(base * tone * rng.uniform(0.8, 1.2))
                s.limb(f, start, stop, (width, 0.03), lock, blend=0.04)

    return grow


def beard(y: float, z: float, length: float) -> Extra:
    """Return an extra that hangs a beard from the chin."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        for k in range(5):
            x = (k - 2) * 0.07
            end = (x * 0.5, y + length * rng.uniform(0.8, 1.1), z - 0.05)
            s.limb(f, (x, y, z), end, (0.1, 0.02), Paint(look.light * 0.9))

    return grow


def fringe(*, length: float = 0.55, colour_name: str = "dark", ridge: float = -0.9) -> Extra:
    """Return an extra that grows a forelock and a mane along the nape."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        tint = colour(look, colour_name)
        for k in range(9):
            z = 0.35 - k * 0.17
            start = (0, -0.62 + max(0.0, -z) * 0.25, z)
            for side in f.both():
                fall = (
                    0.12 + rng.uniform(0, 0.25),
                    start[1] + length * rng.uniform(0.5, 1),
                    z + 0.05,
                )
                lock = Paint(tint * rng.uniform(0.8, 1.25))
                s.limb(side, start, fall, (0.13, 0.03), lock, blend=0.03)

    return grow


def tusks(size: float = 1.0, *, x: float = 0.25, y: float = 0.45, z: float = 0.6) -> Extra:
    """Return an extra that grows a pair of curved tusks."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        out, reach = x * 1.35, z + 0.75 * size
        path = [(x, y, z), (out, y + 0.4 * size, z + 0.3 * size), (out, y + 0.25 * size, reach)]
        ivory = Paint(floats([0.97, 0.93, 0.8]), 0.4, 0)
        for side in f.both():
            radii = np.linspace(0.1 * size**0.5, 0.02, 8)
            s.tube(side, curve(path, 8), radii, [ivory], blend=0.01)

    return grow


def trunk(length: float = 1.6) -> Extra:
    """Return an extra that hangs an elephant's ringed trunk from the face."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        sway, lift = rng.uniform(-0.5, 0.5), rng.uniform(0, 0.9)
        path = [
            (0, 0.2, 0.75), (0, 0.6 * length, 1.1), (sway * 0.5, length, 0.8),
            (sway, length * (1.1 - 0.3 * lift), 1.0 + lift),
                (sway, length * (1 - lift), 1.3 + lift),
        ]  # fmt: skip
        rings = [Paint(look.coat), Paint(look.coat * 0.86)]
        s.tube(f, curve(path, 17), np.linspace(0.34, 0.12, 17), rings, blend=0.03)

    return grow


def nostrils(x: float, y: float, z: float, radius: float = 0.07) -> Extra:
    """Return an extra that opens two nostrils."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        hole = Paint(floats([0.03, 0.015, 0.015]), 0.15, 0)
        for side in f.both():
            s.ball(side, (x, y, z), (radius, radius * 1.2, radius), hole, blend=0.02, roll=0.4)

    return grow


def nose_horns(*sizes: tuple[float, float, float]) -> Extra:
    """Return an extra that grows single horns on the nose's ridge: (y, z, length) each."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        paint = Paint(look.horn, 0.3, 0)
        for y, z, length in sizes:
            path = curve([(0, y, z), (0, y - 0.5 * length, z + 0.25), (0, y - length, z + 0.05)], 7)
            s.tube(f, path, np.linspace(0.2 * length**0.5, 0.02, 7), [paint], blend=0.02)

    return grow


def knobs(length: float = 0.45) -> Extra:
    """Return an extra that grows a giraffe's two knobbed horns."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        for side in f.both():
            tip = (0.3, -0.55 - length, -0.1)
            s.limb(side, (0.22, -0.5, -0.05), tip, (0.1, 0.07), Paint(look.coat))
            s.ball(side, tip, (0.13, 0.12, 0.13), Paint(look.dark), blend=0.02)

    return grow


def spines(count: int = 90, length: float = 0.55, *, front: float = 0.35) -> Extra:
    """Return an extra that covers the back of the head (or body) with spines."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        for k in range(count):
            z = front - (front + 0.95) * (k + 0.5) / count
            a, r = k * 2.39996, 0.72 * np.sqrt(max(1 - (z / 1.05) ** 2, 0.05))
            root = np.array([np.sin(a) * r, -np.cos(a) * r, z])
            if root[1] > 0.45:
                continue
            tip = root * (1 + length) + (0, -0.05, -0.25)
            tint = (look.dark, look.light, look.coat)[k % 3]
            s.limb(f, root, tip, (0.07, 0.014), Paint(tint, 0.15, 0.2), blend=0.005)

    return grow


def crown(radius: float, *, y: float = -0.55, z: float = 0.05) -> Extra:
    """Return an extra that puts a woolly or hairy cap on the head."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        for x, dy, dz in ((0, 0, 0), (0.25, 0.08, 0), (-0.25, 0.08, 0), (0, 0.02, -0.3)):
            size = radius * rng.uniform(0.8, 1.1)
            s.ball(f, (x, y + dy, z + dz), (size, size, size), Paint(look.light), blend=0.05)

    return grow


def incisors(y: float, z: float) -> Extra:
    """Return an extra that shows a rodent's two front teeth."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        white = Paint(floats([0.98, 0.96, 0.9]), 0.5, 0)
        for side in f.both():
            s.ball(side, (0.045, y, z), (0.045, 0.12, 0.04), white, blend=0)

    return grow


def flippers(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow a seal's front flippers and tail flukes."""
    paint = Paint(look.coat * 0.85, 0.4)
    for side in f.both():
        s.limb(side, (0.3, 0.25, 0.6), (0.75, 0.62, 0.35), (0.16, 0.08), paint)
        s.ball(side, (0.85, 0.66, 0.3), (0.3, 0.05, 0.17), paint, roll=0.2, yaw=0.5)
        s.ball(side, (0.22, 0.2, -1.35), (0.17, 0.06, 0.4), paint, yaw=-0.4)


def disc(y: float, z: float, radius: float) -> Extra:
    """Return an extra that flattens a pig's snout into a disc."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        rim, face = Paint(look.skin * 0.85, 0.3, 0), Paint(look.skin * 1.05, 0.4, 0)
        s.ball(f, (0, y, z - 0.02), (radius * 1.1, radius, 0.08), rim, blend=0.03)
        s.ball(f, (0, y, z + 0.03), (radius * 0.9, radius * 0.82, 0.06), face, blend=0.02)

    return grow
