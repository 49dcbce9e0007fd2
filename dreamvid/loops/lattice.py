"""Map the plane to a torus: where each pixel of a frame reads a periodic texture.

z -> log z is conformal: it preserves small shapes and turns zooming into sliding. With
w = rho + i theta, rho = ln(r / R), a texture of `height` rows and `width` columns, periodic in both
directions, is read at

    row + i column = pitch * w,     pitch = (symmetry * width - i * arms * height) / (2 pi)

Once around the centre, w grows by 2 pi i and the position by `arms` heights and `symmetry` widths:
whole periods, so there is no seam. Sliding the texture by whole periods gives an identical frame;
dividing by the pitch gives the zoom and the rotation of that slide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UsageError

Plane = NDArray[np.float32]

GRAIN = 8
"""Texture sides are multiples of this, so that networks can halve them without remainder."""

LARGEST = 16000
"""Limit of a texture side: OpenCV addresses up to 32767, and stored textures are doubled."""


@dataclass(frozen=True)
class Slide:
    """The effect of a slide by whole periods on a frame: zoom factor and degrees clockwise."""

    zoom: float
    degrees: float


@dataclass(frozen=True)
class Lattice:
    """Texture size in texels, repeats around the centre (`symmetry`), and spiral `arms`."""

    height: int
    width: int
    symmetry: int = 1
    arms: int = 0

    @property
    def pitch(self) -> complex:
        """Texels per unit of the logarithm: rows real, columns imaginary."""
        return complex(self.symmetry * self.width, -self.arms * self.height) / math.tau

    def slide(self, periods: tuple[int, int]) -> Slide:
        """Return the zoom and rotation of a slide by whole (heights, widths)."""
        log = complex(periods[0] * self.height, periods[1] * self.width) / self.pitch
        return Slide(math.exp(log.real), math.degrees(log.imag))


def fit_lattice(zoom: float, density: float, *, symmetry: int = 1, arms: int = 0) -> Lattice:
    """Choose the texture for a loop that zooms by `zoom` > 1 while it slides by its height.

    `density` is the distance from the centre, in pixels, at which a texel covers one pixel. Sides
    are rounded to multiples of GRAIN, which changes the zoom slightly: see `slide`. Raises
    UsageError if there is no such torus.
    """
    if not (math.isfinite(zoom) and 1.05 <= zoom <= 1e6):
        raise UsageError(
            f"{zoom:g} is out of range", where="zoom", remedy="give 1.05 to 1000000 per loop"
        )
    if symmetry < 1:
        raise UsageError(f"{symmetry} is too small", where="symmetry", remedy="give 1 or more")
    around = math.tau * density
    lean = abs(arms) * math.log(zoom) / math.pi
    if lean > 1:
        raise UsageError(
            f"a spiral of {abs(arms)} arms cannot zoom by {zoom:.4g} per loop",
            where="twist",
            remedy=f"zoom by at most {math.exp(math.pi / abs(arms)):.3g} per loop, or twist less",
        )
    angle = math.asin(lean) / 2
    width = around * math.cos(angle) / symmetry
    height = around * math.sin(angle) / abs(arms) if arms else density * math.log(zoom)
    sides = [max(GRAIN, round(side / GRAIN) * GRAIN) for side in (height, width)]
    if max(sides) > LARGEST:
        raise UsageError(
            f"the loop needs a texture of {sides[1]}x{sides[0]}",
            where="zoom",
            remedy="zoom less per loop, or use smaller frames",
        )
    return Lattice(sides[0], sides[1], symmetry, arms)


@dataclass(frozen=True)
class View:
    """The texture position of each pixel of a frame: `rows`, `columns` [H, W] in texels.

    `scale` [H, W] is the local size of a texel in pixels.
    """

    rows: Plane
    columns: Plane
    scale: Plane


def zoom_view(
    lattice: Lattice, width: int, height: int, *, center: tuple[float, float] = (0.5, 0.5)
) -> View:
    """A view of the torus as a zoom into `center`, (x, y) in 0..1, for this frame size."""
    x = np.arange(width) + 0.5 - center[0] * width
    y = (np.arange(height) + 0.5 - center[1] * height)[:, None]
    radius = np.maximum(np.hypot(x, y), 0.5)
    place = lattice.pitch * (np.log(radius / math.hypot(width, height) * 2) + 1j * np.arctan2(y, x))
    return View(
        np.mod(place.real, lattice.height).astype(np.float32),
        np.mod(place.imag, lattice.width).astype(np.float32),
        (radius / abs(lattice.pitch)).astype(np.float32),
    )


def pan_view(size: tuple[int, int], width: int, height: int, *, scale: float = 1.0) -> View:
    """A view of a texture of `size` (rows, columns) as a tiled plane, `scale` pixels per texel."""
    rows = np.mod(np.arange(height) / scale, size[0])[:, None].repeat(width, axis=1)
    columns = np.mod(np.arange(width) / scale, size[1])[None].repeat(height, axis=0)
    plane = np.full((height, width), scale, np.float32)
    return View(rows.astype(np.float32), columns.astype(np.float32), plane)


def unwrap_places(lattice: Lattice, rows: Plane, columns: Plane) -> tuple[Plane, Plane]:
    """Return x and y, in units of the outer radius, for positions in the texture."""
    place = (rows + 1j * columns) / lattice.pitch
    z = np.exp(place)
    return z.real.astype(np.float32), z.imag.astype(np.float32)
