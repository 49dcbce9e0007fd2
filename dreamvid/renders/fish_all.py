"""The fish and whales, as numbers, and what grows on them."""

from __future__ import annotations

import numpy as np

from . import coats
from .fish import Fish, paint_fish
from .frames import Frame
from .maths import Array, Point, curve, floats, unit
from .palettes import Look, Rng
from .registry import REGISTER
from .sculpt import Mark, Sculpture
from .solids import Paint


def spikes(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow a puffer's spikes."""
    for k in range(80):
        z, a = 1 - 2 * (k + 0.5) / 80, k * 2.39996
        r = np.sqrt(1 - z * z)
        way = np.array([r * np.cos(a), r * np.sin(a), z])
        if z < 0.75:
            s.limb(f, way * 0.78, way * 1.02, (0.05, 0.01), Paint(look.light, 0.2, 0.2), blend=0.02)


def lure(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow an angler's lantern and needle teeth."""
    path = np.array([(0, -0.6, 0.3), (0, -1.1, 0.7), (0, -1.0, 1.2), (0, -0.75, 1.35)])
    s.tube(f, path, np.full(4, 0.045), [Paint(look.dark)])
    s.ball(f, (0, -0.68, 1.38), (0.14, 0.14, 0.14), Paint(floats([1.3, 1.3, 0.8]), 0.9, 0), blend=0)
    for side in f.both():
        for k in range(6):
            x, z = 0.08 + 0.085 * k, 0.92 - 0.045 * k * k * 0.5
            for y, way in ((0.0, 0.22), (0.42, -0.22)):
                point: Point = (x, y + way, z + 0.05)
                s.limb(
                    side,
                    (x, y, z),
                    point,
                    (0.04, 0.008),
                    Paint(floats([0.95, 0.95, 0.88]), 0.4, 0),
                    blend=0,
                )
    s.ball(
        f, (0, 0.22, 0.68), (0.5, 0.2, 0.32), Paint(floats([0.25, 0.04, 0.05]), 0.3, 0), blend=0.02
    )


def sword(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow a swordfish's blade."""
    s.limb(f, (0, -0.05, 1.25), (0, -0.1, 2.5), (0.13, 0.02), Paint(look.dark, 0.4))


def bottle(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow a dolphin's bottle nose."""
    s.limb(f, (0, 0.08, 1.0), (0, 0.13, 1.55), (0.19, 0.1), Paint(look.coat, 0.4), blend=0.1)


def grin(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Open a shark's mouth, full of teeth."""
    dark, ivory = Paint(floats([0.3, 0.05, 0.06]), 0.2, 0), Paint(floats([0.97, 0.96, 0.9]), 0.4, 0)
    s.ball(f, (0, 0.2, 1.1), (0.23, 0.1, 0.27), dark, blend=0.02)
    for side in f.both():
        for k in range(6):
            x, z = 0.03 + 0.04 * k, 1.36 - 0.009 * (k * 1.9) ** 2
            for y, way in ((0.13, 0.1), (0.28, -0.09)):
                s.limb(side, (x, y, z), (x, y + way, z + 0.01), (0.04, 0.008), ivory, blend=0)


def spout(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Blow a whale's spout, and pleat its throat."""
    water = Paint(floats([0.85, 0.95, 1.0]), 0.9, 0)
    for side in f.both():
        for reach in (0.35, 0.6):
            path = [(0, -0.6, 0.5), (0, -1.2, 0.5), (reach, -1.3, 0.5), (reach * 1.2, -0.9, 0.5)]
            s.tube(side, curve(path, 8), np.linspace(0.06, 0.09, 8), [water])
    s.mark(f, _pleats(look.light))


def _pleats(colour: Array) -> Mark:
    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        groove = unit(np.sin(np.arctan2(x, y) * 22) * 3 - 0.5)
        return 0.6 * groove * (y > 0.28) * (z > -0.3), colour * 0.45

    return mark


# fmt: off
GREY = ("6a7a8a 2e3844 f0f4f6 5a6a7a", "2a4a7a 101e3a dce8f4 2a4a7a", "4a4e54 1a1c20 e8e8e8 3e4248")
SPECIES = {
    "perch": Fish(),
    "angelfish": Fish((0.2, 0.75, 0.75), ((0.0, 0.5, 0.9, 0.7), (0.0, 0.5, -0.9, 0.7)),
        (0.5, 0.45, 0.3), pattern="bands", eye=(-0.15, 0.15)),
    "clownfish": Fish((0.34, 0.5, 0.95), ((0.1, 0.55, 0.3, 0.15), (-0.35, 0.3, -0.3, 0.2)),
        (0.42, 0.34, 0.0), pattern="clown"),
    "goldfish": Fish((0.45, 0.52, 0.8), ((0.05, 0.4, 0.55, 0.4), (-0.35, 0.2, -0.5, 0.6)),
        (1.1, 0.8, 0.5), pattern="belly", eye=(-0.12, 0.2)),
    "puffer": Fish((0.78, 0.78, 0.85), ((-0.4, 0.2, 0.3, 0.2),), (0.4, 0.28, 0.0),
        pattern="spots", eye=(-0.22, 0.2), side=0.35, growths=(spikes,)),
    "anglerfish": Fish((0.6, 0.66, 0.85), ((-0.3, 0.3, 0.3, 0.2),), (0.5, 0.4, 0.1),
        pattern="spots", eye=(-0.25, 0.12), lips=0, growths=(lure,), weave=coats.skin,
                       furs=("4a3a4a 1a121e 7a5a6a 8a4a5a", "2a3a4a 0e141e 5a6a7a 3a6a8a")),
    "shark": Fish((0.34, 0.38, 1.5), ((0.1, 0.25, 0.55, 0.35), (-1.0, 0.12, 0.2, 0.2),
        (-0.9, 0.12, -0.2, 0.2)), (0.7, 0.75, 0.8), 0.85, (-0.1, 0.08), (0.14, 0.5), 0,
                  "belly", GREY, coats.smooth, growths=(grin,)),
    "swordfish": Fish((0.28, 0.34, 1.4), ((0.3, 0.5, 0.6, 0.3), (-0.8, 0.15, -0.25, 0.3)),
        (0.6, 0.65, 0.9), 0.5, (-0.08, 0.12), (0.1, 0.3), 0, "belly",
                      GREY, coats.smooth, growths=(lambda s, f, look,
                          rng: s.limb(f, (0, -0.05, 1.25), (0, -0.1, 2.5), (0.13, 0.02),
                          Paint(look.dark, 0.4)),)),
    "whale": Fish((0.66, 0.72, 1.35), ((-0.7, 0.12, 0.15, 0.15),), (0.8, 1.1, 0.6), 0.8,
        (0.0, 0.12), (0.2, 0.9), 0, "belly", GREY, coats.smooth, True, (spout,)),
    "dolphin": Fish((0.34, 0.38, 1.2), ((-0.05, 0.2, 0.42, 0.4),), (0.5, 0.5, 0.5), 0.5,
        (-0.06, 0.1), (0.12, 0.4), 0, "belly", GREY, coats.smooth, True,
                    (bottle,)),
    "eel": Fish((0.24, 0.3, 1.9), ((-0.2, 1.4, 0.3, 0.1), (-0.6, 1.0, -0.25, 0.1)),
        (0.4, 0.2, 0.0), 0.25, (-0.1, 0.13), (0.08, 0.4), 0.06, "spots", weave=coats.smooth),
}
# fmt: on

for _name, _fish in SPECIES.items():
    REGISTER.add(_name, "sea", {view: paint_fish(_fish, view) for view in ("side", "quarter")})
