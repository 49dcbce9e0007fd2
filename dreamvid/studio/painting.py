"""A dream that is shown while it grows, and ends when it is not wanted any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Watched
from dreamvid.dream.objectives import Activations, Objective
from dreamvid.dream.octaves import resize
from dreamvid.image import jpeg, to_array
from dreamvid.studio.channel import Reply

PAINT_EVERY: Final = 0.1
"""Least seconds from one picture of the same octave to the next."""
DRAFT, FINAL = 80, 95
"""Qualities of JPEGs."""


class Painter:
    """Sends pictures of a dream of `source` [3, H, W] while it grows, now and then.

    `finish(dreamed)` makes the picture that is shown of the region that grows; it has `octaves`.
    """

    def __init__(self, reply: Reply, source: Tensor) -> None:
        self._reply, self._source = reply, source
        self._last, self._left = -PAINT_EVERY, 0
        self.finish: Callable[[Tensor], Tensor] = lambda dreamed: dreamed
        self.octaves = 1

    def watch(self, dream: Dreamer) -> Dreamer:
        """A Dreamer whose dream is shown by this."""
        height, width = int(self._source.shape[1]), int(self._source.shape[2])
        fitted = dream.fitted(height, width)
        self.octaves = max(1, len(fitted.dose.iterations) - fitted.skipped(height, width))
        return dream.with_gradient(lambda gradient: Watched(gradient, self.show))

    def show(self, image: Tensor, key: str) -> None:
        """Show an image of an octave, unless one was just shown; may raise Cancelled.

        The `key` is that of the gradient: the octaves that are left, 1 at the largest, and the
        iteration.
        """
        self._reply.check()
        image = image[:3].to(self._source.device)
        left, iteration = map(int, key.split("."))
        now, begins = time.monotonic(), left != self._left
        untouched = begins and left == self.octaves
        self._left = left
        if untouched or (not begins and now - self._last < PAINT_EVERY):
            return
        self._last = now
        base = resize(self._source, (image.shape[-2], image.shape[-1]))
        size = self._source.shape[-2], self._source.shape[-1]
        whole = (self._source + resize(image - base, size)).clamp(0, 1)
        self.send(whole, octave=self.octaves - left + 1, iteration=iteration)

    def send(self, dreamed: Tensor, *, octave: int, iteration: int, final: bool = False) -> None:
        """Send a picture of the dream."""
        data = picture(self.finish(dreamed), FINAL if final else DRAFT)
        self._reply.send("picture", data, octave=octave, octaves=self.octaves,
                         iteration=iteration, final=final)  # fmt: skip


class Checked:
    """The Dreamers of a sequence, which ends between two updates when it is not wanted.

    Each is the same as long as that of `dream` is: the carry compares them.
    """

    def __init__(self, reply: Reply, dream: Callable[[int], Dreamer], first: int) -> None:
        self._reply, self._dream, self._first = reply, dream, first
        self._known: dict[int, tuple[Dreamer, Dreamer]] = {}

    def __call__(self, index: int) -> Dreamer:
        """The Dreamer of a frame of the strip, whose first frame is `first` of the film."""
        plain = self._dream(self._first + index)
        if id(plain) not in self._known:
            checked = plain.with_gradient(lambda gradient: Watched(gradient, self._check))
            self._known[id(plain)] = plain, checked
        return self._known[id(plain)][1]

    def _check(self, image: Tensor, key: str) -> None:
        self._reply.check()


def checking(reply: Reply, objective: Objective) -> Objective:
    """An objective that is given up when its picture is not wanted any more."""

    def value(activations: Activations) -> Tensor:
        reply.check()
        return objective.value(activations)

    return replace(objective, value=value)


def picture(image: Tensor, quality: int | None = None) -> bytes:
    """An image [3, H, W] as a JPEG, of the quality FINAL unless another is given."""
    array: NDArray[np.uint8] = to_array(image).astype(np.uint8)
    return jpeg(array, quality or FINAL, all_colours=True)  # dreams have sharp ones
