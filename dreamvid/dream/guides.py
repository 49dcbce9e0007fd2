"""Guides: objectives that draw an image towards the features of other pictures."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.dream.objectives import Activations, Objective, cached_on_device, planes_of

PAIRS, LEAST = 1 << 21, 192
"""Limit of image positions times guide positions that are compared, and the number of guide
positions that is always compared. A low layer has many that are alike; comparing all of them with
every position of the image would cost many times the network itself."""

Raised = Callable[[Tensor], Tensor]
"""What is raised of a layer, computed from its features at every position [C, P]."""


def guide(*pictures: Activations, match: str = "dot") -> Objective:
    """Raise the features of guide pictures, given their activations by layer.

    `match` "dot" draws each position of the image towards the position of the guides with the
    largest dot product (Mordvintsev et al. 2015, "guided dreaming"); "cosine" towards the one whose
    features are most alike, however strong they are; "gram" draws the image as a whole towards the
    features that occur together in the guides, at any place (Gatys et al. 2015, "style").
    """
    make = {"dot": _by_product, "cosine": _by_cosine, "gram": _by_gram}[match]
    features = {
        name: torch.cat([_positions(picture[name].detach()) for picture in pictures], dim=1)
        for name in pictures[0]
    }
    raised = {name: make(known) for name, known in features.items()}

    def value(current: Activations) -> Tensor:
        return torch.stack([of(_positions(current[name])) for name, of in raised.items()]).sum()

    return Objective(tuple(raised), value)


def _by_product(known: Tensor) -> Raised:
    on = cached_on_device(_shuffled(known))

    def raised(features: Tensor) -> Tensor:
        return (features * _best(features, on(features.device))).mean()

    return raised


def _by_cosine(known: Tensor) -> Raised:
    on = cached_on_device(functional.normalize(_shuffled(known), dim=0))

    def raised(features: Tensor) -> Tensor:
        alike = functional.normalize(features, dim=0, eps=1e-6)
        return (alike * _best(alike, on(features.device))).sum(dim=0).mean()

    return raised


def _by_gram(known: Tensor) -> Raised:
    gram = known @ known.T
    on = cached_on_device(gram / (gram.norm() + 1e-12))

    def raised(features: Tensor) -> Tensor:
        return (features * (on(features.device) @ features)).mean()

    return raised


def _best(features: Tensor, guides: Tensor) -> Tensor:
    """The guide features [C, P] with the largest dot product with those of each position."""
    guides = guides[:, : max(LEAST, PAIRS // features.shape[1])]
    return guides[:, (features.detach().T @ guides).argmax(dim=1)]


def _shuffled(features: Tensor) -> Tensor:
    """The positions in random order, so that any number of the first ones represents the guide."""
    order = torch.randperm(features.shape[1], generator=torch.Generator().manual_seed(0))
    return features[:, order.to(features.device)]


def _positions(activation: Tensor) -> Tensor:
    """The features of every position [C, P] in float32."""
    return planes_of(activation).flatten(2)[0]
