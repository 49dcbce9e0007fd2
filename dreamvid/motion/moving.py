"""What moves against the background: where the motion of the camera does not explain the film.

The camera's motion is the best planar motion of the whole flow. A pixel moves if the camera makes
it differ from the frame before and from the one after; what differs from only one of them has just
been uncovered, or is about to be covered. The flow itself decides little: in flat regions it is
arbitrary.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from dreamvid.motion.estimate import Motion, contrast, difference, linear, outside, sample
from dreamvid.motion.flow import Array, Flow, resize_flow, shrink, squared_lengths
from dreamvid.motion.warp import REFERENCE_HEIGHT, Plane

GRID = 8
"""Spacing of the pixels that the camera is fitted to."""

FITS = (2.0, 1.0, 0.7, 0.5, 0.5, 0.5)
"""Scale of the weights in each round of the fit, in pixels at the reference height."""

NOISE, LEAST_NOISE = 2.0, 0.2
"""Allowed difference: so many medians of it, and so many levels of 255."""

SHARP, STRONG = 0.5, 4.0
"""More that is allowed at strong edges, as a share of local contrast, and in levels."""

SLOW = 0.15, 0.5
"""Speeds against the camera, in pixels at the reference height, from which on a pixel moves."""

HOLES, SPECKS = 7, 12
"""Holes of this size are filled and specks removed, in pixels at the reference height."""

RISE, FALL = (0.15, 0.5), (0.08, 0.58)
"""Shares by which the memory of what moves follows the frame, up and down, for slow and fast."""

FAST = 0.5, 2.0
"""Speeds, as those of SLOW, between which motion is no longer slow: its traces would show."""

AROUND, GUIDED = 6, 5e-3
"""Radius of the guided filter, in pixels at the reference height, and the variance it keeps."""

OUTLINE = 0.15, 0.5
"""The levels of the memory that become 0 and 1."""


class Unexplained(NamedTuple):
    """What the camera does not explain, planes [h, w], 0..1; NaN where it leads out of the frame.

    `all` is all of it, `slow` what moves so slowly that it uncovers little.
    """

    all: Plane
    slow: Plane


class Moved(NamedTuple):
    """What moved between two frames, on the grids of both: `here` the later, `before` the earlier.

    `speed` [h, w] is that against the camera in pixels at the reference height.
    """

    here: Unexplained
    before: Unexplained
    speed: Plane


def moved_between(motion: Motion, current: Array, previous: Array) -> Moved:
    """What moved between two arrays [H, W, 3], at the size at which motion is estimated."""
    current, previous = shrink(current), shrink(previous)
    height, width = current.shape[:2]
    flow = resize_flow(motion.backward, height, width)
    camera = camera_flow(Motion(flow, linear(motion.mask, (height, width))))
    here, speed = _unexplained(current, previous, flow, camera)
    before, _ = _unexplained(previous, current, _inverse(flow), _inverse(camera))
    return Moved(here, before, speed)


def camera_flow(motion: Motion) -> Flow:
    """The planar motion of eight parameters that explains most of a flow [H, W, 2].

    Robust least squares with the weights of Geman and McClure 1987, started from the affine motion
    of most pixels (RANSAC, Fischler and Bolles 1981).
    """
    height, width = motion.mask.shape
    rows, columns = np.mgrid[GRID // 2 : height : GRID, GRID // 2 : width : GRID]
    flow = motion.backward[rows, columns].reshape(-1, 2).astype(np.float64)
    trust = motion.mask[rows, columns].ravel().astype(np.float64)
    terms = _planar(rows.ravel(), columns.ravel(), height, width)
    scale = REFERENCE_HEIGHT / height
    values = np.concatenate([flow[:, 0], flow[:, 1]])
    camera = _affine(terms[: len(flow), 1:3], flow, 1 / scale)
    for round_scale in FITS:
        left = scale * (values - terms @ camera)
        squares = left[: len(flow)] ** 2 + left[len(flow) :] ** 2
        weight = np.tile(trust / (1 + squares / round_scale**2) ** 2 + 1e-9, 2)
        weighted = terms * weight[:, None]
        camera = np.linalg.solve(terms.T @ weighted + 1e-9 * np.eye(8), weighted.T @ values)
    return _planar_flow(camera, height, width)


def _planar(y: Array, x: Array, height: int, width: int) -> Array:
    """The terms of a planar motion at n pixels: [2n, 8], first those of dx, then those of dy."""
    u, v = _centred(x, width, height), _centred(y, height, height)
    one, none = np.ones_like(u), np.zeros_like(u)
    right = np.stack([one, u, v, none, none, none, u * u, u * v], axis=1)
    down = np.stack([none, none, none, one, u, v, u * v, v * v], axis=1)
    return np.concatenate([right, down])


def _planar_flow(camera: Array, height: int, width: int) -> Flow:
    """The flow [H, W, 2] of the parameters of a planar motion."""
    u = _centred(np.arange(width), width, height)
    v = _centred(np.arange(height), height, height)[:, None]
    a, b, c, d, e, f, g, h = camera.tolist()
    dx, dy = a + b * u + c * v + (g * u + h * v) * u, d + e * u + f * v + (g * u + h * v) * v
    return np.stack([dx, dy], axis=2).astype(np.float32)


def _centred(pixels: Array, length: int, height: int) -> Array:
    """Coordinates relative to the middle, in half heights."""
    return np.asarray((pixels - length / 2) / (height / 2))


def _affine(places: Array, flow: Array, within: float) -> Array:
    """The affine motion of most pixels, as the parameters of a planar one."""
    found, _ = cv2.estimateAffine2D(
        places.astype(np.float32), flow.astype(np.float32), method=cv2.RANSAC,
        ransacReprojThreshold=within, maxIters=500, confidence=0.999,
    )  # fmt: skip
    if found is None:
        return np.zeros(8)
    (xx, xy, x), (yx, yy, y) = found
    return np.array([x, xx, xy, y, yx, yy, 0, 0])


def _inverse(flow: Flow) -> Flow:
    """The flow back, on the grid that a flow leads to: a fixed point, wrong where it is covered."""
    back = -flow
    for _ in range(3):
        back = -np.asarray(sample(flow, back))
    return back


def _unexplained(
    current: Array, previous: Array, flow: Flow, camera: Flow
) -> tuple[Unexplained, Plane]:
    """What the camera does not explain, and the speed against it."""
    scale = np.float32(REFERENCE_HEIGHT / len(flow))
    speed = scale * np.sqrt(squared_lengths(flow - camera))
    by_camera, by_flow = (difference(current, previous, field) for field in (camera, flow))
    noise = NOISE * float(np.median(by_camera)) + LEAST_NOISE
    moves = _rising(speed, *SLOW)
    moves[outside(camera)] = np.nan
    better = _rising((by_camera - by_flow - noise) / (by_flow + noise), 0, 0.7)
    allowed = STRONG + SHARP * contrast(current) + noise
    unlike = np.maximum(better, _rising(by_camera / allowed, 1, 2))
    return Unexplained(moves * unlike, moves * better * (1 - _rising(speed, *FAST))), speed


def _filled(plane: Plane) -> Plane:
    """Fill the holes of a plane, and remove its specks."""
    side = _pixels(HOLES, plane)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    whole = cv2.blur(cv2.morphologyEx(plane, cv2.MORPH_CLOSE, disc), (3, 3))
    wide = _pixels(SPECKS, plane)
    return whole * _rising(cv2.blur(whole, (wide, wide)), 0.05, 0.2)


def moving_at(moved: Moved | None, later: Moved | None) -> Plane | None:
    """What moves in a frame: `moved` since the one before, `later` until the one after.

    For slow motion, of which two frames show little, one of them is enough.
    """
    pairs = [moved.here] if moved is not None else []
    pairs += [later.before] if later is not None else []
    if not pairs:
        return None
    first, last = pairs[0], pairs[-1]  # of one that is unknown, the other
    both, slow = np.fmin(first.all, last.all), np.fmax(first.slow, last.slow)
    return _filled(np.nan_to_num(np.maximum(both, slow)))


def remembered(memory: Plane, found: Plane, motion: Motion, speed: Plane) -> Plane:
    """Update the memory of what moves, which is carried along the motion, by what a frame shows."""
    height, width = found.shape
    trust = linear(motion.mask, found.shape)
    carried = sample(memory, resize_flow(motion.backward, height, width))
    carried = found + trust * (carried - found)
    fast = _rising(speed, *FAST)
    rise, fall = (slow + (quick - slow) * fast for slow, quick in (RISE, FALL))
    return np.asarray(carried + np.where(found > carried, rise, fall) * (found - carried))


def outlined(memory: Plane, array: Array) -> Plane:
    """Fit the memory of what moves to the edges of its frame [H, W, 3] (He et al. 2010)."""
    guide = cv2.cvtColor(shrink(array), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    side = _pixels(2 * AROUND, memory)

    def mean(plane: Array) -> Plane:
        return np.asarray(cv2.blur(plane, (side, side)), np.float32)

    light, level = mean(guide), mean(memory)
    slope = mean(guide * memory) - light * level
    slope /= mean(guide * guide) - light * light + GUIDED
    fitted = mean(slope) * guide + mean(level - slope * light)
    return _rising(fitted, *OUTLINE)


def _rising(plane: Array, low: float, high: float) -> Plane:
    """0 below `low`, 1 above `high`, smooth between."""
    share = np.clip((plane - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _pixels(length: float, plane: Plane) -> int:
    """An odd number of pixels for a length at the reference height."""
    return 2 * round(length * len(plane) / REFERENCE_HEIGHT / 2) + 1
