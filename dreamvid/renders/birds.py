"""Birds: sets of numbers on the bird kit, seen as heads, from the front, perched and in flight."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import coats, plumage
from . import markings as m
from .eyes import Iris
from .finish import Picture, portrait
from .frames import Frame, upright
from .maths import Array, Point, curve, floats
from .palettes import Look, Rng, look
from .plumage import Beak, Growth
from .registry import REGISTER, Painter
from .sculpt import Sculpture
from .solids import Paint

BEAKS = {"gold": "f0a818", "black": "26221f", "red": "d8341c", "horn": "b8a070", "orange": "f07818"}


@dataclass(frozen=True)
class Bird:
    """One bird. The head is about 0.55 in radius about the origin, looking along z.

    `body` is the centre (y, z) below and behind the head and `girth` its half axes, `lean` its
    pitch; `neck` the radii at head and body; `eye` (x, y, radius).
    """

    beak: Beak
    furs: tuple[str, ...]
    beak_colours: tuple[str, ...] = ("gold", "black", "horn", "orange")
    skull: tuple[float, float, float] = (0.5, 0.5, 0.58)
    eye: tuple[float, float, float] = (0.36, -0.08, 0.15)
    slant: float = 0.1
    face: str = "coat"
    growths: tuple[Growth, ...] = ()
    body: tuple[float, float] = (1.1, -0.75)
    girth: tuple[float, float, float] = (0.56, 0.6, 0.95)
    lean: float = -0.5
    neck: tuple[float, float] = (0.38, 0.5)
    bow: float = 0.0
    legs: float = 0.55
    tail: float = 0.9
    train: Growth | None = None
    span: float = 1.9
    views: tuple[str, ...] = ("head", "front", "perched", "flying")


def _beak_colour(bird: Bird, rng: Rng) -> Array:
    word = BEAKS[bird.beak_colours[int(rng.integers(len(bird.beak_colours)))]]
    return floats([int(word[k : k + 2], 16) / 255 for k in (0, 2, 4)])


def _head(s: Sculpture, f: Frame, bird: Bird, colours: Look, beak: Array, rng: Rng) -> None:
    s.ball(f, (0, 0, 0), bird.skull, Paint(getattr(colours, bird.face)))
    bird.beak(s, f, beak)
    x, y, radius = bird.eye
    rx, ry, rz = bird.skull
    z = rz * np.sqrt(max(1 - (x / rx) ** 2 - (y / ry) ** 2, 0.03))
    normal = np.array([x / rx**2, y / ry**2, z / rz**2])
    normal /= np.linalg.norm(normal)
    iris = Iris(colours.iris, lid=0.06, slant=bird.slant)
    for side in f.both():
        spot = np.array([x, y, z]) + normal * radius * 0.35
        s.eye(side, spot, normal + np.array([0.0, 0, 0.2]), radius, iris)
    for growth in bird.growths:
        growth(s, f, colours, rng)


def _neck(s: Sculpture, f: Frame, bird: Bird, colours: Look, share: float = 1.0) -> None:
    y, z = bird.body
    high = (0.0, y - bird.girth[1] * 0.4, z + bird.girth[2] * 0.45)
    path: list[Point] = [
        (0, 0.1, -0.1),
        (0, 0.25 * y, -0.2 - bird.bow),
        (0, 0.7 * y, high[2] + bird.bow),
        high,
    ]
    count = 9 if bird.bow else 5
    points, radii = curve(path, count), np.linspace(*bird.neck, count)
    stop = max(2, round(count * share))
    s.tube(f, points[:stop], radii[:stop], [Paint(colours.coat)], blend=0.12, fits=share == 1.0)


def _trunk(s: Sculpture, f: Frame, bird: Bird, colours: Look) -> Frame:
    _neck(s, f, bird, colours)
    y, z = bird.body
    body = f.inside((0, y, z), pitch=bird.lean)
    s.ball(body, (0, 0, 0), bird.girth, Paint(colours.coat), blend=0.2)
    s.ball(
        body,
        (0, bird.girth[1] * 0.3, 0.1),
        np.array(bird.girth) * (0.85, 0.8, 0.8),
        Paint(colours.light),
        blend=0.1,
    )
    return body


def _tail(s: Sculpture, body: Frame, bird: Bird, colours: Look, spread: float) -> None:
    if not bird.tail:
        return
    root = (0.0, -0.05, -bird.girth[2] * 0.75)
    for k in range(7):
        angle = spread * (k / 3 - 1)
        tip = (
            bird.tail * np.sin(angle),
            0.1 + 0.05 * abs(k - 3),
            root[2] - bird.tail * np.cos(angle),
        )
        ends = (colours.dark, colours.accent) if k % 2 else (colours.coat, colours.dark)
        plumage.feather(
            s, body, root, tip, 0.16, Paint(ends[0]), end=Paint(ends[1]), normal=(0.3, 1, 0)
        )


def paint_head(bird: Bird, front: bool) -> Painter:
    """Return the painter of a head, to the side or, with `front`, facing us."""

    def paint(rng: Rng, size: int) -> Picture:
        colours, s = look(rng, bird.furs), Sculpture(ragged=0.8)
        yaw = rng.normal(0, 0.2) if front else rng.uniform(0.6, 1.5)
        f = upright(yaw, rng.uniform(-0.15, 0.2), rng.normal(0, 0.12))
        weave = coats.feathers if rng.random() < 0.5 else coats.fur
        s.coat(f, weave(rng, coats.polar))
        _neck(s, f, bird, colours, 0.75)
        _head(s, f, bird, colours, _beak_colour(bird, rng), rng)
        return portrait(s, rng, size, (0.74, 1.02))

    return paint


def paint_perched(bird: Bird) -> Painter:
    """Return the painter of a whole bird, standing, from the side or in three-quarter view."""

    def paint(rng: Rng, size: int) -> Picture:
        colours, s = look(rng, bird.furs), Sculpture(ragged=0.4)
        beak, f = (
            _beak_colour(bird, rng),
            upright(rng.uniform(0.7, 1.5), rng.uniform(0, 0.25), rng.normal(0, 0.1)),
        )
        if bird.train:
            bird.train(s, f, colours, rng)
        body = _trunk(s, f, bird, colours)
        s.coat(body, coats.feathers(rng, coats.lengthwise, 20, 6))
        _tail(s, body, bird, colours, 0.28)
        for side in body.both():
            plumage.wing_folded(s, side, colours, bird.girth)
        if bird.legs:
            low = bird.body[0] + bird.girth[1] * 0.85
            plumage.legs(s, f, bird.legs, beak * 0.9, apart=0.22, z=bird.body[1] + 0.05, y=low)
        s.group = 2
        turned = f.inside(yaw=-rng.uniform(0, 0.8))
        s.coat(turned, coats.feathers(rng, coats.polar))
        _head(s, turned, bird, colours, beak, rng)
        return portrait(s, rng, size, (0.85, 1.08))

    return paint


def paint_fan(bird: Bird) -> Painter:
    """Return the painter of a bird that faces us before its open train."""

    def paint(rng: Rng, size: int) -> Picture:
        colours, s = look(rng, bird.furs), Sculpture(ragged=0.2)
        f = upright(rng.normal(0, 0.25), rng.uniform(0, 0.2), rng.normal(0, 0.08))
        if bird.train:
            bird.train(s, f, colours, rng)
        body = _trunk(s, f, bird, colours)
        s.coat(body, coats.feathers(rng, coats.lengthwise, 20, 6))
        s.group = 2
        turned = f.inside(yaw=rng.uniform(0.4, 1.0))
        _head(s, turned, bird, colours, _beak_colour(bird, rng), rng)
        return portrait(s, rng, size, (0.9, 1.15))

    return paint


def paint_flying(bird: Bird) -> Painter:
    """Return the painter of a bird in flight, wings spread."""

    def paint(rng: Rng, size: int) -> Picture:
        colours, s = look(rng, bird.furs), Sculpture(ragged=0.3)
        f = upright(rng.uniform(0.2, 1.0), rng.uniform(0.35, 0.9), rng.normal(0, 0.3))
        level = replace(bird, body=(0.3 + 0.3 * bird.body[0], -1.0 - 0.3 * bird.body[0]), lean=0.0)
        body = _trunk(s, f, level, colours)
        s.coat(body, coats.feathers(rng, coats.lengthwise, 18, 6))
        _tail(s, body, bird, colours, 0.6)
        lift = rng.uniform(-0.1, 0.9)
        for side in body.both():
            plumage.wing_spread(s, side, colours, bird.span, lift)
        s.group = 2
        s.coat(f, coats.feathers(rng, coats.polar))
        _head(s, f, bird, colours, _beak_colour(bird, rng), rng)
        return portrait(s, rng, size, (0.9, 1.2))

    return paint


def enter(name: str, bird: Bird) -> None:
    """Enter a bird's labels."""
    makers = {
        "head": lambda: paint_head(bird, False), "front": lambda: paint_head(bird, True),
        "perched": lambda: paint_perched(bird), "fan": lambda: paint_fan(bird),
            "flying": lambda: paint_flying(bird),
    }  # fmt: skip
    REGISTER.add(name, "birds", {view: makers[view]() for view in bird.views})


def discs(s: Sculpture, f: Frame, colours: Look, rng: Rng) -> None:
    """Grow an owl's facial discs."""
    for side in f.both():
        s.ball(
            side, (0.27, 0.0, 0.28), (0.34, 0.38, 0.24), Paint(colours.light), blend=0.05, yaw=0.25
        )
    s.mark(f, m.rings((0.3, -0.04), 0.32, colours.dark))


def plumes(s: Sculpture, f: Frame, colours: Look, rng: Rng) -> None:
    """Grow a rooster's arched tail."""
    for k in range(9):
        bend, high = 0.6 + 0.12 * k, -0.9 + 0.28 * k
        path = curve(
            [
                (0, 1.0, -1.3),
                (0, high - 0.3, -1.6 - bend * 0.3),
                (0, high + 0.4, -2.1 - bend * 0.5),
                (0.1, 1.2 + 0.05 * k, -2.2 - bend * 0.4),
            ],
            8,
        )
        tint = (colours.dark, colours.accent, colours.dark * 0.6)[k % 3]
        s.tube(f, path, np.linspace(0.16, 0.04, 8), [Paint(tint, 0.4, 0.5)], blend=0.02)


def peacock_train(s: Sculpture, f: Frame, colours: Look, rng: Rng) -> None:
    """Grow a peacock's open fan of eyed feathers."""
    hue = [
        Paint(colours.accent, 0.5, 0),
        Paint(colours.iris[1], 0.5, 0),
        Paint(colours.coat * 0.4, 0.6, 0),
    ]
    for row, (reach, count) in enumerate(((2.6, 17), (2.0, 14), (1.4, 11))):
        for k in range(count):
            a = (k / (count - 1) - 0.5) * 3.4
            tip = np.array([reach * np.sin(a), 1.0 - reach * np.cos(a), -1.0 + 0.12 * row])
            plumage.feather(
                s,
                f,
                (0, 1.0, -0.9),
                tip,
                0.2,
                Paint(colours.dark * 0.8),
                end=Paint(colours.light * 0.6),
            )
            for step, paint in enumerate(hue):
                r = 0.21 - 0.06 * step
                s.ball(
                    f,
                    tip * (0.93, 0.97, 1) + (0, 0.05, 0.05 + 0.03 * step),
                    (r, r * 1.15, 0.03),
                    paint,
                    blend=0,
                )
