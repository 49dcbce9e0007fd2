"""Detect the cuts of a film, frame by frame."""

from __future__ import annotations

import cv2
import numpy as np
from scenedetect import FrameTimecode
from scenedetect.detectors import ContentDetector

from dreamvid.image import eight_bits
from dreamvid.motion.flow import Array
from dreamvid.motion.warp import Plane

DETECTOR_WIDTH = 256
"""Cuts are detected on frames of this width, as in PySceneDetect."""

SAME_SCENE = 0.5
"""Two frames whose luma correlates more than this, after the best shift, are one scene."""

EMPTY_MASK = 0.35
"""A consistency mask with a mean below this indicates a cut."""


class CutDetector:
    """Decide for each frame of a film whether it starts a new shot.

    PySceneDetect's ContentDetector proposes cuts (a mean change of hue, saturation and luma by 27
    levels); a proposal is rejected if the frame is a shifted (fast pan) or differently lit (flash,
    fade) version of the previous one. Keeps one frame and needs no lookahead.
    """

    def __init__(self) -> None:
        self._detector = ContentDetector(min_scene_len=0)
        self._index = 0
        self._previous: Array | None = None

    def is_cut(self, array: Array) -> bool:
        """Process the next frame [H, W, 3], RGB, uint8 or uint16; the first is never a cut."""
        small = _small(array)
        time = FrameTimecode(self._index, fps=25.0)
        suspect = bool(self._detector.process_frame(time, small[..., ::-1].copy()))
        previous, self._previous, self._index = self._previous, small, self._index + 1
        return suspect and previous is not None and not _same_scene(small, previous)


def indicates_cut(mask: Plane) -> bool:
    """Whether a consistency mask [H, W] is so empty that there must be a cut."""
    return float(mask.mean()) < EMPTY_MASK


def _small(array: Array) -> Array:
    height, width = array.shape[:2]
    if width > DETECTOR_WIDTH:
        size = DETECTOR_WIDTH, max(1, round(height * DETECTOR_WIDTH / width))
        array = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA))
    return eight_bits(array)


def _same_scene(a: Array, b: Array) -> bool:
    first, second = (cv2.cvtColor(x, cv2.COLOR_RGB2GRAY).astype(np.float32) for x in (a, b))
    height, width = first.shape
    if min(height, width) < 16:
        return False  # too small for phase correlation
    (x, y), _ = cv2.phaseCorrelate(second, first)
    for dx, dy in ((0, 0), (round(x), round(y))):
        left, right, up, down = max(dx, 0), width + min(dx, 0), max(dy, 0), height + min(dy, 0)
        if (right - left) * (down - up) < 0.2 * width * height:
            continue
        here, there = (
            first[up:down, left:right],
            second[up - dy : down - dy, left - dx : right - dx],
        )
        spread = float(here.std() * there.std())
        if spread > 0 and float(((here - here.mean()) * (there - there.mean())).mean()) > (
            SAME_SCENE * spread
        ):
            return True
    return False
