"""The dream alone, on transparency: laid over the source it gives the dreamed frame again."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

FULL = 0.12
"""A dream that moves colours by so much of their range is opaque."""

SPREAD = 5
"""Pixels over which the transparency is evened out, so that it does not sparkle."""


def matte(dreamed: Tensor, source: Tensor) -> Tensor:
    """Give the dream [4, H, W], colour and straight alpha: over the source it is the dreamed frame.

    Both are images [3, H, W] in 0..1. Over a film of which the carry took grain away (its `source`
    is the steadied one) the grain shows again where the dream is thin.

    dreamed = alpha * colour + (1 - alpha) * source. Of all alphas for which that can be, which are
    those above what keeps the colour within 0..1, it is one that goes smoothly with the amount.
    """
    change = dreamed - source
    room = torch.where(change > 0, 1 - source, source).clamp_min(1e-6)
    least = (change.abs() / room).amax(dim=0, keepdim=True).clamp(0, 1)
    amount = change.abs().amax(dim=0, keepdim=True) / FULL
    wide = functional.avg_pool2d(
        functional.pad(amount[None], (SPREAD // 2,) * 4, mode="replicate"), SPREAD, 1
    )[0]
    alpha = torch.maximum(least, wide.clamp(0, 1))
    colour = (source + change / alpha.clamp_min(1e-6)).clamp(0, 1)
    return torch.cat((colour, alpha))
