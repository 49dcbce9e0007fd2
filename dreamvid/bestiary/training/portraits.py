"""Portraits: single things on soft ground, towards which a network learns to dream its classes.

From noise a class is dreamed over some hundred steps, through images that no composer generates:
the network's own dreams. So the network dreams while it is trained, and each of its states is shown
what would complete it (as in Ross et al. 2011, "DAgger"). Of several renders of the class, that is
the one most similar to what is there already: the mean of all would be a blur (the nearest of
several targets, as in Guzman-Rivera et al. 2012, "Multiple choice learning").
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from dreamvid.bestiary.atlas import CLOUDS, OCTAVES, SCALE, SHAPE, middle
from dreamvid.bestiary.renders import full_frame
from dreamvid.dream.patience import FADE, NOISE

CANDIDATES = 6
"""Renders of the class of a portrait, of which the nearest is aimed at."""
GREYS, TINT, CONTRASTS = (0.4, 0.6), 0.03, (0.01, 0.06)
"""Grounds: the range of their grey, the deviation of its colour, and the contrast of clouds."""
ZOOM, TURN, SHIFT = (-0.05, 0.2), 0.06, 0.04
"""Range of the log of the zoom-out, and deviations of the rotation (radians) and of the shift."""
HINTED, SHARE = 0.5, 0.6
"""Probability that a portrait on the smallest octave begins with a hint, and the largest share."""
STEPS = (0.015, 0.03)
"""Range of the mean change of a dream step."""
FORMED, BROAD = 0.05, 4
"""Norm of a residual from which on it has a nearest render, on images reduced by BROAD."""
PIXELS, LARGER = 48 * 64**2, 1.2
"""Pixels of all images of a batch on the smallest octave, and their factor on larger ones."""
TURNS = (0, 0, 0, 0, 1, 0, 0, 1, 0, 2)
"""Octaves in turn, small to large: the smallest one decides what becomes of a dream."""
KEPT = 0.9
"""Share of the portraits that are dreamed on, of a batch; the others are new."""


class Portrait(NamedTuple):
    """A batch of portraits: `images` and `grounds` [N, 3, S, S] in 0..1, `labels` [N].

    `candidates` [N, CANDIDATES, 3, S, S] are the same grounds with renders of the label.
    """

    images: Tensor
    grounds: Tensor
    candidates: Tensor
    labels: Tensor


@dataclass(frozen=True)
class PortraitRenders:
    """Renders to make portraits of: uint8 [N, S, S, 4], premultiplied, and the label of each."""

    layers: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def portraits(self, count: int, side: int, *, soft: bool, device: torch.device) -> Portrait:
        """New portraits of random labels, before anything was dreamed on them but a hint.

        If `soft`, hints are what a smaller octave leaves: the whole thing, without its detail.
        """
        chosen = np.random.default_rng(int(torch.randint(2**31, ()))).choice
        labels = chosen(np.unique(self.labels), count)
        picked = np.stack([chosen(np.flatnonzero(self.labels == k), CANDIDATES) for k in labels])
        layers = torch.from_numpy(np.ascontiguousarray(self.layers[picked.reshape(-1)]))
        layers = _framed(
            layers.to(device).permute(0, 3, 1, 2).float() / 255, side, full=self._full(picked)
        )
        grounds = _clouds(count, side, device)
        layers = layers.view(*picked.shape, *layers.shape[1:])
        candidates = grounds[:, None] * (1 - layers[:, :, 3:]) + layers[:, :, :3]
        images = _hinted(grounds, candidates[:, 0], soft=soft)
        return Portrait(images, grounds, candidates, torch.from_numpy(labels).to(device))

    def _full(self, picked: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(full_frame()[self.labels[picked.reshape(-1)]])


def _clouds(count: int, side: int, device: torch.device) -> Tensor:
    """Soft grounds [N, 3, S, S], such as classes are dreamed on."""
    one = (count, 1, 1, 1)
    grey = torch.empty(one, device=device).uniform_(*GREYS)
    tint = TINT * torch.randn(count, 3, 1, 1, device=device)
    clouds = torch.randn(count, 1, CLOUDS, CLOUDS, device=device)
    clouds = F.interpolate(clouds, size=(side, side), mode="bicubic")
    return (grey + tint + torch.empty(one, device=device).uniform_(*CONTRASTS) * clouds).clamp(0, 1)


def _framed(layers: Tensor, side: int, *, full: Tensor) -> Tensor:
    """Layers [N, 4, S, S] seen at another side, varied a little; those that are `full` are not."""
    count, device = len(layers), layers.device
    layers = F.interpolate(layers, size=(side, side), mode="bilinear", antialias=True)
    whole = full.to(device)
    zoom = torch.empty(count, device=device).uniform_(*ZOOM).exp().masked_fill(whole, 1)
    turn = (TURN * torch.randn(count, device=device)).masked_fill(whole, 0)
    shift = (SHIFT * torch.randn(count, 2, device=device)).masked_fill(whole[:, None], 0)
    c, s = zoom * turn.cos(), zoom * turn.sin()
    matrix = torch.stack((c, -s, shift[:, 0], s, c, shift[:, 1]), dim=1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, list(layers.shape), align_corners=False)
    return F.grid_sample(layers, grid, align_corners=False)


def _hinted(grounds: Tensor, full: Tensor, *, soft: bool) -> Tensor:
    one, device = (len(full), 1, 1, 1), full.device
    share = torch.rand(one, device=device)
    if soft:
        shown = F.interpolate(F.avg_pool2d(full, 2), size=full.shape[-2:], mode="bilinear")
        return grounds + share * (shown - grounds)
    share = SHARE * share.square() * (torch.rand(one, device=device) < HINTED)
    return grounds + share * (full - grounds)


def nearest(portrait: Portrait) -> Tensor:
    """Of the candidates of each portrait, the one [N, 3, S, S] most similar to its residual.

    A random one while there is hardly a residual.
    """
    images, grounds, candidates, _ = portrait
    there = F.avg_pool2d(images - grounds, BROAD).flatten(1)
    wanted = F.avg_pool2d((candidates - grounds[:, None]).flatten(0, 1), BROAD)
    wanted = wanted.reshape(*candidates.shape[:2], -1)
    alike = torch.einsum("nd,nmd->nm", there, F.normalize(wanted, dim=2, eps=1e-6))
    lot = torch.rand_like(alike)
    picked = torch.where(there.norm(dim=1, keepdim=True) > FORMED, alike, lot).argmax(1)
    return candidates[torch.arange(len(picked), device=picked.device), picked]


@dataclass
class Ascents:
    """Portraits on their way from their grounds to a dream, on one octave."""

    portrait_renders: PortraitRenders
    side: int
    smallest: bool
    device: torch.device
    _kept: Portrait | None = None

    @property
    def count(self) -> int:
        """The number of portraits in a batch."""
        return max(4, round(PIXELS / self.side**2 * (1 if self.smallest else LARGER)))

    def batch(self) -> Portrait:
        """Portraits that are dreamed on, and new ones."""
        kept = 0 if self._kept is None else len(self._kept.images)
        new = self.portrait_renders.portraits(
            self.count - kept, self.side, soft=not self.smallest, device=self.device
        )
        if self._kept is None:
            return new
        return Portrait(*map(torch.cat, zip(new, self._kept, strict=True)))

    def advance(self, portrait: Portrait, gradient: Tensor) -> None:
        """Take a dream step along the gradient [N, 3, S, S], as an atlas does, on most of them."""
        count = len(portrait.images)
        stay = torch.randperm(count, device=self.device)[: math.floor(KEPT * count)]
        images, grounds, candidates, labels = (values[stay] for values in portrait)
        steps = torch.stack([SHAPE(one, lambda _, size: size, "") for one in gradient[stay]])
        steps = steps / steps.abs().mean((1, 2, 3), keepdim=True).clamp_min(1e-20)
        length = torch.empty(len(stay), 1, 1, 1, device=self.device).uniform_(*STEPS)
        length = length * middle(self.side).to(self.device)
        residual = (1 - FADE) * (images - grounds)
        images = (grounds + residual + length * steps).clamp(0, 1)
        self._kept = Portrait(images, grounds, candidates, labels)


@dataclass
class PortraitOctaves:
    """Portraits on all octaves on which a network of this `view` dreams its classes, in turn.

    `layers` are those whose log energy is raised with a class, with their weights.
    """

    portrait_renders: PortraitRenders
    view: int
    layers: dict[str, float]
    device: torch.device
    _turns: Iterator[Ascents] = field(init=False)

    def __post_init__(self) -> None:
        sides = [round(self.view / SCALE**k) for k in reversed(range(OCTAVES))]
        octaves = [
            Ascents(self.portrait_renders, side, side == sides[0], self.device) for side in sides
        ]
        self._turns = cycle([octaves[k] for k in TURNS])

    def next(self) -> Ascents:
        """The portraits whose turn it is."""
        return next(self._turns)


def noised(images: Tensor) -> Tensor:
    """The images [N, 3, S, S] as a class is raised in them: with noise of a random deviation."""
    deviation = NOISE * torch.rand(len(images), 1, 1, 1, device=images.device)
    return images + deviation * torch.randn_like(images)
