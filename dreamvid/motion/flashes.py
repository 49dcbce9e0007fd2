"""General flashes of a film, counted as in WCAG 2.2 (2.3.1) and ITU-R BT.1702-3.

A flash is a pair of opposing changes of relative luminance by at least CHANGE of its maximum, where
the darker image is below DARKER. Flashes may be dangerous if more than three occur within any
second on at least AREA of a field of 10 degrees. As in WCAG, for a screen at a usual distance, such
a field is a third of the picture across and down (341x256 of 1024x768 pixels), wherever it lies;
BT.1702 has the same area of the whole screen, which this implies. Changes count only where AREA
of a field changes in the same direction at the same time, within TOGETHER: what moves through the
picture changes it in one place after the other. Red flashes are not counted.
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

CELLS, FIELD = 15, 5
"""Cells across and down a picture, whose mean luminance is watched; and those of a field.

With finer cells, edges that a pan moves through the picture would be taken for flashes.
"""

WEIGHTS = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
"""Weights of linear R, G and B in relative luminance (WCAG 2.2; ITU-R BT.709)."""

SECOND, TOGETHER = Fraction(1), 0.08
"""Seconds in which flashes are counted, and within which cells change together."""

Cells = NDArray[np.float64]
Truth = NDArray[np.bool_]


class Turn(NamedTuple):
    """The cells [CELLS, CELLS] whose change counts from a time in seconds on."""

    time: Fraction
    cells: Truth


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
    1 up, -1 down, 0 none so far; it was `changed_at` a time in seconds, and `counted` tells whether
    enough others changed with it. `turns` are the counted changes of the last SECOND. `change` and
    `area` are the least that count.
    """

    def __init__(self, change: float = CHANGE, area: float = AREA) -> None:
        self.change, self.area = change, area
        self.low: Cells = np.full((CELLS, CELLS), np.inf)
        self.high: Cells = np.full((CELLS, CELLS), -np.inf)
        self.direction = np.zeros((CELLS, CELLS), np.int8)
        self.changed_at: Cells = np.full((CELLS, CELLS), -np.inf)
        self.counted: Truth = np.zeros((CELLS, CELLS), bool)
        self.turns: deque[Turn] = deque()

    def changing(self, cells: Cells) -> NDArray[np.int8]:
        """The change that each cell would complete with a luminance: 1 up, -1 down, else 0."""
        low, high = np.minimum(self.low, cells), np.maximum(self.high, cells)
        up = (self.direction <= 0) & (cells - low >= self.change) & (low < DARKER)
        down = (self.direction >= 0) & (high - cells >= self.change) & (cells < DARKER)
        return up.astype(np.int8) - down.astype(np.int8)

    def counting(self, changed: NDArray[np.int8], time: Fraction) -> Truth:
        """The cells whose change would count from a time on, if these changed now."""
        direction = np.where(changed, changed, self.direction)
        recent = (changed != 0) | (float(time) - self.changed_at <= TOGETHER)
        found: Truth = np.zeros((CELLS, CELLS), bool)
        for way in (1, -1):
            alike = recent & (direction == way)
            found |= alike & spread(field_shares(alike) >= self.area)
        found &= ~self.counted | (changed != 0)
        return found

    def flashes(self, counting: Truth, time: Fraction) -> NDArray[np.int64]:
        """The flashes of each cell within the second that ends at a time."""
        total = counting.astype(np.int64)
        for turn in self.turns:
            if turn.time > time - SECOND:
                total += turn.cells
        return total // 2

    def excess(self, changed: NDArray[np.int8], time: Fraction, most: int) -> Truth:
        """The cells that would have more flashes than `most` if these changed now.

        There are none where no change would count, and where their area is small.
        """
        counting = self.counting(changed, time)
        excess: Truth = self.flashes(counting, time) > most
        return excess & spread(field_shares(excess) >= self.area) if counting.any() else counting

    def add(self, cells: Cells, time: Fraction) -> int:
        """Take note of the next frame; the flashes within the second that ends with it."""
        changed = self.changing(cells)
        counting = self.counting(changed, time)
        found = self.flashes(counting, time)
        while self.turns and self.turns[0].time <= time - SECOND:
            self.turns.popleft()
        if counting.any():
            self.turns.append(Turn(time, counting))
        now = changed != 0
        self.low = np.where(now, cells, np.minimum(self.low, cells))
        self.high = np.where(now, cells, np.maximum(self.high, cells))
        self.direction = np.where(now, changed, self.direction).astype(np.int8)
        self.changed_at = np.where(now, float(time), self.changed_at)
        self.counted = (self.counted & ~now) | counting
        return max((n for n in range(1, int(found.max()) + 1) if covers(found >= n)), default=0)


def covers(cells: Truth, area: float = AREA) -> bool:
    """Whether cells make up a share of a field anywhere in the picture."""
    return bool(field_shares(cells).max() >= area)


def field_shares(cells: Truth) -> Cells:
    """The share of cells in each field, by the field's first row and column."""
    sums = np.pad(cells.astype(np.int64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    inside = sums[FIELD:, FIELD:] - sums[:-FIELD, FIELD:] - sums[FIELD:, :-FIELD]
    shares: Cells = (inside + sums[:-FIELD, :-FIELD]) / FIELD**2
    return shares


def spread(fields: Truth) -> Truth:
    """The cells that lie in any of these fields."""
    cells = np.pad(fields, ((0, FIELD - 1), (0, FIELD - 1))).astype(np.uint8)
    kernel = np.ones((FIELD, FIELD), np.uint8)
    grown = cv2.dilate(cells, kernel, anchor=(FIELD - 1, FIELD - 1), borderValue=0)
    return np.asarray(grown, np.bool_)
