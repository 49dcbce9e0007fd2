"""Guides: objectives that draw an image towards the features of other pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.dream.objectives import Activations, Objective, cached_on_device, planes_of

TABLE = 1 << 24
"""Limit of image positions times guide positions compared at once."""

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
    on = cached_on_device(known)

    def raised(features: Tensor) -> Tensor:
        guides = on(features.device)
        return (features * guides[:, _best(features, guides)]).mean()

    return raised


def _by_cosine(known: Tensor) -> Raised:
    on = cached_on_device(functional.normalize(known, dim=0))

    def raised(features: Tensor) -> Tensor:
        guides = on(features.device)
        alike = functional.normalize(features, dim=0, eps=1e-6)
        return (alike * guides[:, _best(alike, guides)]).sum(dim=0).mean()

    return raised


def _by_gram(known: Tensor) -> Raised:
    gram = known @ known.T
    on = cached_on_device(gram / (gram.norm() + 1e-12))

    def raised(features: Tensor) -> Tensor:
        return (features * (on(features.device) @ features)).mean()

    return raised


def _best(features: Tensor, guides: Tensor) -> Tensor:
    """The index of the guide position [P] with the largest dot product with each position."""
    rows, places = max(1, TABLE // guides.shape[1]), features.detach().T
    parts: Sequence[Tensor] = [places[k : k + rows] for k in range(0, len(places), rows)]
    return torch.cat([(part @ guides).argmax(dim=1) for part in parts])


def _positions(activation: Tensor) -> Tensor:
    """The features of every position [C, P] in float32."""
    return planes_of(activation).flatten(2)[0]
