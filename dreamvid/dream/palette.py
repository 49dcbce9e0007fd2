"""Palettes: give a dream the colours of its source, or of another picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from dreamvid.device.numbers import column, stays
from dreamvid.dream.planes import LUMA

Recolour = Callable[[Tensor, Tensor], Tensor]
"""Changes the colours of a dreamed image, given its source."""

FAINT = 1e-6
"""Added to every variance: the colours of a grey or flat image have no spread in some direction."""


@dataclass(frozen=True, eq=False)
class Palette:
    """The mean [3] and the covariance [3, 3] of the colours of a picture, in float64 on the CPU.

    Without them the colours are those of the source of each image. `palette(image, source)` moves
    the colours of an image [3, H, W] by the linear map that changes them least: the
    Monge-Kantorovich map of two Gaussians (Pitie and Kokaram 2007).
    """

    mean: Tensor | None = None
    covariance: Tensor | None = None

    @classmethod
    def of(cls, image: Tensor) -> Self:
        """The palette of an image [3, H, W]; waits for its device, which need not have float64."""
        colours = image.flatten(1) if stays(image.device) else image.flatten(1).double()
        mean = colours.mean(dim=1, keepdim=True)
        centred = colours - mean
        spread = centred @ centred.T / colours.shape[1]
        found = torch.cat((mean, spread), dim=1).cpu().double()
        return cls(found[:, 0], found[:, 1:])

    def __call__(self, image: Tensor, source: Tensor) -> Tensor:
        """The image with the colours of this palette, in 0..1."""
        wanted = self if self.mean is not None else Palette.of(source)
        assert wanted.mean is not None and wanted.covariance is not None
        own = Palette.of(image)
        assert own.mean is not None and own.covariance is not None
        faint = FAINT * torch.eye(3, dtype=torch.float64)
        root = _root(own.covariance + faint)
        inverse = torch.linalg.inv(root)
        turn = inverse @ _root(root @ (wanted.covariance + faint) @ root) @ inverse
        shift = wanted.mean - turn @ own.mean
        mapped: Tensor = turn.to(image) @ image.flatten(1) + shift.to(image)[:, None]
        return mapped.view_as(image).clamp(0, 1)


def keep_colours(image: Tensor, source: Tensor) -> Tensor:
    """The source [3, H, W] with only its luma changed, to that of the image."""
    weights = column(LUMA, image.device).flatten()
    change: Tensor = torch.tensordot(weights, image - source, dims=1)
    return (source + change).clamp(0, 1)


def _root(matrix: Tensor) -> Tensor:
    """The square root of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors @ values.clamp_min(0).sqrt().diag() @ vectors.T
    return root
