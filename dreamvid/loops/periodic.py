"""Dream on a periodic texture so that it stays periodic."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from dreamvid.dream.beings import OUTER, REACH, SIZE, Places, ViewVariation
from dreamvid.dream.dreamer import Dose, Dreamer, Gauge
from dreamvid.dream.octaves import octave_sizes
from dreamvid.loops.texture import resize_periodic

MARGIN = 128
"""Texels of wrapped context around the texture: about the receptive field of the network."""


class PeriodicDreamer(Dreamer):
    """A Dreamer for textures: jitter, octaves and gradients wrap around at the borders.

    `dream(texture) -> texture`, [3, H, W], periodic in both directions if the input is.
    """

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Dream on a texture with the full dose."""
        if self.dose.step == 0:
            return image
        image = image.to(self.device)
        sizes = octave_sizes(
            int(image.shape[1]),
            int(image.shape[2]),
            octaves=len(self.dose.iterations),
            scale=self.octave_scale,
            minimum=self.network.minimum_size // 2,  # the margin adds to the size
        )
        places = self.places(image)
        dreamed, detail, shift = image, None, 0
        rounds = self.dose.iterations[-len(sizes) :]
        for size, iterations in zip(sizes, rounds, strict=True):
            base = resize_periodic(image, size)
            start = base if detail is None else base + resize_periodic(detail, size)
            dose = Dose((iterations,), self.dose.step)
            start = start.clamp(0, 1)
            dreamed = self.ascend(start, dose, gauge=Gauge(), first_shift=shift, places=places)
            detail = dreamed - base
            shift += iterations
        return dreamed

    def _direction(
        self, image: torch.Tensor, shift: tuple[int, int], gauge: Gauge, key: str
    ) -> torch.Tensor:
        """The normalised gradient of the texture, computed with a wrapped margin."""
        height, width = image.shape[-2:]
        wide = _across(image.roll(shift, (1, 2)), MARGIN)
        gradient = super()._direction(wide, (0, 0), gauge, key)
        gradient = gradient[:, MARGIN : MARGIN + height, MARGIN : MARGIN + width]
        return gradient.roll((-shift[0], -shift[1]), (1, 2))

    def _blend_beings(
        self,
        ground: torch.Tensor,
        image: torch.Tensor,
        places: Places,
        looks: Sequence[ViewVariation],
        gauge: Gauge,
        key: str,
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
        update = super()._blend_beings(ground, image, copies, looks, gauge, key)
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
