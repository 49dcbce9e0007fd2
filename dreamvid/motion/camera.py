"""The camera of a zoom: converts rates per second to the exact motion between frames.

All rates together define a velocity field that is linear in the position; its matrix exponential
over the duration of a frame is the affine step of the frame. The steps of one second at 24, 30 or
60 frames per second therefore compose to the same matrix, and a pure zoom scales by
`zoom ** (1 / fps)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UsageError
from dreamvid.motion.estimate import Motion
from dreamvid.motion.warp import mirrored

Edges = Literal["mirror", "replicate", "wrap"]
Rates = Literal["per-second", "per-frame"]
Matrix = NDArray[np.float64]

FASTEST = 1000.0
"""The largest zoom per second; the smallest is its inverse."""

FARTHEST = 10.0
"""Limit of log zoom and shear of one step: larger matrices cannot be inverted accurately."""

SOFT = 0.01
"""Width of the soft edge of the mask, as a share of the image height."""

ROUNDING = 1e-6
"""Rounding error of float32 positions, as a share of the longer side."""


@dataclass(frozen=True)
class Move:
    """The rates of the camera at one moment, per second.

    `zoom`: factor, above 1 zooms in. `rotate`: degrees, positive is counterclockwise. `pan_x`,
    `pan_y`: the image moves right and down by this share of its width and height. `shear_x`,
    `shear_y`: slope of the horizontal and vertical shear. `center_x`, `center_y`: the fixed point
    of zoom, rotation and shear, 0..1.
    """

    zoom: float = 1.0
    rotate: float = 0.0
    pan_x: float = 0.0
    pan_y: float = 0.0
    shear_x: float = 0.0
    shear_y: float = 0.0
    center_x: float = 0.5
    center_y: float = 0.5

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not math.isfinite(value):
                raise UsageError(f"{value} is not a finite number", where=item.name)
        if not 1 / FASTEST <= self.zoom <= FASTEST:
            raise UsageError(
                f"{self.zoom:g} is not a valid zoom",
                where="zoom",
                remedy=f"give a factor from {1 / FASTEST:g} to {FASTEST:g}; 1 is no zoom",
            )


def step_matrix(move: Move, seconds: float, width: int, height: int) -> Matrix:
    """Return the 3x3 matrix that maps a position (x, y, 1) in pixels to that `seconds` later.

    Raises UsageError for a step that is too large to be inverted.
    """
    turn = math.radians(move.rotate)
    log_zoom = math.log(move.zoom)
    for name, rate in (("zoom", log_zoom), ("shear_x", move.shear_x), ("shear_y", move.shear_y)):
        if abs(rate * seconds) > FARTHEST:
            raise UsageError(f"{getattr(move, name):g} is too much for one frame",
                             where=name, remedy="move slower, or raise --fps")  # fmt: skip
    # y points down, so a counterclockwise turn has this sign.
    linear = np.array([[log_zoom, turn + move.shear_x], [move.shear_y - turn, log_zoom]])
    center = np.array([move.center_x * width - 0.5, move.center_y * height - 0.5])
    velocity = np.zeros((3, 3))
    velocity[:2, :2] = linear
    velocity[:2, 2] = np.array([move.pan_x * width, move.pan_y * height]) - linear @ center
    return _exponential(velocity * seconds)


def motion_of(matrix: Matrix, width: int, height: int, *, edges: Edges = "mirror") -> Motion:
    """Convert the matrix from the previous frame to this one to the exact backward flow and mask.

    Flow that leads outside the image is folded back into it according to `edges`, so that warping
    never samples black. The mask is 0 there (for wrap it is 1 everywhere).
    """
    if edges not in get_args(Edges):
        raise UsageError(
            f"unknown mode '{edges}'", where="edges", remedy="use mirror, replicate or wrap"
        )
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    back = np.linalg.inv(matrix).astype(np.float32)
    from_x = back[0, 0] * x + back[0, 1] * y + back[0, 2]
    from_y = back[1, 0] * x + back[1, 1] * y + back[1, 2]
    flow = np.stack((_fold(from_x, width, edges) - x, _fold(from_y, height, edges) - y), axis=2)
    if edges == "wrap":
        return Motion(flow, np.ones((height, width), np.float32))
    inside = np.minimum(
        np.minimum(from_x, width - 1 - from_x), np.minimum(from_y, height - 1 - from_y)
    )
    outside = (inside < -ROUNDING * max(width, height)).astype(np.float32)
    rim = 2 * max(1, round(SOFT * height / 2)) + 1
    near = cv2.blur(cv2.dilate(outside, np.ones((rim, rim), np.uint8)), (rim, rim))
    return Motion(flow, np.asarray(1 - near, np.float32))


def _fold(places: NDArray[np.float32], length: int, edges: Edges) -> NDArray[np.float32]:
    """Fold positions outside 0..length-1 back inside."""
    if edges == "replicate":
        return np.clip(places, 0, length - 1)
    if edges == "wrap":
        return np.asarray(np.mod(places + 0.5, length) - 0.5, np.float32)
    return mirrored(places, length)


def _exponential(matrix: Matrix) -> Matrix:
    """The matrix exponential, by scaling and squaring with a Taylor series."""
    halvings = max(0, math.ceil(math.log2(max(np.abs(matrix).max(), 1e-9))) + 4)
    small = matrix / 2.0**halvings
    result = term = np.eye(3)
    for order in range(1, 13):
        term = term @ small / order
        result = result + term
    for _ in range(halvings):
        result = result @ result
    return result


class Camera:
    """Camera rates over time for one image size: `camera(frame)` is the Motion to that frame.

    `curves` maps field names of Move to numbers or to functions of the frame; they are evaluated
    midway between two frames. With `rates` "per-frame" the values are steps per frame instead,
    pans in pixels, as in Deforum.
    """

    def __init__(
        self,
        curves: Mapping[str, float | Callable[[float], float]],
        *,
        fps: Fraction,
        width: int,
        height: int,
        rates: Rates = "per-second",
        edges: Edges = "mirror",
    ) -> None:
        known = {item.name for item in fields(Move)}
        if unknown := sorted(set(curves) - known):
            raise UsageError(
                f"unknown camera rate '{unknown[0]}'", remedy=f"use {', '.join(sorted(known))}"
            )
        self.curves, self.edges = dict(curves), edges
        self.width, self.height = width, height
        self.per_frame = rates == "per-frame"
        self.seconds = 1.0 if self.per_frame else float(1 / fps)
        self._last: tuple[Move, Motion] | None = None

    def move(self, frame: float) -> Move:
        """Return the rates at a frame, pans as shares of the image size."""
        values = {
            name: float(curve(frame) if callable(curve) else curve)
            for name, curve in self.curves.items()
        }
        if self.per_frame:
            for name, size in (("pan_x", self.width), ("pan_y", self.height)):
                values[name] = values.get(name, 0.0) / size
        return Move(**values)

    def matrix(self, frame: int) -> Matrix:
        """Return the matrix that maps positions in frame - 1 to positions in `frame`."""
        middle = frame if self.per_frame else max(0.0, frame - 0.5)
        return step_matrix(self.move(middle), self.seconds, self.width, self.height)

    def __call__(self, frame: int) -> Motion:
        """Return the Motion from frame - 1 to `frame`; cached while the rates do not change."""
        move = self.move(frame if self.per_frame else max(0.0, frame - 0.5))
        if self._last is None or self._last[0] != move:
            matrix = step_matrix(move, self.seconds, self.width, self.height)
            self._last = (move, motion_of(matrix, self.width, self.height, edges=self.edges))
        return self._last[1]
