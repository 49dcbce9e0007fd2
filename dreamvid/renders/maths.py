"""Small arithmetic that every brush shares: blends, edges, rotations, curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]  # float32 unless told otherwise
Point = Sequence[float] | Array  # two or three coordinates

TURN = float(2 * np.pi)


def floats(values: Any) -> Array:
    """Return `values` as a float32 array."""
    return np.asarray(values, np.float32)


def mix(below: Array, above: Array, weight: Array | float) -> Array:
    """Blend from `below` (weight 0) to `above` (weight 1); a plane weighs all channels alike."""
    if isinstance(weight, np.ndarray) and weight.ndim == 2:
        weight = weight[..., None]
    return below + (above - below) * weight


def unit(values: Array) -> Array:
    """Clip `values` to 0..1."""
    return np.clip(values, np.float32(0), np.float32(1))


def edge(distance: Array, softness: float) -> Array:
    """Return 1 inside (negative distance), 0 outside, over a ramp `softness` wide."""
    return unit(np.float32(0.5) - distance * np.float32(1 / softness))


def bump(values: Array, centre: float, width: float) -> Array:
    """Return a Gaussian bump of height 1 about `centre`."""
    return floats(np.exp(-np.square((values - np.float32(centre)) * np.float32(1 / width))))


def dome(square: Array) -> Array:
    """Return the height of a unit dome where the squared distance from its axis is `square`."""
    return np.sqrt(np.maximum(np.float32(1) - square, np.float32(0)))


def rotation(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Array:
    """Return the 3x3 turn (radians; x right, y down, z to the viewer) of roll, pitch, then yaw.

    Positive yaw turns the nose (+z) to the right, positive pitch turns it down, positive roll
    turns clockwise.
    """
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z)


def shifted(plane: Array, down: int, right: int) -> Array:
    """Return a plane moved down and to the right; what comes in is 0. For shadows."""
    away = np.zeros_like(plane)
    away[down:, right:] = plane[: plane.shape[0] - down, : plane.shape[1] - right]
    return away


def moved(point: Array, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Array:
    """Return a point in space, or rows of them, moved by (x, y, z)."""
    return np.asarray(point + np.array([x, y, z]))


def curve(points: Sequence[Point], count: int = 12) -> Array:
    """Return `count` points of the Bezier curve with these control points (any dimension)."""
    rows = np.asarray(points, float)[:, None, :]
    along = np.linspace(0, 1, count)[None, :, None]
    while len(rows) > 1:
        rows = rows[:-1] * (1 - along) + rows[1:] * along
    return np.asarray(rows[0])


def outline(*pieces: Sequence[Point], count: int = 8) -> Array:
    """Join Bezier curves end to end into one closed outline."""
    return np.concatenate([curve(piece, count) for piece in pieces])


def spline(points: Sequence[Point] | Array, count: int = 6) -> Array:
    """Return a smooth closed curve through `points` (Catmull-Rom), `count` points a span."""
    p = np.asarray(points, float)
    a, b, c, d = (np.roll(p, shift, 0)[:, None] for shift in (1, 0, -1, -2))
    t = np.linspace(0, 1, count, endpoint=False)[None, :, None]
    spans = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.asarray(spans.reshape(-1, p.shape[1]))


def ring(centre: Point, radii: Point, count: int = 24, turn: float = 0.0) -> Array:
    """Return an ellipse's outline."""
    t = np.linspace(0, TURN, count, endpoint=False)
    x, y = radii[0] * np.cos(t), radii[1] * np.sin(t)
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([centre[0] + x * c - y * s, centre[1] + x * s + y * c], 1)
