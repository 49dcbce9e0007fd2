"""Warp images along a flow, sharp enough to be repeated a thousand times."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.motion.flow import Flow, squared_lengths
from dreamvid.motion.taps import warp_by_taps

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


def warp(
    image: torch.Tensor, flow: Flow | torch.Tensor, *, lanczos: float | Sequence[float] = LEVEL
) -> torch.Tensor:
    """Sample planes [C, H, W] at x + flow(x) with a sharp kernel, mirrored at the border.

    `flow` is [H, W, 2] (dx, dy) in pixels, an array, or a tensor on the device of the image;
    `lanczos` is the share of Lanczos4, for all planes or for each. An integer flow copies pixels
    unchanged; values may overshoot the image's range at edges. Positions are rounded to 1/32 pixel
    by OpenCV on the CPU.
    """
    shares = [lanczos] * len(image) if isinstance(lanczos, float) else lanczos
    if not isinstance(flow, np.ndarray):
        return warp_by_taps(image, flow, lanczos=shares)
    if image.device.type != "cpu":
        field = torch.from_numpy(flow).to(image.device, non_blocking=True)
        return warp_by_taps(image, field, lanczos=shares)
    x, y = places(flow)
    x, y = mirrored(x, image.shape[2]), mirrored(y, image.shape[1])
    result = np.empty((len(image), *x.shape), np.float32)

    def fill(k: int) -> None:
        result[k] = _resample(source[k], x, y, shares[k])

    source, threads = image.detach().numpy(), torch.get_num_threads()
    at_once = _helpers(threads).map if threads > 1 else map  # a small plane uses one core
    for _ in at_once(fill, range(len(source))):
        pass
    return torch.from_numpy(result)


@cache
def _helpers(count: int) -> ThreadPoolExecutor:
    """Threads that stay: OpenCV keeps almost a kilobyte for each thread that ever remapped."""
    return ThreadPoolExecutor(count, thread_name_prefix="warp")


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


def mirrored(place: Plane, length: int) -> Plane:
    """Mirror positions outside -0.5..length - 0.5 back into the image."""
    folded = np.abs(place + np.float32(0.5))
    if folded.max() > 2 * length:  # rare, and the modulo is slow
        folded = np.mod(folded, np.float32(2 * length))
    return np.asarray(length - np.abs(length - folded) - 0.5, np.float32)


def places(flow: Flow) -> tuple[Plane, Plane]:
    """The target positions of a flow [H, W, 2]: x and y, each [H, W], in pixels."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(x, np.float32), np.asarray(y, np.float32)
