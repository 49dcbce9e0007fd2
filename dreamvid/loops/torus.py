"""Frames read from a periodic texture: sharp, free of moire, and as fast as a video plays.

The texture is kept at many sizes, half an octave apart, each rolled off to what its place on
screen can show, and stored twice as fine as that needs, so that linear interpolation (made up for
beforehand) is a sharp kernel. A frame slides the texture under maps that never change.
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
"""How many stored texels there are for each that the detail of a level needs."""

SMALLEST = 4
"""The least rows or columns of a stored level."""


TILE = 128
"""Frames are made in tiles of this side: each looks only at the levels that are seen in it."""


@dataclass(frozen=True)
class _Patch:
    """One level in one tile: where it reads the stored texture, and how much of it is seen."""

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
    """Makes frames [H, W, 3] of a texture [3, h, w] that slides under a view.

    A lap slides it by `periods` whole (heights, widths). `bits` is 8 (uint8 frames) or 16
    (uint16). The texture may be replaced by another of its size with `show`. `threads` tiles are
    made at a time.
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
        self._threads = threads or min(4, os.cpu_count() or 1)
        self.show(texture)

    def show(self, texture: torch.Tensor) -> None:
        """Take another texture of the same size."""
        spectrum = torch.fft.rfft2(texture.detach().cpu().float())
        self._levels = {
            level: _wrapped(_level(spectrum, self.size, stored), self.periods, self.bits)
            for level, stored in self._stored.items()
        }

    def frame(self, index: int, frames: int) -> Array:
        """Give one frame of a lap of so many; `index` and `index + frames` give the same bytes."""
        slid = [-Fraction(index * count, frames) % 1 for count in self.periods]
        slides = {
            level: (np.float32(slid[0] * stored[0]), np.float32(slid[1] * stored[1]))
            for level, stored in self._stored.items()
        }
        result = np.empty((*self.shape, 3), np.uint8 if self.bits == 8 else np.uint16)
        with ThreadPoolExecutor(self._threads) as pool:
            for _ in pool.map(lambda tile: self._fill(result, tile, slides), self._tiles):
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
    """How many half octaves the texture is finer than the pixels at each place."""
    return np.asarray(-2 * np.log2(view.scale), np.float32)


def _stored_sizes(view: View, size: tuple[int, int]) -> dict[int, tuple[int, int]]:
    """The levels that are seen; level k holds detail up to 2 ** (-k / 2) of the finest there is."""
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
                # A level is as fine as pixels show where the fineness is its number; over the
                # half octave from there inwards the next one covers it.
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
    """Round a side up to what a Fourier transform is quick with."""
    grain = max(SMALLEST, 1 << max(0, int(side).bit_length() - 5))
    return -int(-side // grain) * grain


def _level(spectrum: torch.Tensor, old: tuple[int, int], new: tuple[int, int]) -> torch.Tensor:
    """Make the level that is stored at size `new` of a texture's spectrum."""
    spectrum = crop_spectrum(spectrum, old, new)
    down = frequencies(old[0], new[0])[:, None]
    across = frequencies(old[1], new[1])[: new[1] // 2 + 1]
    share = math.sqrt(new[0] / old[0] * new[1] / old[1]) / FINER
    if share < 0.99:
        spectrum = spectrum * roll_off(down, across, share)
    # Linear interpolation takes nothing from a frequency f at a texel and all but cos(pi f) in the
    # middle between two: the mean of the two is given beforehand.
    half = math.pi / 2
    taken = (half * down * old[0] / new[0]).cos() * (half * across * old[1] / new[1]).cos()
    scale = math.prod(new) / math.prod(old)
    plane: torch.Tensor = torch.fft.irfft2(spectrum / taken.square(), s=new) * scale
    return plane


def _wrapped(plane: torch.Tensor, periods: tuple[int, int], bits: int) -> Array:
    """Lay the texture out, twice along the sides that slide, so that no place is outside."""
    top = (1 << bits) - 1
    pixels = plane.permute(1, 2, 0).clamp(0, 1).mul(top).numpy()
    pixels = np.rint(pixels).astype(np.uint8) if bits == 8 else pixels
    down, across = (
        side * bool(count) + 1 for side, count in zip(pixels.shape[:2], periods, strict=True)
    )
    return cv2.copyMakeBorder(pixels, 0, down, 0, across, cv2.BORDER_WRAP)
