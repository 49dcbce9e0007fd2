"""Likeness: a class is dreamed towards a picture of one of its things.

The gradient of a class says what makes it more certain, not how its parts belong together: it gives
three eyes as gladly as two. The activations of a whole thing say where each part is. So those of
the dream are drawn to them, as in the inversion of features (Mahendran & Vedaldi 2015,
"Understanding deep image representations by inverting them"), which networks that withstand attacks
invert to pictures (Engstrom et al. 2019, "Adversarial robustness as a prior for learned
representations"). Only deep layers are compared: surfaces and details remain the network's own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.dream.objectives import Objective, alike
from dreamvid.dream.octaves import Size, resize
from dreamvid.dream.shaping import Shape
from dreamvid.networks.kinds import group, is_imagenet
from dreamvid.networks.network import Network

LIKENESS = 20.0
"""Weight of the likeness at each of the compared layers, beside the log probability of a class."""
COLOUR_WEIGHT, PATCHES = 4.0, 12
"""Weight of the colours of an exemplar, and the patches along the shorter side that have one."""


@dataclass(frozen=True)
class Exemplar:
    """What a thing looks like, premultiplied RGBA [4, S, S] in 0..1; the weight of its colours."""

    picture: Tensor
    colour: float


def exemplar_of(network: Network, *indices: int) -> Exemplar | None:
    """The exemplar of a label, a typical render, if there is one.

    Of several labels it is the render that most of them look like, if at least two do: all foxes
    look like one.
    """
    from dreamvid.renders.typical import typical

    found = Counter(name for index in indices if (name := render_of(network, index)))
    ((name, count),) = found.most_common(1) or ((None, 0),)
    if name is None or count < min(2, len(indices)):
        return None
    picture = torch.tensor(typical(name)).permute(2, 0, 1) / 255
    return Exemplar(picture, colour_weight(network))


def render_of(network: Network, index: int) -> str | None:
    """The label of the renders that looks like a label of a network, if there is one.

    None for networks that were trained on a user's pictures: their owls are not ours.
    """
    from dreamvid.renders.typical import is_rendered, render_like  # takes a fifth of a second

    name = network.labels[index]
    if is_imagenet(network.labels):
        return render_like("dog" if index in group(network.labels, "dog") else name)
    return name if is_rendered(network.labels) else None


def colour_weight(network: Network) -> float:
    """The weight of the colours of its exemplars.

    A network that was trained on renders knows things in any colour, and does not ask for one.
    """
    from dreamvid.renders.typical import is_rendered

    return COLOUR_WEIGHT if is_rendered(network.labels) else 0.0


def compared_layers(network: Network) -> tuple[str, ...]:
    """The layers of a network whose activations are compared: those of its aliases."""
    return tuple(dict.fromkeys(network.aliases.values()))


def with_likeness(network: Network, objective: Objective) -> Objective:
    """An objective that also raises the likeness to what is in the place of the source."""
    parts = (LIKENESS * alike(name) for name in compared_layers(network))
    return sum(parts, start=objective)


def side_by_side(picture: Tensor, size: Size) -> Tensor:
    """A picture [4, S, S] at the shorter side of a size (height, width), as often as it fits.

    The copies are spread evenly along the longer side, with transparent gaps.
    """
    shorter, longer = min(size), max(size)
    whole = picture.new_zeros(len(picture), *size)
    square = resize(picture, (shorter, shorter)).clamp(0, 1)
    count = longer // shorter
    for k in range(count):
        begin = round((k + 0.5) * longer / count - shorter / 2)
        part = whole.narrow(2 if size[1] >= size[0] else 1, begin, shorter)
        part.copy_(square)
    return whole


def colour_step(image: Tensor, wanted: Tensor) -> Tensor:
    """The step [3, H, W] from the colours of an image to those that are wanted, without lightness.

    In broad patches.
    """
    height, width = image.shape[-2:]
    change = wanted - image
    change -= change.mean(dim=0, keepdim=True)
    down, right = (max(1, round(PATCHES * side / min(height, width))) for side in (height, width))
    return resize(functional.adaptive_avg_pool2d(change, (down, right)), (height, width))


def colour_share(shape: Shape | None) -> float:
    """The share of that step to take: a dream that is to be grey has no colours of exemplars."""
    return 1.0 if shape is None else min(1.0, shape.colours)


def laid_over(image: Tensor, picture: Tensor) -> Tensor:
    """An image [3, H, W] with a picture [4, H, W], premultiplied RGBA, on it."""
    return image * (1 - picture[3:]) + picture[:3]
