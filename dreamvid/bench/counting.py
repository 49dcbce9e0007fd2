"""Dreamers and gradients that count what they take."""

from __future__ import annotations

import time
from dataclasses import dataclass

from torch import Tensor

from dreamvid.device.numbers import Number
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Gauge, Gradient, Scale, Wrapped
from dreamvid.dream.views import Places


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
class CountingGradient(Wrapped):
    """The gradients of `whole`; counts the pixels of the passes, half for a forward pass alone.

    The passes of beings are not counted.
    """

    whole: Gradient
    pixels: float = 0.0

    def ground(self, image: Tensor, shift: tuple[int, int], scale: Scale) -> Tensor:
        """The gradient of the objective, counted."""
        self.pixels += image.shape[-2] * image.shape[-1]
        return self.whole.ground(image, shift, scale)

    def value(self, image: Tensor) -> Number:
        """The objective at an image, counted."""
        self.pixels += 0.5 * image.shape[-2] * image.shape[-1]
        return self.whole.value(image)
