"""The tone of an image: brightness, colour spread and sharpness, held constant over a zoom.

In a zoom each frame is made from the previous one, so that the smallest bias accumulates until the
image is blurred, overexposed or grey. The tone is therefore corrected after every frame.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.device.numbers import Number, column, larger, limited, number
from dreamvid.dream.octaves import soften
from dreamvid.dream.planes import luma_shares

EASE = 0.7
"""Share of the sharpness that is held: fine lines of an image are sharper than any dream, and
enforcing their sharpness causes halos."""


class Tone(NamedTuple):
    """Mean and standard deviation of each colour, 0..1, and the sharpness `hf`."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]
    sharpness: float


def tone_of(image: Tensor) -> Tone:
    """Measure the tone of an image [3, H, W]."""
    planes = image.flatten(1)
    return Tone(
        tuple(planes.mean(dim=1).tolist()),
        tuple(planes.std(dim=1, correction=0).tolist()),
        float(sharpness(image)),
    )


def hold_tone(image: Tensor, wanted: Tone) -> Tensor:
    """Correct an image [3, H, W] to the tone `wanted`: first sharpness, then colours."""
    soft = soften(image)
    now, least, goal = sharpness(image), sharpness(soft), EASE * wanted.sharpness
    share = limited((now - goal) / larger(1e-6, now - least), -0.25, 0.5)
    image = image + share * (soft - image)
    planes = image.flatten(1)
    mean, spread = planes.mean(dim=1).view(3, 1, 1), planes.std(dim=1, correction=0).view(3, 1, 1)
    middle, width = (column(v, image.device) for v in (wanted.mean, wanted.spread))
    return ((image - mean) * (width / spread.clamp_min(1e-6)) + middle).clamp_(0, 1)


TAPS = -1.0, 6.0, -15.0, 20.0, -15.0, 6.0, -1.0
"""The kernel of the finest detail, times 64."""


def damp_finest(image: Tensor) -> Tensor:
    """Remove a quarter of the energy at the Nyquist frequency from an image [3, H, W].

    Resampling by a fraction of a pixel attenuates such detail, an integer shift does not: without
    this filter it accumulates along the row and column through the centre of a zoom. The share
    removed is ((1 - cos w) / 2)^3 / 4 at w radians a pixel, along either axis.
    """
    taps = column(TAPS, image.device) / 64 / 4
    for size, margin in (((1, 7), (3, 3, 0, 0)), ((7, 1), (0, 0, 3, 3))):
        wide = functional.pad(image[None], margin, mode="replicate")
        kernel = taps.view(1, 1, *size).expand(3, 1, *size)
        image = image - functional.conv2d(wide, kernel, groups=3)[0]
    return image


def sharpness(image: Tensor, shown: Tensor | None = None) -> Number:
    """The standard deviation of the Laplacian of luma: `hf` of the measures; inside a mask."""
    luma = torch.einsum("chw,c->hw", image, luma_shares(image.device))
    plane = functional.pad(luma[None, None], (1, 1, 1, 1), mode="replicate")
    centre = plane[..., 1:-1, 1:-1]
    around = plane[..., :-2, 1:-1] + plane[..., 2:, 1:-1] + plane[..., 1:-1, :-2]
    edges = around + plane[..., 1:-1, 2:] - 4 * centre
    if shown is None:
        return number(edges.std(correction=0))
    share = shown.mean()
    mean = (shown * edges).mean() / share
    return number(((shown * (edges - mean).square()).mean() / share).sqrt())
