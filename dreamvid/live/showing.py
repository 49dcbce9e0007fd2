"""From a dreamed frame to the picture that is shown."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from dreamvid.dream.octaves import Size
from dreamvid.image import to_array
from dreamvid.live.frames import LiveFrame
from dreamvid.motion.flow import Array
from dreamvid.sequence.memory import Memory

DISSOLVE = 1.0
"""Seconds in which the last picture before a change dissolves."""


class Showing:
    """Makes pictures [H, W, 3] of uint8 of a size (height, width).

    The residual is enlarged and added to the frame at full size (sequence/dream_size.py), which
    stays as sharp as it came in, whatever the size of the dream.
    """

    def __init__(self, size: Size) -> None:
        self._size = size
        self._last: Array | None = None
        self._left: Array | None = None
        self._since = 0.0

    def __call__(self, frame: LiveFrame, memory: Memory) -> Array:
        """The picture of a frame."""
        if frame.full is None:
            picture = enlarged(np.asarray(to_array(memory.dreamed)), self._size)
        else:
            picture = with_residual(frame.full, memory.dreamed - memory.source)
        if frame.new:
            self._left, self._since = self._last, frame.taken
        if self._left is not None:
            share = (frame.taken - self._since) / DISSOLVE
            if share >= 1:
                self._left = None
            else:
                picture = np.asarray(cv2.addWeighted(self._left, 1 - share, picture, share, 0))
        self._last = picture
        return picture


def with_residual(full: Array, residual: torch.Tensor) -> Array:
    """Enlarge a residual [3, h, w] and add it to an array [H, W, 3] of uint8."""
    planes = np.ascontiguousarray((255 * residual).permute(1, 2, 0).cpu().numpy())
    return np.asarray(cv2.add(full, enlarged(planes, full.shape[:2]), dtype=cv2.CV_8U))


def enlarged(array: Array, size: tuple[int, ...]) -> Array:
    """Scale an array [h, w, 3] to a size (height, width)."""
    if array.shape[:2] == tuple(size):
        return array
    return np.asarray(cv2.resize(array, (size[1], size[0]), interpolation=cv2.INTER_CUBIC))
