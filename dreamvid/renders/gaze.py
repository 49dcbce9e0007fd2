"""The eye alone: human, scaly, furry, feathered."""

from __future__ import annotations

from functools import partial

import numpy as np

from . import coats, noise
from .canvas import Canvas
from .eyes import Iris, paint_eye
from .faces import SKINS, WHITE
from .finish import Picture
from .light import random_light
from .maths import TURN, Array, bump, curve, floats, mix, unit
from .palettes import FUR, LEAF, Rng, iris_stops, ramp, random_stops, stock, vivid
from .registry import REGISTER


def eye(rng: Rng, size: int, *, kind: str) -> Picture:
    """Draw one big eye: 'human' with lashes, 'scaly', 'furry' or 'feathered'."""
    c = Canvas(rng, size, scale=(0.85, 1.15), turn=0.25)
    radius, angle = c.polar()
    if kind == "human":
        _human_lids(c)
    else:
        _ringed(c, radius, angle, kind)
    return _with_eye(c, kind)


def _with_eye(c: Canvas, kind: str) -> Picture:
    rng, human = c.rng, kind == "human"
    pupil = (
        "round"
        if human
        else str(rng.choice(["slit", "round", "bar"] if kind == "scaly" else ["round", "slit"]))
    )
    iris = Iris(iris_stops(rng), pupil, WHITE if human else None, lid=0.1 if human else 0.04)
    picture, alpha = c.picture()
    alpha = alpha.copy()
    reach = 0.52 if human else 0.5
    x, y = (c.x + rng.uniform(-0.08, 0.08)) / reach, (c.y + (0.04 if human else 0)) / reach
    over = picture.copy()
    paint_eye(over, x, y, iris, random_light(rng), rng, c.pixel / reach)
    if not human:
        return over, np.maximum(alpha, unit((1.25 - np.hypot(x, y)) * 8))
    white = mix(
        WHITE * (1.05 - 0.35 * np.abs(c.x))[..., None], over, unit((1.02 - np.hypot(x, y)) * 25)
    )
    upper, lower = _lids(c)
    shade = 1 - 0.45 * np.exp(-np.square((c.y - upper) / 0.13))
    opened = c.inside(np.maximum(upper - c.y, c.y - lower))
    picture = mix(picture, white * shade[..., None], opened)
    _lashes(c)
    return mix(picture, floats([0.05, 0.03, 0.03]), c.height), alpha


def _lids(c: Canvas) -> tuple[Array, Array]:
    arch = unit(1 - np.square(c.x / 0.88))
    return -0.42 * arch * (1 + 0.3 * c.x), 0.3 * arch * (1 - 0.2 * c.x)


def _human_lids(c: Canvas) -> None:
    skin = SKINS[c.rng.integers(len(SKINS))] if c.rng.random() < 0.75 else vivid(c.rng)
    upper, lower = _lids(c)
    outside = np.maximum(upper - c.y, c.y - lower)
    fold = bump(outside, 0.2, 0.05) * (c.y < 0)
    mask = c.inside(np.sqrt(np.square(c.x / 1.25) + np.square((c.y + 0.12) / 0.98)) - 1)
    lid = 0.1 * bump(outside, 0.08, 0.07) - 0.06 * fold
    shadow = mix(
        skin * np.ones_like(c.rgb),
        vivid(c.rng),
        0.5 * unit(1 - outside / 0.3) * (c.y < 0) * c.rng.choice([0, 1]),
    )
    c.lay(
        mask,
        shadow * (1 - 0.35 * fold)[..., None],
        height=lid + 0.25 * (1 - np.square(c.y)),
        gloss=0.25,
    )
    hair = stock(c.rng, FUR, 0.8) * 0.5
    brow = [
        np.array(
            [
                (q, -0.74 + 0.14 * q * q),
                (q + c.rng.uniform(0.06, 0.15), -0.8 - c.rng.uniform(0, 0.07) + 0.12 * q * q),
            ]
        )
        for q in np.linspace(-0.85, 0.8, 44)
    ]
    c.line(brow, 0.03, hair)


def _lashes(c: Canvas) -> None:
    lashes = [
        curve(
            [
                (q, -0.42 * (1 - (q / 0.88) ** 2) * (1 + 0.3 * q)),
                (q * 1.15, -0.6 * (1 - (q / 1.1) ** 2) - 0.05),
                (q * 1.42 + 0.02, -0.66 * (1 - (q / 1.35) ** 2) - 0.08),
            ],
            5,
        )
        for q in np.linspace(-0.8, 0.8, 26)
    ]
    c.alpha[:], c.height[:] = 0, 0
    c.line(lashes, 0.024, floats([0, 0, 0]))
    upper, _ = _lids(c)
    c.height = np.maximum(c.alpha, 0.9 * bump(c.y - upper, 0, 0.03) * (np.abs(c.x) < 0.88))


def _ringed(c: Canvas, radius: Array, angle: Array, kind: str) -> None:
    stops = random_stops(c.rng, 3, LEAF if kind == "scaly" else FUR)
    if kind == "furry":
        strands = noise.sample(
            noise.hair()[1], angle * (noise.SIDE / TURN * 2), radius * c.rng.uniform(25, 50)
        )
        tone = 0.5 + 0.3 * np.sin(radius * c.rng.uniform(8, 16)) + 0.15 * strands
        high, rim = strands * 0.02, radius - 1 + 0.08 * strands
    else:
        around = int(c.rng.integers(14, 24))
        depth = c.rng.uniform(3, 5)
        d, name, du, dv = coats.lattice(angle * (around / TURN), np.log(radius + 0.05) * depth)
        barbs = np.sin((np.abs(du) + dv) * 34) * 0.12 if kind == "feathered" else 0 * d
        tone = 0.75 - 0.5 * d**3 + 0.3 * (name - 0.5) + barbs
        high, rim = (1 - d * d) * 0.06 * radius, radius - 1 + 0.04 * np.sin(angle * around)
    high = high + 0.2 * bump(radius, 0.68, 0.14)
    c.lay(c.inside(rim), ramp(stops, tone), height=high, gloss=0.4 if kind == "scaly" else 0.1)


REGISTER.add(
    "eye",
    "faces",
    {kind: partial(eye, kind=kind) for kind in ("human", "scaly", "furry", "feathered")},
)
