"""A sculpture of soft solids: recorded in the viewer's space, fitted to the frame, then drawn.

Markings and coats are functions of the animal's own three coordinates, so that they turn with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .eyes import Iris
from .frames import Frame
from .maths import Array, Point, unit
from .solids import FAR, Ball, Limb, Paint, Patch, Relief, Solid, View

# A mark takes the animal's own x, y, z and gives a weight and paint; see markings.py.
Mark = Callable[[Array, Array, Array], tuple[Array, Array]]


# A coat takes the animal's own x, y, z and gives a tone about 1 and a relief in pixels; coats.py.
Coat = Callable[[Array, Array, Array], tuple[Array, Array]]


@dataclass(frozen=True)
class Eye:
    """An eye set into a creature: where, which way it faces (view space), how big, how it looks."""

    centre: Array
    facing: Array
    radius: float
    side: int
    iris: Iris


@dataclass(frozen=True)
class Stroke:
    """A thin line in space, hidden where the surface is nearer."""

    points: Array
    width: float
    rgb: Array


@dataclass
class Sculpture:
    """Parts recorded for one picture; `group` numbers what is being added (body, head ...)."""

    solids: list[Solid] = field(default_factory=list)
    marks: list[tuple[int, Frame, Mark]] = field(default_factory=list)
    coats: list[tuple[int, Frame, Coat]] = field(default_factory=list)
    eyes: list[Eye] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    group: int = 1
    ragged: float = 0.0

    def ball(
        self,
        frame: Frame,
        at: Point,
        radii: Point,
        paint: Paint,
        *,
        blend: float = 0.08,
        pitch: float = 0.0,
        yaw: float = 0.0,
        roll: float = 0.0,
    ) -> None:
        """Add an ellipsoid with half axes `radii` along its own x, y, z, turned in the frame."""
        turned = frame.inside(at, yaw=yaw, pitch=pitch, roll=roll)
        axes = turned.axes * np.asarray(radii, float)
        self.solids.append(Ball(turned.origin, axes, paint, blend * frame.scale, self.group))

    def limb(
        self,
        frame: Frame,
        start: Point,
        stop: Point,
        radii: Point,
        paint: Paint,
        *,
        blend: float = 0.05,
        fits: bool = True,
    ) -> None:
        """Add a capsule between two points; unless it `fits` it may leave the frame."""
        ends, s = (frame.at(start), frame.at(stop)), frame.scale
        both = radii[0] * s, radii[1] * s
        self.solids.append(Limb(ends, both, paint, blend * s, self.group, fits))

    def tube(
        self,
        frame: Frame,
        points: Array,
        radii: Array,
        paints: list[Paint],
        *,
        blend: float = 0.03,
        fits: bool = True,
    ) -> None:
        """Add a chain of limbs along a curve; `paints` are taken in turn (rings, bands)."""
        for k in range(len(points) - 1):
            paint = paints[k % len(paints)]
            pair = float(radii[k]), float(radii[k + 1])
            self.limb(frame, points[k], points[k + 1], pair, paint, blend=blend, fits=fits)

    def patch(
        self,
        frame: Frame,
        points: Array,
        paint: Paint,
        *,
        cup: float = 0.0,
        tip: Paint | None = None,
    ) -> None:
        """Add a thin polygon of 3-D points; with `tip` it fades from the first point to the far."""
        placed = frame.origin + np.asarray(points, float) @ frame.axes.T
        self.solids.append(Patch(placed, paint, cup, self.group, tip))

    def eye(self, frame: Frame, at: Point, facing: Point, radius: float, iris: Iris) -> None:
        """Add an eye; `facing` is its outward direction."""
        direction = frame.along(facing)
        direction = direction / np.linalg.norm(direction)
        spot = frame.at(at)
        self.eyes.append(Eye(spot, direction, radius * frame.scale, frame.side, iris))

    def stroke(self, frame: Frame, points: Array, width: float, rgb: Array) -> None:
        """Add a thin line: a whisker, a feeler, a bristle."""
        placed = frame.origin + np.asarray(points, float) @ frame.axes.T
        self.strokes.append(Stroke(placed, width * frame.scale, rgb))

    def coat(self, frame: Frame, coat: Coat) -> None:
        """Clothe the present group in a texture."""
        self.coats.append((self.group, frame, coat))

    def mark(self, frame: Frame, mark: Mark) -> None:
        """Add a marking over the parts of the present group."""
        self.marks.append((self.group, frame, mark))

    def bounds(self) -> tuple[Array, Array]:
        """Return the lowest and the highest corner of all parts that must fit the frame."""
        fitting = [solid for solid in self.solids if solid.fits]
        return np.min([s.low for s in fitting], 0), np.max([s.high for s in fitting], 0)

    def view(self, size: int, fill: float, offset: Point) -> View:
        """Return the view in which the parts span `fill` of a frame of `size` pixels."""
        low, high = self.bounds()
        scale = fill * size / float(np.max((high - low)[:2]))
        centre = (low + high) / 2 * scale
        middle = np.array([size * (0.5 + offset[0]), size * (0.5 + offset[1]), 0.0])
        return View(scale, middle - centre)

    def draw(self, size: int, view: View) -> Relief:
        """Draw all parts, in the order they were added (only patches care)."""
        relief = Relief(size)
        for solid in self.solids:
            solid.draw(relief, view)
        for group in sorted({group for group, _, _ in self.marks}):
            marks = [(frame, mark) for owner, frame, mark in self.marks if owner == group]
            apply_marks(relief, view, group, marks)
        return relief


def local(relief: Relief, view: View, frame: Frame, at: tuple[slice, slice]) -> list[Array]:
    """Return the frame's own x, y and z of the visible surface in a window."""
    back = np.linalg.inv(frame.axes * view.scale)
    origin = view.px(frame.origin)
    y = np.arange(at[0].start, at[0].stop, dtype=np.float32)[:, None] - np.float32(origin[1])
    x = np.arange(at[1].start, at[1].stop, dtype=np.float32)[None] - np.float32(origin[0])
    z = np.maximum(relief.z[at], -4 * relief.size) - np.float32(origin[2])
    return [np.float32(r[0]) * x + np.float32(r[1]) * y + np.float32(r[2]) * z for r in back]


def group_window(relief: Relief, group: int) -> tuple[slice, slice] | None:
    """Return the box around a group's visible pixels."""
    seen = (relief.group == group) & (relief.z > FAR / 2)
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    if len(rows) < 2 or len(columns) < 2:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def apply_marks(relief: Relief, view: View, group: int, marks: list[tuple[Frame, Mark]]) -> None:
    """Blend markings' paints, one after the other, into the coat of a group."""
    at = group_window(relief, group)
    if at is None:
        return
    paint = relief.paint[at]
    coat = unit(paint[..., 4] * 1.5) * (relief.group[at] == group)
    known: tuple[Frame | None, list[Array]] = None, []
    for frame, mark in marks:
        if frame is not known[0]:
            known = frame, local(relief, view, frame, at)
        weight, row = mark(*known[1])
        weight = unit(weight) * coat
        for channel, value in enumerate(row):
            plane = paint[..., channel]
            plane += (value - plane) * weight
