"""Carry pictures along a flow, and say where the result may be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.motion.flow import Array, Flow, FlowEstimator

REFERENCE_HEIGHT = 240
"""Thresholds in pixels are written for pictures of this many lines, and scaled to others."""

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Motion:
    """How a frame follows from the one before it.

    `backward` [H, W, 2]: displacement in pixels to the previous frame, on this frame's grid.
    `mask` [H, W], 0..1: 1 where the warp may be trusted.
    """

    backward: Flow
    mask: Plane


def estimate_motion(estimator: FlowEstimator, current: Array, previous: Array) -> Motion:
    """Estimate the motion of the current array from the previous one, both [H, W, 3] RGB."""
    backward, forward = estimator(current, previous), estimator(previous, current)
    return Motion(backward, consistency_mask(backward, forward, current, previous))


def warp(image: torch.Tensor, flow: Flow) -> torch.Tensor:
    """Sample the image [3, H, W] at x + flow(x), sharply; outside, the border is replicated."""
    pixels = np.ascontiguousarray(image.detach().permute(1, 2, 0).cpu().numpy())
    x, y = _places(flow)
    warped = cv2.remap(pixels, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    return torch.from_numpy(warped).permute(2, 0, 1).contiguous().to(image.device)


def consistency_mask(backward: Flow, forward: Flow, current: Array, previous: Array) -> Plane:
    """Say where sampling the previous array with the backward flow may be trusted.

    Not trusted (Sundaram et al. 2010; Ruder et al. 2016): where the flows there and back do not
    cancel, off-screen, at a motion boundary, where the arrays themselves do not match. 0..1, soft
    outward from the bad side.
    """
    height, width = backward.shape[:2]
    scale = REFERENCE_HEIGHT / height
    x, y = _places(backward)
    there, back = backward * scale, _sample(forward, x, y) * scale
    size = _squares(there)
    inconsistent = _squares(there + back) > 0.01 * (size + _squares(back)) + 0.5
    outside = (x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5)
    mismatch = (
        np.abs(current.astype(np.float32) - _sample(previous.astype(np.float32), x, y)).mean(axis=2)
        > 0.1 * np.iinfo(current.dtype).max
    )
    bad = (inconsistent | outside | mismatch).astype(np.float32)
    near = cv2.blur(cv2.dilate(bad, np.ones((3, 3), np.uint8)), (3, 3))
    return np.asarray(1 - near, np.float32)


def _places(flow: Flow) -> tuple[Plane, Plane]:
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return x, y


def _sample(array: Array, x: Plane, y: Plane) -> Array:
    return np.asarray(cv2.remap(array, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _squares(flow: Flow) -> Plane:
    squares: Plane = flow[..., 0] ** 2 + flow[..., 1] ** 2
    return squares
