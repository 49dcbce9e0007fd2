"""The flash guard: a film that flashes too often is held near its luminance until it may change.

A frame is changed only if more flashes than allowed would lie within the last second, as they are
counted in `dreamvid.motion.flashes`. The light of the cells that would make one too many is first
brought near that of the frame before, as if the lamp had not changed, and the picture goes on
moving. What this leaves, as after a cut, is mixed with the frame before, in the worst case until
the picture stands still. For a second after a frame was changed, smaller changes on smaller areas
count as well, because the codec will change them a little. Only earlier frames matter: the guard
needs the last one, and a few numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamvid.motion.flashes import (
    AREA,
    CELLS,
    CHANGE,
    FIELD,
    SECOND,
    Cells,
    FlashCounter,
    Truth,
    Turn,
    linear,
    luminance,
)

STRICT, LEFT = (0.9 * CHANGE, 0.6 * AREA), 0.9
"""What counts for a second after a frame was changed; the share of a change that is let through."""

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
        self._counters = FlashCounter(), FlashCounter(*STRICT)
        self._shown: Light = np.zeros((0, 0, 3), np.float32)
        self._strict_until = -math.inf
        if state:
            self._restore({name: plane.cpu().numpy() for name, plane in state.items()})

    def __call__(self, image: Tensor, time: Fraction) -> Tensor:
        """The image [3, H, W] of a frame at a time in seconds: itself unless it flashes."""
        light = linear(image.detach().float().cpu().permute(1, 2, 0).numpy())
        shown = next(one for one in self._tried(light, time) if not self._held(one, time).any())
        for counter in self._counters:
            counter.add(luminance(shown), time)
        self._shown = shown
        if shown is light:
            return image
        self._strict_until = float(time + SECOND)
        return torch.from_numpy(_encoded(shown)).permute(2, 0, 1).to(image)

    def _tried(self, light: Light, time: Fraction) -> Iterator[Light]:
        """The frame, and what may be shown in its place: less and less new, at last nothing."""
        yield light
        held = self._held(light, time)
        light = _relit(light, luminance(self._shown), held)
        yield light
        share = self._shares(light, time)
        yield _mixed(light, self._shown, share)
        held = share > 0
        for _ in range(CELLS):
            held = cv2.dilate(held.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            yield _mixed(light, self._shown, held.astype(np.float64))
        yield self._shown

    def _holding(self, cells: Cells, time: Fraction) -> Iterator[tuple[FlashCounter, Truth]]:
        """The counters that are in force, and the cells whose change each of them holds back."""
        strict = float(time) < self._strict_until
        for counter in self._counters if strict else self._counters[:1]:
            changed = counter.changing(cells)
            excess = counter.excess(changed, time, self._most).astype(np.uint8)
            near = cv2.dilate(excess, np.ones((2 * FIELD - 1, 2 * FIELD - 1), np.uint8)) > 0
            yield counter, near & (changed != 0)

    def _held(self, light: Light, time: Fraction) -> Truth:
        """The cells whose change is held back: those that change where it would be too often."""
        holding = [held for _, held in self._holding(luminance(light), time)]
        return np.asarray(np.any(holding, axis=0), np.bool_)

    def _shares(self, light: Light, time: Fraction) -> Cells:
        """The least share of the frame before that keeps each cell below a change."""
        cells, before = luminance(light), luminance(self._shown)
        shares = [np.zeros((CELLS, CELLS))]
        for counter, held in self._holding(cells, time):
            most = LEFT * counter.change
            up, down = counter.low + most, counter.high - most
            limit = np.where(cells > before, np.maximum(up, before), np.minimum(down, before))
            way = np.where(held, before - cells, 1)
            shares.append(np.where(held, (limit - cells) / np.where(way, way, 1), 0).clip(0, 1))
        return np.asarray(np.max(shares, axis=0), np.float64)

    @property
    def state(self) -> dict[str, Tensor]:
        """The state after the last frame, as tensors."""
        kept = {"shown": self._shown, "strict_until": np.array([self._strict_until])}
        for number, counter in enumerate(self._counters):
            kept |= {f"{number}.{name}": getattr(counter, name) for name in _PLANES}
            times = [(turn.time.numerator, turn.time.denominator) for turn in counter.turns]
            turns = [turn.cells for turn in counter.turns]
            kept[f"{number}.times"] = np.array(times, np.int64).reshape(-1, 2)
            kept[f"{number}.turns"] = np.array(turns, bool).reshape(-1, CELLS, CELLS)
        return {name: torch.from_numpy(np.ascontiguousarray(kept[name])) for name in kept}

    def _restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        self._shown, self._strict_until = state["shown"], float(state["strict_until"][0])
        for number, counter in enumerate(self._counters):
            for name in _PLANES:
                setattr(counter, name, state[f"{number}.{name}"])
            times, turns = state[f"{number}.times"].tolist(), state[f"{number}.turns"]
            for (over, under), cells in zip(times, turns, strict=True):
                counter.turns.append(Turn(Fraction(over, under), cells))


_PLANES = ("low", "high", "direction", "changed_at", "counted")
"""The arrays of a counter that are part of the state."""


def _relit(light: Light, before: Cells, held: Truth) -> Light:
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
