"""Smoothing of a residual: gradient descent on its total variation."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

STABLE = 8.0
"""Differences below this many steps are diffused rather than clipped: otherwise an explicit step
overshoots, and leaves a checkerboard."""


def smoothing(residual: Tensor, step: float) -> Tensor:
    """The change [3, H, W] that lowers the total variation of a residual by a step.

    Noise and thin lines vanish, edges stay: the divergence of the normalised differences of all
    colours together (Rudin, Osher, Fatemi 1992; Blomgren and Chan 1998 for colours).
    """
    right = functional.pad(residual.diff(dim=2), (0, 1))
    down = functional.pad(residual.diff(dim=1), (0, 0, 0, 1))
    size = (right.square() + down.square()).sum(dim=0, keepdim=True)
    size = size.add_((STABLE * step) ** 2).sqrt_()
    right, down = right / size, down / size
    left, up = functional.pad(right, (1, 0))[..., :-1], functional.pad(down, (0, 0, 1, 0))[:, :-1]
    return step * (right - left + down - up)
