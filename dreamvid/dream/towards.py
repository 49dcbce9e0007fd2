"""The gradients of an objective with a likeness, whose exemplar is laid over the image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dreamvid.device.numbers import Number
from dreamvid.dream.gradient import Gradient, Scale, Wrapped
from dreamvid.dream.likeness import Exemplar, colour_share, colour_step, laid_over, side_by_side


@dataclass(frozen=True)
class Towards(Wrapped):
    """The gradients of `whole`, an anchored objective, towards the image with an exemplar on it.

    The `exemplar` is laid over the whole image, once or more, side by side: for pictures, not for
    images that wrap. The value contains the likeness.
    """

    whole: Gradient
    exemplar: Exemplar

    def ground(self, image: Tensor, shift: tuple[int, int], scale: Scale) -> Tensor:
        """The gradient of the objective, and the colours of the exemplar."""
        image = image[:3]
        wanted = self._on(image)
        gradient = self.whole.ground(torch.cat((image, wanted)), shift, scale)
        colour = self.exemplar.colour * colour_share(scale.shape)
        return gradient.add_(colour_step(image, wanted), alpha=colour) if colour else gradient

    def value(self, image: Tensor) -> Number:
        """The objective of `whole` at an image."""
        return self.whole.value(torch.cat((image[:3], self._on(image[:3]))))

    def _on(self, image: Tensor) -> Tensor:
        size = (image.shape[-2], image.shape[-1])
        return laid_over(image, side_by_side(self.exemplar.picture.to(image), size))
