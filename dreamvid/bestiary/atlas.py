"""Contact sheets of dreams from noise: the layers and classes of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.objectives import Objective, label, layer
from dreamvid.dream.octaves import resize
from dreamvid.networks.network import Network

OCTAVES, SCALE, ITERATIONS, STEP = 3, 1.4, 40, 0.012
"""A dose that is strong enough for dreaming from noise, at sizes used in training."""
CLOUDS, CONTRAST = 16, 0.06
"""Size in pixels and contrast of the initial clouds: fine noise would itself be amplified."""
GAP = 4
"""Pixels between images."""
PAPER, INK = 0.04, 225
"""Grey level of the background, 0 to 1, and of the text, 0 to 255."""


def from_noise(network: Network, objective: Objective, *, size: int = 160, seed: int = 0) -> Tensor:
    """Visualise an objective: an image [3, size, size] dreamed from soft noise.

    Uses float32: once a class is recognised its gradient is small, and rounding would be visible.
    """
    generator = torch.Generator().manual_seed(seed)
    cells = max(2, size // CLOUDS)
    clouds = resize(torch.randn(3, cells, cells, generator=generator), (size, size))
    dream = Dreamer(
        network, objective, octaves=OCTAVES, octave_scale=SCALE, iterations=ITERATIONS, step=STEP,
        seed=seed, even=False, precision="fp32",
    )  # fmt: skip
    return dream((0.5 + CONTRAST * clouds).clamp(0, 1)).cpu()


def atlas(
    network: Network, *, labels: Sequence[str] = (), size: int = 144, seed: int = 0
) -> Tensor:
    """A sheet of a network's dreams: textures, patterns, parts, objects, then classes.

    Without `labels`, up to twelve are chosen evenly from all.
    """
    shown = labels or spread(network.labels, 12)
    goals = [layer(name) for name in network.aliases.values()]
    goals += [label(network.label_layer, *network.labelled(name)) for name in shown]
    return tiled([from_noise(network, goal, size=size, seed=seed) for goal in goals], columns=8)


def spread(names: Sequence[str], count: int) -> tuple[str, ...]:
    """Choose up to `count` of the names, evenly spaced."""
    step = max(1.0, len(names) / count)
    return tuple(names[int(k * step)] for k in range(min(count, len(names))))


def tiled(images: Sequence[Tensor], *, columns: int) -> Tensor:
    """Arrange images [3, H, W] of equal size in a grid, row by row, with gaps."""
    (height, width), across = images[0].shape[-2:], min(columns, len(images))
    down = -(-len(images) // across)
    sheet = torch.full((3, down * (height + GAP) + GAP, across * (width + GAP) + GAP), PAPER)
    for k, image in enumerate(images):
        y, x = GAP + k // across * (height + GAP), GAP + k % across * (width + GAP)
        sheet[:, y : y + height, x : x + width] = image
    return sheet


def captioned(image: Tensor, text: str, letters: int) -> Tensor:
    """An image [3, H, W] with a line of text below it; `letters` is the text height in pixels."""
    width, height = int(image.shape[-1]), letters + 6
    strip = Image.new("L", (width, height), round(255 * PAPER))
    font = ImageFont.load_default(size=letters)
    ImageDraw.Draw(strip).text((3, 1), text, fill=INK, font=font)
    line = torch.from_numpy(np.array(strip, np.float32)) / 255
    return torch.cat((image, line.expand(3, height, width)), dim=1)
