"""Contact sheets of dreams from noise: the layers and classes of a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Gauge
from dreamvid.dream.likeness import Exemplar, exemplar_of, with_likeness
from dreamvid.dream.objectives import Objective, energy, label, layer
from dreamvid.dream.octaves import resize
from dreamvid.dream.patience import patient
from dreamvid.dream.shaping import Shape
from dreamvid.dream.towards import Towards
from dreamvid.networks.network import Network

T = TypeVar("T")

OCTAVES, SCALE, ITERATIONS = 3, 1.5, 24
SHAPE = Shape(colours=0.7, detail=0.35)
"""Broad forms in calm colours."""
GREY, CLOUDS, CONTRAST = 0.5, 4, 0.02
"""The ground of a dream, clouds across it, and their contrast: noise would be dreamed on itself."""
PATTERN_SIDE, PATTERN_ITERATIONS, PATTERN_STEP, GRAIN = 224, 16, 0.02, 0.06
"""Side of the dream of a layer or channel, iterations on each octave, step, and the contrast of the
noise it starts from: without noise shallow layers dream the border of the picture."""
STRONGER = 4
"""Factor of the stronger noise, for channels that the soft noise leaves silent."""
PATTERN_PASSES = PATTERN_ITERATIONS * sum(SCALE ** (-2 * k) for k in range(OCTAVES))
WHOLE_PASSES = ITERATIONS * OCTAVES
"""Gradients at full size that a pattern, and a whole thing, take."""
CORE, RIM = 0.2, 0.18
"""The middle of the picture, in shares of its side, that is dreamed on in full, and the standard
deviation with which that ends around it: one whole being, not a crowd."""
VIVID = 0.19
"""The root mean square, RGB in 0..1, to which a dream is brought: what fades is faint."""
GAP = 4
"""Pixels between images."""
PAPER, INK = 0.04, 225
"""Grey level of the background, 0 to 1, and of the text, 0 to 255."""
LETTERS, MARGIN = 14, 3
"""Text height of the captions of an atlas, and the space beside a caption, in pixels."""
DRAWN = ("patterns", "parts", "objects")
"""The layers whose energy is raised with a class."""


def whole_thing(network: Network, *indices: int) -> Objective:
    """What a thing of a class looks like: its log probability, and the log energy of some layers.

    Once the class is recognised its gradient is faint, and ends in grain. The layers go on: they
    complete the forms that are there, and smooth what is not. Too much makes eyes of everything.
    """
    told = label(network.label_layer, *indices)
    weight, layers = network.description.clarity, [network.aliases[alias] for alias in DRAWN]
    return sum((weight * energy(name) for name in layers), start=told)


def sought(network: Network, *indices: int) -> tuple[Objective, Exemplar | None]:
    """What is raised for labels, and the exemplar that they are dreamed towards, if they have one.

    A label that looks like one of the renders has one: see `likeness`.
    """
    exemplar = exemplar_of(network, *indices)
    if exemplar is None:
        return whole_thing(network, *indices), None
    return with_likeness(network, label(network.label_layer, *indices)), exemplar


def thing(network: Network, *indices: int, size: int = 160, seed: int = 0) -> Tensor:
    """What a network dreams of labels: an image [3, size, size] of one thing on soft ground."""
    goal, exemplar = sought(network, *indices)
    return from_noise(network, goal, size=size, seed=seed, exemplar=exemplar)


def from_noise(
    network: Network,
    objective: Objective,
    *,
    size: int = 160,
    seed: int = 0,
    exemplar: Exemplar | None = None,
) -> Tensor:
    """What an objective of classes looks like: one thing [3, size, size] on soft ground.

    It is dreamed at the size at which the network knows things best. An objective with a likeness
    needs an `exemplar`: see Towards. Uses float32: once a class is recognised its gradient is
    small, and rounding would be visible.
    """
    generator, side = torch.Generator().manual_seed(seed), network.view
    clouds = resize(torch.randn(1, CLOUDS, CLOUDS, generator=generator), (side, side))
    ground = (GREY + CONTRAST * clouds).clamp(0, 1).expand(3, side, side)
    dream = Dreamer(
        network, objective, octave_scale=SCALE, seed=seed, even=False, shape=SHAPE,
        precision="fp32",
    )  # fmt: skip
    if exemplar is not None:
        dream = dream.with_gradient(partial(Towards, exemplar=exemplar))
    dose = patient(ITERATIONS, OCTAVES, SCALE)
    dreamed = dream.ascend(ground, dose, gauge=Gauge(), weight=middle(side)).cpu()
    return resize(vivid(dreamed), (size, size)).clamp(0, 1)


def pattern(network: Network, objective: Objective, *, seed: int = 0) -> Tensor:
    """What a layer or a channel looks like: an image [3, side, side] dreamed everywhere on noise.

    `side` is PATTERN_SIDE, or the smallest that the network can process. A channel that noise does
    not excite at all has no gradient there; it is dreamed on stronger noise, else on a dream of its
    layer. Half the cost of `from_noise`.
    """
    dream = Dreamer(
        network, objective, octave_scale=SCALE, seed=seed, shape=SHAPE, precision="fp32"
    )
    dose = Dose((PATTERN_ITERATIONS,) * OCTAVES, PATTERN_STEP)
    for ground in _grounds(network, objective, seed):
        if dream.slope(ground.to(dream.device))[1].any():
            break
    return vivid(dream.ascend(ground, dose, gauge=Gauge()).cpu())


def _grounds(network: Network, objective: Objective, seed: int) -> Iterator[Tensor]:
    """What to dream a pattern on: soft noise, stronger noise, a dream of the layer."""
    generator = torch.Generator().manual_seed(seed)
    side = max(PATTERN_SIDE, network.minimum_size)
    clouds = resize(torch.randn(1, CLOUDS, CLOUDS, generator=generator), (side, side))
    grain = torch.randn(3, side, side, generator=generator)
    soft = (GREY + CONTRAST * clouds + GRAIN * grain).clamp(0, 1)
    yield soft
    yield (GREY + STRONGER * (CONTRAST * clouds + GRAIN * grain)).clamp(0, 1)
    whole = Dreamer(network, layer(objective.layers[0]), seed=seed, precision="fp32")
    dose = Dose((PATTERN_ITERATIONS // 2,), PATTERN_STEP)
    yield whole.ascend(soft, dose, gauge=Gauge()).cpu()


def middle(size: int) -> Tensor:
    """Weights [1, size, size]: 1 in the middle, falling off around it."""
    places = (torch.arange(size) + 0.5) / size - 0.5
    beyond = (torch.hypot(places[:, None], places) - CORE).clamp_min(0) / RIM
    return torch.exp(-beyond.square() / 2)[None]


def vivid(image: Tensor) -> Tensor:
    """An image [3, H, W] on grey with its contrast brought to `VIVID`."""
    change = image - GREY
    return (GREY + change * (VIVID / change.square().mean().sqrt())).clamp(0, 1)


def atlas(
    network: Network, *, labels: Sequence[str] = (), size: int = 144, seed: int = 0
) -> Tensor:
    """A sheet of a network's dreams: textures, patterns, parts, objects, then classes.

    The alias or the label stands below each. Without `labels`, up to twelve are chosen evenly.
    """
    shown = labels or spread(network.labels, 12)
    dreams = [
        (alias, resize(pattern(network, layer(name), seed=seed), (size, size)).clamp(0, 1))
        for alias, name in network.aliases.items()
    ]
    dreams += [
        (name, thing(network, *network.view_of(name), size=size, seed=seed)) for name in shown
    ]
    cells = [captioned(dream, name, LETTERS) for name, dream in dreams]
    return tiled(cells, columns=8)


def spread(names: Sequence[T], count: int) -> tuple[T, ...]:
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
    """An image [3, H, W] with a line of text below it.

    `letters` is the text height in pixels; a text too long for the width is written smaller.
    """
    width, height = int(image.shape[-1]), letters + 6
    strip = Image.new("L", (width, height), round(255 * PAPER))
    for size in range(letters, 0, -1):
        font = ImageFont.load_default(size=size)
        if font.getlength(text) <= width - 2 * MARGIN:
            break
    ImageDraw.Draw(strip).text((MARGIN, letters), text, fill=INK, font=font, anchor="ls")
    line = torch.from_numpy(np.array(strip, np.float32)) / 255
    return torch.cat((image, line.expand(3, height, width)), dim=1)
