"""The flash guard: a film that flashes too often is held near its luminance until it may change.

A frame is changed only if more flashes than allowed would lie within the last second, as they are
counted in `dreamvid.motion.flashes`. The light of the cells that would make one too many is first
brought near that of the frame before, as if the lamp had not changed, and the picture goes on
moving. What this leaves, as after a cut, is mixed with the frame before, in the worst case until
the picture stands still. Only earlier frames matter: the guard needs the last one, and a few
numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamvid.motion.flashes import (
    AREA,
    CELLS,
    CHANGE,
    Cells,
    FlashCounter,
    Turn,
    covers,
    linear,
    luminance,
)

NEAR, HELD = 0.75 * AREA, 0.85 * CHANGE
"""The share of a field that may flash too often, and the change that is left of one held back.

Both are below what counts, because writing adds small changes of its own to some cells.
"""

STRONGEST, WIDE = 12.0, 1.5
"""The strongest correction of the light, as a factor, and its softness, as a sigma in cells."""

Light = NDArray[np.float32]
"""Linear light [H, W, 3]."""


class FlashGuard:
    """Limits the flashes of a film to `most` within any second: call it with every frame.

    `state` is that after the last frame, with which a resumed film goes on the same.
    """

    def __init__(self, most: int, state: Mapping[str, Tensor] | None = None) -> None:
        self._most = most
        self._counter = FlashCounter()
        self._shown: Light = np.zeros((0, 0, 3), np.float32)
        if state:
            self._restore(state)

    def __call__(self, image: Tensor, time: Fraction) -> Tensor:
        """The image [3, H, W] of a frame at a time in seconds: itself unless it flashes."""
        light = linear(image.detach().float().cpu().permute(1, 2, 0).numpy())
        shown = next(one for one in self._tried(light, time) if not self._flashes(one, time))
        self._counter.add(luminance(shown), time)
        self._shown = shown
        if shown is light:
            return image
        return torch.from_numpy(_encoded(shown)).permute(2, 0, 1).to(image)

    def _flashes(self, light: Light, time: Fraction) -> bool:
        """Whether a frame would flash too often on a large area."""
        return covers(self._excess(luminance(light), time), NEAR)

    def _excess(self, cells: Cells, time: Fraction) -> NDArray[np.bool_]:
        """The cells that would have flashed too often within the second that ends now."""
        turned = self._counter.changing(cells) != 0
        excess: NDArray[np.bool_] = (self._counter.changes(time) + turned) // 2 > self._most
        return excess

    def _tried(self, light: Light, time: Fraction) -> Iterator[Light]:
        """The frame, and what may be shown in its place: less and less new, at last nothing."""
        yield light
        before = luminance(self._shown)
        light = _relit(light, before, self._target(light, time)[1])
        yield light
        cells = luminance(light)
        target, held = self._target(light, time)
        share = np.where(held, (target - cells) / np.where(held, before - cells, 1), 0)
        yield _mixed(light, self._shown, share)
        for _ in range(CELLS):
            held = cv2.dilate(held.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            yield _mixed(light, self._shown, held.astype(np.float64))
        yield self._shown

    def _target(self, light: Light, time: Fraction) -> tuple[Cells, NDArray[np.bool_]]:
        """The luminance that each cell may have, and the cells that are held back by it.

        It lies between that of the frame and that of the frame before, which did not turn.
        """
        cells, before, counter = luminance(light), luminance(self._shown), self._counter
        turned = counter.changing(cells)
        held = (turned != 0) & self._excess(cells, time)
        up, down = counter.low + HELD, counter.high - HELD
        limit = np.where(turned > 0, np.maximum(up, before), np.minimum(down, before))
        return np.where(held, limit, cells), held

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
            "shown": torch.from_numpy(np.ascontiguousarray(self._shown)),
        }

    def _restore(self, state: Mapping[str, Tensor]) -> None:
        counter = self._counter
        counter.low, counter.high, counter.direction, self._shown = (
            state[name].cpu().numpy() for name in ("low", "high", "direction", "shown")
        )
        for (over, under), cells in zip(state["times"].tolist(), state["turns"], strict=True):
            counter.turns.append(Turn(Fraction(over, under), cells.cpu().numpy()))


def _relit(light: Light, before: Cells, held: NDArray[np.bool_]) -> Light:
    """A frame with the light of the held cells about as it was before, with soft edges."""
    cells = np.maximum(luminance(light), 1e-6)
    wanted = np.where(held, np.log(np.maximum(before, 1e-6) / cells), 0)
    wanted = wanted.clip(-np.log(STRONGEST), np.log(STRONGEST))
    weight = cv2.GaussianBlur(held.astype(np.float64), (0, 0), WIDE)
    soft = cv2.GaussianBlur(wanted, (0, 0), WIDE) / np.maximum(weight, 1e-6)
    near = cv2.blur(cv2.dilate(held.astype(np.float64), np.ones((3, 3))), (3, 3))
    gain = np.exp(_spread(soft * near, light.shape))[..., None]
    return np.asarray((light * gain).clip(0, 1), np.float32)


def _mixed(light: Light, before: Light, share: Cells) -> Light:
    """Mix two frames; `share` is the least share of the one before in each cell."""
    grown = cv2.dilate(share, np.ones((3, 3))).astype(np.float64)
    wide = _spread(grown, light.shape)[..., None]
    return np.asarray(light + wide * (before - light), np.float32)


def _spread(plane: Cells, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Enlarge a plane of cells smoothly to the size of a picture."""
    wide = cv2.resize(plane, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide, np.float32)


def _encoded(light: Light) -> NDArray[np.float32]:
    """Encoded values of linear light 0..1 (IEC 61966-2-1)."""
    bent = 1.055 * np.power(np.maximum(light, 0.0031308), np.float32(1 / 2.4)) - 0.055
    return np.where(light <= 0.0031308, light * 12.92, bent).astype(np.float32)
