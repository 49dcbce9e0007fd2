"""The tone of an image: measured, restored, and its finest detail damped."""

from __future__ import annotations

import math

import pytest
import torch
from tiny import texture

from dreamvid.image import to_image
from dreamvid.sequence.tone import EASE, damp_finest, hold_tone, sharpness, tone_of

IMAGE = to_image(texture(3, height=64, width=96))


def test_the_tone_is_mean_spread_and_sharpness() -> None:
    tone = tone_of(IMAGE)
    assert tone.mean == pytest.approx([float(plane.mean()) for plane in IMAGE])
    assert tone.spread == pytest.approx([float(plane.std(correction=0)) for plane in IMAGE])
    assert tone.sharpness == sharpness(IMAGE)


@pytest.mark.parametrize(("gain", "lift"), [(0.5, 0.3), (0.9, -0.1), (0.7, 0.0)])
def test_brightness_and_contrast_come_back(gain: float, lift: float) -> None:
    drifted = (IMAGE * gain + lift).clamp(0, 1)
    wanted = tone_of(IMAGE)
    held = tone_of(hold_tone(drifted, wanted))
    assert held.mean == pytest.approx(wanted.mean, abs=0.02)
    assert held.spread == pytest.approx(wanted.spread, abs=0.02)


def test_each_colour_is_held_for_itself() -> None:
    tinted = IMAGE * torch.tensor([1.0, 0.6, 0.8]).view(3, 1, 1)
    held = hold_tone(tinted, tone_of(IMAGE))
    assert (held - IMAGE).abs().mean() < 0.25 * (tinted - IMAGE).abs().mean()


def test_too_sharp_an_image_is_softened_and_too_soft_a_one_sharpened() -> None:
    noisy = IMAGE + 0.2 * torch.randn(IMAGE.shape, generator=torch.Generator().manual_seed(0))
    noisy = noisy.clamp(0, 1)
    wanted = tone_of(IMAGE)
    assert sharpness(hold_tone(noisy, wanted)) < 0.8 * sharpness(noisy)
    wanting = wanted._replace(sharpness=3 * wanted.sharpness / EASE)
    assert sharpness(hold_tone(IMAGE, wanting)) > 1.02 * sharpness(IMAGE)


def test_a_flat_image_stays_flat_and_finite() -> None:
    flat = torch.full((3, 16, 16), 0.5)
    held = hold_tone(flat, tone_of(IMAGE))
    assert torch.isfinite(held).all() and float(held.std()) < 0.01


@pytest.mark.parametrize("w", [0.0, math.pi / 4, math.pi / 2, math.pi])
@pytest.mark.parametrize("across", [True, False])
def test_the_finest_waves_are_damped_as_the_formula_says(w: float, across: bool) -> None:
    wave = 0.5 + 0.4 * torch.cos(w * torch.arange(64.0))
    image = wave.expand(3, 64, 64) if across else wave[:, None].expand(64, 64).expand(3, 64, 64)
    damped = damp_finest(image)[:, 8:-8, 8:-8] - 0.5
    kept = 1 - ((1 - math.cos(w)) / 2) ** 3 / 4
    if w == 0:
        assert torch.allclose(damped, image[:, 8:-8, 8:-8] - 0.5, atol=1e-6)
    else:
        assert torch.allclose(damped, kept * (image[:, 8:-8, 8:-8] - 0.5), atol=1e-5)


def test_sharpness_is_the_spread_of_the_laplacian() -> None:
    assert sharpness(torch.full((3, 8, 8), 0.3)) == pytest.approx(0, abs=1e-6)
    ramp = torch.linspace(0, 1, 64).expand(3, 64, 64)
    assert sharpness(ramp) < 0.01  # only at its ends
    board = (torch.arange(64)[:, None] + torch.arange(64)) % 2
    assert sharpness(board.float().expand(3, 64, 64)) == pytest.approx(4, rel=0.05)
