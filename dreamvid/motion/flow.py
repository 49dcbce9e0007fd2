"""Optical flow between two images: several estimators with one signature.

Every estimator is `(a, b) -> flow`: on the grid of a, the displacement in pixels to b, so that
a(x) matches b(x + flow(x)). The backward flow of a frame is therefore
`estimator(frame, previous)`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UsageError
from dreamvid.image import eight_bits

MAX_LINES = 540
"""Flow is estimated with at most this many pixels on the shorter side, then scaled up."""

Array = NDArray[Any]
Flow = NDArray[np.float32]


class FlowEstimator(Protocol):
    """Estimate the displacement from one image to another."""

    def __call__(self, a: Array, b: Array) -> Flow:
        """Return the flow [H, W, 2] (dx, dy in pixels, float32) on a's grid, from a to b.

        a and b are [H, W, 3] RGB of the same size, uint8 or uint16.
        """
        ...

    def both(self, a: Array, b: Array) -> tuple[Flow, Flow]:
        """Return the flows from a to b and from b to a."""
        ...


class OneByOne:
    """Estimators that take one direction after the other."""

    def __call__(self, a: Array, b: Array) -> Flow:
        """The flow from a to b; of a subclass."""
        raise NotImplementedError

    def both(self, a: Array, b: Array) -> tuple[Flow, Flow]:
        """The flows from a to b and from b to a."""
        return self(a, b), self(b, a)


class Dis:
    """Dense Inverse Search, medium preset (Kroeger et al. 2016), as in OpenCV.

    With half of the patches and fewer iterations it takes half the time and matches films as well,
    but the dream is carried less steadily: r .13 instead of .05, judged by the medium preset.
    """

    def __init__(self) -> None:
        self._searches = _Search(), _Search()
        # It stays: OpenCV keeps almost a kilobyte for each thread that ever searched or remapped.
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="flow")

    def __call__(self, a: Array, b: Array) -> Flow:
        return at_working_size(a, b, self._estimate)

    def both(self, a: Array, b: Array) -> tuple[Flow, Flow]:
        """The flows from a to b and from b to a, at the same time: a search uses one core."""
        there, back = self._searches
        later = self._helper.submit(at_working_size, b, a, partial(self._estimate, search=back))
        return at_working_size(a, b, partial(self._estimate, search=there)), later.result()

    def _estimate(self, a: Array, b: Array, search: _Search | None = None) -> Flow:
        height, width = a.shape[:2]
        # OpenCV's search fails or crashes below 16 pixels.
        first, second = (gray(pad(x, max(height, 32), max(width, 32))) for x in (a, b))
        return (search or self._searches[0])(first, second)[:height, :width]


class _Search:
    """A search of OpenCV's. It holds the pyramids of its images, so threads take turns with it."""

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._turn = Lock()

    def __call__(self, first: Array, second: Array) -> Flow:
        """The flow from the first gray image to the second."""
        with self._turn:
            # A flow passed here would be used as the initial guess, even if it is zero.
            flow = self._search.calc(first, second, None)  # type: ignore[call-overload]
        return np.asarray(flow, np.float32)


class Farneback(OneByOne):
    """Polynomial expansion (Farneback 2003), as in OpenCV: smooth, inaccurate at edges."""

    def __call__(self, a: Array, b: Array) -> Flow:
        return at_working_size(a, b, self._estimate)

    def _estimate(self, a: Array, b: Array) -> Flow:
        start = np.zeros((*a.shape[:2], 2), np.float32)
        flow = cv2.calcOpticalFlowFarneback(
            gray(a), gray(b), start,
            pyr_scale=0.5, levels=5, winsize=15, iterations=3, poly_n=7, poly_sigma=1.5, flags=0,
        )  # fmt: skip
        return np.asarray(flow, np.float32)


class ZeroFlow(OneByOne):
    """Zero flow: assumes that nothing moves."""

    def __call__(self, a: Array, b: Array) -> Flow:
        return np.zeros((*a.shape[:2], 2), np.float32)


def estimator(
    name: str = "dis", *, weights: Path | None = None, device: str = "cpu"
) -> FlowEstimator:
    """Create a flow estimator by name.

    `device` applies to "dis-torch" and to the RAFT estimators, `weights` (a file) only to the
    latter. Raises UsageError for a name that is not in `names()`, MissingDependency if the RAFT
    weights are missing.
    """
    if name in _PLAIN:
        return _PLAIN[name]()
    if name == "dis-torch":
        from dreamvid.motion.dis import InverseSearch  # looking at a film needs no torch

        return InverseSearch(device)
    if name in RAFT_NAMES:
        from dreamvid.motion.raft import Raft  # pulls in torchvision

        return Raft(name, weights=weights, device=device)
    remedy = f"use one of {', '.join(names())}"
    raise UsageError(f"unknown flow '{name}'", where="flow", remedy=remedy)


def names() -> tuple[str, ...]:
    """The names of all estimators, the default first."""
    return ("dis", "dis-torch", "farneback", "none", *RAFT_NAMES)


RAFT_NAMES = ("raft-small", "raft-large")
_PLAIN: dict[str, Callable[[], FlowEstimator]] = {
    "dis": Dis,
    "farneback": Farneback,
    "none": ZeroFlow,
}


def working_size(height: int, width: int) -> tuple[int, int]:
    """The size (height, width) at which motion is estimated for frames of this size."""
    scale = min(1.0, MAX_LINES / max(1, min(height, width)))
    return max(1, round(height * scale)), max(1, round(width * scale))


def resize_flow(flow: Flow, height: int, width: int) -> Flow:
    """Resample a flow to another size and scale its displacements accordingly."""
    if flow.shape[:2] == (height, width):
        return flow
    resized = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
    scale = np.diag((width / flow.shape[1], height / flow.shape[0]))
    return np.asarray(cv2.transform(resized, scale), np.float32)


def shrink(array: Array) -> Array:
    """Bring an array [H, W, 3] to the size and depth (uint8) at which motion is estimated."""
    height, width = working_size(*array.shape[:2])
    if (height, width) != array.shape[:2]:
        array = np.asarray(cv2.resize(array, (width, height), interpolation=cv2.INTER_AREA))
    return eight_bits(array)


def at_working_size(a: Array, b: Array, estimate: Callable[[Array, Array], Flow]) -> Flow:
    """Estimate the flow at the working size and scale it up."""
    return flows_at_working_size(a, b, lambda a, b: [estimate(a, b)])[0]


def flows_at_working_size(
    a: Array, b: Array, estimate: Callable[[Array, Array], list[Flow]]
) -> list[Flow]:
    """Estimate several flows at once at the working size and scale them up."""
    if a.shape != b.shape:
        raise UsageError(f"the images have different shapes, {a.shape} and {b.shape}", where="flow")
    return [resize_flow(flow, *a.shape[:2]) for flow in estimate(shrink(a), shrink(b))]


def squared_lengths(flow: Array) -> Array:
    """Squared lengths [H, W] of the vectors of a flow [H, W, 2]."""
    x, y = flow[..., 0], flow[..., 1]
    return np.asarray(x * x + y * y, np.float32)


def pad(array: Array, height: int, width: int) -> Array:
    """Pad an array to a size by repeating its last row and column."""
    down, right = height - array.shape[0], width - array.shape[1]
    if down == right == 0:
        return array
    return np.asarray(cv2.copyMakeBorder(array, 0, down, 0, right, cv2.BORDER_REPLICATE))


def gray(array: Array) -> Array:
    """The luma [H, W] of an array [H, W, 3] of uint8, in levels."""
    return np.asarray(cv2.cvtColor(array, cv2.COLOR_RGB2GRAY))
