"""Aligned gradients: hints, the comparison band by band, chains."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.bestiary.training.aligned import CHROMA, LUMA, Chains, agreement, bands, hinted
from dreamvid.dream.planes import colour_basis

SIDE = 32


def noise(count: int = 2, *, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def assembled(levels: list[Tensor]) -> Tensor:
    """Images out of their bands."""
    total = levels[-1]
    for level in reversed(levels[:-1]):
        total = level + functional.interpolate(total, size=level.shape[-2:], mode="bilinear")
    return torch.einsum("ki,nkhw->nihw", torch.linalg.inv(colour_basis(total.device)), total)


def test_bands_hold_all_of_an_image_each_its_own_detail() -> None:
    images = noise()
    levels = bands(images)
    assert len(levels) == len(LUMA) == len(CHROMA)
    assert torch.allclose(assembled(levels), images, atol=1e-4)
    smooth = functional.interpolate(noise()[..., :4, :4], size=(SIDE, SIDE), mode="bilinear")
    sizes = [float(level.square().mean()) for level in bands(smooth)]
    assert sizes[0] < 0.01 * sizes[-1]


def test_agreement_is_one_with_itself_and_minus_one_with_the_opposite() -> None:
    images = noise()
    ones = torch.ones(2)
    assert torch.allclose(agreement(images, images), ones, atol=1e-4)
    assert torch.allclose(agreement(-3 * images, images), -ones, atol=1e-4)
    assert agreement(images, noise(seed=1)).abs().max() < 0.3


def test_faint_bands_count_as_much_as_loud_ones() -> None:
    loud = assembled([b if k < 2 else 100 * b for k, b in enumerate(bands(noise()))])
    wrong = assembled([-b if k < 2 else b for k, b in enumerate(bands(loud))])
    assert functional.cosine_similarity(wrong.flatten(1), loud.flatten(1)).min() > 0.5
    assert agreement(wrong, loud).max() < 0.45


def test_luma_and_chroma_are_compared_apart() -> None:
    wanted = noise()
    grey = wanted.mean(1, keepdim=True).expand_as(wanted)
    assert 0.5 < float(agreement(wanted - 0.9 * grey, wanted).mean()) < 1.01
    flipped = assembled([torch.cat((b[:, :1], -b[:, 1:]), 1) for b in bands(wanted)])
    assert agreement(flipped, wanted).mean() == pytest.approx(sum(LUMA) - sum(CHROMA), abs=0.05)


def test_hints_are_grounds_with_some_of_the_picture() -> None:
    torch.manual_seed(3)
    grounds, full = (0.5 + 0.1 * noise(200, seed=s).clamp(-2, 2) for s in (1, 2))
    images = hinted(grounds, full)
    assert images.min() >= 0 and images.max() <= 1
    missing = (full - grounds).flatten(1)
    shown = ((images - grounds).flatten(1) * missing).sum(1) / missing.square().sum(1)
    assert shown.min() > -0.1 and shown.max() < 0.85
    assert 0.1 < float(shown.mean()) < 0.4
    assert float((shown < 0.05).float().mean()) > 0.1  # nearly nothing


def shaping(gradient: Tensor) -> Tensor:
    return 7 * gradient


def test_chains_go_on_from_where_the_gradient_led() -> None:
    chains, full = Chains(shaping), 0.5 + noise(8, seed=1) / 100
    images, targets = torch.full_like(full, 0.5), torch.eye(8)
    first = chains.joined(images, full, targets)
    assert all(torch.equal(a, b) for a, b in zip(first, (images, full, targets), strict=True))
    gradient = noise(8, seed=2)
    chains.advance(images, full, targets, gradient)
    fresh = torch.zeros_like(full)
    after, goal, named = chains.joined(fresh, torch.zeros_like(full), torch.zeros(8, 8))
    assert torch.equal(after[:4], fresh[:4])
    for k in range(4, 8):
        own = int(named[k].argmax())
        assert torch.equal(goal[k], full[own])
        step = after[k] - images[own]
        assert functional.cosine_similarity(step.flatten(), gradient[own].flatten(), dim=0) > 0.99
        assert 0.0049 < float(step.abs().mean()) < 0.0301


def test_chains_stay_pictures() -> None:
    chains = Chains(shaping)
    white = torch.ones(4, 3, SIDE, SIDE)
    chains.advance(white, white, torch.eye(4), torch.rand_like(white))
    images, _, _ = chains.joined(white, white, torch.eye(4))
    assert images.max() <= 1
