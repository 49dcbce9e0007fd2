"""Estimate the motion of a frame: the backward flow and its consistency mask."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamvid.motion.flow import (
    Array,
    Flow,
    FlowEstimator,
    resize_flow,
    shrink,
    squared_lengths,
)
from dreamvid.motion.warp import REFERENCE_HEIGHT, Plane, places

MISMATCH = 14.0
"""Allowed difference between a frame and its warp in flat regions, in levels of 255."""

MISMATCH_AT_DETAIL = 0.45
"""Additional allowed difference as a share of local contrast: half a pixel of flow error."""

SOFTNESS = 1.2
"""Width of the soft edge of the mask, in pixels at the reference height."""

HALVED_FROM = 96
"""Frames with at least this many pixels on the shorter side are judged at half the size."""

Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Motion:
    """The motion from the previous frame to this one.

    `backward` [H, W, 2]: displacement in pixels to the previous frame, on this frame's grid.
    `mask` [H, W], 0..1: 1 where the warp can be trusted.
    """

    backward: Flow
    mask: Plane


def estimate_motion(estimator: FlowEstimator, current: Array, previous: Array) -> Motion:
    """Estimate the motion between two arrays [H, W, 3] of one size, uint8 or uint16.

    Where forward and backward flow are inconsistent (Sundaram et al. 2010), the flow is first
    interpolated from its surroundings: in flat regions the estimate is usually wrong, not the
    region occluded. The mask is then 0 where the flow leaves the frame and where the current frame
    differs from the warped previous one.
    """
    height, width = current.shape[:2]
    current, previous = shrink(current), shrink(previous)
    backward, forward = estimator.both(current, previous)
    motion = repair_flow(backward, forward, current, previous)
    mask = linear(motion.mask, (height, width))
    return Motion(resize_flow(motion.backward, height, width), mask)


def repair_flow(backward: Flow, forward: Flow, current: Array, previous: Array) -> Motion:
    """Repair a backward flow where the forward flow is inconsistent with it; compute the mask.

    All four arguments have the same size [H, W, ...]; the images are uint8.
    """
    flow = _filled(backward, forward, current, previous)
    allowed = MISMATCH + MISMATCH_AT_DETAIL * contrast(current)
    wrong = difference(current, previous, flow) > allowed
    return Motion(flow, _soften(wrong | outside(flow)))


def _filled(backward: Flow, forward: Flow, current: Array, previous: Array) -> Flow:
    """Interpolate a backward flow where the forward flow contradicts it and the images do not.

    Large images are judged at half the size, at which DIS searches: a quarter of the work.
    """
    height, width = backward.shape[:2]
    half = 2 if min(height, width) >= HALVED_FROM else 1
    grid = height // half, width // half
    current, previous = (_averaged(array, grid) for array in (current, previous))
    rough, way_back = (resize_flow(flow, *grid) for flow in (backward, forward))
    agreed = consistent(rough, way_back)
    filled, side = _fill(rough, agreed), 1 + 4 // half
    allowed = MISMATCH + MISMATCH_AT_DETAIL * contrast(current, side)
    error = np.maximum(difference(current, previous, rough, side) - allowed, 0)
    better = ~agreed & (difference(current, previous, filled, side) - allowed <= error)
    if not better.any():
        return backward
    change = resize_flow(np.where(better[..., None], filled - rough, np.float32(0)), height, width)
    return backward + change


def consistent(backward: Flow, forward: Flow) -> Truth:
    """Forward-backward consistency: |w + w'|^2 <= 0.01 (|w|^2 + |w'|^2) + 0.5.

    Sundaram et al. 2010, w' the forward flow at x + w, in pixels at the reference height.
    """
    back = sample(forward, backward)
    square = (REFERENCE_HEIGHT / backward.shape[0]) ** 2
    lengths = squared_lengths(backward) + squared_lengths(back)
    agreed: Truth = square * squared_lengths(backward + back) <= 0.01 * square * lengths + 0.5
    return agreed


def _fill(flow: Flow, known: Truth) -> Flow:
    """Interpolate the flow where it is unknown, through a pyramid ("push-pull").

    The finest level is a quarter of the size: the result is smooth and only fills the gaps.
    """
    weight = known.astype(np.float32)
    levels: list[tuple[Flow, Plane]] = [(flow * weight[..., None], weight)]
    for factor in (4, *[2] * 12):
        sums, weight = levels[-1]
        size = -(-weight.shape[1] // factor), -(-weight.shape[0] // factor)
        levels.append((_area(sums, size), _area(weight, size)))
        if min(size) < 4:
            break
    sums, weight = levels.pop()
    guess: Flow = np.divide(sums, np.maximum(weight, 1e-6)[..., None], dtype=np.float32)
    for sums, weight in reversed(levels[1:]):
        guess = linear(guess, weight.shape)
        guess *= 1 - weight[..., None]
        guess += sums
    return linear(guess, known.shape)


def difference(current: Array, previous: Array, flow: Flow, side: int = 5) -> Plane:
    """Mean difference between frame and warp, in levels; a global change of light is removed.

    It is averaged over `side` x `side` pixels.
    """
    warped = sample(previous, flow)
    change = current[::8, ::8].astype(np.int16) - warped[::8, ::8]
    light = np.median(change.reshape(-1, 3), axis=0)
    if light.any():
        warped = np.asarray(cv2.add(warped, np.append(light.round(), 0)))  # clips
    size = cv2.boxFilter(cv2.absdiff(current, warped), cv2.CV_32F, (side, side))
    return np.asarray(cv2.transform(size, np.full((1, 3), 1 / 3)), np.float32)


def contrast(array: Array, side: int = 5) -> Plane:
    """The standard deviation of the luma of an array [H, W, 3] in `side` x `side`, in levels."""
    gray = cv2.cvtColor(array, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean = cv2.blur(gray, (side, side))
    return np.sqrt(np.maximum(cv2.blur(gray * gray, (side, side)) - mean * mean, 0))


def outside(flow: Flow) -> Truth:
    """Where a flow [H, W, 2] leads out of the frame."""
    height, width = flow.shape[:2]
    x, y = places(flow)
    gone: Truth = (x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5)
    return gone


def _soften(bad: Truth) -> Plane:
    """Convert bad pixels to a mask: 0 on them, rising to 1 within a few pixels outside."""
    side = 2 * max(1, round(SOFTNESS * bad.shape[0] / REFERENCE_HEIGHT)) + 1
    grown = cv2.dilate(bad.astype(np.float32), np.ones((side, side), np.uint8))
    return np.asarray(1 - cv2.blur(grown, (side, side)), np.float32).clip(0, 1)


def _averaged(array: Array, size: tuple[int, int]) -> Array:
    """Shrink an array to a size (height, width) by area averaging; the same if it has that size."""
    if array.shape[:2] == size:
        return array
    return np.asarray(cv2.resize(array, size[::-1], interpolation=cv2.INTER_AREA))


def _area(plane: Array, size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def linear(plane: Array, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Resample a plane [h, w, ...] to a shape (height, width, ...), linearly."""
    size = shape[1], shape[0]
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.float32)


def sample(array: Array, flow: Flow) -> Array:
    """Sample an array [H, W, ...] at x + flow(x), linearly."""
    x, y = places(flow)
    return np.asarray(cv2.remap(array, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
