"""The layers worth looking at: stages and blocks, without those that only repeat another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from dreamvid.errors import UsageError
from dreamvid.networks.network import Network

_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_SAME = (*_POOLS, nn.Dropout, nn.Dropout2d, nn.Identity, nn.Flatten)
"""Modules whose channels are those of the layer before."""
_REFINE = (nn.BatchNorm2d, nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.GELU)
"""Modules that finish the layer before: it is left out for them."""
LEAST_SIDE = 96
"""Side of the blank picture, in pixels, on which the layers are counted."""


def outline(network: Network) -> tuple[str, ...]:
    """The stages of a network by depth; a stage in which an alias names a part, by its parts.

    The aliases are always among them. Pools and the like are left out, and a convolution if a norm
    or an activation follows it.
    """
    named = {network.resolve(alias) for alias in network.aliases}
    opened = {name[:k] for name in named for k, sign in enumerate(name) if sign == "."}
    within = [
        name
        for name in network.layers
        if name in named
        or (name not in opened and (name.rpartition(".")[0] or "") in opened | {""})
    ]
    kinds = [network.module(name) for name in within]
    follow = [*kinds[1:], None]
    return tuple(
        name
        for name, kind, after in zip(within, kinds, follow, strict=True)
        if name in named
        or not (isinstance(kind, _SAME) or (_is_leaf(kind) and isinstance(after, _REFINE)))
    )


def _is_leaf(module: nn.Module) -> bool:
    return next(module.children(), None) is None


def channels(network: Network, layers: Sequence[str], *, lenient: bool = False) -> dict[str, int]:
    """The number of channels of each of the layers (names or aliases).

    Raises UsageError for an unknown layer, and for one without positions, as those of the classes;
    `lenient` leaves these out.
    """
    side = max(LEAST_SIDE, network.minimum_size)
    with torch.no_grad():
        found = network.trunk(layers)(torch.zeros(1, 3, side, side))
    counts = {}
    for name in map(network.resolve, layers):
        shape = found[name].shape
        if len(shape) == 4 and shape[2] > 1:
            counts[name] = int(shape[1])
        elif not lenient:
            remedy = f"choose one before it (dreamvid layers {network.name})"
            raise UsageError(f"layer '{name}' has no positions", where=network.name, remedy=remedy)
    return counts
