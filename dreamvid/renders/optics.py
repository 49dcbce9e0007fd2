"""What a camera does to a training picture: frame it, then develop it under another exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from .maths import Array
from .palettes import Rng

GRAIN = 1 << 20
"""Grains that are drawn once; every picture takes a stretch of them from somewhere."""


@dataclass(frozen=True)
class Exposure:
    """How pictures are changed in colour and sharpness.

    `saturation` and `contrast` are ranges of factors, `brightness` is the largest shift, `blur` the
    chance of a soft picture, `noise` the largest grain, both shares of the range.
    """

    saturation: tuple[float, float] = (0.7, 1.9)
    contrast: tuple[float, float] = (0.75, 1.3)
    brightness: float = 0.12
    blur: float = 0.2
    noise: float = 0.04


def framed(
    picture: Array, rng: Rng, *, size: int, zoom: tuple[float, float], turn: float, wander: float,
    tiled: bool,
) -> Array:  # fmt: skip
    """Look at a picture [H, W, C] through a square of `size` pixels, turned and mirrored at random.

    `zoom` is the range of the log of how much of the shorter side is seen, `turn` the deviation of
    the rotation (radians), `wander` the largest shift from the middle (share of the sides). Beyond
    the edges lies the picture mirrored (`tiled`) or nothing.
    """
    height, width = picture.shape[:2]
    step = min(height, width) / size * np.exp(rng.uniform(*zoom))
    angle, flip = rng.normal() * turn, 1 if rng.random() < 0.5 else -1
    c, s = np.cos(angle) * step, np.sin(angle) * step
    matrix = np.array([[c * flip, -s, 0], [s * flip, c, 0]])
    middle = np.array([width, height]) * (0.5 + rng.uniform(-wander, wander, 2))
    matrix[:, 2] = middle - matrix[:, :2] @ np.array([size / 2, size / 2])
    if step > 1.6:
        picture = cv2.blur(picture, (round(step), round(step)))
    border = cv2.BORDER_REFLECT if tiled else cv2.BORDER_CONSTANT
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen: Array = cv2.warpAffine(picture, matrix, (size, size), flags=flags, borderMode=border)
    return seen


@cache
def _grain() -> Array:
    return np.random.default_rng(0).standard_normal(GRAIN, np.float32)


def developed(pictures: Sequence[Array], rng: Rng, exposure: Exposure) -> list[Array]:
    """Change pictures, float32 [H, W, 3] in 0..255, as `exposure` says, all alike; uint8.

    Saturation, contrast and brightness are one linear map of the colours.
    """
    saturation, contrast = rng.uniform(*exposure.saturation), rng.uniform(*exposure.contrast)
    brighter = rng.uniform(-exposure.brightness, exposure.brightness)
    shift = pictures[0].mean() * (1 - contrast) + 255 * brighter
    colours = contrast * (saturation * np.eye(3) + (1 - saturation) / 3)
    matrix = np.hstack([colours, np.full((3, 1), shift)])
    made = [cv2.transform(picture, matrix) for picture in pictures]
    if rng.random() < exposure.blur:
        radius = rng.uniform(0.5, 1.5)
        made = [cv2.GaussianBlur(picture, (0, 0), radius) for picture in made]
    if exposure.noise:
        start = rng.integers(GRAIN - made[0].size)
        grain = _grain()[start : start + made[0].size].reshape(made[0].shape)
        strength = 255 * exposure.noise * rng.random()
        made = [cv2.addWeighted(picture, 1, grain, strength, 0) for picture in made]
    return [np.clip(picture + 0.5, 0, 255).astype(np.uint8) for picture in made]
