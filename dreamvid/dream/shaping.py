"""The shaped gradient: balance colours and detail sizes before each update.

A raw RGB gradient is strongest in the finest detail, in colours that photographs do not have there,
and causes rainbow fringes. It is therefore split into a luma and two chroma planes (the colour
decorrelation of Olah et al. 2017, "Feature Visualization") and these into bands of a pyramid
(Laplacian-normalised gradients, as in TensorFlow's DeepDream tutorial, 2016); each band of each
plane is divided by its magnitude, weighted, and recombined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from dreamvid.device.numbers import kept_by_stream
from dreamvid.dream.planes import colour_basis
from dreamvid.errors import UsageError

Running = Callable[[str, Tensor], Tensor]
"""Updates the running mean of a named value and returns it."""

BANDS = 5
SMALLEST_BAND = 8
"""An image is halved for another band only while its shorter side is at least this."""

LUMA = (0.5, 1.0, 1.0, 0.8, 0.25)
CHROMA = (0.1, 0.4, 1.0, 1.0, 0.6)
"""Weights of the bands, fine to coarse; photographs have little chroma in fine detail."""

RED_BLUE, GREEN_MAGENTA = 0.41, 0.20
"""Magnitude of each chroma plane relative to luma."""

FAINTEST = 0.01
"""Lower bound of a band's magnitude, as a share of its plane: avoids amplifying noise."""


@dataclass(frozen=True)
class Shape:
    """How a gradient is shaped.

    `colours` scales the chroma planes: 0 changes only luma, 1 is natural, 3 vivid. `detail` shifts
    weight between the bands: 2 doubles the finest band and halves the coarsest, 0.5 the opposite.
    Raises UsageError for negative values, or a detail of 0.
    """

    colours: float = 1.0
    detail: float = 1.0

    def __post_init__(self) -> None:
        if not self.colours >= 0:
            raise UsageError(f"{self.colours} is too small", where="colours", remedy="give 0 to 3")
        if not self.detail > 0:
            raise UsageError(f"{self.detail} is too small", where="detail", remedy="give 0.25 to 4")

    def __call__(self, gradient: Tensor, running: Running, key: str) -> Tensor:
        """Shape a gradient [3, H, W].

        Bands are divided by the running mean of their root mean square, stored under `key`:
        normalising each frame by itself would cause flicker.
        """
        basis = colour_basis(gradient.device)
        planes = (basis.T @ gradient.flatten(1)).view_as(gradient)
        levels = [planes]
        while len(levels) < BANDS and min(planes.shape[1:]) >= SMALLEST_BAND:
            planes = _halved(planes)
            levels.append(planes)
        scales = self._scales(levels, running, key)
        del planes  # levels are freed as soon as they are used: of a large picture each is large
        coarse = levels.pop()
        shaped = scales[-1] * coarse
        for k in range(len(levels) - 1, -1, -1):
            below, coarse = scales[k] * coarse, levels.pop()
            shaped = _doubled(shaped - below, coarse.shape[1:])
            shaped.addcmul_(coarse, scales[k].expand_as(coarse))
        del coarse
        mixed: Tensor = basis @ shaped.flatten(1)
        return mixed.view_as(gradient)

    def _scales(self, levels: list[Tensor], running: Running, key: str) -> list[Tensor]:
        """The factor of each band and plane [3, 1, 1], fine to coarse.

        The energy of a band is the difference of the energies before and after halving: bands from
        2x2 averages are orthogonal.
        """
        # Sum by rows: the order of a full sum depends on the number of threads.
        energy = [level.square().mean(dim=2).mean(dim=1) for level in levels]
        bands = [fine - coarse for fine, coarse in pairwise(energy)] + energy[-1:]
        # Rounding, or the repeated line of an odd side, may make a faint band's energy negative.
        least = FAINTEST**2 * energy[0]
        sizes = running(f"{key}.bands", torch.maximum(torch.stack(bands), least).sqrt())
        weights = band_weights(self.colours, self.detail, sizes.device)[: len(levels)]
        return list((weights / (sizes + 1e-20))[..., None, None].unbind())


@kept_by_stream(64)  # schedules may change them every frame
def band_weights(colours: float, detail: float, device: torch.device) -> Tensor:
    """The weight of each band (rows, fine to coarse) of each plane (columns) [BANDS, 3].

    `detail` preserves the total weight of luma and of chroma.
    """
    tilt = torch.tensor(detail).pow(torch.linspace(1, -1, BANDS))
    luma, chroma = (_tilted(torch.tensor(w), tilt) for w in (LUMA, CHROMA))
    red_blue, green_magenta = RED_BLUE * colours, GREEN_MAGENTA * colours
    return torch.stack((luma, red_blue * chroma, green_magenta * chroma), dim=1).to(device)


def _tilted(weights: Tensor, tilt: Tensor) -> Tensor:
    tilted = weights * tilt
    return tilted.mul_(weights.norm() / tilted.norm())


def _halved(planes: Tensor) -> Tensor:
    """Average planes [C, H, W] over 2x2 pixels; odd sides repeat their last line."""
    height, width = planes.shape[1:]
    if height % 2:
        planes = torch.cat((planes, planes[:, -1:]), dim=1)
    if width % 2:
        planes = torch.cat((planes, planes[..., -1:]), dim=2)
    rows = planes[:, ::2] + planes[:, 1::2]
    return (rows[..., ::2] + rows[..., 1::2]).mul_(0.25)


def _doubled(planes: Tensor, size: torch.Size) -> Tensor:
    """Enlarge planes [C, h, w] twice along both sides by linear interpolation, to a size."""
    channels, height, width = planes.shape
    wide = torch.cat((planes[..., :1], planes, planes[..., -1:]), dim=2)
    rows = planes.new_empty(channels, height, 2 * width)
    torch.lerp(planes, wide[..., :-2], 0.25, out=rows[..., ::2])
    torch.lerp(planes, wide[..., 2:], 0.25, out=rows[..., 1::2])
    tall = torch.cat((rows[:, :1], rows, rows[:, -1:]), dim=1)
    doubled = planes.new_empty(channels, 2 * height, 2 * width)
    torch.lerp(rows, tall[:, :-2], 0.25, out=doubled[:, ::2])
    torch.lerp(rows, tall[:, 2:], 0.25, out=doubled[:, 1::2])
    return doubled[:, : size[0], : size[1]]
