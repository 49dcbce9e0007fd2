"""Warp images along a flow, sharp enough to be repeated a thousand times."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.motion.flow import Flow, squared_lengths

Plane = NDArray[np.float32]

REFERENCE_HEIGHT = 240
"""Thresholds in pixels are given for this image height and scaled to others."""

LEVEL = 0.8
"""Share of Lanczos4 in the kernel; the rest is OpenCV's cubic (Keys 1981, a = -0.75).

Under repeated resampling each kernel alone amplifies some frequencies and attenuates others, in
opposite bands: after 30 warps by random fractions of a pixel the gain of Lanczos4 is 0.92 / 1.06
(at 1/8 and 1/4 cycles per pixel) and 1.3 at 0.28, that of the cubic 1.48 / 0.79. The blend has
1.01 / 1.00, and no frequency gains more than 0.3 % per warp at any fraction.
"""

CRISP = 1.0
"""Lanczos4 share for planes that decay by a few percent per frame, which offsets its gain."""

BRIEF = 0.0
"""Lanczos4 share for planes that decay quickly: only the cubic, at a fifth of the time."""


BAND = 2**21
"""Number of pixels sampled at once on a GPU."""


class Taps(NamedTuple):
    """Sample positions along one axis and their weights: each [8, H, W]."""

    places: torch.Tensor
    lanczos: torch.Tensor
    cubic: torch.Tensor


def warp(
    image: torch.Tensor, flow: Flow, *, lanczos: float | Sequence[float] = LEVEL
) -> torch.Tensor:
    """Sample planes [C, H, W] at x + flow(x) with a sharp kernel, mirrored at the border.

    `flow` is [H, W, 2] (dx, dy) in pixels; `lanczos` is the share of Lanczos4, for all planes or
    for each. An integer flow copies pixels unchanged; values may overshoot the image's range at
    edges. Positions are rounded to 1/32 pixel by OpenCV on the CPU.
    """
    x, y = places(flow)
    x, y = mirrored(x, image.shape[2]), mirrored(y, image.shape[1])
    shares = [lanczos] * len(image) if isinstance(lanczos, float) else lanczos
    if image.device.type != "cpu":
        return warp_by_taps(image, x, y, lanczos=shares)
    result = np.empty((len(image), *x.shape), np.float32)

    def fill(k: int) -> None:
        result[k] = _resample(source[k], x, y, shares[k])

    source = image.detach().numpy()
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:  # a small plane uses one core
        for _ in pool.map(fill, range(len(source))):
            pass
    return torch.from_numpy(result)


def streak_mask(flow: Flow) -> Plane:
    """Where a warp by the flow [H, W, 2] stretches its content into streaks, 0..1.

    At motion boundaries, |grad u|^2 + |grad v|^2 > 0.01 |w|^2 + 0.002 (Sundaram et al. 2010), with
    w in pixels at REFERENCE_HEIGHT lines; 1 where the gradient is twice that large.
    """
    across = cv2.Sobel(flow, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(flow, cv2.CV_32F, 0, 1, scale=1 / 8)
    gradient = squared_lengths(across) + squared_lengths(down)
    lines = REFERENCE_HEIGHT / flow.shape[0]
    limit = 0.01 * lines**2 * squared_lengths(flow) + 0.002
    return np.asarray(np.clip(np.sqrt(gradient / limit) - 1, 0, 1), np.float32)


def _resample(plane: Plane, x: Plane, y: Plane, lanczos: float) -> Plane:
    """Sample one plane [H, W] at x, y; OpenCV is slower on several channels at once."""
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
    """Like `warp` at positions x, y [H, W], on the device of the image, without rounding."""
    result = torch.empty((len(image), *x.shape), dtype=image.dtype, device=image.device)
    band = max(1, BAND // x.shape[1])
    for top in range(0, len(x), band):
        across, down = (torch.from_numpy(p[top : top + band]).to(image.device) for p in (x, y))
        columns, rows = _taps(across, image.shape[2]), _taps(down, image.shape[1])
        for share in dict.fromkeys(lanczos):
            planes = [k for k, other in enumerate(lanczos) if other == share]
            result[planes, top : top + band] = _weighted_sum(image[planes], rows, columns, share)
    return result


def _weighted_sum(image: torch.Tensor, rows: Taps, columns: Taps, share: float) -> torch.Tensor:
    """Sample planes [C, H, W] one row of taps at a time, with few kernel launches."""
    planes, width = image.flatten(1), image.shape[2]
    total = torch.zeros_like(image[:, :1, :1])
    for row, lanczos, cubic in zip(*rows, strict=True):
        weights = share * lanczos * columns.lanczos + (1 - share) * cubic * columns.cubic
        total = total + (planes[:, row * width + columns.places] * weights).sum(dim=1)
    return total


def mirrored(place: Plane, length: int) -> Plane:
    """Mirror positions outside -0.5..length - 0.5 back into the image."""
    folded = np.abs(place + np.float32(0.5))
    if folded.max() > 2 * length:  # rare, and the modulo is slow
        folded = np.mod(folded, np.float32(2 * length))
    return np.asarray(length - np.abs(length - folded) - 0.5, np.float32)


def _taps(place: torch.Tensor, length: int) -> Taps:
    """The eight taps around each position [H, W], mirrored at 0 and length - 1."""
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
    """The target positions of a flow [H, W, 2]: x and y, each [H, W], in pixels."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(x, np.float32), np.asarray(y, np.float32)
