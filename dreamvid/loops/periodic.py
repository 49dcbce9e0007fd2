"""Dream on a periodic texture so that it stays periodic."""

from __future__ import annotations

import torch

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
        dreamed, detail, shift = image, None, 0
        rounds = self.dose.iterations[-len(sizes) :]
        for size, iterations in zip(sizes, rounds, strict=True):
            base = resize_periodic(image, size)
            start = base if detail is None else base + resize_periodic(detail, size)
            dose = Dose((iterations,), self.dose.step)
            dreamed = self.ascend(start.clamp(0, 1), dose, gauge=Gauge(), first_shift=shift)
            detail = dreamed - base
            shift += iterations
        return dreamed

    def _direction(
        self, image: torch.Tensor, shift: tuple[int, int], gauge: Gauge, key: str
    ) -> torch.Tensor:
        """The normalised gradient of the texture, computed with a wrapped margin."""
        height, width = image.shape[-2:]
        rolled = image.roll(shift, (1, 2))
        down, across = (
            torch.arange(-MARGIN, side + MARGIN, device=image.device) % side
            for side in (height, width)
        )
        wide = rolled.index_select(1, down).index_select(2, across)
        gradient = super()._direction(wide, (0, 0), gauge, key)
        gradient = gradient[:, MARGIN : MARGIN + height, MARGIN : MARGIN + width]
        return gradient.roll((-shift[0], -shift[1]), (1, 2))
