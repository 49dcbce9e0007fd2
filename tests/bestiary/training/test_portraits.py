"""Portraits: single things on soft ground, dreamed on, and the render nearest to a dream."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.bestiary.renders import full_frame
from dreamvid.bestiary.training import portraits
from dreamvid.bestiary.training.portraits import (
    CANDIDATES,
    STEPS,
    Ascents,
    Portrait,
    PortraitOctaves,
    PortraitRenders,
    nearest,
    noised,
)

CPU, SIDE = torch.device("cpu"), 32
FULL = int(np.flatnonzero(full_frame())[0])


def portrait_renders(*labels: int, count: int = 8) -> PortraitRenders:
    """White discs, each of another size, for each of the labels; the corner of each is red."""
    at = np.hypot(*np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j])
    layers = np.zeros((len(labels) * count, SIDE, SIDE, 4), np.uint8)
    for k, layer in enumerate(layers):
        layer[at < 0.3 + 0.05 * (k % count)] = 255
        layer[:4, :4] = (255, 0, 0, 255)
    return PortraitRenders(layers, np.repeat(np.array(labels, np.int64), count))


def new(count: int = 16, *, soft: bool = False, made: PortraitRenders | None = None) -> Portrait:
    return (made or portrait_renders(0, 1)).portraits(count, SIDE, soft=soft, device=CPU)


def change(portrait: Portrait) -> Tensor:
    return (portrait.images - portrait.grounds).abs().amax((1, 2, 3))


def test_new_portraits_are_bare_ground_or_hints() -> None:
    portrait = new(64)
    hinted = change(portrait) > 1e-6
    assert 16 < hinted.sum() < 48
    assert change(portrait).max() < portraits.SHARE
    assert portrait.candidates.shape == (64, CANDIDATES, 3, SIDE, SIDE)
    assert set(portrait.labels.tolist()) == {0, 1}


def test_soft_portraits_hold_the_whole_thing_without_its_detail() -> None:
    portrait = new(64, soft=True)
    assert change(portrait).max() > portraits.SHARE
    whole = portrait.candidates[:, 0] - portrait.grounds
    assert detail(portrait.images - portrait.grounds) < 0.5 * detail(whole)


def detail(residual: Tensor) -> float:
    """The share of the change that is lost at half the side."""
    half = functional.avg_pool2d(residual, 2)
    soft = functional.interpolate(half, size=residual.shape[-2:], mode="bilinear")
    return float((residual - soft).square().sum() / residual.square().sum())


def test_candidates_show_renders_of_the_label_and_what_fills_the_frame_is_not_turned() -> None:
    made = portrait_renders(FULL)
    shown = new(8, made=made).candidates
    red = torch.tensor([1.0, 0.0, 0.0])[:, None, None]
    assert (shown[:, :, :, :3, :3] - red).abs().max() < 1e-5
    turned = new(8, made=portrait_renders(0)).candidates
    assert (turned[:, :, :, :3, :3] - red).abs().max() > 0.2
    assert turned[..., 14:18, 14:18].min() > 0.95  # the disc


def test_the_nearest_is_what_the_residual_shows() -> None:
    portrait = new(12)
    chosen = torch.arange(12) % CANDIDATES
    target = portrait.candidates[torch.arange(12), chosen]
    faint = portrait.grounds + 0.3 * (target - portrait.grounds)
    assert torch.equal(nearest(portrait._replace(images=faint)), target)


def test_without_a_residual_any_candidate_is_aimed_at() -> None:
    portrait = new(12)
    bare = portrait._replace(images=portrait.grounds)
    first, second = nearest(bare), nearest(bare)
    assert not torch.equal(first, second)
    known = (portrait.candidates - first[:, None]).abs().amax((2, 3, 4)).amin(1)
    assert known.max() == 0


def test_dreams_go_on_by_a_step_and_new_portraits_join_them() -> None:
    ascents = Ascents(portrait_renders(0, 1), SIDE, smallest=True, device=CPU)
    first = ascents.batch()
    ascents.advance(first, torch.randn_like(first.images))
    second = ascents.batch()
    assert len(second.images) == len(first.images) == ascents.count
    away = (second.grounds[:, None] - first.grounds[None]).abs().amax((2, 3, 4))
    known = away.amin(1) == 0
    assert known.sum() == int(portraits.KEPT * ascents.count)
    before = first.images[away.argmin(1)[known]]
    middle = (second.images[known] - before)[..., 13:19, 13:19].abs().mean()
    assert 0.2 * STEPS[0] < middle < 3 * STEPS[1]


def test_a_larger_octave_has_fewer_portraits() -> None:
    small, large = (Ascents(portrait_renders(0), side, side == 64, CPU) for side in (64, 144))
    assert small.count == 48 and 4 <= large.count < 16


def test_octaves_take_turns_and_the_smallest_has_most() -> None:
    portrait_octaves = PortraitOctaves(portrait_renders(0), 144, {}, CPU)
    sides = [portrait_octaves.next().side for _ in range(2 * len(portraits.TURNS))]
    assert set(sides) == {64, 96, 144}
    assert sides[:10] == sides[10:] and sides.count(64) > len(sides) / 2


@pytest.mark.parametrize("side", [16, 33])
def test_noise_differs_from_image_to_image(side: int) -> None:
    added = noised(torch.zeros(32, 3, side, side)).square().mean((1, 2, 3)).sqrt()
    assert 0 < added.min() < 0.04 and 0.08 < added.max() < 0.14
