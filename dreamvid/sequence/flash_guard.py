"""The flash guard: a film that flashes too often is held near its luminance until it may change.

A frame is changed only if more flashes than allowed would lie within the last second, as they are
counted in `dreamvid.motion.flashes`; then the cells that would make one too many stay just below
the change that counts. They are darkened or brightened in linear light as a whole, so that the
frame itself remains visible. Only earlier frames matter, and a few numbers of them are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamvid.motion.flashes import (
    CELLS,
    CHANGE,
    Cells,
    FlashCounter,
    Turn,
    cell_starts,
    covers,
    linear,
    luminance,
)

COUNTED, HELD = 0.95 * CHANGE, 0.85 * CHANGE
"""Changes of luminance that count, and that are left of one that is held back.

Both are below CHANGE, because the codec adds changes of its own.
"""

SMOOTH_ROUNDS = 3
"""How often a smooth correction is improved before cells are corrected exactly, with edges."""


class FlashGuard:
    """Limits the flashes of a film to `most` within any second: call it with every frame.

    `state` is that after the last frame, with which a resumed film goes on the same.
    """

    def __init__(self, most: int, state: Mapping[str, Tensor] | None = None) -> None:
        self._most = most
        self._counter = FlashCounter(COUNTED)
        if state:
            self._restore(state)

    def __call__(self, image: Tensor, time: Fraction) -> Tensor:
        """The image [3, H, W] of a frame at a time in seconds: itself unless it flashes."""
        light = linear(image.detach().float().cpu().permute(1, 2, 0).numpy())
        cells = luminance(light)
        if not covers(self._excess(cells, time)):
            self._counter.add(cells, time)
            return image
        light = self._held(light, cells, time)
        self._counter.add(luminance(light), time)
        return torch.from_numpy(_encoded(light)).permute(2, 0, 1).to(image)

    def _excess(self, cells: Cells, time: Fraction) -> NDArray[np.bool_]:
        """The cells that would have flashed too often within the second that ends now."""
        turned = self._counter.changing(cells) != 0
        excess: NDArray[np.bool_] = (self._counter.changes(time) + turned) // 2 > self._most
        return excess

    def _held(
        self, light: NDArray[np.float32], cells: Cells, time: Fraction
    ) -> NDArray[np.float32]:
        """Linear light [H, W, 3] in which no cell turns that would have flashed too often."""
        target = self._target(cells, time)
        wanted = target.copy()
        for _ in range(SMOOTH_ROUNDS):
            changed = _changed(light, cells, wanted, smooth=True)
            found = luminance(changed)
            if not covers(self._excess(found, time)):
                return changed
            wanted = np.clip(wanted + target - found, 0, 1)
        return _changed(light, cells, target, smooth=False)

    def _target(self, cells: Cells, time: Fraction) -> Cells:
        """The luminance of each cell, held back where it turns once too often."""
        turned, counter = self._counter.changing(cells), self._counter
        held = (turned != 0) & self._excess(cells, time)
        limit = np.where(turned > 0, counter.low + HELD, counter.high - HELD)
        return np.where(held, limit, cells)

    @property
    def state(self) -> dict[str, Tensor]:
        """The state after the last frame, as tensors."""
        counter = self._counter
        times = [(turn.time.numerator, turn.time.denominator) for turn in counter.turns]
        turns = [turn.cells for turn in counter.turns]
        return {
            "low": torch.from_numpy(counter.low),
            "high": torch.from_numpy(counter.high),
            "direction": torch.from_numpy(counter.direction),
            "times": torch.tensor(times, dtype=torch.int64).reshape(-1, 2),
            "turns": torch.from_numpy(np.array(turns, bool).reshape(-1, CELLS, CELLS)),
        }

    def _restore(self, state: Mapping[str, Tensor]) -> None:
        counter = self._counter
        counter.low, counter.high, counter.direction = (
            state[name].cpu().numpy() for name in ("low", "high", "direction")
        )
        for (over, under), cells in zip(state["times"].tolist(), state["turns"], strict=True):
            counter.turns.append(Turn(Fraction(over, under), cells.cpu().numpy()))


def _changed(
    light: NDArray[np.float32], cells: Cells, wanted: Cells, *, smooth: bool
) -> NDArray[np.float32]:
    """Linear light whose cells have the luminance `wanted`, about if `smooth`, else exactly.

    What is to be darker is multiplied; of what is to be brighter, what is missing to white is.
    """
    dim = np.where(wanted < cells, wanted / np.maximum(cells, 1e-9), 1)
    lift = np.where(wanted > cells, (1 - wanted) / np.maximum(1 - cells, 1e-9), 1)
    size = light.shape[:2]
    by, rest = (_spread(plane, size, smooth=smooth)[..., None] for plane in (dim, lift))
    return np.asarray(1 - (1 - light * by) * rest, np.float32).clip(0, 1)


def _spread(plane: Cells, size: tuple[int, ...], *, smooth: bool) -> NDArray[np.float32]:
    """Enlarge a plane of cells to a size (height, width)."""
    if smooth:
        wide = cv2.resize(plane, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
        return np.asarray(wide, np.float32)
    rows, columns = (
        np.searchsorted(cell_starts(side), np.arange(side), side="right") - 1 for side in size
    )
    return np.asarray(plane[np.ix_(rows, columns)], np.float32)


def _encoded(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Encoded values of linear light 0..1 (IEC 61966-2-1)."""
    bent = 1.055 * np.power(np.maximum(light, 0.0031308), np.float32(1 / 2.4)) - 0.055
    return np.where(light <= 0.0031308, light * 12.92, bent).astype(np.float32)
