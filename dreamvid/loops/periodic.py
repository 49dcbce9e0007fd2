"""Dreaming on a texture so that its sides still meet: everything wraps around."""

from __future__ import annotations

import torch

from dreamvid.dream.dreamer import Dose, Dreamer, Gauge
from dreamvid.dream.octaves import octave_sizes
from dreamvid.loops.texture import resize_periodic

MARGIN = 128
"""Texels of the other side that the network sees beyond each side: about its receptive field."""


class PeriodicDreamer(Dreamer):
    """A Dreamer for textures: jitter rolls, octaves resize and gradients see across the sides.

    `dream(texture) -> texture`, [3, H, W], periodic both ways if the given one was.
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
            minimum=self.network.minimum_size // 2,  # the margin is there besides
        )
        dreamed, detail, turn = image, None, 0
        rounds = self.dose.iterations[-len(sizes) :]
        for size, iterations in zip(sizes, rounds, strict=True):
            base = resize_periodic(image, size)
            start = base if detail is None else base + resize_periodic(detail, size)
            dose = Dose((iterations,), self.dose.step)
            dreamed = self.ascend(start.clamp(0, 1), dose, gauge=Gauge(), turn=turn)
            detail = dreamed - base
            turn += iterations
        return dreamed

    def _direction(
        self, image: torch.Tensor, shift: tuple[int, int], gauge: Gauge, key: str
    ) -> torch.Tensor:
        """The normalised gradient of the texture, seen with a margin of its other sides."""
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
