"""The dream as an RGBA layer: composited over the source it gives the dreamed frame."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.image import with_alpha
from dreamvid.motion.flow import Array

FULL = 0.12
"""A dream that changes colours by this share of their range is fully opaque."""

SPREAD = 5
"""Smoothing width of the alpha in pixels, against flicker."""


def matte(dreamed: Tensor, source: Tensor) -> Tensor:
    """Return the dream [4, H, W], colour and straight alpha, relative to the source.

    Both arguments are images [3, H, W] in 0..1. `source` is the stabilised one; composited over the
    film itself, the film's grain is visible where the dream is thin.

    dreamed = alpha * colour + (1 - alpha) * source. Any alpha is valid for which the colour stays
    within 0..1; the one chosen grows smoothly with the amount of change.
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


def masked(layer: Tensor, alpha: Array | None) -> Tensor:
    """Multiply the alpha of a layer [4, H, W] by that of the source, an array [H, W], if any."""
    if alpha is None:
        return layer
    return with_alpha(layer[:3], alpha).mul_(torch.cat((torch.ones_like(layer[:3]), layer[3:])))
