"""The plane wrapped around a torus: where in a periodic texture each pixel of a frame lies.

z -> log z is conformal: small shapes stay, and zooming becomes sliding. With w = rho + i theta,
rho = ln(r / R), a texture of `height` rows and `width` columns, periodic both ways, is read at

    row + i column = pitch * w,     pitch = (symmetry * width - i * arms * height) / (2 pi)

Once around the centre, w grows by 2 pi i and the place by `arms` heights and `symmetry` widths:
whole periods, so nothing tears. Sliding the texture by whole periods leads back to the very same
picture; the zoom and the turn of that follow from dividing by the pitch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UsageError

Plane = NDArray[np.float32]

GRAIN = 8
"""Sides of textures are multiples of this, so that networks halve them without a rest."""

LARGEST = 16000
"""The longest side of a texture: OpenCV addresses 32767, and a texture lies there twice."""


@dataclass(frozen=True)
class Slide:
    """What sliding a texture by whole periods does to a frame: a factor, and degrees clockwise."""

    zoom: float
    degrees: float


@dataclass(frozen=True)
class Lattice:
    """A texture's size in texels, how often it goes round the centre, and with how many arms."""

    height: int
    width: int
    symmetry: int = 1
    arms: int = 0

    @property
    def pitch(self) -> complex:
        """Texels for each unit of the logarithm: rows real, columns imaginary."""
        return complex(self.symmetry * self.width, -self.arms * self.height) / math.tau

    def slide(self, periods: tuple[int, int]) -> Slide:
        """Give the zoom and the turn of sliding by so many (heights, widths)."""
        log = complex(periods[0] * self.height, periods[1] * self.width) / self.pitch
        return Slide(math.exp(log.real), math.degrees(log.imag))


def fit_lattice(zoom: float, density: float, *, symmetry: int = 1, arms: int = 0) -> Lattice:
    """Choose the texture for a loop that zooms by `zoom`, above 1, while it slides by its height.

    `density` is how many texels lie in a pixel's width at distance 1 from the centre: where the
    distance in pixels is `density`, a texel is a pixel. Sides are rounded to whole grains, which
    changes the zoom by a little: ask `slide`. UsageError when there is no such torus.
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
    """Where each pixel of a frame reads a texture: `rows`, `columns` [H, W] in texels.

    `scale` [H, W] is the size of a texel there, in pixels.
    """

    rows: Plane
    columns: Plane
    scale: Plane


def zoom_view(
    lattice: Lattice, width: int, height: int, *, center: tuple[float, float] = (0.5, 0.5)
) -> View:
    """Look at the torus as a zoom into `center`, (x, y) in 0..1, of a frame of that size."""
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
    """Look at a texture of `size` (rows, columns) as a tiled plane, a texel `scale` pixels."""
    rows = np.mod(np.arange(height) / scale, size[0])[:, None].repeat(width, axis=1)
    columns = np.mod(np.arange(width) / scale, size[1])[None].repeat(height, axis=0)
    plane = np.full((height, width), scale, np.float32)
    return View(rows.astype(np.float32), columns.astype(np.float32), plane)


def unwrap_places(lattice: Lattice, rows: Plane, columns: Plane) -> tuple[Plane, Plane]:
    """Give, for places in the texture, x and y in units of the outer radius."""
    place = (rows + 1j * columns) / lattice.pitch
    z = np.exp(place)
    return z.real.astype(np.float32), z.imag.astype(np.float32)
