"""Likeness: a class is dreamed towards a picture of one of its things.

The gradient of a class says what makes it more certain, not how its parts belong together: it gives
three eyes as gladly as two. The activations of a whole thing say where each part is. So those of
the dream are drawn to them, as in the inversion of features (Mahendran & Vedaldi 2015,
"Understanding deep image representations by inverting them"), which networks that withstand attacks
invert to pictures (Engstrom et al. 2019, "Adversarial robustness as a prior for learned
representations"). Only deep layers are compared: surfaces and details remain the network's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dreamvid.dream.objectives import Objective, alike
from dreamvid.dream.octaves import Size, resize
from dreamvid.dream.shaping import Shape
from dreamvid.networks.kinds import group, is_imagenet
from dreamvid.networks.network import Network

LIKENESS = 20.0
"""Weight of the likeness at each of the aliases of a network, beside that of the class."""
COLOURED, PATCHES = 4.0, 12
"""Weight of the colours of an exemplar, and the patches per side in which they are compared."""


@dataclass(frozen=True)
class Exemplar:
    """What a thing looks like: premultiplied RGBA [4, S, S] in 0..1, and the weight of its colours.

    A network that was trained on renders knows things in any colour, and does not ask for one.
    """

    picture: Tensor
    colour: float


def exemplar_of(network: Network, *indices: int) -> Exemplar | None:
    """The exemplar of a label, a typical render; None for several labels, or if there is none."""
    from dreamvid.renders.typical import is_rendered, typical

    name = looks_like(network, indices[0]) if len(indices) == 1 else None
    if name is None:
        return None
    picture = torch.tensor(typical(name)).permute(2, 0, 1) / 255
    return Exemplar(picture, COLOURED if is_rendered(network.labels) else 0.0)


def looks_like(network: Network, index: int) -> str | None:
    """The label of the renders that looks like a label of a network, if there is one.

    None for networks that were trained on a user's pictures: their owls are not ours.
    """
    from dreamvid.renders import typical  # takes a quarter of a second

    name = network.labels[index]
    if typical.is_rendered(network.labels):
        return name
    if not is_imagenet(network.labels):
        return None
    return typical.looks_like("dog" if index in group(network.labels, "dog") else name)


def towards_exemplar(network: Network, objective: Objective) -> Objective:
    """An objective that also raises the likeness to an exemplar in the place of the source."""
    parts = (LIKENESS * alike(name) for name in network.aliases.values())
    return sum(parts, start=objective)


def side_by_side(picture: Tensor, size: Size) -> Tensor:
    """A picture [C, S, S], as often as it fits into an image of a size (height, width)."""
    count, wide = max(1, round(max(size) / min(size))), size[1] >= size[0]
    repeated = picture.repeat(1, 1, count) if wide else picture.repeat(1, count, 1)
    return resize(repeated, size).clamp(0, 1)


def coloured(image: Tensor, wanted: Tensor) -> Tensor:
    """The step [3, H, W] from the colours of an image to those that are wanted, without lightness.

    In broad patches.
    """
    change = wanted - image
    change = change - change.mean(dim=0, keepdim=True)
    return resize(resize(change, (PATCHES, PATCHES)), (image.shape[-2], image.shape[-1]))


def colouring(shape: Shape | None) -> float:
    """The share of that step to take: a dream that is to be grey has no colours of exemplars."""
    return 1.0 if shape is None else min(1.0, shape.colours)


def laid_over(image: Tensor, picture: Tensor) -> Tensor:
    """An image [3, H, W] with a picture [4, H, W], premultiplied RGBA, on it."""
    return image * (1 - picture[3:]) + picture[:3]
