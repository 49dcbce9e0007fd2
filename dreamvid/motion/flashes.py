"""General flashes of a film, counted as in WCAG 2.2 (2.3.1) and ITU-R BT.1702-3.

A flash is a pair of opposing changes of relative luminance by at least CHANGE of its maximum, where
the darker image is below DARKER. Flashes may be dangerous if more than three occur within any
second on at least AREA of a field of 10 degrees. As in WCAG, for a screen at a usual distance, such
a field is a third of the picture across and down (341x256 of 1024x768 pixels), wherever it lies;
BT.1702 has the same area of the whole screen, which this implies.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

CHANGE = 0.1
DARKER = 0.8
AREA = 0.25

CELLS, FIELD = 24, 8
"""Cells across and down a picture, whose mean luminance is watched; and those of a field."""

WEIGHTS = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
"""Weights of linear R, G and B in relative luminance (WCAG 2.2; ITU-R BT.709)."""

Cells = NDArray[np.float64]


class Turn(NamedTuple):
    """The cells [CELLS, CELLS] whose luminance has changed by CHANGE at a time in seconds."""

    time: Fraction
    cells: NDArray[np.bool_]


def linear(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light of a picture of encoded values 0..1 (IEC 61966-2-1)."""
    bent = np.power((np.maximum(picture, 0.04045) + 0.055) / 1.055, np.float32(2.4))
    return np.where(picture <= 0.04045, picture / np.float32(12.92), bent).astype(np.float32)


def luminance(light: NDArray[np.float32]) -> Cells:
    """The mean relative luminance of each cell [CELLS, CELLS] of linear light [H, W, 3]."""
    plane = cv2.transform(light, WEIGHTS).astype(np.float64)
    for axis, starts in enumerate(map(cell_starts, plane.shape)):
        sizes = np.maximum(np.diff(starts, append=plane.shape[axis]), 1)
        sums = np.add.reduceat(plane, starts, axis=axis)
        plane = sums / (sizes[:, None] if axis == 0 else sizes)
    return np.asarray(plane, np.float64)


def cell_starts(side: int) -> NDArray[np.int64]:
    """The first row or column of each cell of a picture with that many."""
    return np.arange(CELLS) * side // CELLS


class FlashCounter:
    """Counts the flashes of a film, frame by frame, from the luminance of its cells.

    For each cell `low` and `high` are the extremes since its last change, which was in `direction`:
    1 up, -1 down, 0 none so far.
    """

    def __init__(self) -> None:
        self.low: Cells = np.full((CELLS, CELLS), np.inf)
        self.high: Cells = np.full((CELLS, CELLS), -np.inf)
        self.direction = np.zeros((CELLS, CELLS), np.int8)
        self.turns: deque[Turn] = deque()

    def changing(self, cells: Cells) -> NDArray[np.int8]:
        """The change that each cell would complete with a luminance: 1 up, -1 down, else 0."""
        low, high = np.minimum(self.low, cells), np.maximum(self.high, cells)
        up = (self.direction <= 0) & (cells - low >= CHANGE) & (low < DARKER)
        down = (self.direction >= 0) & (high - cells >= CHANGE) & (cells < DARKER)
        return up.astype(np.int8) - down.astype(np.int8)

    def changes(self, time: Fraction) -> NDArray[np.int64]:
        """The changes of each cell in the second before a time, without its first moment."""
        total = np.zeros((CELLS, CELLS), np.int64)
        for turn in self.turns:
            if turn.time > time - 1:
                total += turn.cells
        return total

    def add(self, cells: Cells, time: Fraction) -> int:
        """Take note of the next frame; the flashes within the second that ends with it."""
        turned = self.changing(cells)
        while self.turns and self.turns[0].time <= time - 1:
            self.turns.popleft()
        if turned.any():
            self.turns.append(Turn(time, turned != 0))
        self.low = np.where(turned, cells, np.minimum(self.low, cells))
        self.high = np.where(turned, cells, np.maximum(self.high, cells))
        self.direction = np.where(turned, turned, self.direction).astype(np.int8)
        return flashes(self.changes(time))


def flashes(changes: NDArray[np.int64]) -> int:
    """The largest number of flashes that AREA of a field has, by the changes of each cell."""
    pairs = changes // 2
    return max((n for n in range(1, int(pairs.max()) + 1) if covers(pairs >= n)), default=0)


def covers(cells: NDArray[np.bool_], area: float = AREA) -> bool:
    """Whether cells make up a share of a field anywhere in the picture."""
    sums = np.pad(cells.astype(np.int64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    field = sums[FIELD:, FIELD:] - sums[:-FIELD, FIELD:] - sums[FIELD:, :-FIELD]
    return bool((field + sums[:-FIELD, :-FIELD]).max() >= area * FIELD**2)
