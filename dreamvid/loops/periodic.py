"""Dream on a periodic texture so that it stays periodic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from dreamvid.dream.beings import REACH, SIZE
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Gauge, Gradient, Health, Scale, Wrapped
from dreamvid.dream.octaves import octave_sizes
from dreamvid.dream.views import OUTER, Places, ViewVariation
from dreamvid.loops.texture import resize_periodic

MARGIN = 128
"""Texels of wrapped context around the texture: about the receptive field of the network."""


class PeriodicDreamer:
    """Dreams with a Dreamer on textures: jitter, octaves and gradients wrap around at the borders.

    `dream(texture) -> texture`, [3, H, W], periodic in both directions if the input is.
    """

    def __init__(self, dream: Dreamer) -> None:
        self._dream = dream.with_gradient(PeriodicGradient)

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Dream on a texture with the full dose."""
        dream, dose = self._dream, self._dream.dose
        if dose.step == 0:
            return image
        image = image.to(dream.device)
        sizes = octave_sizes(
            int(image.shape[1]),
            int(image.shape[2]),
            octaves=len(dose.iterations),
            scale=dream.octave_scale,
            minimum=dream.network.minimum_size // 2,  # the margin adds to the size
        )
        places = dream.places(image)
        dreamed, detail, shift = image, None, 0
        for size, iterations in zip(sizes, dose.iterations[-len(sizes) :], strict=True):
            base = resize_periodic(image, size)
            start = base if detail is None else base + resize_periodic(detail, size)
            once = replace(dose, iterations=(iterations,), shares=(), wraps=True)
            start, gauge = start.clamp(0, 1), Gauge()
            dreamed = dream.ascend(
                start, once, gauge=gauge, source=base, first_shift=shift, places=places
            )
            Health(gauge.noted).check()
            detail = dreamed - base
            shift += iterations
        return dreamed


@dataclass(frozen=True)
class PeriodicGradient(Wrapped):
    """The gradients of periodic textures: those of `whole`, computed with a wrapped margin."""

    whole: Gradient

    def ground(self, image: torch.Tensor, shift: tuple[int, int], scale: Scale) -> torch.Tensor:
        """The gradient of the objective."""
        height, width = image.shape[-2:]
        wide = _across(image.roll(shift, (1, 2)), MARGIN)
        gradient = self.whole.ground(wide, (0, 0), scale)
        gradient = gradient[:, MARGIN : MARGIN + height, MARGIN : MARGIN + width]
        return gradient.roll((-shift[0], -shift[1]), (1, 2))

    def with_beings(
        self,
        ground: torch.Tensor,
        image: torch.Tensor,
        places: Places,
        looks: Sequence[ViewVariation],
        scale: Scale,
    ) -> torch.Tensor:
        """The same, with beings that stand at a side standing at the other as well."""
        height, width = image.shape[-2:]
        shorter = min(height, width)
        margin = round((OUTER + REACH) * SIZE * shorter)
        share = shorter / (shorter + 2 * margin)
        copies = tuple(
            place._replace(
                y=(margin + y * height) / (height + 2 * margin),
                x=(margin + x * width) / (width + 2 * margin),
                size=place.size * share,
            )
            for place in places
            for y in _seen(place.y, OUTER * place.size * shorter / height)
            for x in _seen(place.x, OUTER * place.size * shorter / width)
        )
        ground, image = _across(ground, margin), _across(image, margin)
        update = self.whole.with_beings(ground, image, copies, looks, scale)
        return update[:, margin : margin + height, margin : margin + width]


def _across(planes: torch.Tensor, margin: int) -> torch.Tensor:
    """Planes [C, H, W] with so much of their other sides beyond each side."""
    down, across = (
        torch.arange(-margin, side + margin, device=planes.device) % side
        for side in planes.shape[-2:]
    )
    return planes.index_select(1, down).index_select(2, across)


def _seen(place: float, reach: float) -> list[float]:
    """Where, counted from a line of length 1, what stands on it is seen within reach of it."""
    return [place + lap for lap in (0, -1, 1) if -reach < place + lap < 1 + reach]
