"""Architecture drawn flat: pagodas, temples, houses, bridges, arcades, windows."""

from __future__ import annotations

from functools import partial

import numpy as np

from .canvas import Canvas, box, mirror
from .finish import Picture
from .maths import TURN, Array, bump, curve, floats, mix, unit
from .palettes import METAL, STONE, Rng, hsv, ramp, stock, vivid
from .places import DARK, GLOW
from .registry import REGISTER
from .textures import masonry


def _roof(c: Canvas, y: float, w: float, tall: float, up: float, roof: Array, trim: Array) -> None:
    b, corner = w * 0.6, (-w * 1.1, y - tall * 0.45 - up)
    eave = curve([corner, (-w * 0.7, y - tall * 0.4), (0, y - tall * 0.4)], 9)
    slope = [(0, y - tall), (-b * 0.6, y - tall * 1.02), (-w * 0.6, y - tall * 0.62), corner]
    shape = mirror(np.concatenate([curve(slope, 9), eave[1:]]))
    distance = np.maximum(0.3, 1 + 0.8 * (c.y - y))  # far above the roof it would pass through 0
    tiles = 1 + 0.3 * np.sin(c.x / distance * 55)
    c.fill(shape, roof * tiles[..., None], bevel=0.06, gloss=0.4, lift=0.03)
    c.line([np.concatenate([eave, (eave * (-1, 1))[::-1]])], 0.035, trim, bevel=0.02)


def pagoda(rng: Rng, size: int) -> Picture:
    """Draw a pagoda of three to five curved roofs."""
    c = Canvas(rng, size, turn=0.06, stretch=0.1)
    levels, wall = int(rng.integers(3, 6)), stock(rng, STONE, 0.6)
    roof = hsv(rng.choice([0.0, 0.03, 0.45, 0.55, 0.1]), 0.75, 0.6)
    tall, trim = 1.75 / levels, METAL[0] * 1.1
    up = tall * rng.uniform(0.18, 0.3)
    for k in range(levels):
        y, w = 0.95 - k * tall, 0.72 * (1 - 0.13 * k) ** 1.3
        b = w * 0.6
        c.fill(box(-b, y - tall * 0.6, b, y), wall, bevel=0.05)
        for x in np.linspace(-b, b, 5):
            c.fill(box(x - 0.025, y - tall * 0.6, x + 0.025, y), roof * 0.9, bevel=0.03)
        for x in np.linspace(-b * 0.75, b * 0.75, 4):
            pane = box(x - b * 0.13, y - tall * 0.42, x + b * 0.13, y - tall * 0.12)
            c.fill(pane, GLOW if rng.random() < 0.5 else DARK)
        _roof(c, y, w, tall, up, roof, trim)
    top = 0.95 - levels * tall
    c.line([np.array([(0, top), (0, top - 0.27)])], 0.05, trim, bevel=0.03)
    return c.picture()


def temple(rng: Rng, size: int) -> Picture:
    """Draw a temple front: steps, fluted columns, pediment."""
    c = Canvas(rng, size, turn=0.06)
    stone, columns = stock(rng, STONE, 0.85), int(rng.integers(4, 8))
    c.fill(box(-0.8, -0.4, 0.8, 0.7), DARK + 0.08)
    for k in range(3):
        c.fill(
            box(-0.9 - 0.05 * k, 0.68 + 0.09 * k, 0.9 + 0.05 * k, 0.78 + 0.09 * k),
            stone * (1 - 0.06 * k),
            bevel=0.04,
        )
    for x in np.linspace(-0.74, 0.74, columns):
        w = 0.5 / columns
        flutes = 1 + 0.14 * np.sin((c.x - x) / w * 14)
        c.fill(
            np.array([(x - w * 0.85, -0.38), (x + w * 0.85, -0.38), (x + w, 0.68), (x - w, 0.68)]),
            stone * flutes[..., None],
            bevel=w * 1.6,
        )
        for y in (-0.4, 0.65):
            c.fill(box(x - w * 1.3, y - 0.045, x + w * 1.3, y + 0.045), stone, bevel=0.05)
    c.fill(box(-0.95, -0.58, 0.95, -0.44), stone, bevel=0.05)
    c.fill(np.array([(-1.05, -0.56), (0, -1.05), (1.05, -0.56)]), stone * 0.95, bevel=0.06)
    c.fill(np.array([(-0.75, -0.61), (0, -0.95), (0.75, -0.61)]), stone * 0.55, lift=-0.03)
    c.fill(
        np.stack(
            [
                0.12 * np.sin(np.linspace(0, TURN, 20)),
                -0.72 + 0.1 * np.cos(np.linspace(0, TURN, 20)),
            ],
            1,
        ),
        stone,
        bevel=0.1,
    )
    return c.picture()


def _pane(c: Canvas, x: float, y: float, lit: bool) -> None:
    frame = floats([0.95, 0.93, 0.88])
    c.fill(box(x - 0.17, y - 0.19, x + 0.17, y + 0.19), frame, bevel=0.04)
    glass = GLOW if lit else floats([0.35, 0.5, 0.65])
    c.fill(box(x - 0.13, y - 0.15, x + 0.13, y + 0.15), glass, gloss=0.8)
    bars = [np.array([(x, y - 0.15), (x, y + 0.15)]), np.array([(x - 0.13, y), (x + 0.13, y)])]
    c.line(bars, 0.03, frame)


def house(rng: Rng, size: int) -> Picture:
    """Draw a cottage: gable, chimney, door, lit windows."""
    c = Canvas(rng, size, turn=0.06)
    wall, roof, wood = stock(rng, STONE, 0.5), vivid(rng) * 0.85, stock(rng, STONE, 0.3) * 0.6
    rgb, high = masonry(c, c.x * 7, c.y * 12, wall)
    c.fill(box(0.35, -0.95, 0.58, -0.3), rgb, bevel=0.04)
    gable = [(-0.75, -0.15), (0, -0.75), (0.75, -0.15), (0.75, 0.85), (-0.75, 0.85)]
    c.fill(np.array(gable), rgb)
    c.height = c.height + 0.02 * high * c.alpha
    rows = 1 + 0.25 * np.sign(np.sin(c.y * 50)) * np.abs(np.sin(c.x * 25))
    thatch = [(-1.0, 0.0), (0, -0.98), (1.0, 0.0), (0.86, 0.1), (0, -0.72), (-0.86, 0.1)]
    c.fill(np.array(thatch), roof * rows[..., None], bevel=0.06, lift=0.05)
    door = mirror(curve([(0, 0.28), (-0.14, 0.28), (-0.17, 0.4), (-0.16, 0.85)], 10))
    c.fill(door, wood, bevel=0.05)
    for x, y in ((-0.46, 0.4), (0.46, 0.4), (0, -0.2)):
        _pane(c, x, y, rng.random() < 0.6)
    return c.picture()


def bridge(rng: Rng, size: int) -> Picture:
    """Draw a stone bridge of several arches, over water."""
    c = Canvas(rng, size, scale=(0.9, 1.1), turn=0.05)
    rgb, high = masonry(c, c.x * 9, c.y * 13, stock(rng, STONE, 0.9))
    arches, hump = int(rng.integers(2, 5)), rng.uniform(0.1, 0.5)
    deck = -0.2 - hump * (1 - c.x**2)
    body = c.inside(np.maximum(np.maximum(deck - c.y, c.y - 0.65), np.abs(c.x) - 1.02))
    w = 2.0 / arches
    u = np.mod(c.x + 1, w) - w / 2
    rise = 0.42 + 0.5 * hump * (1 - c.x**2)
    gap = np.hypot(u / (w * 0.4), np.minimum(c.y - 0.65, 0) / rise) - 1
    ring = bump(gap, 0.08, 0.06)
    c.lay(body, rgb * (1 + 0.35 * ring)[..., None], height=high * 0.02 + 0.05 * ring)
    c.lay(
        body * unit(0.5 - gap * 30),
        floats([0.12, 0.25, 0.33]) * (1.2 - 0.5 * c.y)[..., None],
        height=-0.05,
    )
    c.lay(
        c.inside(np.maximum(np.abs(c.y - deck + 0.03) - 0.045, np.abs(c.x) - 1.04)),
        rgb * 1.15,
        height=0.08,
    )
    return c.picture()


def arcade(rng: Rng, size: int, *, kind: str) -> Picture:
    """Fill the frame with rows of 'round', 'pointed' or 'horseshoe' arches."""
    c = Canvas(rng, size, scale=(0.7, 1.3), turn=0.1, wander=0.8, background=floats([0, 0, 0]))
    w, stone = rng.uniform(0.6, 0.9), stock(rng, STONE, 0.85)
    u, y = np.mod(c.x / w + 0.5, 1) * w - w / 2, np.mod(c.y + 0.65, 1.7) - 0.65
    half = w * rng.uniform(0.3, 0.37)
    over = {
        "round": np.hypot(u, y) - half,
        "pointed": np.hypot(np.abs(u) + half * 0.8, y) - half * 1.8,
        "horseshoe": np.hypot(u, y + half * 0.35) - half * 1.12,
    }[kind]
    gap = np.maximum(np.where(y > 0, np.abs(u) - half, over), y - 0.9)
    if kind == "horseshoe":
        gap = np.where(y > 0, np.minimum(gap, over), over)
    rgb, high = masonry(c, c.x * 6, c.y * 9, stone)
    ring = unit((1 - np.abs(gap - 0.055) / 0.055) * 4) * (y < 0.02)
    voussoir = np.sign(np.sin(np.arctan2(u, 0.02 - y) * 11))
    rgb = mix(rgb, stone * (1 + 0.3 * voussoir)[..., None], ring)
    column = unit((1 - np.abs(np.abs(u) - w / 2) / (w / 2 - half)) * 5) * (y > 0) * (y < 0.9)
    rgb = mix(rgb, (stone * 1.08) * np.ones_like(c.rgb), column)
    c.lay(np.ones_like(u), rgb, height=high * 0.03 + 0.06 * ring + 0.15 * column)
    depth = ramp(
        [stone * 0.05, stone * 0.3, vivid(rng) * 0.8], 0.15 + 0.5 * (y + 0.5) + 0.4 * u / half
    )
    c.lay(c.inside(gap), depth, height=-0.05)
    return c.picture()


def windows(rng: Rng, size: int, *, kind: str) -> Picture:
    """Fill the frame with a facade of 'sash' windows or 'arched' ones."""
    c = Canvas(rng, size, scale=(0.9, 1.6), turn=0.1, wander=0.8, background=floats([0, 0, 0]))
    k = rng.uniform(1.4, 2.4)
    u, v = np.mod(c.x * k, 1) - 0.5, np.mod(c.y * k * 0.75, 1) - 0.5
    name = np.sin(np.floor(c.x * k) * 12.9 + np.floor(c.y * k * 0.75) * 78.2) * 0.5 + 0.5
    rgb, high = masonry(c, c.x * k * 4, c.y * k * 6, stock(rng, STONE, 0.7))
    square = np.maximum(np.abs(u) - 0.27, np.abs(v) - 0.33)
    gap = square if kind == "sash" else np.where(v < -0.1, np.hypot(u, v + 0.1) - 0.27, square)
    frame, soft = stock(rng, STONE, 0.3) * 0.6 + 0.35, 0.7 / (c.pixel * k)
    c.lay(np.ones_like(u), rgb, height=high * 0.04 / k)
    c.lay(unit(0.5 - (gap - 0.07) * soft), frame, height=0.1 / k)
    glass = ramp(
        [floats([0.05, 0.08, 0.14]), floats([0.25, 0.4, 0.55]), floats([0.8, 0.9, 1])],
        0.3 + 0.4 * (u - v) + 0.4 * (name - 0.5),
    )
    glass = mix(glass, GLOW * np.ones_like(glass), (name > 0.7) * 0.9)
    c.lay(unit(0.5 - gap * soft), glass, height=-0.03, gloss=0.7)
    bars = np.minimum(np.abs(u), np.abs(np.mod(v * 3 + 0.5, 1) - 0.5) / 3) - 0.02
    c.lay(unit(0.5 - bars * soft) * unit(0.5 - gap * soft), frame, height=0.05 / k)
    return c.picture()


REGISTER.add("pagoda", "architecture", {"roofs": pagoda})

REGISTER.add("temple", "architecture", {"columns": temple})

REGISTER.add("house", "architecture", {"cottage": house})

REGISTER.add("bridge", "architecture", {"arches": bridge})

REGISTER.add(
    "arcade",
    "architecture",
    {kind: partial(arcade, kind=kind) for kind in ("round", "pointed", "horseshoe")},
    full=True,
)

REGISTER.add(
    "windows",
    "architecture",
    {kind: partial(windows, kind=kind) for kind in ("sash", "arched")},
    full=True,
)
