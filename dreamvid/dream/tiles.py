"""Gradients of images that do not fit in memory, computed on overlapping tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise, product

import torch

MARGIN = 128
"""Overlap of neighbouring tiles, in pixels on each side of the line between them."""

STRIDE = 32
"""Tiles start at multiples of the largest stride of the known networks, in pixels."""

Gradient = Callable[[torch.Tensor], torch.Tensor]


def tiled(gradient: Gradient, image: torch.Tensor, tile: int) -> torch.Tensor:
    """Return the gradient [3, H, W] of an image [C, H, W], computed on tiles of equal size.

    The grid is fixed; the caller's jitter rolls the image under it, so that no seam shows.
    """
    height, width = image.shape[-2:]
    if max(height, width) <= tile:
        return gradient(image)
    result = image.new_empty(3, height, width)
    windows = product(spans(height, tile), spans(width, tile))
    for (rows, columns), part in zip(windows, map(gradient, pieces(image, tile)), strict=True):
        (top, _, first, last), (left, _, begin, end) = rows, columns
        result[:, first:last, begin:end] = part[
            :, first - top : last - top, begin - left : end - left
        ]
    return result


def pieces(image: torch.Tensor, tile: int) -> Iterator[torch.Tensor]:
    """Cut an image [C, H, W] into the equally sized tiles that `tiled` uses."""
    height, width = image.shape[-2:]
    for rows, columns in product(spans(height, tile), spans(width, tile)):
        yield image[:, slice(*rows[:2]), slice(*columns[:2])].contiguous()


def spans(length: int, tile: int) -> Iterator[tuple[int, int, int, int]]:
    """Cover `length` with tiles: yields (start, end, first, last), first..last being the part used.

    Tiles have one size, at most `tile` and no larger than needed. Neighbours overlap by at least
    two margins, or by half a tile if tiles are smaller than that. Tiles start at multiples of
    STRIDE, so that a network samples each as it samples the whole.
    """
    if length <= tile:
        yield 0, length, 0, length
        return
    overlap = min(2 * MARGIN, tile // 2)
    unit = STRIDE if tile - overlap > 2 * STRIDE else 1
    largest = tile - (tile - length) % unit
    count = -(-(length - overlap) // (largest - overlap))
    least = -(-(length + (count - 1) * overlap) // count)
    size = min(largest, least + (length - least) % unit)
    last = (length - size) // unit
    starts = [unit * (k * last // (count - 1)) for k in range(count)]
    middles = [(a + size + b) // 2 for a, b in pairwise(starts)]
    edges = [0, *middles, length]
    for k, start in enumerate(starts):
        yield start, start + size, edges[k], edges[k + 1]
