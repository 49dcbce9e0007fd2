"""Ornaments and fractals: knots, mandalas, spheres, bubbles, stars, spirals, Julia sets."""

from __future__ import annotations

from functools import partial

import numpy as np

from . import noise
from .canvas import Canvas
from .finish import Picture, portrait
from .frames import upright
from .maths import TURN, Array, bump, dome, floats, mix, unit
from .palettes import Rng, ramp, random_stops, vivid
from .registry import REGISTER
from .sculpt import Sculpture
from .solids import Paint

KNOTS = ((2, 3), (3, 4), (2, 5), (3, 5), (5, 2))


def knot(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw a torus knot: a 'rope' of turns, or a smooth 'ring'."""
    p, q = KNOTS[int(rng.integers(len(KNOTS)))]
    count = 110 if kind == "rope" else 72
    t = np.linspace(0, TURN, count + 1)
    reach = 0.7 + 0.28 * np.cos(q * t)
    path = np.stack([reach * np.cos(p * t), reach * np.sin(p * t), 0.3 * np.sin(q * t)], 1)
    first, second, s = vivid(rng), vivid(rng), Sculpture()
    paints = [Paint(first, 0.6, 0)] * 2 + [Paint(second, 0.6, 0)] * 2
    radius = rng.uniform(0.09, 0.13)
    radii = (
        radius * (1 + 0.13 * np.sin(np.arange(count + 1) * np.pi / 2))
        if kind == "rope"
        else np.full(count + 1, radius)
    )
    f = upright(rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(-3, 3))
    s.tube(f, path, radii, paints if kind == "rope" else paints[:1], blend=0.004)
    return portrait(s, rng, size, (0.8, 1.08))


def mandala(rng: Rng, size: int) -> Picture:
    """Draw rings of petals, each behind the next."""
    c = Canvas(rng, size, turn=3, stretch=0.03)
    radius, angle = c.polar()
    fold = int(rng.integers(5, 13))
    stops = random_stops(rng, 5)
    for ring in range(5):
        reach = 1.0 - 0.19 * ring
        a = np.mod(angle * (fold / TURN) + 0.5 * (ring % 2), 1) - 0.5
        sharp = rng.choice([0.5, 1.0, 2.0])
        rim = reach * (0.72 + 0.28 * np.cos(a * np.pi) ** sharp)
        depth = unit((rim - radius) / 0.22)
        tone = ramp(stops, 0.15 * ring + 0.35 * depth + 0.1 * np.cos(a * 14))
        tone = mix(tone, tone * 0.25, bump(radius - rim, -0.03, 0.018))
        c.lay(c.inside(radius - rim), tone, height=0.04 * ring + 0.08 * np.sqrt(depth), gloss=0.4)
    boss = radius / 0.13
    c.lay(c.inside(radius - 0.13), vivid(rng), height=0.25 + 0.13 * dome(boss * boss), gloss=0.8)
    return c.picture()


def sphere(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw a ball: 'striped', 'chequered', or a 'planet' of seas and lands."""
    s, f = Sculpture(), upright(rng.uniform(-3, 3), rng.uniform(-0.8, 0.8), rng.uniform(-1, 1))
    stops = random_stops(rng, 4)
    s.ball(f, (0, 0, 0), (1, 1, 1), Paint(stops[0], rng.choice([0.2, 0.9])))
    count, tile = int(rng.integers(3, 7)), noise.clouds("mist")[int(rng.integers(4))]

    def mark(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        around, up = np.arctan2(x, z), np.arcsin(np.clip(y, -1, 1))
        if kind == "striped":
            value = 0.5 + 0.5 * np.sin(up * count * 2.5 + 0.3 * np.sin(around * 3))
        elif kind == "chequered":
            value = (np.sin(around * count) * np.sin(up * count) > 0) * 0.9
        else:
            value = 0.5 + 0.3 * noise.sample(tile, around * (noise.SIDE / TURN), up * 50)
        return np.ones_like(x), np.moveaxis(ramp(stops, value), -1, 0)

    s.mark(f, mark)
    return portrait(s, rng, size, (0.7, 1.0))


def bubbles(rng: Rng, size: int) -> Picture:
    """Draw a heap of glossy balls."""
    s, f = Sculpture(), upright()
    tones = [Paint(vivid(rng), 0.95, 0) for _ in range(3)]
    for k in range(int(rng.integers(6, 13))):
        radius = rng.uniform(0.18, 0.5)
        spot = (rng.uniform(-0.7, 0.7), rng.uniform(-0.7, 0.7), rng.uniform(-0.4, 0.4))
        s.ball(f, spot, (radius,) * 3, tones[k % 3], blend=0)
    return portrait(s, rng, size, (0.85, 1.1))


def star(rng: Rng, size: int) -> Picture:
    """Draw a faceted star."""
    c = Canvas(rng, size, turn=3)
    points, colour = int(rng.integers(4, 11)), vivid(rng)
    inner, i = rng.uniform(0.38, 0.62), np.arange(2 * points)
    reach = np.where(i % 2 == 0, 1.0, inner)
    corners = np.stack([reach * np.sin(i * np.pi / points), -reach * np.cos(i * np.pi / points)], 1)
    for k in range(2 * points):
        facet = np.array([(0, 0), corners[k], corners[(k + 1) % (2 * points)]])
        c.fill(facet, np.clip(colour * (0.55 + 0.5 * (k % 2)), 0, 1), gloss=0.5)
    radius, angle = c.polar()
    fold = np.abs(np.mod(angle * (points / TURN) + 0.25, 1) - 0.5)
    c.height = (1 - radius) * 0.5 * (1 - fold)
    return c.picture()


def jewel(rng: Rng, size: int) -> Picture:
    """Draw a cut gem from above: table, crown and girdle facets."""
    c, colour = Canvas(rng, size, turn=3, stretch=0.2), vivid(rng)
    n = int(rng.choice([6, 8, 10]))

    def circle(reach: float, shift: float) -> Array:
        a = (np.arange(n) + shift) * TURN / n
        return np.stack([reach * np.sin(a), -reach * np.cos(a)], 1)

    table, crown, girdle = circle(0.48, 0), circle(0.78, 0.5), circle(1.0, 0)
    light = rng.uniform(0, TURN)

    def facet(corners: list[Array], bright: float) -> None:
        middle = np.mean(corners, 0)
        tone = 0.62 + 0.5 * np.cos(np.arctan2(middle[1], middle[0]) - light) * bright
        c.fill(
            np.array(corners), np.clip(colour * tone + 0.3 * max(tone - 0.85, 0), 0, 1), gloss=0.6
        )

    for k in range(n):
        j = (k + 1) % n
        facet([girdle[k], girdle[j], crown[k]], 0.9)
        facet([crown[k], girdle[j], crown[j]], 0.7)
        facet([table[k], crown[k], table[j]], 1.0)
        facet([table[j], crown[k], crown[j]], 0.8)
    c.fill(table, np.clip(colour * 1.1 + 0.12, 0, 1), gloss=0.9)
    return c.picture()


def spiral(rng: Rng, size: int) -> Picture:
    """Draw a logarithmic spiral's painted arms."""
    c = Canvas(rng, size, turn=3)
    radius, angle = c.polar()
    arms, wind = int(rng.integers(1, 6)), rng.uniform(2.5, 6)
    phase = np.mod(np.log(radius + 0.01) * wind / TURN * 2 + angle * (arms / TURN), 1)
    high = np.sqrt(unit(4 * phase * (1 - phase)))
    c.lay(
        c.inside(radius - 1),
        ramp(random_stops(rng, 4), phase) * (0.4 + 0.6 * high)[..., None],
        height=high * radius * 0.18,
        gloss=0.5,
    )
    return c.picture()


def julia(rng: Rng, size: int) -> Picture:
    """Draw a Julia set, lit as a landscape."""
    c = Canvas(rng, size, scale=(0.7, 0.9), turn=3, stretch=0)
    turn = rng.uniform(0, TURN)
    seed = (0.5 * np.exp(1j * turn) - 0.25 * np.exp(2j * turn)) * 1.04
    z = (c.x * 1.35 + 1j * c.y * 1.35).astype(np.complex64)
    age = np.zeros(z.shape, np.float32)
    for _ in range(28):
        z = z * z + np.complex64(seed)
        modulus = np.abs(z)
        alive = modulus < 4
        age += alive
        z[~alive] = 4
    tone = np.sqrt(age / 28)
    c.lay(
        unit((age - 4.5) * 0.9),
        ramp(random_stops(rng, 5), np.mod(tone * 2.2, 1)),
        height=tone * 0.2,
        gloss=0.4,
    )
    return c.picture()


def snowflake(rng: Rng, size: int) -> Picture:
    """Draw a branching crystal of six arms."""
    c = Canvas(rng, size, turn=3, stretch=0.03)
    branches = [
        (rng.uniform(0.15, 0.9), rng.uniform(0.12, 0.4)) for _ in range(int(rng.integers(3, 7)))
    ]
    paths: list[Array] = []
    for k in range(6):
        a = k * TURN / 6
        way = np.array([np.sin(a), -np.cos(a)])
        paths.append(np.array([(0, 0), way]))
        for at, long in branches:
            for side in (-1, 1):
                b = a + side * TURN / 6
                tip = way * at + long * (1.1 - at) * 1.5 * np.array([np.sin(b), -np.cos(b)])
                paths.append(np.array([way * at, tip]))
    colour = mix(floats([0.8, 0.92, 1.0]), vivid(rng), rng.choice([0.0, 0.6]))
    c.line(paths, rng.uniform(0.05, 0.09), colour, bevel=0.06)
    return c.picture()


def carpet(rng: Rng, size: int) -> Picture:
    """Draw a Sierpinski carpet of lit blocks."""
    c = Canvas(rng, size, turn=0.5)
    stops = random_stops(rng, 4)
    u, v = (c.x + 1) / 2, (c.y + 1) / 2
    tone, height = np.zeros_like(u), np.zeros_like(u)
    for level in range(3):
        k = 3.0 ** (level + 1)
        hole = (np.floor(u * k) % 3 == 1) & (np.floor(v * k) % 3 == 1) & (tone == 0)
        tone = np.where(hole, (3 - level) / 3.2, tone)
        height = np.where(hole, -0.12 / (level + 1), height)
    c.lay(c.inside(np.maximum(np.abs(c.x), np.abs(c.y)) - 1), ramp(stops, tone), height=height)
    return c.picture()


REGISTER.add("knot", "ornaments", {kind: partial(knot, kind=kind) for kind in ("rope", "ring")})
REGISTER.add("mandala", "ornaments", {"petals": mandala})
REGISTER.add(
    "sphere",
    "ornaments",
    {kind: partial(sphere, kind=kind) for kind in ("striped", "chequered", "planet")},
)
REGISTER.add("bubbles", "ornaments", {"glossy": bubbles})
REGISTER.add("star", "ornaments", {"faceted": star})
REGISTER.add("jewel", "ornaments", {"cut": jewel})
REGISTER.add("spiral", "fractals", {"wound": spiral})
REGISTER.add("julia", "fractals", {"set": julia})
REGISTER.add("snowflake", "fractals", {"crystal": snowflake})
REGISTER.add("carpet", "fractals", {"sierpinski": carpet})
