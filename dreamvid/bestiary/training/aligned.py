"""Aligned gradients: a network whose gradient paints what a picture hints at.

Networks that withstand attacks have gradients people can read; Ganz et al. 2022 ("Do perceptually
aligned gradients imply robustness?") show that the converse holds as well, and train the gradient
directly. Here the gradient of a layer's log energy, or of the class's log-probability, with respect
to a picture that only hints at another is drawn towards what is missing of that other one. It takes
differentiating twice (Drucker & Le Cun 1992, "double backpropagation").

Gradient and target are compared as a dream step uses them: band by band of a pyramid, luma and
chroma apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from dreamvid.dream.planes import colour_basis

Shaping = Callable[[Tensor], Tensor]
"""Makes the direction of a dream step [3, H, W] of a gradient."""

LUMA = (0.084, 0.21, 0.21, 0.14, 0.056)
CHROMA = (0.006, 0.03, 0.09, 0.105, 0.069)
"""Weights of the bands in the comparison, fine to coarse; together they are 1."""

FADED, SOFT, COARSE, GRAIN = 0.75, 0.2, 12, 0.08
"""Hints: the largest share of the picture; how often it is shown blurred, over how many pixels; the
largest noise."""
COVERED, PATCHES = 0.25, 4
"""How often the picture shows through only in places, and how many patches there are across."""

STEPS = (0.005, 0.03)
"""The range of the mean change of a dream step that goes on with a chain."""


def hinted(grounds: Tensor, full: Tensor) -> Tensor:
    """Images [N, 3, S, S] in 0..1 of `grounds` with a hint of the images `full`.

    They shine through faintly or strongly, some blurred, some in places only, below noise.
    """
    one = (len(full), 1, 1, 1)
    share = FADED * torch.rand(one, device=full.device).square()
    soft = F.avg_pool2d(full, min(COARSE, full.shape[-1]))
    soft = F.interpolate(soft, size=full.shape[-2:], mode="bilinear")
    shown = torch.where(_chance(full, SOFT), soft, full)
    patches = torch.randn(len(full), 1, PATCHES, PATCHES, device=full.device)
    patches = F.interpolate(patches, size=full.shape[-2:], mode="bicubic").mul(4).sigmoid()
    share = torch.where(_chance(full, COVERED), (share + 0.25) * patches, share)
    noise = GRAIN * torch.rand(one, device=full.device) * torch.randn_like(full)
    return (grounds + share * (shown - grounds) + noise).clamp(0, 1)


def _chance(images: Tensor, chance: float) -> Tensor:
    return torch.rand(len(images), 1, 1, 1, device=images.device) < chance


def agreement(gradient: Tensor, wanted: Tensor) -> Tensor:
    """How well gradients [N, 3, S, S] point where they are wanted to: -1..1 for each [N].

    The mean of the cosines in each band of luma, and of the two chroma planes together.
    """
    total = gradient.new_zeros(len(gradient))
    for ours, theirs, luma, chroma in zip(
        bands(gradient), bands(wanted), LUMA, CHROMA, strict=True
    ):
        total = total + luma * _cosine(ours[:, :1], theirs[:, :1])
        total = total + chroma * _cosine(ours[:, 1:], theirs[:, 1:])
    return total


def _cosine(a: Tensor, b: Tensor) -> Tensor:
    return F.cosine_similarity(a.flatten(1), b.flatten(1), dim=1, eps=1e-9)


def bands(images: Tensor) -> list[Tensor]:
    """Bands of a pyramid, fine to coarse, of luma and two chroma planes of images [N, 3, S, S]."""
    planes = torch.einsum("ik,nihw->nkhw", colour_basis(images.device), images)
    found = []
    for _ in LUMA[1:]:
        coarse = F.avg_pool2d(planes, 2, ceil_mode=True)
        found.append(planes - F.interpolate(coarse, size=planes.shape[-2:], mode="bilinear"))
        planes = coarse
    return [*found, planes]


@dataclass
class Chains:
    """Pictures that go on from where the network's own gradient has led them.

    A dream is no hinted picture: after one step it shows what this network paints. Half of each
    batch learns from there (as Ross et al. 2011, "DAgger", for imitation).
    """

    shaping: Shaping
    _kept: tuple[Tensor, Tensor, Tensor] | None = None

    def joined(
        self, images: Tensor, full: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """A batch, half of it replaced by chains once there are any."""
        if self._kept is None:
            return images, full, targets
        rest = len(images) - len(self._kept[0])
        fresh = images[:rest], full[:rest], targets[:rest]
        images, full, targets = (torch.cat(pair) for pair in zip(fresh, self._kept, strict=True))
        return images, full, targets

    def go_on(self, images: Tensor, full: Tensor, targets: Tensor, gradient: Tensor) -> None:
        """Take a dream step along the gradient on half of a batch, and keep that."""
        half = torch.randperm(len(images), device=images.device)[: len(images) // 2]
        least, most = STEPS
        size = torch.empty(len(half), 1, 1, 1, device=images.device).uniform_(least, most)
        steps = torch.stack([self.shaping(one) for one in gradient[half]])
        steps = steps / steps.abs().mean((1, 2, 3), keepdim=True).clamp_min(1e-20)
        self._kept = ((images[half] + size * steps).clamp(0, 1), full[half], targets[half])
