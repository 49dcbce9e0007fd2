"""What grows on reptiles and dragons: teeth, tongues, frills, plates, wings, shells."""

from __future__ import annotations

import numpy as np

from .frames import Frame
from .heads import Extra
from .maths import curve, floats, moved
from .palettes import Look, Rng
from .plumage import feather
from .sculpt import Sculpture
from .solids import Paint

IVORY = Paint(floats([0.97, 0.95, 0.85]), 0.4, 0)
FLESH = Paint(floats([0.75, 0.18, 0.2]), 0.4, 0)


def teeth(
    x: float, y: float, tip: float, back: float, *, count: int = 7, size: float = 0.13
) -> Extra:
    """Return an extra that sets rows of teeth along both jaws, up and down in turn."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        for side in f.both():
            for k in range(count):
                t = k / max(count - 1, 1)
                spread = x * np.sin(np.pi * (0.2 + 0.45 * t)) ** 0.5
                z, way = tip + (back - tip) * t, 1 if k % 2 else -1
                root = (spread, y - 0.03 * way, z)
                stop = (spread * 1.05, y + size * way, z + 0.02)
                s.limb(side, root, stop, (size * 0.42, 0.015), IVORY, blend=0.01)

    return grow


def jaw(y: float, z: float, *, open_by: float = 0.45, width: float = 0.26) -> Extra:
    """Return an extra that drops a lower jaw and shows the flesh of an open mouth."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        gape = open_by * rng.uniform(0.7, 1.2)
        s.limb(f, (0, y * 0.9, 0.2), (0, y + gape * 0.5, z * 0.8), (width, width * 0.6), FLESH)
        s.limb(
            f,
            (0, y + 0.15, 0.15),
            (0, y + gape, z * 0.9),
            (width, width * 0.55),
            Paint(look.light),
            blend=0.04,
        )
        for side in f.both():
            for k in range(5):
                t = 0.35 + 0.15 * k
                root = (width * (1 - 0.4 * t), y + gape * t, z * 0.9 * t + 0.1)
                s.limb(side, root, np.add(root, (0.01, -0.16, 0)), (0.05, 0.015), IVORY, blend=0)

    return grow


def tongue(y: float, z: float, length: float = 0.7) -> Extra:
    """Return an extra that flicks a forked tongue."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        fork = (0, y + 0.15, z + length * 0.6)
        s.tube(
            f, curve([(0, y, z - 0.2), (0, y - 0.05, z + 0.3), fork], 5), np.full(5, 0.045), [FLESH]
        )
        for side in f.both():
            s.limb(side, fork, (0.14, fork[1] + 0.1, z + length), (0.04, 0.015), FLESH)

    return grow


def frill(radius: float) -> Extra:
    """Return an extra that spreads a triceratops' bony frill behind the head."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        s.ball(f, (0, -0.45, -0.45), (radius, radius * 0.95, 0.22), Paint(look.coat), pitch=-0.35)
        s.ball(
            f,
            (0, -0.5, -0.36),
            (radius * 0.78, radius * 0.72, 0.2),
            Paint(look.accent),
            pitch=-0.35,
        )
        for k in range(13):
            a = (k / 12 - 0.5) * 4.2
            root = np.array([radius * np.sin(a), -0.45 - radius * 0.93 * np.cos(a), -0.5])
            tip = moved(root, 0.2 * np.sin(a), -0.2 * np.cos(a), 0)
            s.limb(f, root, tip, (0.13, 0.03), Paint(look.horn, 0.3, 0), blend=0.03)

    return grow


def plates(count: int, size: float, *, length: float = 1.9, y: float = -0.45) -> Extra:
    """Return an extra that stands plates along a back."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        for k in range(count):
            t = k / (count - 1)
            z, tall = length * (0.5 - t * 1.25), size * (0.45 + np.sin(np.pi * min(t * 1.1, 1)))
            x = 0.09 if k % 2 else -0.09
            drop = y + 0.35 * max(0.0, t - 0.6)
            feather(
                s,
                f,
                (x, drop + 0.1, z),
                (x * 1.6, drop - tall, z - 0.05),
                tall * 0.34,
                Paint(look.dark),
                end=Paint(look.accent),
                normal=(1, 0, 0.2),
            )

    return grow


def dragon_wings(span: float = 1.9) -> Extra:
    """Return an extra that spreads a pair of leathery wings from the shoulders."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        lift = rng.uniform(0.7, 1.2)
        for side in f.both():
            root, wrist = np.array([0.25, -0.3, 0.5]), np.array([span * 0.45, -lift * 1.1, 0.35])
            ends = [
                wrist
                + span
                * np.array([0.62 * np.cos(a), -0.15 + 0.75 * np.sin(a) ** 2, -0.7 * np.sin(a)])
                for a in np.linspace(0, 1.5, 5)
            ]
            for k in range(4):
                dip = (ends[k] + ends[k + 1]) / 2 * 0.86 + wrist * 0.14
                web = np.array([wrist, ends[k], dip, ends[k + 1]])
                s.patch(side, web, Paint(look.accent * (0.75 + 0.1 * k)), cup=0.2)
            s.patch(
                side, np.array([root, wrist, ends[-1], (0.2, -0.1, -0.5)]), Paint(look.accent * 0.9)
            )
            bone = Paint(look.dark, 0.3)
            s.limb(side, root, wrist, (0.12, 0.08), bone)
            for end in ends:
                s.limb(side, wrist, end, (0.06, 0.02), bone)

    return grow


def ridge(count: int = 9, size: float = 0.28, *, y: float = -0.55) -> Extra:
    """Return an extra that runs a row of spikes over the skull and nape."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        for k in range(count):
            z = 0.45 - 1.3 * k / count
            root = (0, y + 0.3 * max(0.0, -z - 0.3), z)
            tip = np.add(root, (0, -size, -0.12))
            s.limb(f, root, tip, (size * 0.32, 0.02), Paint(look.accent, 0.3, 0.2), blend=0.03)

    return grow


def shell(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow a turtle's carapace over a body."""
    s.ball(f, (0, -0.1, 0), (0.95, 0.62, 1.15), Paint(look.dark, 0.3), blend=0.02)
    s.ball(f, (0, 0.1, 0), (1.02, 0.2, 1.22), Paint(look.accent, 0.3), blend=0.04)
    for z, x in (
        (0.6, 0),
        (0.05, 0),
        (-0.5, 0),
        (0.35, 0.5),
        (-0.22, 0.52),
        (0.35, -0.5),
        (-0.22, -0.52),
    ):
        y = -0.12 - 0.62 * np.sqrt(max(1 - (x / 0.95) ** 2 - (z / 1.15) ** 2, 0)) * 0.88
        tint = Paint(look.accent * rng.uniform(0.7, 1.05), 0.35)
        s.ball(f, (x, y, z), (0.27, 0.16, 0.27), tint, blend=0.03, roll=x * 0.9)


def frog_legs(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Fold a frog's long hind legs at its sides, and spread its toes."""
    coat = Paint(look.coat)
    for side in f.both():
        knee, heel, toes = (0.95, 0.15, 0.1), (0.75, 0.62, -0.5), (0.95, 0.75, 0.25)
        s.limb(side, (0.4, 0.1, -0.45), knee, (0.34, 0.22), coat, blend=0.08)
        s.limb(side, knee, heel, (0.2, 0.12), coat)
        s.limb(side, heel, toes, (0.12, 0.09), coat)
        for spread in (-0.25, 0.0, 0.25):
            tip = (toes[0] + spread, toes[1] + 0.03, toes[2] + 0.32)
            s.limb(side, toes, tip, (0.07, 0.06), Paint(look.accent), blend=0.02)
