"""Likeness: a class is dreamed towards a picture of one of its things.

The gradient of a class says what makes it more certain, not how its parts belong together: it gives
three eyes as gladly as two. The activations of a whole thing say where each part is. So those of
the dream are drawn to them, as in the inversion of features (Mahendran & Vedaldi 2015,
"Understanding deep image representations by inverting them"), which networks that withstand attacks
invert to pictures (Engstrom et al. 2019, "Adversarial robustness as a prior for learned
representations"). Only deep layers are compared: surfaces and details remain the network's own.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dreamvid.dream.objectives import Objective, alike
from dreamvid.dream.octaves import Size, resize
from dreamvid.networks.network import Network

LIKENESS = 10.0
"""Weight of the likeness at each of the aliases of a network, beside that of the class."""
COLOURED, PATCHES = 4.0, 12
"""Weight of the colours of the model, and the patches per side in which they are compared."""


def model_of(network: Network, *indices: int) -> Tensor | None:
    """The model of a label: premultiplied RGBA [4, S, S] in 0..1.

    None for several labels, and for a network that was not trained on renders.
    """
    if len(indices) != 1 or "/" not in network.labels[indices[0]]:
        return None
    from dreamvid.renders.typical import is_rendered, typical  # takes a quarter of a second

    if not is_rendered(network.labels):
        return None
    return torch.tensor(typical(network.labels[indices[0]])).permute(2, 0, 1) / 255


def towards_model(network: Network, objective: Objective) -> Objective:
    """An objective that also raises the likeness to a model in the place of the source."""
    parts = (LIKENESS * alike(name) for name in network.aliases.values())
    return sum(parts, start=objective)


def side_by_side(model: Tensor, size: Size) -> Tensor:
    """A model [4, S, S], as often as it fits into an image of a size (height, width)."""
    height, width = size
    count = max(1, round(max(size) / min(size)))
    if width >= height:
        return resize(model.repeat(1, 1, count), size).clamp(0, 1)
    return resize(model.repeat(1, count, 1), size).clamp(0, 1)


def coloured(image: Tensor, wanted: Tensor) -> Tensor:
    """The step [3, H, W] from the colours of an image to those that are wanted, without lightness.

    Networks that know things in any colour do not ask for one.
    """
    change = wanted - image
    change = change - change.mean(dim=0, keepdim=True)
    broad = resize(change, (PATCHES, PATCHES))
    return COLOURED * resize(broad, (image.shape[-2], image.shape[-1]))


def laid_over(image: Tensor, model: Tensor) -> Tensor:
    """An image [3, H, W] with a model [4, H, W], premultiplied RGBA, on it."""
    return image * (1 - model[3:]) + model[:3]
