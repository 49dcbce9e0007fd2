"""The dream alone: what dreaming changed, as a picture that is transparent elsewhere."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F

OPAQUE: Final = 0.12
"""A change of so much of the value range, on average around a pixel, is fully opaque."""

SPREAD: Final = 1 / 90
"""Radius of that surrounding, as a share of the picture's shorter side."""


def dream_alone(dreamed: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Lift the dream off its source: RGB and straight alpha, [4, H, W], values 0..1.

    Both images are [3, H, W]. Alpha is the size of the change, averaged over a soft surrounding so
    that it has no grain, and scaled by a constant so that it does not flicker. The colours are
    those that give the dreamed picture back when laid over the source, as far as 0..1 holds them;
    on any other ground they are the dream at full strength.
    """
    change = dreamed - source
    radius = max(1, round(min(change.shape[1:]) * SPREAD))
    size = change.abs().amax(dim=0, keepdim=True)
    for _ in range(3):  # three boxes are nearly a bell
        size = _box(size, radius)
    alpha = (size / OPAQUE).clamp(0, 1)
    colours = torch.where(alpha > 0, source + change / alpha.clamp(min=1e-6), dreamed)
    return torch.cat([colours.clamp(0, 1), alpha])


def _box(plane: torch.Tensor, radius: int) -> torch.Tensor:
    """Average [1, H, W] over a square, that of the picture only at its border."""
    width, around = 2 * radius + 1, plane[None]
    row = F.avg_pool2d(around, (1, width), 1, (0, radius), count_include_pad=False)
    return F.avg_pool2d(row, (width, 1), 1, (radius, 0), count_include_pad=False)[0]
