"""Contact sheets of renders."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dreamvid.errors import UsageError

from .layers import labels, labels_of, render
from .maths import Array, floats, mix, shifted
from .palettes import hsv


def _ground(rng: np.random.Generator, size: int, hue: float) -> Array:
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    glow = np.exp(-(np.square(x - rng.uniform(-0.3, 0.3)) + np.square(y + 0.2)) * 0.9)
    low, high = hsv(hue, 0.55, 0.13), hsv(hue + rng.uniform(-0.06, 0.06), 0.42, 0.62)
    return mix(low, high, floats(glow)[..., None])


def _cell(label: str, seed: tuple[int, ...], size: int) -> Array:
    rng = np.random.default_rng(seed)
    layer = floats(render(label, seed=seed, size=size)) / 255
    alpha = layer[..., 3:]
    mean = (layer[..., :3].sum((0, 1)) / max(float(alpha.sum()), 1)).astype(np.float32)
    hue = float(cv2.cvtColor(mean[None, None], cv2.COLOR_RGB2HSV)[0, 0, 0]) / 360
    ground = _ground(rng, size, hue + 0.5 + rng.uniform(-0.12, 0.12))
    shadow = cv2.GaussianBlur(shifted(alpha[..., 0], size // 24, size // 40), (0, 0), size / 28)
    ground = ground * (1 - 0.6 * shadow)[..., None]
    return np.asarray(ground * (1 - alpha) + layer[..., :3])


def _words(text: str, letters: int, width: int) -> Array:
    """A line of light text on the ground of the sheet [letters + 6, width, 1]."""
    line = Image.new("L", (width, letters + 6), 10)
    ImageDraw.Draw(line).text((3, 1), text, fill=200, font=ImageFont.load_default(size=letters))
    return np.asarray(line)[..., None]


def sheet(
    classes: Sequence[str] | None = None, *, seed: int = 0, columns: int | None = None,
        cell: int = 160,
    repeat: int = 1, gap: int = 4, letters: int = 0,
) -> Array:  # fmt: skip
    """Return a contact sheet, uint8 [H, W, 3], RGB: each label of the classes, `repeat` times.

    Without classes one label of every class is shown. Objects stand on a glow of the colour
    opposite to their own. With `letters` above 0 the label is written below, that many pixels high.
    Raises UsageError for an unknown class or a seed below 0.
    """
    if seed < 0:
        raise UsageError(f"is {seed}", where="seed", remedy="give 0 or more")
    rng = np.random.default_rng(seed)
    if classes is None:
        names = list(dict.fromkeys(label.split("/")[0] for label in labels()))
        shown = [int(rng.choice(labels_of([name]))) for name in names]
    else:
        shown = list(labels_of(classes))
    shown = [index for index in shown for _ in range(repeat)]
    across = columns or max(1, round(np.sqrt(len(shown) * 1.4)))
    down = -(-len(shown) // across)
    strip = letters + 6 if letters else 0
    tall, wide = cell + strip + gap, cell + gap
    page = np.full((down * tall + gap, across * wide + gap, 3), 10, np.uint8)
    for k, index in enumerate(shown):
        y, x = gap + k // across * tall, gap + k % across * wide
        picture = _cell(labels()[index], (seed, k), cell)
        page[y : y + cell, x : x + cell] = np.clip(picture * 255 + 0.5, 0, 255)
        if letters:
            page[y + cell : y + cell + strip, x : x + cell] = _words(labels()[index], letters, cell)
    return page
