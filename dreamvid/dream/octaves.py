"""The octaves of an image: their sizes, and resampling between them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch.nn import functional

Size = tuple[int, int]


OCTAVE_SCALE = 1.4
"""Ratio between neighbouring octaves (Mordvintsev et al. 2015)."""

COARSEST = 200
"""Target for the shorter side of the smallest octave, in pixels."""

GOLDEN = 0.6180339887498949
"""Steps of this share round a circle leave no gap for long (the golden ratio)."""


def octaves_for(
    height: int, width: int, scale: float = OCTAVE_SCALE, *, coarsest: int = COARSEST
) -> int:
    """The number of octaves that makes the largest features the same share of any image.

    The shorter side of the smallest octave is then about `coarsest` pixels.
    """
    more = math.log(max(1.0, min(height, width) / coarsest)) / math.log(scale)
    return 1 + round(more)


def octave_sizes(
    height: int, width: int, *, octaves: int, scale: float, minimum: int
) -> list[Size]:
    """Return the octave sizes (height, width), small to large; the last is that of the image.

    Each is `scale` times smaller than the next. Sizes whose shorter side is below `minimum`
    pixels are skipped, except the last.
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
    """Resample planes [C, H, W] to a size (height, width): bicubic, antialiased if smaller."""
    height, width = planes.shape[-2:]
    if (height, width) == size:
        return planes
    # The GPU kernel fails for reductions by more than about 47 times.
    source = _resamplable(planes, to_cpu=max(height / size[0], width / size[1]) > 40)
    return functional.interpolate(
        source[None], size, mode="bicubic", antialias=True, align_corners=False
    )[0].to(planes.device)


def shrink(image: torch.Tensor, longest: int) -> torch.Tensor:
    """Shrink an image [3, H, W] so that no side exceeds `longest` pixels."""
    height, width = image.shape[-2:]
    scale = min(1.0, longest / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    return resize(image, size).clamp(0, 1)


def blur_wide(planes: torch.Tensor, *, share: int = 16) -> torch.Tensor:
    """Blur planes [C, H, W] over a few 1/`share` of their sides, cheaply and smoothly."""
    size = planes.shape[-2:]
    coarse = (max(4, size[0] // share), max(4, size[1] // share))
    small = functional.interpolate(_resamplable(planes)[None], coarse, mode="area").to(
        planes.device
    )
    small = functional.avg_pool2d(functional.pad(small, (2, 2, 2, 2), mode="replicate"), 5, 1)
    return functional.interpolate(small, size, mode="bilinear", align_corners=False)[0]


def soften(planes: torch.Tensor) -> torch.Tensor:
    """Blur planes [C, H, W] with the separable kernel 1 2 1."""
    wide = functional.pad(planes[None], (1, 1, 1, 1), mode="replicate")[0]
    rows = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    return (rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 4


def _resamplable(planes: torch.Tensor, *, to_cpu: bool = False) -> torch.Tensor:
    """Move planes to the CPU for resampling if `to_cpu`, or if their device is MPS.

    MPS does not support area resampling by non-integer factors (pytorch#96056), nor antialiasing
    before torch 2.8.
    """
    return planes.cpu() if to_cpu or planes.device.type == "mps" else planes
