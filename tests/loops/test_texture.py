"""Periodic textures: noise, resampling, and pictures made to tile."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny import texture

from dreamvid.image import to_image
from dreamvid.loops.lattice import Lattice
from dreamvid.loops.texture import (
    crop_spectrum,
    frequencies,
    noise_texture,
    resize_periodic,
    roll_off,
    tile_picture,
    wrap_picture,
)

SHAPES = [(32, 48), (33, 47), (24, 64), (16, 16)]


def wave(size: tuple[int, int], down: int, across: int) -> torch.Tensor:
    """A picture [3, H, W] of one wave with whole numbers of periods."""
    y, x = torch.arange(size[0])[:, None] / size[0], torch.arange(size[1]) / size[1]
    return (0.5 + 0.3 * torch.cos(2 * torch.pi * (down * y + across * x))).expand(3, *size)


@pytest.mark.parametrize("old", SHAPES)
@pytest.mark.parametrize("new", SHAPES)
def test_a_slow_wave_is_resampled_exactly(old: tuple[int, int], new: tuple[int, int]) -> None:
    resized = resize_periodic(wave(old, 1, 2), new)
    assert resized.shape == (3, *new)
    assert float((resized - wave(new, 1, 2)).abs().max()) < 1e-5


def test_a_wave_too_fine_for_the_new_size_disappears() -> None:
    small = resize_periodic(wave((64, 64), 0, 24), (32, 32))
    assert float((small - 0.5).abs().max()) < 1e-5


def test_resizing_keeps_the_mean_and_any_number_of_planes() -> None:
    planes = torch.rand(5, 24, 36, generator=torch.Generator().manual_seed(0))
    for size in ((48, 72), (12, 18), (17, 31)):
        resized = resize_periodic(planes, size)
        assert torch.allclose(resized.mean((1, 2)), planes.mean((1, 2)), atol=1e-5)


def test_the_spectrum_of_the_same_size_is_kept_but_for_its_highest_frequency() -> None:
    plane = torch.rand(16, 16, generator=torch.Generator().manual_seed(1))
    spectrum = torch.fft.rfft2(plane)
    kept = crop_spectrum(spectrum, (16, 16), (16, 16))
    assert torch.equal(kept[:8, :8], spectrum[:8, :8]) and torch.equal(
        kept[9:, :8], spectrum[9:, :8]
    )
    assert not kept[8].any() and not kept[:, 8].any()


def test_frequencies_are_in_cycles_per_old_texel() -> None:
    assert frequencies(16, 16).max() == 0.5
    assert frequencies(16, 8).max() == 0.25 and len(frequencies(16, 8)) == 8


def test_the_cutoff_is_smooth_and_at_its_share() -> None:
    across = torch.linspace(0, 0.5, 101)
    weights = roll_off(torch.zeros(1, 1), across[None], 0.5)[0]
    assert weights[0] == 1 and float(weights[across >= 0.25].max()) < 1e-6
    assert (weights.diff() <= 1e-6).all() and 0.3 < float(weights[43]) < 0.7


@pytest.mark.parametrize("size", SHAPES)
def test_noise_is_clouds_around_grey_and_the_same_for_a_seed(size: tuple[int, int]) -> None:
    noise = noise_texture(size, seed=3)
    assert noise.shape == (3, *size) and 0 <= float(noise.min()) <= float(noise.max()) <= 1
    assert float((noise.mean((1, 2)) - 0.5).abs().max()) < 0.02
    assert torch.equal(noise, noise_texture(size, seed=3))
    assert not torch.equal(noise, noise_texture(size, seed=4))


def test_contrast_scales_the_noise() -> None:
    faint, strong = (noise_texture((64, 64), contrast=c).std() for c in (0.02, 0.1))
    assert float(strong / faint) == pytest.approx(5, rel=0.02)


def test_noise_is_coarse_but_never_a_tint() -> None:
    noise = noise_texture((256, 256)) - 0.5
    assert float(noise.diff(dim=2).square().mean() / noise.square().mean()) < 0.2
    blocks = noise.unfold(1, 128, 128).unfold(2, 128, 128).mean((3, 4))
    assert float(blocks.abs().max()) < 0.05


@pytest.mark.parametrize("fade", [0.1, 0.2, 0.5])
def test_a_tiled_picture_has_no_edge(fade: float) -> None:
    picture = to_image(texture(height=60, width=80))
    tile = tile_picture(picture, fade=fade)
    assert tile.shape == (3, round(60 / (1 + fade)), round(80 / (1 + fade)))
    steps = tile.diff(dim=2).abs().mean((0, 1))
    seam = (tile[..., 0] - tile[..., -1]).abs().mean()
    assert float(seam) < 2 * float(steps.max())
    down = tile.diff(dim=1).abs().mean((0, 2))
    assert float((tile[:, 0] - tile[:, -1]).abs().mean()) < 2 * float(down.max())


def test_the_middle_of_a_tiled_picture_is_the_picture() -> None:
    picture = to_image(texture(height=60, width=80))
    tile = tile_picture(picture, fade=0.2)
    assert torch.equal(tile[:, :30, :40], picture[:, 10:40, 13:53])


def test_a_picture_without_excess_stays_as_it_is() -> None:
    picture = to_image(texture(height=12, width=16))
    assert torch.equal(tile_picture(picture, fade=0), picture)


@pytest.mark.parametrize("symmetry", [1, 3])
def test_a_picture_is_wrapped_around_a_torus_without_a_seam(symmetry: int) -> None:
    lattice = Lattice(64, 128, symmetry=symmetry)
    wrapped = wrap_picture(to_image(texture(height=90, width=120)), lattice)
    assert wrapped.shape == (3, 64, 128) and wrapped.min() >= 0 and wrapped.max() <= 1
    for axis in (1, 2):
        steps = wrapped.diff(dim=axis).abs().mean((0, 3 - axis))
        edge = (wrapped.select(axis, 0) - wrapped.select(axis, -1)).abs().mean()
        assert float(edge) < 2.5 * float(steps.max())


def test_a_large_picture_is_shrunk_before_it_is_wrapped() -> None:
    fine = np.zeros((600, 800, 3), np.uint8)
    fine[:, ::2] = 255  # finer than the texture: grey, not moire
    wrapped = wrap_picture(to_image(fine), Lattice(32, 64))
    assert float((wrapped - 0.5).abs().mean()) < 0.06
