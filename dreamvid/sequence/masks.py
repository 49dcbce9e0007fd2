"""The mask of a region at each frame: pictures, films, boxes and motion, by a schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import cv2
import numpy as np

from dreamvid.dream.octaves import Size
from dreamvid.motion.warp import Plane
from dreamvid.sequence.frames import Frame
from dreamvid.settings.mask_text import Box, Mask

Shares = tuple[tuple[str, float], ...]

Matte = Callable[[Fraction], Plane]
"""The plane [h, w] of a file at a time in seconds; for a picture it is always the same."""

CLEAN = 1e-3
"""Rounding errors of a blur, which are removed: 0 must stay 0 and 1 stay 1."""


class MaskAt:
    """The mask at each frame: `mask(frame, moving)` is a plane [H, W], 0..1, of the film's size.

    `curve` gives the names of the masks at a frame index, and their shares; `named` says what they
    are, `mattes` reads their files, whose time 0 is that of the frames. `feather` is the width of
    the soft edge as a share of the height, half of it on either side of the edge.
    """

    def __init__(
        self,
        curve: Callable[[int], Shares],
        named: Mapping[str, Mask],
        mattes: Mapping[str, Matte],
        feather: float,
    ) -> None:
        self._curve, self._named, self._mattes = curve, named, mattes
        self._feather = feather
        self.follows_motion = any(mask.follows_motion for mask in named.values())

    def __call__(self, frame: Frame, moving: Plane | None = None) -> Plane:
        """The mask at a frame; `moving` is what moves, a plane of any size."""
        size = size_of(frame)
        parts = [(self._named[name], name, share) for name, share in self._curve(frame.index)]
        boxes = [(mask.box, share) for mask, _, share in parts if mask.box is not None]
        if len(boxes) == len(parts) == 2 and parts[0][0].inverted == parts[1][0].inverted:
            (first, _), (second, share) = boxes  # the box itself moves
            between = (a + share * (b - a) for a, b in zip(first, second, strict=True))
            plane = _inverted(box_plane(tuple(between), size), parts[0][0])  # type: ignore[arg-type]
        else:
            plane = np.zeros(size, np.float32)
            for mask, name, share in parts:
                plane += np.float32(share) * self._plane(mask, name, frame, moving, size)
        return feathered(plane, self._feather)

    def _plane(
        self, mask: Mask, name: str, frame: Frame, moving: Plane | None, size: Size
    ) -> Plane:
        if mask.box is not None:
            plane = box_plane(mask.box, size)
        elif mask.path is not None:
            plane = fitted(self._mattes[name](frame.time), size)
        else:
            plane = np.zeros(size, np.float32) if moving is None else fitted(moving, size)
        return _inverted(plane, mask)


def size_of(frame: Frame) -> Size:
    """The size (height, width) of the film that a frame is of."""
    if frame.full is not None:
        return frame.full.shape[0], frame.full.shape[1]
    assert frame.image is not None, "only frames with an image are masked"
    return frame.image.shape[-2], frame.image.shape[-1]


def box_plane(box: Box, size: Size) -> Plane:
    """A box on a plane of a size (height, width): the share of each pixel that is inside."""
    (left, top, wide, high), (height, width) = box, size
    down = _covered(top * height, (top + high) * height, height)
    right = _covered(left * width, (left + wide) * width, width)
    return down[:, None] * right


def _covered(start: float, stop: float, length: int) -> Plane:
    """The share of each of `length` pixels that lies between start and stop."""
    pixels = np.arange(length)
    share = np.minimum(pixels + 1, stop) - np.maximum(pixels, start)
    return np.asarray(share.clip(0, 1), np.float32)


def fitted(plane: Plane, size: Size) -> Plane:
    """Resample a plane to a size (height, width), without leaving 0..1."""
    if plane.shape == size:
        return plane
    kernel = cv2.INTER_AREA if plane.shape[0] > size[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=kernel), np.float32)


def feathered(plane: Plane, feather: float) -> Plane:
    """Soften the edges of a plane over a share of its height; 0 and 1 are kept beyond that."""
    side = 2 * round(feather * plane.shape[0] / 4) + 1
    if side == 1:
        return plane
    once = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REPLICATE)
    soft = cv2.blur(once, (side, side), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(((soft - CLEAN) / (1 - 2 * CLEAN)).clip(0, 1), np.float32)


def _inverted(plane: Plane, mask: Mask) -> Plane:
    return 1 - plane if mask.inverted else plane
