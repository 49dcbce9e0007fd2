"""From a dreamed frame to the picture that is shown."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from dreamvid.dream.octaves import Size, resize
from dreamvid.live.frames import LiveFrame
from dreamvid.motion.flow import Array
from dreamvid.sequence.memory import Memory

DISSOLVE = 1.0
"""Seconds in which the last picture before a change dissolves."""

FADE = 0.5
"""Seconds in which the detail fades that a smaller dream cannot have."""


class Showing:
    """Makes pictures [H, W, 3] of uint8 of a size (height, width).

    The residual is enlarged and added to the frame at full size (sequence/dream_size.py), which
    stays as sharp as it came in, whatever the size of the dream. When that size falls, the detail
    that is lost fades instead of vanishing.
    """

    def __init__(self, size: Size) -> None:
        self._size = size
        self._picture: Array | None = None
        self._left: Fading | None = None
        self._planes: torch.Tensor | None = None
        self._detail: Fading | None = None

    def __call__(self, frame: LiveFrame, memory: Memory) -> Array:
        """The picture of a frame."""
        now, full = frame.taken, frame.full
        planes = memory.dreamed if full is None else memory.dreamed - memory.source
        large = self._with_detail(planes, now)
        ground = np.zeros_like(large) if full is None else full
        picture = np.asarray(cv2.add(ground, large, dtype=cv2.CV_8U))
        if frame.new and self._picture is not None:
            self._left = Fading(self._picture, now, DISSOLVE)
        if self._left is not None and (share := self._left.share(now)):
            left = self._left.array
            picture = np.asarray(cv2.addWeighted(left, share, picture, 1 - share, 0))
        self._picture = picture
        return picture

    def _with_detail(self, planes: torch.Tensor, now: float) -> Array:
        """Planes [3, h, w] enlarged to levels [H, W, 3], with the detail of a larger dream."""
        before, self._planes = self._planes, planes
        if before is not None and before.shape[1] > planes.shape[1]:
            size = int(planes.shape[1]), int(planes.shape[2])
            lost = enlarged(before, self._size) - enlarged(resize(before, size), self._size)
            self._detail = Fading(lost, now, FADE)
        large = enlarged(planes, self._size)
        if self._detail is not None and (share := self._detail.share(now)):
            large = large + np.float32(share) * self._detail.array
        return large


class Fading:
    """Something that fades within some seconds."""

    def __init__(self, array: Array, begun: float, seconds: float) -> None:
        self.array, self._begun, self._seconds = array, begun, seconds

    def share(self, now: float) -> float:
        """What is left of it, 1 to 0."""
        return max(0.0, 1 - (now - self._begun) / self._seconds)


def enlarged(planes: torch.Tensor, size: Size) -> Array:
    """Planes [3, h, w] of 0..1 as levels [H, W, 3] of float32, at a size (height, width)."""
    array = np.ascontiguousarray((255 * planes).permute(1, 2, 0).cpu().numpy())
    if array.shape[:2] == size:
        return array
    return np.asarray(cv2.resize(array, size[::-1], interpolation=cv2.INTER_CUBIC))
