"""Optical flow between two arrays: one signature, several estimators.

Every estimator is `(a, b) -> flow`: on the grid of a, the displacement in pixels that leads to b,
so that a(x) looks like b(x + flow(x)). The backward flow of a frame is therefore
`estimator(frame, previous)`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UsageError

MAX_LINES = 540
"""Flow is estimated on at most this many lines (of the shorter side) and scaled up."""

Array = NDArray[Any]
Flow = NDArray[np.float32]


class FlowEstimator(Protocol):
    """Estimates the displacement from one array to another."""

    def __call__(self, a: Array, b: Array) -> Flow:
        """Give the flow [H, W, 2] (dx, dy in pixels, float32) on a's grid, from a to b.

        a and b are [H, W, 3] RGB of the same size, uint8 or uint16.
        """
        ...


class Dis:
    """Dense Inverse Search, medium preset (Kroeger et al. 2016), as in OpenCV."""

    # Below 16 pixels OpenCV's search fails or reads outside the picture.
    minimum_size = 32

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def __call__(self, a: Array, b: Array) -> Flow:
        return _at_working_size(a, b, self._estimate)

    def _estimate(self, a: Array, b: Array) -> Flow:
        height, width = a.shape[:2]
        down, right = max(0, self.minimum_size - height), max(0, self.minimum_size - width)
        a, b = (
            cv2.copyMakeBorder(_gray(x), 0, down, 0, right, cv2.BORDER_REPLICATE) for x in (a, b)
        )
        flow: Flow = np.asarray(self._search.calc(a, b, None), np.float32)  # type: ignore[call-overload]
        return flow[:height, :width]


def estimator(name: str = "dis", *, weights: Path | None = None) -> FlowEstimator:
    """Make the flow estimator of that name.

    Raises UsageError for a name that is none of `names()`.
    """
    if name not in _MAKERS:
        raise UsageError(
            f"unknown flow '{name}'", where="flow", remedy=f"use one of {', '.join(names())}"
        )
    return _MAKERS[name](weights)


def names() -> tuple[str, ...]:
    """The names of all estimators, the default first."""
    return tuple(_MAKERS)


_MAKERS: dict[str, Callable[[Path | None], FlowEstimator]] = {"dis": lambda weights: Dis()}


def working_size(height: int, width: int) -> tuple[int, int]:
    """The size (height, width) at which motion is estimated for a picture of this size."""
    scale = min(1.0, MAX_LINES / max(1, min(height, width)))
    return max(1, round(height * scale)), max(1, round(width * scale))


def resize_flow(flow: Flow, height: int, width: int) -> Flow:
    """Resample a flow to another size, its displacements scaled along."""
    if flow.shape[:2] == (height, width):
        return flow
    scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    resized: Flow = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR) * scale
    return resized


def shrink(array: Array) -> Array:
    """Bring an array [H, W, 3] to the size and depth (uint8) at which motion is estimated."""
    height, width = working_size(*array.shape[:2])
    if (height, width) != array.shape[:2]:
        array = np.asarray(cv2.resize(array, (width, height), interpolation=cv2.INTER_AREA))
    return array if array.dtype == np.uint8 else (array >> 8).astype(np.uint8)


def _at_working_size(a: Array, b: Array, estimate: Callable[[Array, Array], Flow]) -> Flow:
    if a.shape != b.shape:
        raise UsageError(f"cannot compare {a.shape} with {b.shape}", where="flow")
    return resize_flow(estimate(shrink(a), shrink(b)), *a.shape[:2])


def _gray(array: Array) -> Array:
    return cv2.cvtColor(array, cv2.COLOR_RGB2GRAY)
