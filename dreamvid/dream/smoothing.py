"""Smoothing of a residual: gradient descent on its total variation."""

from __future__ import annotations

from torch import Tensor

STABLE = 8.0
"""Differences below this many steps are diffused rather than clipped: otherwise an explicit step
overshoots, and leaves a checkerboard."""


def smoothing(residual: Tensor, step: float, *, wraps: bool = False) -> Tensor:
    """The change [3, H, W] that lowers the total variation of a residual by a step.

    Noise and thin lines vanish, edges stay: the divergence of the normalised differences of all
    colours together (Rudin, Osher, Fatemi 1992; Blomgren and Chan 1998 for colours). A texture that
    `wraps` is smoothed across its sides.
    """
    right, down = residual.roll(-1, 2) - residual, residual.roll(-1, 1) - residual
    if not wraps:
        right[..., -1], down[:, -1] = 0, 0
    size = (right.square() + down.square()).sum(dim=0, keepdim=True)
    size = size.add_((STABLE * step) ** 2).sqrt_()
    right, down = right / size, down / size
    return step * (right - right.roll(1, 2) + down - down.roll(1, 1))
