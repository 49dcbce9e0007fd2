"""How another tool dreams a frame, written from its source, for timing at equal strength.

gordicaleksa/pytorch-deepdream: every frame climbs its pyramid from the bottom; arrays go to the
device and come back at every level. Its network, which it loads again for every frame, is kept.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from dreamvid.networks.network import Trunk

LEVELS, RATIO, ITERATIONS, RATE, SHIFT = 4, 1.8, 10, 0.09, 32
"""Levels of the pyramid and their ratio, iterations on each, step, and range of the jitter."""

KERNEL, SMOOTHING = 9, 0.5
"""Side of the kernels that smooth its gradients, and their least sigma."""


def their_frame(
    trunk: Trunk, layer: str, picture: NDArray[np.float32], iterations: int = ITERATIONS
) -> NDArray[np.float32]:
    """Dream a frame [H, W, 3] of RGB in 0..1 as pytorch-deepdream does."""
    random, image = np.random.default_rng(0), picture
    height, width = picture.shape[:2]
    for level in range(LEVELS):
        scale = RATIO ** (level - LEVELS + 1)
        size = max(16, round(width * scale)), max(16, round(height * scale))
        image = np.asarray(cv2.resize(image, size), np.float32)
        batch = torch.from_numpy(image).permute(2, 0, 1)[None].to(trunk.mean.device)
        for iteration in range(iterations):
            shift = random.integers(-SHIFT, SHIFT + 1, 2).tolist()
            batch = torch.roll(batch, shift, (2, 3))
            sigma = (iteration + 1) / iterations * 2 + SMOOTHING
            batch = _ascended(trunk, layer, batch, sigma)
            batch = torch.roll(batch, [-shift[0], -shift[1]], (2, 3))
        image = np.ascontiguousarray(batch[0].permute(1, 2, 0).cpu().numpy())
    return image


def _ascended(trunk: Trunk, layer: str, batch: Tensor, sigma: float) -> Tensor:
    batch = batch.detach().requires_grad_()
    loss = trunk.plain(batch)[layer].square().mean()
    (gradient,) = torch.autograd.grad(loss, batch)
    smooth = _smoothed(gradient, sigma)
    smooth = smooth / smooth.std().clamp_min(1e-20)
    return (batch.detach() + RATE * trunk.std * smooth).clamp(0, 1)


def _smoothed(gradient: Tensor, sigma: float) -> Tensor:
    """The mean of three Gaussian blurs, which are made anew each time."""
    total = torch.zeros_like(gradient)
    wide = functional.pad(gradient, (KERNEL // 2,) * 4, mode="reflect")
    for width in (0.5 * sigma, sigma, 2 * sigma):
        line = torch.exp(-((torch.arange(KERNEL) - KERNEL // 2) ** 2) / (2 * width**2))
        kernel = (line[:, None] * line / line.sum() ** 2).expand(3, 1, -1, -1)
        total = total + functional.conv2d(wide, kernel.to(gradient.device), groups=3) / 3
    return total
