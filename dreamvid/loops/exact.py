"""Exact loops: one dream on a torus, rendered at any length, size and rate; frame N is frame 0.

lattice = fit_lattice(4.0, texture_density(1920, 1080))
texture = PeriodicDreamer(Dreamer())(noise_texture((lattice.height, lattice.width)))
loop = ExactLoop([texture], zoom_view(lattice, 1920, 1080), frames=720, periods=(1, 0))
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.errors import UsageError
from dreamvid.loops.lattice import View
from dreamvid.loops.texture import noise_texture
from dreamvid.loops.torus import TorusView

Array = NDArray[Any]


class ExactLoop:
    """The frames of a loop, [H, W, 3] uint8 (uint16 if `bits` is 16): `loop.frame(k)`, or iterate.

    `textures`, one or several of equal size, slide under the `view` by `periods` whole (heights,
    widths) in `frames` frames. Several textures form a cycle and are cross-faded in turn.
    """

    def __init__(
        self,
        textures: Sequence[torch.Tensor],
        view: View,
        *,
        frames: int,
        periods: tuple[int, int],
        bits: int = 8,
        threads: int | None = None,
    ) -> None:
        if periods == (0, 0) and len(textures) < 2:
            raise UsageError(
                "nothing would move", where="loop", remedy="slide by a period, or evolve"
            )
        if frames < 2:
            raise UsageError(f"a loop of {frames} frames is too short", remedy="give 2 or more")
        self.frames, self._textures, self._bits = frames, list(textures), bits
        first = TorusView(textures[0], view, periods=periods, bits=bits, threads=threads)
        self._views: dict[int, TorusView] = {0: first}

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[Array]:
        return (self.frame(index) for index in range(self.frames))

    def frame(self, index: int) -> Array:
        """Return a frame; `index` and `index + len(loop)` give the same bytes."""
        count = len(self._textures)
        place, rest = divmod(index % self.frames * count, self.frames)
        here = self._view(place, (place + 1) % count).frame(index, self.frames)
        if count == 1 or rest == 0:
            return here
        there = self._view((place + 1) % count, place).frame(index, self.frames)
        share = rest / self.frames
        return np.asarray(cv2.addWeighted(here, 1 - share, there, share, 0))

    def _view(self, place: int, keep: int) -> TorusView:
        """The view of one texture; cached, except that only that of `keep` is retained."""
        if place not in self._views:
            spare = [old for old in self._views if old != keep]
            known = next(iter(self._views.values()))
            view = self._views.pop(spare[0]) if spare else copy.copy(known)
            view.show(self._textures[place])
            self._views[place] = view
        return self._views[place]


def texture_density(width: int, height: int) -> float:
    """Texture density for a zoom of this frame size: sharp up to the middle of the sides."""
    return max(width, height) / math.pi


def noise_cycle(
    start: torch.Tensor, count: int, *, seed: int = 0, contrast: float = 0.1
) -> list[torch.Tensor]:
    """Return `count` variations of a texture by cyclic noise."""
    size = (int(start.shape[1]), int(start.shape[2]))
    one, two = (noise_texture(size, seed=seed + k, contrast=contrast) - 0.5 for k in (1, 2))
    turns = [math.tau * k / count for k in range(count)]
    return [(start + math.cos(a) * one + math.sin(a) * two).clamp(0, 1) for a in turns]


def evolve(
    bases: Sequence[torch.Tensor],
    dream: Callable[[torch.Tensor], torch.Tensor],
    *,
    carry: float = 0.5,
    laps: int = 2,
) -> list[torch.Tensor]:
    """Dream a cycle of textures, each from its base blended with `carry` of the previous dream.

    Per lap the influence of the first start decays by `carry ** len(bases)`, so that the last
    dream leads into the first as smoothly as the others.
    """
    dreams: list[torch.Tensor] = []
    previous: torch.Tensor | None = None
    for lap in range(laps):
        for base in bases:
            start = base if previous is None else torch.lerp(base, previous.to(base.device), carry)
            previous = dream(start).cpu()
            if lap == laps - 1:
                dreams.append(previous)
    return dreams
