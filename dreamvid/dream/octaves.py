"""The sizes a picture is dreamed at, and the way between them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch.nn import functional

Size = tuple[int, int]


OCTAVE_SCALE = 1.4
"""Ratio of neighbouring octaves (Mordvintsev et al. 2015)."""

COARSEST = 200
"""Shorter side, in pixels, that the smallest octave of a picture should have."""

GOLDEN = 0.6180339887498949
"""Steps of this share round a circle leave no gap for long (the golden ratio)."""


def octaves_for(
    height: int, width: int, scale: float = OCTAVE_SCALE, *, coarsest: int = COARSEST
) -> int:
    """How many octaves keep the largest features the same share of a picture of any size.

    The shorter side of the smallest octave is then about `coarsest` pixels.
    """
    more = math.log(max(1.0, min(height, width) / coarsest)) / math.log(scale)
    return 1 + round(more)


def octave_sizes(
    height: int, width: int, *, octaves: int, scale: float, minimum: int
) -> list[Size]:
    """Give the sizes (height, width) to dream at, small to large, the last the picture's own.

    Each is `scale` times smaller than the next. Sizes whose shorter side is below `minimum`
    pixels are left out, but never the picture's own.
    """
    sizes = [(round(height / scale**k), round(width / scale**k)) for k in range(octaves)]
    return [size for k, size in enumerate(sizes) if k == 0 or min(size) >= minimum][::-1]


def swayed(size: Size, sway: float) -> Iterator[Size]:
    """Give sizes for ever, up to exp(`sway`) times larger or smaller, evenly spread between."""
    place = 0.5
    while True:
        factor = math.exp(sway * (2 * place - 1))
        yield round(factor * size[0]), round(factor * size[1])
        place = (place + GOLDEN) % 1.0


def resize(planes: torch.Tensor, size: Size) -> torch.Tensor:
    """Resample planes [C, H, W] to a size (height, width): bicubic, antialiased when it shrinks."""
    height, width = planes.shape[-2:]
    if (height, width) == size:
        return planes
    # A GPU's kernel has no room for what shrinks by more than some 47 times.
    source = _anywhere(planes, but=max(height / size[0], width / size[1]) > 40)
    return functional.interpolate(
        source[None], size, mode="bicubic", antialias=True, align_corners=False
    )[0].to(planes.device)


def shrink(image: torch.Tensor, longest: int) -> torch.Tensor:
    """Make an image [3, H, W] smaller, so that no side is above `longest` pixels."""
    height, width = image.shape[-2:]
    scale = min(1.0, longest / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    return resize(image, size).clamp(0, 1)


def blur_wide(planes: torch.Tensor, *, share: int = 16) -> torch.Tensor:
    """Average planes [C, H, W] over some `share`-ths of their sides, cheaply and without a seam."""
    size = planes.shape[-2:]
    coarse = (max(4, size[0] // share), max(4, size[1] // share))
    small = functional.interpolate(_anywhere(planes)[None], coarse, mode="area").to(planes.device)
    small = functional.avg_pool2d(functional.pad(small, (2, 2, 2, 2), mode="replicate"), 5, 1)
    return functional.interpolate(small, size, mode="bilinear", align_corners=False)[0]


def soften(planes: torch.Tensor) -> torch.Tensor:
    """Average each value of planes [C, H, W] with its neighbours, weights 1 2 1 both ways."""
    wide = functional.pad(planes[None], (1, 1, 1, 1), mode="replicate")[0]
    rows = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    return (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 4


def _anywhere(planes: torch.Tensor, *, but: bool = False) -> torch.Tensor:
    """Planes where they can be resampled: on the CPU if `but`, or if their device is MPS.

    MPS has no areas that do not divide the whole (pytorch#96056), and before torch 2.8 no
    antialiasing.
    """
    return planes.cpu() if but or planes.device.type == "mps" else planes
