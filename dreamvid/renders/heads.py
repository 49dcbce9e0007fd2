"""The head kit: skull, cheeks, muzzle, nose, ears and eyes from one set of numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import markings
from .eyes import Iris
from .frames import Frame
from .maths import Array, floats, outline
from .palettes import Look, Rng
from .sculpt import Sculpture
from .solids import Paint

Extra = Callable[[Sculpture, Frame, Look, Rng], None]
NOSE_DARK = floats([0.07, 0.05, 0.055])


@dataclass(frozen=True)
class Ears:
    """A pair of ears: 'point', 'round', 'leaf' or 'flop', in units of the head.

    `angle` is how far from the crown they stand (radians), `lean` how far they fall outwards,
    `turn` how far their openings look to the side.
    """

    kind: str = "point"
    length: float = 0.7
    width: float = 0.3
    angle: float = 0.65
    lean: float = 0.25
    turn: float = 0.45
    back: float = -0.05
    inner: str = "skin"


@dataclass(frozen=True)
class Head:
    """A mammal's head. x is to its left, y down, z forward; a skull is about 0.8 in radius.

    `muzzle` is the centre (y, z) and `snout` the half axes of its end, `bridge` the radii of the
    limb that joins it to the skull, `pads` the half distance and radius of whisker pads, `chin`
    the (y, z, radius) of the jaw, `nose` (half width, half height, lift), `eyes` (x, y, radius),
    `neck` the bust's radii above and below and where it ends (y, z).
    """

    skull: tuple[float, float, float] = (0.78, 0.72, 0.8)
    cheek: tuple[float, float, float, float] = (0.45, 0.2, 0.15, 0.42)
    muzzle: tuple[float, float] = (0.3, 0.85)
    snout: tuple[float, float, float] = (0.28, 0.22, 0.28)
    bridge: tuple[float, float] = (0.4, 0.24)
    pads: tuple[float, float] | None = None
    chin: tuple[float, float, float] = (0.5, 0.72, 0.17)
    nose: tuple[float, float, float] = (0.13, 0.09, 0.08)
    nose_colour: str = "dark"
    eyes: tuple[float, float, float] = (0.33, -0.1, 0.16)
    pupil: str = "round"
    white: bool = False
    lid: float = 0.12
    slant: float = 0.15
    muzzle_paint: str = "light"
    smile: float = 0.1
    ears: Ears | None = None
    neck: tuple[float, float, float, float] | None = (0.5, 0.6, 0.9, -0.55)
    extras: tuple[Extra, ...] = ()


def colour(look: Look, name: str) -> Array:
    """Return one of a look's colours by name."""
    picked: Array = getattr(look, name)
    return picked


def build_head(
    s: Sculpture, f: Frame, head: Head, look: Look, rng: Rng, *, bust: bool = True
) -> None:
    """Add a whole head to a sculpture, in the frame's units; with `bust` the neck below it."""
    coat = Paint(look.coat)
    if bust and head.neck:
        above, below, y, z = head.neck
        s.limb(f, (0, 0.15, -0.25), (0, y, z), (above, below), coat, blend=0.2, fits=False)
    s.ball(f, (0, 0, 0), head.skull, coat)
    _jaws(s, f, head, look)
    if head.ears:
        for side in f.both():
            _ear(s, side, head, head.ears, look)
    for side in f.both():
        _eye(s, side, head, look, rng)
    _lines(s, f, head)
    for extra in head.extras:
        extra(s, f, look, rng)


def _jaws(s: Sculpture, f: Frame, head: Head, look: Look) -> None:
    coat, pale = Paint(look.coat), Paint(colour(look, head.muzzle_paint))
    x, y, z, radius = head.cheek
    for side in f.both():
        s.ball(side, (x, y, z), (radius, radius, radius), coat, blend=0.15)
    down, front = head.muzzle
    width, height, depth = head.snout
    s.limb(f, (0, -0.05, 0.45), (0, down - 0.04, front), head.bridge, coat, blend=0.14)
    s.ball(
        f,
        (0, head.chin[0], head.chin[1]),
        (head.chin[2] * 1.1, head.chin[2], head.chin[2]),
        pale,
        blend=0.06,
    )
    if head.pads:
        apart, bulge = head.pads
        for side in f.both():
            s.ball(side, (apart, down + 0.06, front), (bulge, bulge * 0.85, bulge), pale)
    else:
        s.ball(f, (0, down, front), (width, height, depth), pale, blend=0.1)
    _nose(s, f, head, look)


def _nose(s: Sculpture, f: Frame, head: Head, look: Look) -> None:
    half, tall, lift = head.nose
    if half <= 0:
        return
    tint = NOSE_DARK if head.nose_colour == "dark" else colour(look, head.nose_colour)
    paint = Paint(tint, gloss=0.75, coat=0)
    down, front = head.muzzle
    tip = front + head.snout[2] * 0.86
    s.ball(f, (0, down - lift, tip), (half, tall, 0.1), paint, blend=0.02)
    s.ball(f, (0, down - lift + tall * 0.7, tip), (half * 0.5, tall * 0.7, 0.09), paint, blend=0.03)
    hole = Paint(floats([0.01, 0.0, 0.0]), gloss=0.1, coat=0)
    for side in f.both():
        spot = (half * 0.5, down - lift + tall * 0.25, tip + 0.08)
        s.ball(side, spot, (half * 0.24, tall * 0.24, 0.03), hole, blend=0)


def _surface(head: Head, x: float, y: float) -> tuple[Array, Array]:
    rx, ry, rz = head.skull
    z = rz * np.sqrt(max(1 - (x / rx) ** 2 - (y / ry) ** 2, 0.02))
    normal = np.array([x / rx**2, y / ry**2, z / rz**2])
    return np.array([x, y, z]), normal / np.linalg.norm(normal)


def _eye(s: Sculpture, f: Frame, head: Head, look: Look, rng: Rng) -> None:
    x, y, radius = head.eyes
    spot, normal = _surface(head, x, y)
    facing = normal + np.array([0, 0, 0.25])
    s.ball(f, spot * 0.97, (radius * 1.05,) * 3, Paint(look.coat), blend=0.1)
    white = floats([0.96, 0.95, 0.93]) if head.white else None
    iris = Iris(look.iris, head.pupil, white, lid=head.lid, slant=head.slant)
    s.eye(f, spot + normal * radius * 0.8, facing, radius, iris)


def _lines(s: Sculpture, f: Frame, head: Head) -> None:
    down, front = head.muzzle
    tip = front + head.snout[2]
    line = down + head.snout[1] * 0.75
    back = front - head.snout[2] * 1.1
    s.mark(f, markings.mouth(line, tip, back, smile=head.smile))
    if head.nose[0] > 0:
        s.mark(f, markings.philtrum(down - head.nose[2], line, front))


def _ear_shape(kind: str, width: float, length: float) -> Array:
    if kind == "point":
        return outline(
            [(-width, 0.1), (-width * 0.9, -length * 0.6), (0, -length)],
            [(0, -length), (width * 0.9, -length * 0.6), (width, 0.1)],
        )
    if kind == "flop":
        return outline(
            [(-width * 0.5, 0.05), (-width * 1.5, -length * 0.5), (-width * 0.7, -length)],
            [(-width * 0.7, -length), (0, -length * 1.15), (width * 0.7, -length)],
            [(width * 0.7, -length), (width * 1.5, -length * 0.5), (width * 0.5, 0.05)],
        )
    return outline(
        [(-width * 0.35, 0.1), (-width * 1.6, -length * 0.5), (-width * 0.15, -length)],
        [(width * 0.15, -length), (width * 1.6, -length * 0.5), (width * 0.35, 0.1)],
    )


def _ear(s: Sculpture, f: Frame, head: Head, ears: Ears, look: Look) -> None:
    rx, ry, _ = head.skull
    a = ears.angle
    root = (rx * np.sin(a) * 0.85, -ry * np.cos(a) * 0.85, ears.back)
    place = f.inside(root, roll=ears.lean).inside(yaw=ears.turn)
    outer, inner = Paint(look.coat * 0.92), Paint(colour(look, ears.inner) * 0.9, coat=0.4)
    if ears.kind == "round":
        w = ears.width
        s.ball(place, (0, -ears.length, 0), (w, w, 0.16), outer, blend=0.06)
        s.ball(place, (0, -ears.length, 0.1), (w * 0.66, w * 0.68, 0.1), inner, blend=0.04)
        return
    flat = _ear_shape(ears.kind, ears.width, ears.length)
    shape = np.column_stack([flat, np.zeros(len(flat))])
    s.patch(place, shape, outer, cup=0.25)
    if ears.kind != "flop":
        shrink = np.array([0.62, 0.72, 1.0])
        s.patch(place, shape * shrink + (0, -0.04, 0.05), inner, cup=0.1)
