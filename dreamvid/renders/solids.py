"""Soft solids and the depth buffer they are drawn into, each in its own window.

Heights and silhouettes of neighbours melt together (the polynomial smooth minimum of I. Quilez),
so that a muzzle grows out of a skull.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .maths import Array, floats, unit

FAR = -1e4


@dataclass(frozen=True)
class Paint:
    """What a part is made of: RGB, gloss 0..1, how much of the coat's texture it shows 0..1."""

    rgb: Array
    gloss: float = 0.08
    coat: float = 1.0

    def row(self) -> Array:
        """Return the five numbers of the paint buffer."""
        return floats([*self.rgb, self.gloss, self.coat])


@dataclass
class Relief:
    """The buffers a sculpture is drawn into, in pixels."""

    size: int
    z: Array = field(init=False)
    distance: Array = field(init=False)
    cover: Array = field(init=False)
    paint: Array = field(init=False)
    group: Array = field(init=False)

    def __post_init__(self) -> None:
        shape = self.size, self.size
        self.z = np.full(shape, FAR, np.float32)
        self.distance = np.full(shape, 99, np.float32)
        self.cover = np.zeros(shape, np.float32)
        self.paint = np.zeros((*shape, 5), np.float32)
        self.group = np.zeros(shape, np.uint8)

    def window(self, low: Array, high: Array) -> tuple[slice, slice, Array, Array] | None:
        """Return the slices and the pixel grid of a box, or None where it is out of sight."""
        x0, y0 = (int(max(0, np.floor(v))) for v in low[:2])
        x1, y1 = (int(min(self.size, np.ceil(v) + 1)) for v in high[:2])
        if x1 - x0 < 2 or y1 - y0 < 2:
            return None
        x = np.arange(x0, x1, dtype=np.float32)[None]
        return slice(y0, y1), slice(x0, x1), x, np.arange(y0, y1, dtype=np.float32)[:, None]

    def merge(
        self, at: tuple[slice, slice], away: Array, z: Array, row: Array, blend: float, group: int
    ) -> None:
        """Melt a part into what is there: its signed distance, its height, its paint."""
        k = max(blend, 0.35)
        old = self.distance[at]
        near = unit(0.5 + (old - away) * np.float32(0.5 / k))
        self.distance[at] = old + (away - old) * near - k * near * (1 - near)
        below = self.z[at]
        z = z - np.maximum(away, 0) * np.float32(5)
        over = unit(0.5 + (z - below) * np.float32(0.5 / k))
        melt = np.where(below > FAR / 2, k * over * (1 - over), np.float32(0))
        self.z[at] = below + (z - below) * over + melt
        self.paint[at] += (row - self.paint[at]) * over[..., None]
        self.group[at][over > 0.5] = group


@dataclass(frozen=True)
class View:
    """How the sculptor's units become pixels."""

    scale: float
    shift: Array

    def px(self, point: Array) -> Array:
        """Return a point, or rows of points, in pixels; z is scaled alike."""
        return np.asarray(point * self.scale + self.shift)


class Ball:
    """An ellipsoid: three half axes (columns of `axes`) about a centre."""

    fits = True

    def __init__(self, centre: Array, axes: Array, paint: Paint, blend: float, group: int) -> None:
        self.centre, self.paint, self.blend, self.group = centre, paint, blend, group
        self.spread = axes @ axes.T
        half = np.sqrt(np.diag(self.spread))
        self.low, self.high = centre - half, centre + half

    def draw(self, relief: Relief, view: View) -> None:
        """Draw it: the silhouette is an ellipse, the height a quadratic's larger root."""
        blend = self.blend * view.scale
        margin = blend + 2
        window = relief.window(view.px(self.low) - margin, view.px(self.high) + margin)
        if window is None:
            return
        rows, columns, x, y = window
        centre = view.px(self.centre)
        m = np.linalg.inv(self.spread * view.scale**2 + np.eye(3) * 1e-3)
        x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
        tilt_x, tilt_y = (np.float32(-m[k, 2] / m[2, 2]) for k in (0, 1))
        sxx, sxy, syy = (
            np.float32(m[i, j] - m[i, 2] * m[j, 2] / m[2, 2]) for i, j in ((0, 0), (0, 1), (1, 1))
        )
        square = sxx * x * x + syy * y * y + (2 * sxy) * x * y
        root = np.sqrt(np.maximum(square, np.float32(1e-5)))
        away = np.sqrt(x * x + y * y) * (1 - 1 / root)
        away = np.maximum(away, np.float32(-min(1 / np.sqrt(sxx), 1 / np.sqrt(syy))))
        bulge = np.sqrt(np.abs(1 - square)) * np.sign(1 - square) * np.float32(m[2, 2] ** -0.5)
        z = np.float32(centre[2]) + tilt_x * x + tilt_y * y + bulge
        relief.merge((rows, columns), away, z, self.paint.row(), blend, self.group)


class Limb:
    """A capsule from one point to another whose radius changes on the way."""

    def __init__(
        self,
        ends: tuple[Array, Array],
        radii: tuple[float, float],
        paint: Paint,
        blend: float,
        group: int,
        fits: bool = True,
    ) -> None:
        self.fits = fits
        self.ends, self.radii, self.paint, self.blend, self.group = ends, radii, paint, blend, group
        pairs = list(zip(ends, radii, strict=True))
        self.low = np.min([end - radius for end, radius in pairs], 0)
        self.high = np.max([end + radius for end, radius in pairs], 0)

    def draw(self, relief: Relief, view: View) -> None:
        """Draw it as the disc that slides along the axis."""
        blend = self.blend * view.scale
        margin = blend + 2
        window = relief.window(view.px(self.low) - margin, view.px(self.high) + margin)
        if window is None:
            return
        rows, columns, x, y = window
        start, stop = (view.px(end) for end in self.ends)
        r0, r1 = (radius * view.scale for radius in self.radii)
        x, y = x - np.float32(start[0]), y - np.float32(start[1])
        dx, dy, dz = (np.float32(value) for value in stop - start)
        length = max(float(dx * dx + dy * dy), 1e-3)
        t = unit((x * dx + y * dy) * np.float32(1 / length))
        radius = np.float32(r0) + np.float32(r1 - r0) * t
        square = np.square(x - dx * t) + np.square(y - dy * t)
        inside = radius * radius - square
        bulge = np.sqrt(np.abs(inside)) * np.sign(inside)
        z = np.float32(start[2]) + dz * t + bulge
        away = np.sqrt(square) - radius
        relief.merge((rows, columns), away, z, self.paint.row(), blend, self.group)


class Patch:
    """A thin flat polygon in space: an ear, a fin, a feather; `cup` bulges it to the viewer."""

    fits = True

    def __init__(
        self, points: Array, paint: Paint, cup: float, group: int, tip: Paint | None = None
    ) -> None:
        self.points, self.paint, self.cup, self.group, self.tip = points, paint, cup, group, tip
        self.low, self.high = points.min(0), points.max(0)

    def _plane(self, points: Array) -> Array:
        centred = points - points.mean(0)
        normal = np.linalg.svd(centred)[2][2]
        if abs(normal[2]) < 0.25:
            normal[2] = 0.25 if normal[2] >= 0 else -0.25
        return np.asarray(-normal[:2] / normal[2])

    def draw(self, relief: Relief, view: View) -> None:
        """Draw it where it is nearer than what is there."""
        window = relief.window(view.px(self.low) - 2, view.px(self.high) + 2)
        if window is None:
            return
        rows, columns, x, y = window
        points = view.px(self.points)
        corner = np.array([columns.start, rows.start])
        shape = np.round((points[:, :2] - corner) * 16).astype(np.int32)
        mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        cv2.fillPoly(mask, [shape], 255, cv2.LINE_AA, 4)
        share = mask.astype(np.float32) / 255
        slope, middle = self._plane(points), points.mean(0)
        z = (middle[2] + slope[0] * (x - middle[0]) + slope[1] * (y - middle[1])).astype(np.float32)
        if self.cup:
            width = max(1.0, float(np.sqrt(mask.sum() / 255)) * 0.22)
            z = z + np.float32(self.cup * width * 1.6) * cv2.GaussianBlur(share, (0, 0), width)
        at = rows, columns
        empty = (relief.z[at] < FAR / 2) & (share > 0)
        over = np.where(empty, np.float32(1), share * unit(0.5 + (z - relief.z[at]) * 0.5))
        relief.cover[at] = np.maximum(relief.cover[at], share)
        relief.z[at] = np.where(over > 0.5, z, relief.z[at])
        relief.paint[at] += (self._row(points, x, y) - relief.paint[at]) * over[..., None]
        relief.group[at][over > 0.5] = self.group

    def _row(self, points: Array, x: Array, y: Array) -> Array:
        if self.tip is None:
            return self.paint.row()
        root, end = points[0, :2], points[len(points) // 2, :2]
        axis = (end - root) / max(float(np.sum((end - root) ** 2)), 1e-6)
        t = unit((x - root[0]) * axis[0] + (y - root[1]) * axis[1]).astype(np.float32)
        return self.paint.row() + (self.tip.row() - self.paint.row()) * t[..., None]


Solid = Ball | Limb | Patch
