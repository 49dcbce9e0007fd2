"""Decorrelated colour planes: luma, red-blue and green-magenta.

They are the principal axes of the colours of natural images (the colour decorrelation of Olah et
al. 2017, "Feature Visualization").
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from dreamvid.device.numbers import kept_by_stream

PLANES = ((0.563, 0.195, 0.043), (0.584, 0.0, -0.108), (0.584, -0.195, 0.065))
"""Columns: luma, red-blue and green-magenta."""

LUMA = (0.299, 0.587, 0.114)
"""The shares of red, green and blue in the luma of video (ITU-R BT.601)."""


@cache
def luma_shares(device: torch.device) -> Tensor:
    """LUMA as a tensor [3]."""
    return torch.tensor(LUMA, device=device)


@kept_by_stream(8)  # computed there: another stream might read it too early
def colour_basis(device: torch.device) -> Tensor:
    """The planes as unit columns [3, 3]: `basis.T @ rgb` projects onto them."""
    basis = torch.tensor(PLANES, device=device)
    unit: Tensor = basis / basis.norm(dim=0)
    return unit
