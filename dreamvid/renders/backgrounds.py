"""Backgrounds without a label: skies, hills, water, marble, grass, bokeh, writing, plain colour."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from . import noise
from .light import random_light, shade
from .maths import Array, floats, mix, unit
from .palettes import LEAF, STONE, Rng, hsv, ramp, random_stops, stock, vivid

Scene = Callable[[Rng, int], Array]
LETTERS = "ABCDEFGHKMNPRSTXYZabdeghkmnqrsty0123456789&@#?"


def _down(size: int) -> Array:
    return np.linspace(0, 1, size, dtype=np.float32)[:, None] * np.ones((1, size), np.float32)


def sky(rng: Rng, size: int) -> Array:
    """Paint a day's or an evening's sky with clouds."""
    mist = noise.field(rng, noise.clouds("mist")[rng.integers(4)], size, rng.uniform(0.5, 1))
    puff = mist + 0.35 * noise.field(rng, noise.clouds("cloud")[rng.integers(4)], size, 1.2)
    hue = rng.choice([0.57, 0.6, 0.95, rng.random()])
    base = ramp(
        [hsv(hue, 0.8, 0.5), hsv(hue - 0.03, 0.45, 0.95), hsv(hue + 0.45, 0.3, 1)], _down(size)
    )
    lit = unit((puff - np.roll(puff, (7, 5), (0, 1))) * 0.7 + 0.6)
    cloud = mix(floats([0.5, 0.5, 0.6]) * np.ones_like(base), floats([1, 0.98, 0.95]), lit)
    weight = unit(puff * 0.7 + 0.3)
    return mix(base, cloud, weight * weight * (3 - 2 * weight))


def hills(rng: Rng, size: int) -> Array:
    """Paint ranges of hills before a sky."""
    picture, down = sky(rng, size), _down(size)
    tone, far = stock(rng, LEAF, 0.7), picture.mean((0, 1))
    at = np.linspace(0, 6, size)
    ranges = int(rng.integers(2, 5))
    for k in range(ranges):
        top = np.full(size, 0.4 + 0.5 * k / ranges)
        for wave in (1.0, 2.3, 5.1):
            top = top + 0.07 / wave * np.sin(at * wave + rng.uniform(0, 6))
        grain = noise.field(rng, noise.clouds("grain")[rng.integers(4)], size, 1.0)
        colour = mix(far, tone, (k + 1) / ranges) * (0.85 + 0.13 * grain)[..., None]
        picture = mix(picture, colour, unit((down - top[None]) * size * 0.7))
    return picture


def water(rng: Rng, size: int) -> Array:
    """Paint waves, lit."""
    swell = noise.sample(
        noise.clouds("cloud")[1],
        np.arange(size)[None] * 0.7,
        np.arange(size)[:, None] * 2.2 + rng.uniform(0, 256),
    )
    hue = rng.choice([0.5, 0.55, 0.6, rng.random()])
    colour = ramp(
        [hsv(hue, 0.9, 0.3), hsv(hue - 0.04, 0.7, 0.7), hsv(hue, 0.2, 1)], unit(0.4 + 0.16 * swell)
    )
    return shade(colour, swell * 3, random_light(rng), gloss=0.6)


def marble(rng: Rng, size: int) -> Array:
    """Paint veined marble or wood."""
    warp = noise.field(rng, noise.clouds("cloud")[rng.integers(4)], size, rng.uniform(0.5, 1))
    along = _down(size) * rng.uniform(4, 12)
    along = along.T if rng.random() < 0.5 else along
    veins = 1 - np.abs(np.sin(along + warp * rng.uniform(0.5, 1.5)))
    return ramp(random_stops(rng, 5, STONE), veins ** rng.uniform(0.6, 3))


def grass(rng: Rng, size: int) -> Array:
    """Paint grass, straw or hair, lit."""
    turn = rng.normal(0, 0.4)
    x, y = np.arange(size)[None] * (192 / size), np.arange(size)[:, None] * (192 / size)
    strands = noise.sample(
        noise.hair()[rng.integers(4)], (x + y * turn) * 1.3, y * 0.8 + rng.uniform(0, 256)
    )
    under = noise.sample(noise.hair()[1], (x - y * turn) * 0.9 + 50, y * 0.6)
    tone = strands * 0.6 + under * 0.5
    return shade(
        stock(rng, LEAF, 0.7) * (0.9 + 0.25 * tone)[..., None],
        tone * 2.5,
        random_light(rng),
        gloss=0.1,
    )


def bokeh(rng: Rng, size: int) -> Array:
    """Paint soft discs of light on a dark gradient."""
    picture = ramp([vivid(rng) * 0.25, vivid(rng) * 0.5], _down(size)).copy()
    for _ in range(int(rng.integers(6, 24))):
        layer, radius = np.zeros((size, size), np.float32), int(rng.uniform(0.03, 0.16) * size)
        centre = int(rng.integers(size)), int(rng.integers(size))
        cv2.circle(layer, centre, max(2, radius), 1.0, -1, cv2.LINE_AA)
        picture += cv2.blur(layer, (5, 5))[..., None] * vivid(rng) * rng.uniform(0.15, 0.6)
    return picture


def writing(rng: Rng, size: int) -> Array:
    """Write lines of letters on a wall."""
    page, lines = np.zeros((size, size), np.uint8), int(rng.integers(2, 7))
    for k in range(lines):
        text = "".join(rng.choice(list(LETTERS), 14))
        tall = size / lines
        cv2.putText(
            page,
            text,
            (int(rng.uniform(-12, 8)), int((k + 0.8) * tall)),
            int(rng.choice([0, 2, 3, 4, 6])),
            tall / 36,
            255,
            max(1, int(tall / 13)),
            cv2.LINE_AA,
        )
    ink = floats(page) / 255
    grain = noise.field(rng, noise.clouds("cloud")[0], size)
    paper = stock(rng, STONE, 0.6) * (1 + 0.08 * grain)[..., None]
    return mix(paper, stock(rng, STONE, 0.4) * 0.5, ink)


def speckle(rng: Rng, size: int) -> Array:
    """Paint lit noise of any roughness."""
    name = str(rng.choice(["grain", "cloud", "mist"]))
    lumps = noise.field(rng, noise.clouds(name)[rng.integers(4)], size, rng.uniform(0.5, 2))
    colour = ramp(random_stops(rng, 4), 0.5 + 0.22 * lumps)
    return shade(colour, lumps * rng.uniform(0, 4), random_light(rng), gloss=rng.uniform(0, 0.6))


def plain(rng: Rng, size: int) -> Array:
    """Paint a gradient between two colours."""
    blend = noise.field(rng, noise.blobs()[0], size, rng.uniform(0.2, 0.6))
    return ramp([vivid(rng) * rng.uniform(0.2, 1), stock(rng, STONE, 0.7)], 0.5 + 0.3 * blend)


SCENES: tuple[Scene, ...] = (sky, hills, water, marble, grass, bokeh, writing, speckle, plain)


def render_background(*, seed: int | tuple[int, ...], size: int = 128) -> Array:
    """Render one background: uint8 [size, size, 3]. The same seed gives the same bytes."""
    rng = np.random.default_rng(seed)
    picture = SCENES[rng.integers(len(SCENES))](rng, size)
    return np.asarray(np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def render_backgrounds(count: int, *, size: int = 128, seed: int = 0) -> Array:
    """Render `count` backgrounds: uint8 [count, size, size, 3]."""
    return np.stack([render_background(seed=(seed, k), size=size) for k in range(count)])
