"""Textures that fill the frame: combs, bricks, scales, feathers, fur, cells, labyrinths, hides."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from . import noise
from .canvas import Canvas
from .coats import lattice
from .finish import Picture
from .maths import Array, floats, mix, unit
from .palettes import FUR, LEAF, STONE, Rng, hsv, ramp, random_stops, stock
from .registry import REGISTER, Painter

Texture = Callable[[Canvas], None]
FULL = (0.7, 2.0)


def full(texture: Texture, rng: Rng, size: int) -> Picture:
    """Paint a texture over a whole frame."""
    canvas = Canvas(rng, size, scale=FULL, turn=3, wander=0.8, background=floats([0, 0, 0]))
    texture(canvas)
    return canvas.picture()


def _flow(c: Canvas) -> tuple[Array, Array]:
    sway = c.field(noise.blobs()[0], c.rng.uniform(0.2, 0.4)) * c.rng.uniform(0.02, 0.16)
    return c.x + sway, c.y + 0.5 * sway


def honeycomb(c: Canvas, *, capped: bool) -> None:
    """Lay hexagonal cells, empty or capped with wax."""
    k, root = c.rng.uniform(3, 6), np.float32(3**0.5)
    x, y = c.x * k, c.y * k
    first = np.stack([np.mod(x, 1) - 0.5, np.mod(y, root) - root / 2])
    second = np.stack([np.mod(x - 0.5, 1) - 0.5, np.mod(y - root / 2, root) - root / 2])
    g = np.where((first**2).sum(0) < (second**2).sum(0), first, second)
    away = np.maximum(np.abs(g[0]), np.abs(g[0]) * 0.5 + np.abs(g[1]) * root / 2)
    name = np.sin((x - g[0]) * 12.9 + (y - g[1]) * 78.2) * 0.5 + 0.5
    hue = c.rng.uniform(0.07, 0.14) if c.rng.random() < 0.6 else c.rng.random()
    stops = [hsv(hue - 0.03, 0.95, 0.3), hsv(hue, 0.9, 0.8), hsv(hue + 0.03, 0.7, 1)]
    wall = unit((away - 0.4) * 16)
    colour = mix(ramp(stops, 0.25 + 0.4 * name + 0.5 * away**2), ramp(stops, 0.9 + 0 * wall), wall)
    curve = np.sqrt(np.maximum(1 - 4 * away**2, 0)) * (0.5 if capped else -0.5)
    c.lay(np.ones_like(x), colour, height=(wall * 0.25 + curve * 0.5) / k, gloss=0.6)


def masonry(c: Canvas, u: Array, v: Array, colour: Array) -> tuple[Array, Array]:
    """Return the colour and height of coursed stones of unit size, at (u, v)."""
    row = np.floor(v)
    shifted = u + 0.5 * np.mod(row, 2)
    column = np.floor(shifted)
    edge = np.minimum(1 - np.abs(shifted - column - 0.5) * 2, (1 - np.abs(v - row - 0.5) * 2) * 0.9)
    stone = unit(edge * 9 - 0.7)
    name = np.sin(column * 12.9 + row * 78.2) * 0.5
    grain = c.field(noise.clouds("cloud")[0], 1.2)
    tone = floats(colour) * (1 + 0.3 * name + 0.08 * grain)[..., None]
    return mix(floats(colour) * 0.4 + 0.16, tone, stone), stone + 0.1 * grain


def bricks(c: Canvas, *, rough: bool) -> None:
    """Lay bricks, or rough stones."""
    k = c.rng.uniform(3, 5.5)
    colour = (
        stock(c.rng, STONE, 0.6)
        if rough
        else hsv(c.rng.choice([0.01, 0.03, c.rng.random()]), 0.65, 0.75)
    )
    bend = c.field(noise.blobs()[2], 0.8) * (0.12 if rough else 0.02)
    rgb, high = masonry(c, c.x * k + bend, c.y * k * (1.3 if rough else 2) + bend, colour)
    c.lay(np.ones_like(c.x), rgb, height=high * 0.22 / k)


def scales(c: Canvas, *, keeled: bool) -> None:
    """Lay a fish's round or a snake's keeled scales."""
    k = c.rng.uniform(3, 6)
    x, y = _flow(c)
    d, name, du, dv = lattice(x * k, y * k * (0.75 if keeled else 1))
    stops = random_stops(c.rng, 3, LEAF)
    colour = ramp(stops, 0.7 - 0.5 * d**3 + 0.35 * (name - 0.5) - 0.1 * dv)
    high = 1 - d * d + 0.4 * dv + (0.5 * np.exp(-np.square(du / 0.08)) if keeled else 0)
    c.lay(np.ones_like(x), colour, height=high * 0.3 / k, gloss=0.55)


def feathers(c: Canvas, *, eyed: bool) -> None:
    """Lay barred or eyed feathers."""
    k = c.rng.uniform(2.5, 5)
    x, y = _flow(c)
    d, name, du, dv = lattice(x * k, y * k * 0.7, 0.85)
    barbs = np.sin((np.abs(du) * 1.3 + dv) * 44)
    tone = (
        unit(1 - np.hypot(du, dv - 0.25) * 2.6)
        if eyed
        else 0.5 + 0.5 * np.sin(d * c.rng.uniform(6, 13))
    )
    colour = ramp(random_stops(c.rng, 4, FUR), 0.12 + 0.72 * tone + 0.2 * (name - 0.5))
    colour *= (1 + 0.14 * barbs - 0.5 * unit(d * 3 - 2.2))[..., None]
    colour = mix(
        colour, np.clip(colour * 0.4 + 0.5, 0, 1), np.exp(-np.square(du / 0.03)) * 0.7 * (d < 0.9)
    )
    c.lay(np.ones_like(x), colour, height=((1 - d * d) + barbs * 0.1) * 0.25 / k)


def hide(c: Canvas, *, kind: str) -> None:
    """Lay fur: a zebra's or tiger's 'stripes', a leopard's 'rosettes'."""
    x, y = _flow(c)
    strands = noise.sample(noise.hair()[1], x * 150, y * 45)
    under = noise.sample(noise.hair()[0], x * 110, y * 40 + 30)
    tuft = strands * 0.7 + under * 0.5
    coat, dark = stock(c.rng, FUR, 0.7), stock(c.rng, FUR, 0.6) * 0.35
    if kind == "stripes":
        weight = unit((noise.sample(noise.patterns()[0], x * 40, y * 18) + 0.15 * strands) * 4)
    else:
        away = noise.sample(noise.cells(13)[0], x * 70 + strands * 0.6, y * 70 + under * 0.8)
        weight = unit((1 - np.abs(away - 0.34) * 7) * 3)
    colour = mix(coat * np.ones_like(c.rgb), dark, weight) * (1 + 0.24 * tuft)[..., None]
    c.lay(np.ones_like(x), colour, height=tuft * 0.014)


def labyrinth(c: Canvas, *, tiles: tuple[int, ...]) -> None:
    """Lay reaction-diffusion coral: worms or dots."""
    tile, k = noise.patterns()[int(c.rng.choice(tiles))], c.rng.uniform(45, 90)
    warp = c.field(noise.blobs()[0], 0.6) * 6
    a = noise.sample(tile, c.x * k + warp, c.y * k + warp)
    c.lay(
        np.ones_like(a),
        ramp(random_stops(c.rng, 4), a * 0.5 + 0.5),
        height=a * 1.6 / k,
        gloss=c.rng.uniform(0.1, 0.7),
    )


def cells(c: Canvas, *, glass: bool) -> None:
    """Lay stained glass, or dry cracked earth and pebbles."""
    warp = c.field(noise.blobs()[1], 0.6) * 4
    k, tiles = c.rng.uniform(60, 120), noise.cells(8)
    u, v = c.x * k + warp, c.y * k + warp
    lead, name = noise.sample(tiles[1], u, v), noise.nearest(tiles[2], u, v)
    pane = unit(lead * 14 - 1)
    if glass:
        stops = [hsv(h, 0.85, 1) for h in c.rng.random(6)]
        colour = (
            ramp(stops, name) * (0.85 + 0.1 * c.field(noise.clouds("cloud")[1], 0.8))[..., None]
        )
        c.lay(
            np.ones_like(u),
            mix(floats([0.06, 0.06, 0.07]), colour, pane),
            height=pane * 0.015,
            gloss=0.5,
        )
        return
    colour = ramp(random_stops(c.rng, 4, STONE), 0.2 + 0.6 * name) * (0.2 + 0.8 * pane)[..., None]
    c.lay(np.ones_like(u), colour, height=pane * 0.05 + 0.1 * unit(lead))


def weave(c: Canvas, *, kind: str) -> None:
    """Lay a 'basket' of strips, or a 'knit' of stitches."""
    k = c.rng.uniform(5, 9)
    u, v = c.x * k, c.y * k * (1.0 if kind == "basket" else 0.7)
    first, second = stock(c.rng, FUR, 0.5), stock(c.rng, FUR, 0.5)
    if kind == "knit":
        v = v + np.abs(np.mod(u, 1) - 0.5) * 1.2
        first = (
            first
            if c.rng.random() < 0.5
            else mix(first * np.ones_like(c.rgb), second, (np.floor(v) % 4 < 2) * 1.0)
        )
    over = (np.floor(u) + np.floor(v)) % 2 if kind == "basket" else np.ones_like(u)
    fu, fv = np.mod(u, 1) - 0.5, np.mod(v, 1) - 0.5
    along, across = np.where(over > 0, fu, fv), np.where(over > 0, fv, fu)
    high = np.sqrt(np.maximum(1 - np.square(across * 2), 0)) * (0.6 + 0.4 * np.cos(along * np.pi))
    fibre = 0.1 * np.sin(across * 40)
    colour = mix(first * np.ones_like(c.rgb), second, 1 - over) if kind == "basket" else first
    c.lay(np.ones_like(u), colour * (0.45 + 0.6 * high + fibre)[..., None], height=high * 0.4 / k)


def _enter(name: str, variants: dict[str, Texture]) -> None:
    painters: dict[str, Painter] = {
        key: partial(full, texture) for key, texture in variants.items()
    }
    REGISTER.add(name, "textures", painters, full=True)


_enter(
    "honeycomb",
    {"open": partial(honeycomb, capped=False), "capped": partial(honeycomb, capped=True)},
)
_enter("bricks", {"courses": partial(bricks, rough=False), "rubble": partial(bricks, rough=True)})
_enter("scales", {"round": partial(scales, keeled=False), "keeled": partial(scales, keeled=True)})
_enter("feathers", {"barred": partial(feathers, eyed=False), "eyed": partial(feathers, eyed=True)})
_enter("hide", {kind: partial(hide, kind=kind) for kind in ("stripes", "rosettes")})
_enter(
    "coral", {"worms": partial(labyrinth, tiles=(0, 1)), "dots": partial(labyrinth, tiles=(2, 3))}
)
_enter("mosaic", {"glass": partial(cells, glass=True), "pebbles": partial(cells, glass=False)})
_enter("weave", {kind: partial(weave, kind=kind) for kind in ("basket", "knit")})
