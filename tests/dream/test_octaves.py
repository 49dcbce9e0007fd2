"""Octaves: their sizes, and the way between them."""

from __future__ import annotations

import math
from itertools import islice, pairwise

import pytest
import torch

from dreamvid.dream.octaves import blur_wide, octave_sizes, octaves_for, resize, swayed


def test_octaves_go_from_small_to_the_pictures_own_size() -> None:
    sizes = octave_sizes(240, 432, octaves=4, scale=1.5, minimum=32)
    assert sizes == [(71, 128), (107, 192), (160, 288), (240, 432)]


@pytest.mark.parametrize(
    "height, width, octaves",
    [(48, 64, 1), (240, 432, 2), (360, 640, 3), (1920, 1080, 6), (2160, 3840, 8)],
)
def test_the_number_of_octaves_follows_the_shorter_side(
    height: int, width: int, octaves: int
) -> None:
    assert octaves_for(height, width) == octaves


@pytest.mark.parametrize("height, width", [(240, 37), (37, 240), (33, 33)])
def test_octaves_below_the_minimum_are_left_out(height: int, width: int) -> None:
    sizes = octave_sizes(height, width, octaves=12, scale=1.2, minimum=32)
    assert sizes[-1] == (height, width)
    assert all(min(size) >= 32 for size in sizes)
    assert len(sizes) < 12


@pytest.mark.parametrize("size", [(1, 1), (31, 17), (16, 4000)])
def test_the_pictures_own_size_is_never_left_out(size: tuple[int, int]) -> None:
    assert octave_sizes(*size, octaves=4, scale=1.4, minimum=32) == [size]


def test_sizes_sway_evenly_about_their_own() -> None:
    sizes = list(islice(swayed((100, 200), 0.2), 64))
    assert all(abs(wide - 2 * high) <= 2 for high, wide in sizes)
    logs = sorted(math.log(wide / 200) for _, wide in sizes)
    assert -0.21 < logs[0] < -0.18 and 0.18 < logs[-1] < 0.21
    assert max(b - a for a, b in pairwise(logs)) < 0.025
    assert next(swayed((100, 200), 0.2)) == (100, 200)
    assert set(islice(swayed((33, 17), 0.0), 9)) == {(33, 17)}


def test_resizing_to_the_same_size_changes_nothing() -> None:
    planes = torch.rand(3, 20, 30)
    assert resize(planes, (20, 30)) is planes


def test_resizing_keeps_places_and_levels() -> None:
    ramp = torch.linspace(0, 1, 60).expand(3, 40, 60)
    small = resize(ramp, (20, 30))
    assert small.shape == (3, 20, 30)
    assert torch.allclose(small[:, :, 15], torch.full((3, 20), 30.5 / 59), atol=2e-3)
    assert torch.allclose(resize(small, (40, 60))[:, 5:-5, 5:-5], ramp[:, 5:-5, 5:-5], atol=2e-3)


def test_shrinking_does_not_alias() -> None:
    stripes = (torch.arange(64) % 2).float().expand(1, 64, 64)
    assert (resize(stripes, (28, 28))[:, 4:-4, 4:-4] - 0.5).abs().max() < 0.05


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (31, 17), (48, 64), (121, 203)])
def test_a_wide_blur_keeps_size_and_constants(size: tuple[int, int]) -> None:
    blurred = blur_wide(torch.full((2, *size), 0.3))
    assert blurred.shape == (2, *size)
    assert torch.allclose(blurred, torch.tensor(0.3))


def test_a_wide_blur_is_wide_and_smooth() -> None:
    noise = torch.rand(1, 160, 160, generator=torch.Generator().manual_seed(0))
    blurred = blur_wide(noise)
    assert abs(float(blurred.mean() - noise.mean())) < 0.01
    assert blurred.std() < 0.1 * noise.std()
    assert blurred.diff(dim=2).abs().max() < 0.01
