"""The body kit for four-legged animals: trunk, neck, legs in a random step, tail, and the head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .frames import Frame
from .heads import Head, build_head, colour
from .maths import curve
from .palettes import Look, Rng
from .sculpt import Sculpture
from .solids import Paint

BodyExtra = Callable[[Sculpture, Frame, Look, Rng], None]


@dataclass(frozen=True)
class Tail:
    """A tail: its length, radii at root, middle and end, how far it rises, its bands and tip."""

    length: float = 1.0
    radii: tuple[float, float, float] = (0.1, 0.09, 0.06)
    rise: float = 0.4
    tip: str = "coat"
    bands: bool = False
    curl: float = 0.0


@dataclass(frozen=True)
class Body:
    """A four-legged body along z: chest at +length/2, hips at -length/2, y down.

    `chest`, `waist`, `hip` are radii, `legs` their length, `thick` the radii of thigh, knee and
    foot, `neck` where the head stands before the chest (y, z) and `throat` the neck's radii at
    chest and head, `head` the head's scale, `foot` 'paw' or 'hoof', `limbs`, `socks` and `back`
    the colours of upper legs, lower legs and trunk; `fore` is the forelegs' length as a share
    of the hind ones', `tilt` the trunk's pitch, `hump` its (y, z, radius).
    """

    length: float = 1.9
    chest: float = 0.46
    waist: float = 0.4
    hip: float = 0.42
    deep: float = 1.15
    legs: float = 1.05
    thick: tuple[float, float, float] = (0.24, 0.14, 0.11)
    neck: tuple[float, float] = (-0.5, 0.45)
    throat: tuple[float, float] = (0.36, 0.28)
    head: float = 0.55
    foot: str = "paw"
    limbs: str = "coat"
    socks: str = "coat"
    back: str = "coat"
    tail: Tail | None = Tail()
    fore: float = 1.0
    tilt: float = 0.0
    hump: tuple[float, float, float] | None = None
    extras: tuple[BodyExtra, ...] = ()


def build_body(
    s: Sculpture, f: Frame, body: Body, head: Head, look: Look, rng: Rng, *, glance: float
) -> Frame:
    """Add body and head to a sculpture; the head is turned by `glance` (yaw). Returns its frame.

    The body is group 1, the head group 2.
    """
    f = f.inside(pitch=body.tilt)
    _trunk(s, f, body, look)
    for front in (True, False):
        swing = rng.uniform(-0.35, 0.35)
        for side, sign in zip(f.both(), (1, -1), strict=True):
            _leg(s, side, body, look, front, swing * sign + rng.normal(0, 0.06))
    if body.tail:
        _tail(s, f, body, body.tail, look, rng)
    for extra in body.extras:
        extra(s, f, look, rng)
    y, z = body.neck
    place = f.inside(
        (0, y, body.length / 2 + z),
        yaw=glance,
        pitch=rng.uniform(-0.05, 0.2) - body.tilt,
        scale=body.head,
    )
    s.group = 2
    build_head(s, place, head, look, rng, bust=False)
    return place


def _trunk(s: Sculpture, f: Frame, body: Body, look: Look) -> None:
    coat, half = Paint(colour(look, body.back)), body.length / 2
    chest, waist, hip = body.chest, body.waist, body.hip
    s.ball(f, (0, 0, half - chest * 0.8), (chest * 0.85, chest * body.deep, chest * 1.15), coat)
    s.ball(f, (0, 0.04, 0), (waist * 0.92, waist * body.deep, half * 0.8), coat, blend=0.2)
    s.ball(
        f, (0, -0.02, -half + hip * 0.8), (hip * 0.85, hip * body.deep, hip * 1.1), coat, blend=0.2
    )
    if body.hump:
        y, z, radius = body.hump
        s.ball(f, (0, y, z), (radius * 0.8, radius, radius), coat, blend=0.2)
    y, z = body.neck
    start, stop = (0, -0.08, half - chest * 0.6), (0, y + 0.1, half + z - 0.12)
    s.limb(f, start, stop, body.throat, Paint(look.coat), blend=0.15)


def _leg(s: Sculpture, f: Frame, body: Body, look: Look, front: bool, swing: float) -> None:
    coat, sock = Paint(colour(look, body.limbs)), Paint(colour(look, body.socks))
    radius = body.chest if front else body.hip
    x, z = radius * 0.6, (body.length / 2 - body.chest * 0.8) * (1 if front else -1)
    down = radius * body.deep * 0.35
    share = body.fore if front else 1.0
    thigh, knee, foot = (radius * (0.4 + 0.6 * share) for radius in body.thick)
    ground = radius * body.deep * 0.6 + body.legs * share
    bend = 0.06 if front else -0.2
    hip = np.array([x, down, z])
    joint = np.array([x, (down + ground) * 0.52, z + bend * body.legs + swing * 0.35 * body.legs])
    ankle = np.array([x, ground - foot * 0.6, z + swing * 0.9 * body.legs * 0.6])
    wide = 1.0 if front else 1.25
    s.limb(f, hip, joint, (thigh * wide, knee), coat, blend=0.1)
    s.limb(f, joint, ankle, (knee, foot), sock, blend=0.05)
    toe = ankle + np.array([0, foot * 0.45, foot * 0.45])
    if body.foot == "hoof":
        hoof = Paint(look.horn * 0.35, 0.5, 0)
        s.limb(
            f,
            ankle,
            toe + np.array([0, foot * 0.4, 0]),
            (foot * 0.95, foot * 1.2),
            hoof,
            blend=0.01,
        )
    else:
        s.ball(f, toe, (foot * 1.25, foot * 0.85, foot * 1.6), sock, blend=0.05)


def _tail(s: Sculpture, f: Frame, body: Body, tail: Tail, look: Look, rng: Rng) -> None:
    half, n = body.length / 2, 10
    sway, rise = rng.uniform(-0.3, 0.3), tail.rise + rng.uniform(-0.15, 0.25)
    end_z = -half - tail.length * 0.75
    path = curve(
        [
            (0, -body.hip * 0.4, -half + 0.05),
            (sway, -body.hip * 0.4 - rise * 0.3, -half - tail.length * 0.55),
            (sway, -rise * tail.length, end_z),
            (sway, -rise * tail.length * 1.4 - tail.curl * 0.5, end_z + tail.curl),
        ],
        n,
    )
    radii = np.interp(np.linspace(0, 1, n), [0, 0.5, 1], tail.radii)
    coat, dark = Paint(look.coat), Paint(look.dark)
    if tail.bands:
        s.tube(f, path, radii, [coat, dark])
        return
    split = 7
    s.tube(f, path[: split + 1], radii[: split + 1], [coat])
    s.tube(f, path[split:], radii[split:], [Paint(colour(look, tail.tip))], fits=False)
