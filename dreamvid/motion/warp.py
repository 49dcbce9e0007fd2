"""Resample pictures along a flow, so sharply that it can be done a thousand times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.motion.flow import Flow, squares

Plane = NDArray[np.float32]

REFERENCE_HEIGHT = 240
"""Thresholds in pixels are written for pictures of this many lines, and scaled to others."""

LEVEL = 0.8
"""Share of Lanczos4 in the kernel; the rest is OpenCV's cubic (Keys 1981, a = -0.75).

Each alone amplifies or fades what is resampled again and again, in opposite bands: after 30 warps
by random fractions of a pixel Lanczos4 keeps 0.92 / 1.06 (at 1/8 and 1/4 cycles per pixel) and
1.3 at 0.28, the cubic 1.48 / 0.79. The blend keeps 1.01 / 1.00, and no frequency gains more than
0.3 % per warp whatever the fraction.
"""

CRISP = 1.0
"""The share for what leaks a few percent a frame, which outweighs the gain of Lanczos4 alone."""

BRIEF = 0.0
"""The share for what is soon forgotten: the cubic alone, at a fifth of the time."""


BAND = 2**21
"""So many pixels are sampled at once on a GPU."""


class Taps(NamedTuple):
    """Where to sample around places, along one axis, and with what weights: each [8, H, W]."""

    places: torch.Tensor
    lanczos: torch.Tensor
    cubic: torch.Tensor


def warp(
    image: torch.Tensor, flow: Flow, *, lanczos: float | Sequence[float] = LEVEL
) -> torch.Tensor:
    """Sample planes [C, H, W] at x + flow(x), sharply, mirrored at the border.

    flow is [H, W, 2] (dx, dy) in pixels; `lanczos` is the share of Lanczos4, for all planes or for
    each. A whole-pixel flow moves pixels unchanged; values may overshoot the image's range at
    edges. Positions are rounded to 1/32 pixel by OpenCV on the CPU.
    """
    x, y = places(flow)
    x, y = mirrored(x, image.shape[2]), mirrored(y, image.shape[1])
    shares = [lanczos] * len(image) if isinstance(lanczos, float) else lanczos
    if image.device.type != "cpu":
        return warp_by_taps(image, x, y, lanczos=shares)
    planes = [
        _resample(plane, x, y, share)
        for plane, share in zip(image.detach().numpy(), shares, strict=True)
    ]
    return torch.from_numpy(np.stack(planes))


def torn(flow: Flow) -> Plane:
    """Where a warp by the flow [H, W, 2] draws what it carries out into streaks, 0..1.

    At motion boundaries, |grad u|^2 + |grad v|^2 > 0.01 |w|^2 + 0.002 (Sundaram et al. 2010), with
    w in pixels at REFERENCE_HEIGHT lines; 1 where the gradient is twice that large.
    """
    across = cv2.Sobel(flow, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(flow, cv2.CV_32F, 0, 1, scale=1 / 8)
    gradient = squares(across) + squares(down)
    lines = REFERENCE_HEIGHT / flow.shape[0]
    limit = 0.01 * lines**2 * squares(flow) + 0.002
    return np.asarray(np.clip(np.sqrt(gradient / limit) - 1, 0, 1), np.float32)


def _resample(plane: Plane, x: Plane, y: Plane, lanczos: float) -> Plane:
    """Sample a plane [H, W] at x, y: one at a time, for OpenCV is slow on several."""
    kernels = ((cv2.INTER_LANCZOS4, lanczos), (cv2.INTER_CUBIC, 1 - lanczos))
    parts = [
        (cv2.remap(plane, x, y, kernel, borderMode=cv2.BORDER_REFLECT), share)
        for kernel, share in kernels
        if share
    ]
    (blend, share), *more = parts
    for part, other in more:
        blend = cv2.addWeighted(blend, share, part, other, 0)
    return np.asarray(blend, np.float32)


def warp_by_taps(
    image: torch.Tensor, x: Plane, y: Plane, *, lanczos: Sequence[float]
) -> torch.Tensor:
    """Sample like `warp` at the places x, y [H, W], on the image's own device, without rounding."""
    result = torch.empty((len(image), *x.shape), dtype=image.dtype, device=image.device)
    band = max(1, BAND // x.shape[1])
    for top in range(0, len(x), band):
        across, down = (torch.from_numpy(p[top : top + band]).to(image.device) for p in (x, y))
        columns, rows = _taps(across, image.shape[2]), _taps(down, image.shape[1])
        for share in dict.fromkeys(lanczos):
            planes = [k for k, other in enumerate(lanczos) if other == share]
            result[planes, top : top + band] = _weighed(image[planes], rows, columns, share)
    return result


def _weighed(image: torch.Tensor, rows: Taps, columns: Taps, share: float) -> torch.Tensor:
    """Sample planes [C, H, W] a row of taps at a time, in few launches."""
    planes, width = image.flatten(1), image.shape[2]
    total = torch.zeros_like(image[:, :1, :1])
    for row, lanczos, cubic in zip(*rows, strict=True):
        weights = share * lanczos * columns.lanczos + (1 - share) * cubic * columns.cubic
        total = total + (planes[:, row * width + columns.places] * weights).sum(dim=1)
    return total


def mirrored(place: Plane, length: int) -> Plane:
    """Fold places outside the picture, -0.5 to length - 0.5, back in."""
    folded = np.abs(place + np.float32(0.5))
    if folded.max() > 2 * length:  # seldom, and the remainder takes long
        folded = np.mod(folded, np.float32(2 * length))
    return np.asarray(length - np.abs(length - folded) - 0.5, np.float32)


def _taps(place: torch.Tensor, length: int) -> Taps:
    """The eight taps around each place [H, W], those outside 0..length-1 folded back in."""
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


def places(flow: Flow) -> tuple[Plane, Plane]:
    """Where each pixel of a flow [H, W, 2] points to: x and y, each [H, W], in pixels."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(x, np.float32), np.asarray(y, np.float32)
