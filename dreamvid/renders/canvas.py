"""A flat canvas with height: filled shapes and fields in a turned frame, lit once at the end."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from . import noise
from .finish import Picture
from .light import random_light, shade
from .maths import Array, Point, floats, mix, unit
from .palettes import Rng


class Canvas:
    """One picture in the making: colours, coverage and height, in units of half the frame.

    `x` and `y` are each pixel's place in the turned, mirrored, scaled frame of the thing drawn;
    `pixel` is a pixel's width there.
    """

    def __init__(
        self, rng: Rng, size: int, *, scale: tuple[float, float] = (0.78, 1.08), turn: float = 0.15,
        wander: float = 0.1, stretch: float = 0.08, background: Array | None = None,
    ) -> None:  # fmt: skip
        self.rng, self.size = rng, size
        unit_px = rng.uniform(*scale) * size / 2
        angle, flip = rng.normal() * turn, 1 if rng.random() < 0.5 else -1
        aspect = 1 + rng.uniform(-stretch, stretch)
        centre = size / 2 * (1 + rng.uniform(-wander, wander, 2))
        c, s = np.cos(angle), np.sin(angle)
        self.axes = unit_px * np.array([[c, -s], [s, c]]) @ np.diag([flip * aspect, 1.0])
        self.centre, self.pixel = centre, 1 / unit_px
        back = np.linalg.inv(self.axes).astype(np.float32)
        at = np.arange(size, dtype=np.float32)
        dx, dy = at[None] - np.float32(centre[0]), at[:, None] - np.float32(centre[1])
        self.x, self.y = back[0, 0] * dx + back[0, 1] * dy, back[1, 0] * dx + back[1, 1] * dy
        self.rgb: Array = np.zeros((size, size, 3), np.float32)
        self.alpha: Array = np.zeros((size, size), np.float32)
        self.height: Array = np.zeros((size, size), np.float32)
        self.gloss: Array = np.full((size, size), 0.15, np.float32)
        if background is not None:
            self.rgb[:], self.alpha[:] = background, 1

    def px(self, points: Array) -> Array:
        """Return points in pixels."""
        return np.asarray(np.asarray(points, float) @ self.axes.T + self.centre)

    def polar(self, x: float = 0.0, y: float = 0.0) -> tuple[Array, Array]:
        """Return the distance from, and the angle about, a point."""
        dx, dy = self.x - np.float32(x), self.y - np.float32(y)
        return np.sqrt(dx * dx + dy * dy), np.arctan2(dy, dx)

    def inside(self, distance: Array) -> Array:
        """Return the antialiased mask of where a distance (local units) is negative."""
        return unit(0.5 - distance * np.float32(1 / self.pixel))

    def field(self, tile: Array, scale: float = 1.0) -> Array:
        """Return a random view of a noise tile."""
        return noise.field(self.rng, tile, self.size, scale)

    def lay(
        self, mask: Array, colour: Array, *, height: Array | float = 0.0, gloss: float = 0.15
    ) -> None:
        """Cover what is there by a colour (or picture) under a mask; height in local units."""
        mask, colour = floats(mask), floats(colour)
        self.rgb = mix(self.rgb, colour, mask)
        self.alpha = np.maximum(self.alpha, mask)
        self.height = self.height + (floats(height) - self.height) * mask
        self.gloss = self.gloss + (gloss - self.gloss) * mask

    def fill(
        self, outlines: Array | Sequence[Array], colour: Array, *, bevel: float = 0.0,
        gloss: float = 0.15, lift: float = 0.0,
    ) -> None:  # fmt: skip
        """Fill polygons, rounding their edges by `bevel`, in their own window."""
        shapes = [outlines] if isinstance(outlines, np.ndarray) else list(outlines)
        placed = [self.px(shape) for shape in shapes]
        both = np.concatenate(placed)
        x0, y0 = (int(max(0, v - 2)) for v in both.min(0))
        x1, y1 = (int(min(self.size, v + 3)) for v in both.max(0))
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        corner = np.array([x0, y0])
        cv2.fillPoly(
            mask,
            [np.round((p - corner) * 16).astype(np.int32) for p in placed],
            255,
            cv2.LINE_AA,
            4,
        )
        self._blend((slice(y0, y1), slice(x0, x1)), floats(mask) / 255, colour, bevel, gloss, lift)

    def line(
        self,
        paths: Sequence[Array],
        width: float,
        colour: Array,
        *,
        bevel: float = 0.0,
        closed: bool = False,
    ) -> None:
        """Draw polylines `width` local units wide."""
        mask = np.zeros((self.size, self.size), np.uint8)
        shapes = [np.round(np.clip(self.px(p), -900, 1900) * 16).astype(np.int32) for p in paths]
        cv2.polylines(mask, shapes, closed, 255, max(1, round(width / self.pixel)), cv2.LINE_AA, 4)
        self._blend((slice(None), slice(None)), floats(mask) / 255, colour, bevel, 0.15, 0.0)

    def _blend(
        self,
        at: tuple[slice, slice],
        share: Array,
        colour: Array,
        bevel: float,
        gloss: float,
        lift: float,
    ) -> None:
        colour = colour[at] if colour.ndim == 3 else colour
        self.rgb[at] = mix(self.rgb[at], colour, share)
        self.alpha[at] = np.maximum(self.alpha[at], share)
        self.gloss[at] += (gloss - self.gloss[at]) * share
        rise: Array | float = lift
        if bevel:
            soft = cv2.GaussianBlur(share, (0, 0), max(0.6, bevel / self.pixel * 0.5))
            rise = lift + np.maximum(soft * 2 - 1, 0) * np.float32(bevel)
        self.height[at] += (rise - self.height[at]) * share

    def picture(self, *, relief: float = 1.0, sharpness: int = 4) -> Picture:
        """Light the canvas and return its colours and coverage."""
        height = self.height * np.float32(relief / self.pixel)
        light = random_light(self.rng)
        return shade(self.rgb, height, light, gloss=self.gloss, sharpness=sharpness), self.alpha


def box(x0: float, y0: float, x1: float, y1: float) -> Array:
    """Return a rectangle's corners."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def mirror(points: Sequence[Point] | Array) -> Array:
    """Return an outline given for the left half, closed by its mirror image."""
    half = np.asarray(points, float)
    return np.concatenate([half, half[::-1] * np.array([-1, 1])])
