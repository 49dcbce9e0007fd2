"""The warp of `dreamvid.motion.warp` on tensors: by taps, with few launches, without rounding."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

BAND = 2**21
"""Number of pixels sampled at once."""


class Taps(NamedTuple):
    """Sample positions along one axis and their weights: each [8, H, W]."""

    places: Tensor
    lanczos: Tensor
    cubic: Tensor


def warp_by_taps(image: Tensor, flow: Tensor, *, lanczos: Sequence[float]) -> Tensor:
    """Sample planes [C, H, W] at x + flow(x), as `warp` does; all on one device.

    `flow` is [H, W, 2] in pixels, `lanczos` the share of Lanczos4 for each plane.
    """
    height, width = flow.shape[:2]
    x = flow[..., 0] + torch.arange(width, device=flow.device)
    y = flow[..., 1] + torch.arange(height, device=flow.device)[:, None]
    parts, first = [], 0
    for share, alike in groupby(lanczos):
        planes = image[first : (first := first + len(list(alike)))]
        parts.append(_cubic(planes, x, y) if share == 0 and _samples(image) else
                     _banded(planes, x, y, share))  # fmt: skip
    return torch.cat(parts)


def _samples(image: Tensor) -> bool:
    """Whether the device has a kernel for cubic sampling."""
    return image.device.type != "mps"


def _cubic(planes: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Sample with the cubic alone, whose kernel torch has (Keys 1981, a = -0.75)."""
    height, width = planes.shape[-2:]
    places = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), dim=2)
    return functional.grid_sample(
        planes[None], places[None], mode="bicubic", padding_mode="reflection", align_corners=False
    )[0]


def _banded(planes: Tensor, x: Tensor, y: Tensor, share: float) -> Tensor:
    """Sample a band of rows at a time, so that memory is bounded."""
    band = max(1, BAND // x.shape[1])
    height, width = planes.shape[-2:]
    return torch.cat(
        [
            _weighted_sum(planes, _taps(down, height), _taps(across, width), share)
            for across, down in zip(torch.split(x, band), torch.split(y, band), strict=True)
        ],
        dim=1,
    )


def _weighted_sum(image: Tensor, rows: Taps, columns: Taps, share: float) -> Tensor:
    """Sample planes [C, H, W] one row of taps at a time, with few kernel launches."""
    planes, width = image.flatten(1), image.shape[2]
    total = torch.zeros_like(image[:, :1, :1])
    for row, lanczos, cubic in zip(*rows, strict=True):
        weights = share * lanczos * columns.lanczos + (1 - share) * cubic * columns.cubic
        total = total + (planes[:, row * width + columns.places] * weights).sum(dim=1)
    return total


def _taps(place: Tensor, length: int) -> Taps:
    """The eight taps around each position [H, W], mirrored at the border."""
    whole = place.floor()
    steps = torch.arange(-3, 5, device=place.device).view(-1, 1, 1)
    distance = steps - (place - whole)
    lanczos = torch.sinc(distance) * torch.sinc(distance / 4)
    d, a = distance.abs(), -0.75
    inner = ((a + 2) * d - (a + 3)) * d * d + 1
    outer = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    cubic = torch.where(d < 1, inner, torch.where(d < 2, outer, 0.0))
    folded = (whole.long() + steps).remainder(2 * length)
    folded = torch.minimum(folded, 2 * length - 1 - folded)
    return Taps(folded, lanczos / lanczos.sum(0), cubic)
