"""Places in space: axes as the viewer sees them, x right, y down, z to the viewer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .maths import Array, Point, rotation


@dataclass(frozen=True)
class Frame:
    """A turned, scaled and shifted set of axes; the columns of `axes` are x, y and z."""

    axes: Array
    origin: Array

    def at(self, point: Point) -> Array:
        """Return where a local point is in the viewer's space."""
        return np.asarray(self.origin + self.axes @ np.asarray(point, float))

    def along(self, direction: Point) -> Array:
        """Return a local direction as the viewer sees it, with its length scaled."""
        return np.asarray(self.axes @ np.asarray(direction, float))

    @property
    def scale(self) -> float:
        """The length of a local unit."""
        return float(np.linalg.norm(self.axes[:, 1]))

    @property
    def side(self) -> int:
        """-1 for a mirrored frame, else 1."""
        return 1 if np.linalg.det(self.axes) > 0 else -1

    def inside(
        self,
        at: Point = (0, 0, 0),
        *,
        yaw: float = 0.0,
        pitch: float = 0.0,
        roll: float = 0.0,
        scale: float = 1.0,
    ) -> Frame:
        """Return a frame that stands in this one, at `at`, turned and scaled."""
        return Frame(self.axes @ rotation(yaw, pitch, roll) * scale, self.at(at))

    def mirrored(self) -> Frame:
        """Return this frame with left and right exchanged."""
        return Frame(self.axes * np.array([-1.0, 1.0, 1.0]), self.origin)

    def both(self) -> tuple[Frame, Frame]:
        """Return this frame and its mirror image: for ears, eyes, legs, wings."""
        return self, self.mirrored()


def upright(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Frame:
    """Return the frame of a creature turned by these angles (radians) before the viewer.

    The pitch is the viewer's (looking down on it), the roll turns the picture.
    """
    return Frame(rotation(roll=roll) @ rotation(pitch=pitch) @ rotation(yaw), np.zeros(3))
