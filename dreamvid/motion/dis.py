"""Dense inverse search on tensors (Kroeger et al. 2016): optical flow on any device.

Written from the paper. The patches of a level, of all images, are one batch. Every operation has a
fixed shape and none waits for the host, so that all of it can be recorded as a CUDA graph.
Departures from the paper: patches also try what their neighbours found (as in OpenCV's DIS, there
one after the other), and only the finest level is refined.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.motion.flow import Array, Flow, at_working_size, flows_at_working_size, gray
from dreamvid.motion.refine import gradients, refined

PATCH, STRIDE = 8, 4
"""Side of a patch and spacing of patches, in pixels of the level."""

ROUNDS, STEPS = 6, 2
"""Rounds in which patches try what their neighbours found, and Gauss-Newton steps in each."""

FINEST = 1
"""The finest level that is searched, in halvings: its flow is enlarged to the full size."""

FLAT = 16.0
"""Added to the diagonal of the Hessian of a patch, in squared levels of 255: patches in flat
regions do not move on noise."""

SMALLEST = 32
"""Smaller sides are padded to this length."""


class Grid(NamedTuple):
    """The patches of a level: their pixels, and how the level is padded so that they cover it.

    `pixels` [1, PATCH^2, P, 2] are the places of the pixels, `unit` [2] is a pixel in the units of
    grid_sample. `margins` are left, right, top and bottom; `rows`, `columns` those of the patches.
    """

    pixels: Tensor
    unit: Tensor
    margins: tuple[int, int, int, int]
    rows: int
    columns: int


def inverse_search(first: Tensor, second: Tensor) -> Tensor:
    """The flow [N, 2, H, W], (dx, dy) in pixels, from each image of a batch to its partner.

    `first`, `second` [N, 1, H, W] are luma in levels, 0..255, of float32: first(x) matches
    second(x + flow(x)).
    """
    return _search(_pyramid(first), _pyramid(second), first.shape[-2:])


def inverse_search_both(first: Tensor, second: Tensor) -> Tensor:
    """The flows [2N, 2, H, W] from each image to its partner, then from those to the first ones."""
    pyramid, half = _pyramid(torch.cat((first, second))), len(first)
    turned = [level.roll(half, 0) for level in pyramid]
    return _search(pyramid, turned, first.shape[-2:])


def _search(first: list[Tensor], second: list[Tensor], size: torch.Size) -> Tensor:
    """The flow between the images of two pyramids.

    The images have a `size` (height, width); the finest levels are padded to more.
    """
    (height, width), flow = size, None
    for a, b in zip(first[: FINEST - 1 : -1], second[: FINEST - 1 : -1], strict=True):
        start = a.new_zeros(len(a), 2, *a.shape[-2:]) if flow is None else _enlarged(flow)
        flow = _searched(a, b, start)
    assert flow is not None
    flow = refined(a, b, flow)
    for _ in range(FINEST):
        flow = _enlarged(flow)
    return flow[..., :height, :width]


class InverseSearch:
    """The estimator of `inverse_search`, on a device: arrays in, arrays out."""

    def __init__(self, device: str = "cpu") -> None:
        self._device = torch.device(device)

    def __call__(self, a: Array, b: Array) -> Flow:
        return at_working_size(a, b, self._estimate)

    def both(self, a: Array, b: Array) -> tuple[Flow, Flow]:
        """The flows from a to b and from b to a, in one batch."""
        there, back = flows_at_working_size(a, b, self._estimate_both)
        return there, back

    def _estimate(self, a: Array, b: Array) -> Flow:
        return _on_host(inverse_search(*self._luma(a, b)))[0]

    def _estimate_both(self, a: Array, b: Array) -> list[Flow]:
        return _on_host(inverse_search_both(*self._luma(a, b)))

    def _luma(self, a: Array, b: Array) -> tuple[Tensor, Tensor]:
        first, second = (
            torch.from_numpy(gray(x))[None, None].to(self._device).float() for x in (a, b)
        )
        return first, second


def _on_host(flows: Tensor) -> list[Flow]:
    return list(np.ascontiguousarray(flows.permute(0, 2, 3, 1).cpu().numpy()))


def _levels(height: int, width: int) -> int:
    """The number of levels: the longer side of the coarsest is about four patches."""
    longer = max(SMALLEST, height, width) / (4 * PATCH)
    most = max(SMALLEST, min(height, width)) // PATCH
    return 1 + max(FINEST, min(int(math.log2(longer) + 0.5), most.bit_length() - 1))


def _pyramid(images: Tensor) -> list[Tensor]:
    """The images and their halvings; sides are padded to whole pixels of the coarsest."""
    height, width = images.shape[-2:]
    levels = _levels(height, width)
    unit = 1 << (levels - 1)
    right, down = (-(-max(SMALLEST, side) // unit) * unit - side for side in (width, height))
    pyramid = [functional.pad(images, (0, right, 0, down), mode="replicate")]
    for _ in range(levels - 1):
        pyramid.append(functional.avg_pool2d(pyramid[-1], 2))
    return pyramid


def _enlarged(flow: Tensor) -> Tensor:
    """A flow [N, 2, h, w] at twice the size."""
    return 2 * functional.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=False)


@cache
def _grid(height: int, width: int, device: torch.device) -> Grid:
    """The patches that cover a level of this size, the outer ones beyond its border."""
    begin = PATCH // 2
    rows, columns = (-(-side // STRIDE) + 1 for side in (height, width))
    right, bottom = (
        (count - 1) * STRIDE + PATCH - begin - side
        for count, side in ((columns, width), (rows, height))
    )
    inner = torch.arange(PATCH) - begin
    y = inner[:, None, None, None] + STRIDE * torch.arange(rows)[:, None]
    x = inner[:, None, None] + STRIDE * torch.arange(columns)
    unit = 2 / torch.tensor([width - 1, height - 1], dtype=torch.float64)
    pixels = torch.stack((x.expand_as(x + y), y.expand_as(x + y)), dim=4) * unit - 1
    pixels = pixels.reshape(1, PATCH * PATCH, rows * columns, 2)
    margins = begin, right, begin, bottom
    return Grid(pixels.float().to(device), unit.float().to(device), margins, rows, columns)


def _searched(a: Tensor, b: Tensor, start: Tensor) -> Tensor:
    """Search the patches of a in b, from a flow [N, 2, H, W] on; the result is dense."""
    grid = _grid(a.shape[-2], a.shape[-1], a.device)
    wide = functional.pad(start, grid.margins, mode="replicate")
    middle = PATCH // 2
    begin = wide[..., middle::STRIDE, middle::STRIDE][..., : grid.rows, : grid.columns]
    begin = begin.flatten(2).mT * grid.unit
    template, across, down = (_patches(plane, grid) for plane in (a, *gradients(a)))
    solver = _solver(across, down, grid)
    target = (solver * template[:, None]).sum(2)
    moved = first = begin
    for _ in range(ROUNDS):
        moved = first = _best_of_neighbours(moved, template, b, grid)
        for _ in range(STEPS):
            seen = _seen(b, moved[:, None], grid)
            moved = moved - ((solver * seen).sum(2) - target).mT
    # What runs away loses to its neighbours in the next round; after the last there is none.
    far = ((moved - first) / grid.unit).square().sum(2, keepdim=True) > PATCH * PATCH
    moved = torch.where(far, first, moved)
    return _dense(template, b, moved, grid)


def _patches(plane: Tensor, grid: Grid) -> Tensor:
    """The patches [N, PATCH^2, P] of a plane [N, 1, H, W]."""
    wide = functional.pad(plane, grid.margins, mode="replicate")
    return functional.unfold(wide, PATCH, stride=STRIDE)


def _solver(across: Tensor, down: Tensor, grid: Grid) -> Tensor:
    """What turns the pixels of patches into Gauss-Newton steps [N, 2, PATCH^2, P].

    The Hessian is that of the template (inverse search). The means of the gradients are removed:
    steps do not depend on the brightness of a patch.
    """
    x, y = (slope - slope.mean(1, keepdim=True) for slope in (across, down))
    xx, yy = (slope.square().sum(1, keepdim=True) + FLAT for slope in (x, y))
    xy = (x * y).sum(1, keepdim=True)
    steps = torch.stack((yy * x - xy * y, xx * y - xy * x), dim=1)
    return steps / (xx * yy - xy * xy)[:, None] * grid.unit.view(2, 1, 1)


def _seen(b: Tensor, moved: Tensor, grid: Grid) -> Tensor:
    """The pixels [N, K, PATCH^2, P] of b under patches at displacements [N, K, P, 2]."""
    count, tries, patches, _ = moved.shape
    places = (grid.pixels + moved[:, :, None]).view(count, -1, patches, 2)
    return _sample(b, places).view(count, tries, PATCH * PATCH, patches)


def _sample(planes: Tensor, places: Tensor) -> Tensor:
    return functional.grid_sample(
        planes, places, mode="bilinear", padding_mode="border", align_corners=True
    )


def _best_of_neighbours(moved: Tensor, template: Tensor, b: Tensor, grid: Grid) -> Tensor:
    """Of the displacements [N, P, 2] of each patch and its four neighbours, the one that fits."""
    planes = moved.mT.reshape(len(moved), 2, grid.rows, grid.columns)
    wide = functional.pad(planes, (1, 1, 1, 1), mode="replicate")
    tried = torch.stack([
        wide[..., y : y + grid.rows, x : x + grid.columns].flatten(2).mT
        for y, x in ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    ], dim=1)  # fmt: skip
    unlike = (_seen(b, tried, grid) - template[:, None]).var(2, correction=0)
    best = unlike.argmin(1, keepdim=True)[..., None].expand(-1, -1, -1, 2)
    return tried.gather(1, best)[:, 0]


def _dense(template: Tensor, b: Tensor, moved: Tensor, grid: Grid) -> Tensor:
    """The flow of each pixel: the mean of the patches that cover it, weighted by how they fit."""
    height, width = b.shape[-2:]
    left, right, top, bottom = grid.margins
    weight = 1 / (_seen(b, moved[:, None], grid)[:, 0] - template).abs().clamp_min(1)
    x, y = (moved / grid.unit).mT[:, :, None].unbind(1)
    planes = torch.cat((weight, weight * x, weight * y), dim=1)
    size = height + top + bottom, width + left + right
    sums = functional.fold(planes, size, PATCH, stride=STRIDE)
    sums = sums[..., top : top + height, left : left + width]
    return sums[:, 1:] / sums[:, :1]
