"""Aligned gradients: train a network whose gradient completes what an image hints at.

Adversarially robust networks have perceptually meaningful gradients; Ganz et al. 2022 ("Do
perceptually aligned gradients imply robustness?") show that the converse also holds, and train the
gradient directly. Here the gradient of a layer's log energy, or of the class's log probability,
with respect to an image that contains only a hint of another is trained to point towards that
other image. This requires double backpropagation (Drucker & Le Cun 1992).

Gradient and target are compared as a dream step uses them: per band of a pyramid, luma and chroma
separately.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from dreamvid.dream.planes import colour_basis

Shaping = Callable[[Tensor], Tensor]
"""Converts a gradient [3, H, W] to the direction of a dream step."""

LUMA = (0.084, 0.21, 0.21, 0.14, 0.056)
CHROMA = (0.006, 0.03, 0.09, 0.105, 0.069)
"""Weights of the bands in the comparison, fine to coarse; they add up to 1."""

FADED, SOFT, COARSE, GRAIN = 0.75, 0.2, 12, 0.08
"""Hints: maximum blending share; probability and width of blur, in pixels; maximum noise."""
COVERED, PATCHES = 0.25, 4
"""Probability that the hint is limited to patches, and the number of patches per side."""

STEPS = (0.005, 0.03)
"""Range of the mean change of the dream step that continues a chain."""


def hinted(grounds: Tensor, full: Tensor) -> Tensor:
    """Blend `grounds` [N, 3, S, S] in 0..1 with a hint of the images `full`.

    The blending share is random; some hints are blurred or limited to patches; noise is added.
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
    """The agreement of gradients [N, 3, S, S] with the wanted direction: -1..1 for each [N].

    The weighted mean of the cosine similarities per band, of luma and of chroma.
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
    """Pyramid bands, fine to coarse, of luma and chroma planes of images [N, 3, S, S]."""
    planes = torch.einsum("ik,nihw->nkhw", colour_basis(images.device), images)
    found = []
    for _ in LUMA[1:]:
        coarse = F.avg_pool2d(planes, 2, ceil_mode=True)
        found.append(planes - F.interpolate(coarse, size=planes.shape[-2:], mode="bilinear"))
        planes = coarse
    return [*found, planes]


@dataclass
class Chains:
    """Images that were changed by dream steps along the network's own gradient.

    After one step a dream differs from hinted images: it shows the network's own patterns. Half of
    each batch is trained on such images (as in Ross et al. 2011, "DAgger", for imitation).
    """

    shaping: Shaping
    _kept: tuple[Tensor, Tensor, Tensor] | None = None

    def joined(
        self, images: Tensor, full: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """A batch of which half is replaced by chains, once there are any."""
        if self._kept is None:
            return images, full, targets
        rest = len(images) - len(self._kept[0])
        fresh = images[:rest], full[:rest], targets[:rest]
        images, full, targets = (torch.cat(pair) for pair in zip(fresh, self._kept, strict=True))
        return images, full, targets

    def advance(self, images: Tensor, full: Tensor, targets: Tensor, gradient: Tensor) -> None:
        """Take a dream step along the gradient on half of a batch, and store the result."""
        half = torch.randperm(len(images), device=images.device)[: len(images) // 2]
        least, most = STEPS
        size = torch.empty(len(half), 1, 1, 1, device=images.device).uniform_(least, most)
        steps = torch.stack([self.shaping(one) for one in gradient[half]])
        steps = steps / steps.abs().mean((1, 2, 3), keepdim=True).clamp_min(1e-20)
        self._kept = ((images[half] + size * steps).clamp(0, 1), full[half], targets[half])
