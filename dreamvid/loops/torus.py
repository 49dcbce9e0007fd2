"""Render frames from a periodic texture: sharp, without aliasing, and in real time.

The texture is stored as a mip pyramid with levels half an octave apart, each low-pass filtered to
the resolution at which it is shown, and stored at twice the necessary density, so that linear
interpolation (whose attenuation is compensated) is sharp. For each frame only the offset into the
texture changes; the coordinate maps are constant.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.loops.lattice import Plane, View
from dreamvid.loops.texture import crop_spectrum, frequencies, roll_off

Array = NDArray[Any]

FINER = 2
"""Oversampling of the stored levels."""

SMALLEST = 4
"""Smallest side of a stored level."""


TILE = 128
"""Frames are rendered in tiles of this size; each reads only the levels visible in it."""


@dataclass(frozen=True)
class _Patch:
    """One level in one tile: coordinates in the stored texture, and blending weights."""

    level: int
    rows: Plane
    columns: Plane
    weight: Plane
    rest: Plane


@dataclass(frozen=True)
class _Tile:
    place: tuple[slice, slice]
    patches: tuple[_Patch, ...]


class TorusView:
    """Render frames [H, W, 3] of a texture [3, h, w] that slides under a view.

    One loop slides it by `periods` whole (heights, widths). `bits` is 8 (uint8 frames) or 16
    (uint16). `show` replaces the texture with another of the same size. `threads` tiles are
    rendered in parallel.
    """

    def __init__(
        self,
        texture: torch.Tensor,
        view: View,
        *,
        periods: tuple[int, int],
        bits: int = 8,
        threads: int | None = None,
    ) -> None:
        self.size = (int(texture.shape[1]), int(texture.shape[2]))
        self.periods, self.bits = periods, bits
        self.shape = view.rows.shape
        self._stored = _stored_sizes(view, self.size)
        self._tiles = _tiles(view, self.size, self._stored)
        # They stay: OpenCV keeps almost a kilobyte for each thread that ever remapped.
        self._helpers = ThreadPoolExecutor(threads or min(4, os.cpu_count() or 1))
        self.show(texture)

    def show(self, texture: torch.Tensor) -> None:
        """Replace the texture with another of the same size."""
        spectrum = torch.fft.rfft2(texture.detach().cpu().float())
        self._levels = {
            level: _wrapped(_level(spectrum, self.size, stored), self.periods, self.bits)
            for level, stored in self._stored.items()
        }

    def frame(self, index: int, frames: int) -> Array:
        """Render frame `index` of a loop of `frames`; the period is exact to the byte."""
        slid = [-Fraction(index * count, frames) % 1 for count in self.periods]
        slides = {
            level: (np.float32(slid[0] * stored[0]), np.float32(slid[1] * stored[1]))
            for level, stored in self._stored.items()
        }
        result = np.empty((*self.shape, 3), np.uint8 if self.bits == 8 else np.uint16)
        for _ in self._helpers.map(lambda tile: self._fill(result, tile, slides), self._tiles):
            pass
        return result

    def _fill(
        self, result: Array, tile: _Tile, slides: dict[int, tuple[np.float32, np.float32]]
    ) -> None:
        picture: Array | None = None
        for patch in tile.patches:
            down, across = slides[patch.level]
            columns = patch.columns + across if across else patch.columns
            level = self._levels[patch.level]
            seen = cv2.remap(level, columns, patch.rows + down, cv2.INTER_LINEAR)
            if picture is None:
                picture = seen
            else:
                picture = cv2.blendLinear(picture, seen, patch.rest, patch.weight)
        assert picture is not None, "every pixel is seen at some level"
        result[tile.place] = picture if self.bits == 8 else np.rint(picture.clip(0, 65535))


def _fineness(view: View) -> Plane:
    """The resolution of the texture relative to the pixels, in half octaves."""
    return np.asarray(-2 * np.log2(view.scale), np.float32)


def _stored_sizes(view: View, size: tuple[int, int]) -> dict[int, tuple[int, int]]:
    """Sizes of the visible levels; level k has 2 ** (-k / 2) of the full resolution."""
    fineness = _fineness(view)
    last = max(0, math.ceil(fineness.max()))
    first = min(max(0, math.floor(fineness.min())), last)
    sizes = {}
    for level in range(first, last + 1):
        finer = 2.0 ** (-level / 2) * FINER
        sizes[level] = (_rounded(size[0] * finer), _rounded(size[1] * finer))
    return sizes


def _tiles(view: View, size: tuple[int, int], stored: dict[int, tuple[int, int]]) -> list[_Tile]:
    fineness = _fineness(view)
    tiles = []
    for top in range(0, fineness.shape[0], TILE):
        for left in range(0, fineness.shape[1], TILE):
            place = (slice(top, top + TILE), slice(left, left + TILE))
            patches: list[_Patch] = []
            for level, (high, wide) in stored.items():
                # Level k matches the pixel resolution where the fineness is k; it fades into the
                # next level over half an octave.
                weight = np.clip(fineness[place] - level + 1, 0, 1)
                if not patches or weight.min() == 1:
                    patches, weight = [], np.ones_like(weight)
                if weight.any():
                    rows = view.rows[place] * np.float32(high / size[0])
                    columns = view.columns[place] * np.float32(wide / size[1])
                    patches.append(_Patch(level, rows, columns, weight, 1 - weight))
            tiles.append(_Tile(place, tuple(patches)))
    return tiles


def _rounded(side: float) -> int:
    """Round a side up to a size with a fast Fourier transform."""
    grain = max(SMALLEST, 1 << max(0, int(side).bit_length() - 5))
    return -int(-side // grain) * grain


def _level(spectrum: torch.Tensor, old: tuple[int, int], new: tuple[int, int]) -> torch.Tensor:
    """Compute the level of size `new` from the spectrum of a texture."""
    spectrum = crop_spectrum(spectrum, old, new)
    down = frequencies(old[0], new[0])[:, None]
    across = frequencies(old[1], new[1])[: new[1] // 2 + 1]
    share = math.sqrt(new[0] / old[0] * new[1] / old[1]) / FINER
    if share < 0.99:
        spectrum = spectrum * roll_off(down, across, share)
    # Linear interpolation has gain 1 for a frequency f at a texel and cos(pi f) midway between two:
    # compensate for the mean of both, cos(pi f / 2) ** 2.
    half = math.pi / 2
    taken = (half * down * old[0] / new[0]).cos() * (half * across * old[1] / new[1]).cos()
    scale = math.prod(new) / math.prod(old)
    plane: torch.Tensor = torch.fft.irfft2(spectrum / taken.square(), s=new) * scale
    return plane


def _wrapped(plane: torch.Tensor, periods: tuple[int, int], bits: int) -> Array:
    """Convert to pixels, doubled along sliding axes, so that no coordinate is outside."""
    top = (1 << bits) - 1
    pixels = plane.permute(1, 2, 0).clamp(0, 1).mul(top).numpy()
    pixels = np.rint(pixels).astype(np.uint8) if bits == 8 else pixels
    down, across = (
        side * bool(count) + 1 for side, count in zip(pixels.shape[:2], periods, strict=True)
    )
    return cv2.copyMakeBorder(pixels, 0, down, 0, across, cv2.BORDER_WRAP)
