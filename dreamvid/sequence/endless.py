"""An image of unlimited extent and zoom, over which a camera can move without end."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UsageError
from dreamvid.motion.camera import Matrix
from dreamvid.motion.warp import mirrored

Array = NDArray[Any]

LONGEST = 1e9
"""Limit of the stretch of a pixel: zooms wrap around long before, but shears accumulate."""


def endless(
    picture: Array, step: Callable[[int], Matrix], count: int, *, even: bool = False
) -> Iterator[Array]:
    """Yield the frames of a camera that moves over an image [H, W, 3] of uint8 or float32.

    `step` is a Camera's `matrix`, from the previous frame to this one.

    After every zoom by a factor of 2 the image starts over, cross-faded from half the scale, like a
    Shepard tone. With `even`, for images of mean 0, contrast is constant during the cross-fade.
    Raises UsageError if the camera stretches the image too far to be computed.
    """
    back, size = np.eye(3), 2.0 * np.array([picture.shape[1], picture.shape[0]])
    for index in range(count):
        if index:
            back = back @ np.linalg.inv(step(index))
            if not np.abs(back[:2, :2]).max() < LONGEST:
                raise UsageError(f"at frame {index} the image is stretched too far",
                                 where="camera", remedy="shear less")  # fmt: skip
        octave = math.floor(_depth(back))
        back[:2] *= 2.0**octave
        back[:2, 2] %= size  # the period of the mirrored image; keeps positions accurate
        share = _depth(back)
        near, far = (_seen(picture, back[:2] * scale) for scale in (1, 2))
        whole = math.hypot(1 - share, share) if even else 1.0
        yield np.asarray(cv2.addWeighted(near, (1 - share) / whole, far, share / whole, 0))


def _depth(back: Array) -> float:
    """The zoom of a matrix from frame to image, in powers of 2."""
    return -math.log2(max(abs(np.linalg.det(back[:2, :2])), 1e-12)) / 2


def _seen(picture: Array, back: Array) -> Array:
    """Sample the image through a matrix [2, 3] from frame to image, mirrored at its edges."""
    height, width = picture.shape[:2]
    x, y = np.arange(width), np.arange(height)[:, None]
    u, v = (
        mirrored(np.asarray(row[0] * x + row[1] * y + row[2], np.float32), side)
        for row, side in zip(back, (width, height), strict=True)
    )
    return np.asarray(cv2.remap(picture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))
