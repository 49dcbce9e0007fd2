"""The kit for insects, spiders, crabs: bodies, legs, wings, claws, stings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import coats
from . import markings as m
from .coats import Weave
from .eyes import Iris
from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import Array, curve, spline
from .palettes import Look, Rng, iris_stops, look
from .registry import Painter
from .sculpt import Mark, Sculpture
from .solids import Paint

Part = Callable[[Sculpture, Frame, Look, Rng], None]
Ball = tuple[float, float, float, float, float]  # y, z, then half axes x, y, z


@dataclass(frozen=True)
class Bug:
    """One insect along z: (y, z, rx, ry, rz) of abdomen, thorax and head; legs, wings, pattern."""

    abdomen: Ball = (0.0, -0.75, 0.42, 0.36, 0.65)
    thorax: Ball = (0.0, 0.05, 0.34, 0.3, 0.34)
    head: Ball = (0.02, 0.5, 0.25, 0.22, 0.2)
    pairs: int = 3
    reach: float = 0.95
    knee: float = 0.35
    thick: float = 0.06
    feelers: float = 0.6
    eye: float = 0.11
    parts: tuple[Part, ...] = ()
    pattern: str = "plain"
    weave: Weave = coats.smooth
    gloss: float = 0.7
    ragged: float = 0.0
    furs: tuple[str, ...] = (
        "1e8a4a 0e1a14 c8f0a0 d8b01e", "3a2a8a 0e0c1e c0b8f0 1ec8d8", "c8281e 140c0c f8d8b0 f0b01e",
        "2a2624 0c0a0a a89078 c85a1e", "d89a1e 2a1a0c fff0b8 a83a1e",
    )  # fmt: skip
    views: tuple[str, ...] = ("top", "side")


def _ball(s: Sculpture, f: Frame, ball: Ball, paint: Paint, *, blend: float = 0.03) -> None:
    y, z, rx, ry, rz = ball
    s.ball(f, (0, y, z), (rx, ry, rz), paint, blend=blend)


def _legs(s: Sculpture, f: Frame, bug: Bug, look: Look, rng: Rng) -> None:
    paint = Paint(look.dark * 0.5 + look.accent * 0.4, 0.5, 0)
    y, z, rx, _, rz = bug.thorax
    for side in f.both():
        for k in range(bug.pairs):
            t = k / max(bug.pairs - 1, 1) * 2 - 1
            reach = bug.reach * rng.uniform(0.9, 1.1)
            hip = (rx * 0.6, y + 0.1, z - t * rz * 0.8)
            joint = (rx + reach * 0.5, y - bug.knee, z - t * (rz + 0.3 * reach))
            foot = (rx + reach * 0.95, y + 0.55, z - t * (rz + 0.75 * reach) + 0.08)
            s.limb(side, hip, joint, (bug.thick * 1.3, bug.thick), paint, blend=0.01)
            s.limb(side, joint, foot, (bug.thick, bug.thick * 0.4), paint, blend=0.01)


def _head(s: Sculpture, f: Frame, bug: Bug, look: Look, rng: Rng) -> None:
    y, z, rx, ry, rz = bug.head
    stops = (look.accent, look.accent * 0.5, look.accent * 0.2)
    for side in f.both():
        if bug.eye:
            s.eye(
                side,
                (rx * 0.8, y - ry * 0.4, z + rz * 0.4),
                (0.75, -0.75, 0.6),
                bug.eye,
                Iris(stops, size=0.6),
            )
            s.ball(
                side,
                (rx * 0.7, y - ry * 0.3, z + rz * 0.3),
                (bug.eye,) * 3,
                Paint(look.dark, 0.8, 0),
            )
        if bug.feelers:
            bend = rng.uniform(0.2, 0.6)
            path = [
                (rx * 0.4, y - ry * 0.4, z + rz * 0.7),
                (rx + 0.1, y - 0.35, z + bug.feelers * 0.6),
                (rx + bend, y - 0.2, z + bug.feelers * 1.3),
            ]
            s.tube(
                side,
                curve(path, 7),
                np.linspace(0.05, 0.025, 7),
                [Paint(look.dark + 0.05, 0.4, 0)],
                fits=False,
            )


def _pattern(bug: Bug, look: Look, rng: Rng) -> list[Mark]:
    if bug.pattern == "bands":
        return [m.stripes(look.dark, rng, count=10, head=False, share=0.25)]
    if bug.pattern == "dots":
        places = ((0.34, -0.05), (0.5, -0.45), (0.25, -0.75), (0.2, -0.4))
        return [m.spot(look.dark, (x, -0.4, z), (0.13, 0.6, 0.13)) for x, z in places]
    if bug.pattern == "cross":
        return [
            m.spot(look.light, (0, -0.3, -0.6), (0.06, 0.4, 0.4)),
            m.spot(look.light, (0.15, -0.3, -0.5), (0.2, 0.3, 0.05)),
        ]
    return []


def build_bug(s: Sculpture, f: Frame, bug: Bug, look: Look, rng: Rng) -> None:
    """Add a whole insect; its body is group 1, what grows on it group 2."""
    coat = Paint(look.coat, bug.gloss)
    dark = Paint(look.dark * 0.55 + look.coat * 0.35, bug.gloss)
    _legs(s, f, bug, look, rng)
    _ball(s, f, bug.abdomen, coat)
    _ball(s, f, bug.thorax, coat if bug.pattern == "plain" else dark)
    _ball(s, f, bug.head, dark)
    s.coat(f, bug.weave(rng, coats.lengthwise))
    for mark in _pattern(bug, look, rng):
        s.mark(f, mark)
    s.group = 2
    for part in bug.parts:
        part(s, f, look, rng)
    _head(s, f, bug, look, rng)


def paint_bug(bug: Bug, view: str) -> Painter:
    """Return the painter of an insect from the 'top' (turned anyhow) or the 'side'."""

    def paint(rng: Rng, size: int) -> Picture:
        colours, s = look(rng, bug.furs), Sculpture(ragged=bug.ragged)
        if view == "top":
            f = upright(rng.normal(0, 0.2), rng.uniform(0.95, 1.45), rng.uniform(-3.1, 3.1))
        else:
            f = upright(rng.uniform(0.7, 1.45), rng.uniform(0.1, 0.5), rng.normal(0, 0.15))
        build_bug(s, f, bug, colours, rng)
        return portrait(s, rng, size, (0.88, 1.15))

    return paint


def wing(s: Sculpture, f: Frame, shape: Array, paint: Paint, tip: Paint | None = None) -> None:
    """Add a pair of wings of one outline, given for the left one."""
    for side in f.both():
        s.patch(side, spline(shape), paint, tip=tip)


def clear_wings(*reaches: tuple[float, float, float]) -> Part:
    """Return glassy wings: (length, width, angle back from sideways) for each pair."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        glass, vein = Paint(look.light * 0.5 + 0.45, 0.9, 0), Paint(look.dark, 0.2, 0)
        for length, width, angle in reaches:
            way, across = (
                np.array([np.cos(angle), -0.1, -np.sin(angle)]),
                np.array([np.sin(angle), 0, np.cos(angle)]),
            )
            root = np.array([0.15, -0.32, 0.1])
            at = np.array([(0, 0), (0.4, 0.5), (0.85, 0.6), (1.0, 0.1), (0.8, -0.4), (0.4, -0.35)])
            shape = root + at[:, :1] * length * way + at[:, 1:] * width * across
            wing(s, f, shape, glass)
            for side in f.both():
                for k in (2, 3, 4):
                    s.stroke(side, np.linspace(root, shape[k] - (0, 0.03, 0), 6), 0.02, vein.rgb)

    return grow


def covers(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Draw the seam between a beetle's wing covers."""
    seam = [
        (0, -0.37 * np.sqrt(max(1 - ((z + 0.6) / 0.75) ** 2, 0)) - 0.06, z)
        for z in np.linspace(0.05, -1.25, 9)
    ]
    s.stroke(f, np.array(seam), 0.035, look.dark * 0.5)


def horn(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow a rhinoceros beetle's horn and a stag beetle's jaws."""
    paint = Paint(look.dark + 0.05, 0.7, 0)
    if rng.random() < 0.5:
        s.tube(
            f,
            curve([(0, -0.1, 0.6), (0, -0.3, 1.2), (0, -0.75, 1.2)], 7),
            np.linspace(0.13, 0.04, 7),
            [paint],
        )
        return
    for side in f.both():
        path = curve([(0.1, 0, 0.6), (0.55, -0.05, 1.0), (0.12, -0.05, 1.35)], 8)
        s.tube(side, path, np.linspace(0.1, 0.03, 8), [paint])


def claws(scale: float = 1.0, *, y: float = 0.1, z: float = 0.5) -> Part:
    """Return a crab's or scorpion's pair of claws."""

    def grow(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
        coat, tip = Paint(look.coat, 0.6), Paint(look.accent, 0.6)
        for side in f.both():
            size = scale * rng.uniform(0.9, 1.15)
            elbow = (0.75 * scale + 0.2, y - 0.1, z + 0.25)
            palm = np.array([0.85 * scale, y - 0.1, z + 0.85 * scale])
            s.limb(side, (0.3, y, z - 0.1), elbow, (0.11, 0.1), coat)
            s.limb(side, elbow, palm, (0.12, 0.15), coat)
            s.ball(side, palm, (0.24 * size, 0.18 * size, 0.3 * size), coat)
            for bend in (-0.22, 0.2):
                path = [
                    palm,
                    palm + np.array([bend * 1.6, 0, 0.45]) * size,
                    palm + np.array([bend * 0.3, 0, 0.75]) * size,
                ]
                s.tube(side, curve(path, 6), np.linspace(0.13, 0.02, 6) * size, [tip])

    return grow


def sting(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow a scorpion's raised tail."""
    path = curve([(0, 0, -0.9), (0, -0.1, -1.9), (0, -1.5, -1.9), (0, -1.3, -0.9)], 8)
    for k in range(7):
        s.ball(f, path[k], (0.17, 0.17, 0.17), Paint(look.coat, 0.6), blend=0.02)
    s.tube(
        f,
        curve([path[6], path[6] + (0, -0.15, 0.3), path[6] + (0, 0.15, 0.45)], 5),
        np.linspace(0.17, 0.02, 5),
        [Paint(look.dark, 0.6)],
    )


def jumpers(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Grow a grasshopper's great hind legs."""
    for side in f.both():
        knee = (0.5, -0.85, -0.75)
        s.limb(side, (0.25, 0.05, 0.0), knee, (0.2, 0.08), Paint(look.coat, 0.4))
        s.limb(side, knee, (0.6, 0.6, -1.35), (0.07, 0.04), Paint(look.accent, 0.4))


def eyes_of_spider(s: Sculpture, f: Frame, look: Look, rng: Rng) -> None:
    """Set a spider's eight eyes and its fangs."""
    for side in f.both():
        for x, y, radius in (
            (0.09, -0.08, 0.09),
            (0.22, -0.12, 0.06),
            (0.1, -0.24, 0.045),
            (0.24, -0.26, 0.04),
        ):
            s.eye(side, (x, y, 0.52), (x, y, 1), radius, Iris(iris_stops(rng), size=1.3))
        s.limb(
            side,
            (0.1, 0.12, 0.45),
            (0.12, 0.36, 0.6),
            (0.09, 0.03),
            Paint(look.dark + 0.05, 0.6, 0),
        )
