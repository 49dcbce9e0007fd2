"""Dreamers and gradients that count what they take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from dreamvid.device.numbers import Number
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Gauge, Gradient, Scale
from dreamvid.dream.views import Places, ViewVariation


class TimedDreamer(Dreamer):
    """A Dreamer that counts the seconds of its ascents."""

    seconds = 0.0

    def ascend(
        self,
        image: Tensor,
        dose: Dose,
        *,
        gauge: Gauge,
        source: Tensor | None = None,
        weight: Tensor | None = None,
        crisp: Number = 0.0,
        first_shift: int = 0,
        places: Places = (),
    ) -> Tensor:
        """Dream on an image like Dreamer, and count the seconds."""
        begin = time.perf_counter()
        result = super().ascend(
            image,
            dose,
            gauge=gauge,
            source=source,
            weight=weight,
            crisp=crisp,
            first_shift=first_shift,
            places=places,
        )
        self.seconds += time.perf_counter() - begin
        return result


@dataclass
class CountingGradient:
    """The gradients of `inner`; counts the pixels of the passes, half for a forward pass alone."""

    inner: Gradient
    pixels: float = 0.0

    def ground(self, image: Tensor, shift: tuple[int, int], scale: Scale) -> Tensor:
        """The gradient of the objective, counted."""
        self.pixels += image.shape[-2] * image.shape[-1]
        return self.inner.ground(image, shift, scale)

    def with_beings(
        self,
        ground: Tensor,
        image: Tensor,
        places: Places,
        looks: Sequence[ViewVariation],
        scale: Scale,
    ) -> Tensor:
        """The same with beings, whose passes are not counted."""
        return self.inner.with_beings(ground, image, places, looks, scale)

    def value(self, image: Tensor) -> Number:
        """The objective at an image, counted."""
        self.pixels += 0.5 * image.shape[-2] * image.shape[-1]
        return self.inner.value(image)
