"""Variational refinement of a flow (Brox et al. 2004), on tensors, as at the end of DIS.

The energy is that of Kroeger et al. 2016: constancy of brightness and of its gradient, both
normalised (Zimmer et al. 2011), and smoothness, each under a robust function. It is solved by
Jacobi sweeps, whose pixels do not depend on their order, with Chebyshev's acceleration.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

BRIGHT, STRUCTURE, SMOOTH = 5.0, 10.0, 20.0
"""Weights of brightness, of its gradient, and of smoothness; those of OpenCV's DIS."""

ROUNDS, SWEEPS = 3, 8
"""Linearisations, and sweeps in each."""

RADIUS = 0.97
"""The spectral radius of a sweep that Chebyshev's acceleration reckons with."""

TINY, LEAST = 1e-6, 0.01
"""Keep the robust function and the normalisation finite."""


class Smoothness(NamedTuple):
    """The weights [N, 1, H, W] between each pixel and its right, left, lower and upper one."""

    right: Tensor
    left: Tensor
    lower: Tensor
    upper: Tensor

    def sum(self) -> Tensor:
        """The weights of all neighbours of each pixel."""
        return self.right + self.left + self.lower + self.upper

    def around(self, flow: Tensor) -> Tensor:
        """The weighted sum of the neighbours of each pixel."""
        wide = functional.pad(flow, (1, 1, 1, 1), mode="replicate")
        total = self.right * wide[..., 1:-1, 2:] + self.left * wide[..., 1:-1, :-2]
        return total + self.lower * wide[..., 2:, 1:-1] + self.upper * wide[..., :-2, 1:-1]


def refined(a: Tensor, b: Tensor, flow: Tensor) -> Tensor:
    """A flow [N, 2, H, W] between images [N, 1, H, W] of levels 0..255, nearer to the truth."""
    mine, others = (torch.cat((image, *gradients(image)), dim=1) for image in (a, b))
    for _ in range(ROUNDS):
        flow = flow + _increment(mine, sampled(others, flow), flow)
    return flow


def _increment(mine: Tensor, other: Tensor, flow: Tensor) -> Tensor:
    """The change of a flow that lowers the energy, linearised at that flow.

    `mine` and `other` [N, 3, H, W] are brightness and its gradient, and those along the flow.
    """
    change = other - mine
    x, y = gradients((mine + other) / 2)
    norm = 1 / (x.square() + y.square() + LEAST)
    robust = norm * torch.rsqrt(change.square() * norm + TINY)
    xx, xy, yy, tx, ty = (
        (BRIGHT * plane[:, :1] + STRUCTURE * (plane[:, 1:2] + plane[:, 2:]))
        for plane in (robust * p for p in (x * x, x * y, y * y, x * change, y * change))
    )
    smooth = _smoothness(flow)
    total = smooth.sum()
    xx, yy = xx + total, yy + total
    inverse = 1 / (xx * yy - xy * xy)
    same = torch.cat((yy * inverse, xx * inverse), dim=1)
    crossed = -xy * inverse
    rest = torch.cat((-tx, -ty), dim=1) - total * flow
    step = before = torch.zeros_like(flow)
    pace = 1.0
    for sweep in range(SWEEPS):
        right = rest + smooth.around(flow + step)
        swept = same * right + crossed * right.flip(1)
        pace = 1 / (1 - RADIUS**2 * pace / (4 if sweep > 1 else 2)) if sweep else 1.0
        before, step = step, torch.lerp(before, swept, pace)
    return step


def _smoothness(flow: Tensor) -> Smoothness:
    x, y = gradients(flow)
    size = (x.square() + y.square()).sum(1, keepdim=True)
    weight = SMOOTH * torch.rsqrt(size + TINY)
    across = functional.pad((weight[..., :-1] + weight[..., 1:]) / 2, (1, 1))
    down = functional.pad((weight[..., :-1, :] + weight[..., 1:, :]) / 2, (0, 0, 1, 1))
    return Smoothness(across[..., 1:], across[..., :-1], down[..., 1:, :], down[..., :-1, :])


def gradients(planes: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences of planes [N, C, H, W], across and down."""
    wide = functional.pad(planes, (1, 1, 1, 1), mode="replicate")
    across = (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2
    return across, (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2


def sampled(planes: Tensor, flow: Tensor) -> Tensor:
    """Sample planes [N, C, H, W] at x + flow(x), linearly; the border is repeated."""
    base, unit = _places(flow.shape[-2], flow.shape[-1], flow.device)
    places = base + flow.permute(0, 2, 3, 1) * unit
    return functional.grid_sample(planes, places, padding_mode="border", align_corners=True)


@cache
def _places(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The places of the pixels [H, W, 2] in the units of grid_sample, and a pixel [2] in them."""
    unit = torch.tensor([2 / max(1, width - 1), 2 / max(1, height - 1)])
    x, y = torch.arange(width) * unit[0] - 1, torch.arange(height) * unit[1] - 1
    places = torch.stack((x.expand(height, -1), y[:, None].expand(-1, width)), dim=2)
    return places.to(device), unit.to(device)
