"""The dream alone, laid over its source, is the dreamed picture."""

from __future__ import annotations

import torch

from dreamvid.media.alpha import OPAQUE, dream_alone


def textured(seed: int, size: int = 96) -> torch.Tensor:
    noise = torch.rand(3, size // 8, size // 8, generator=torch.Generator().manual_seed(seed))
    smooth = torch.nn.functional.interpolate(noise[None], (size, size), mode="bicubic")[0]
    return smooth.clamp(0, 1) * 0.5 + 0.25


def test_over_its_source_it_gives_the_dream_back() -> None:
    source = textured(1)
    dreamed = source.clone()
    dreamed[:, 20:70, 20:70] += 0.3 * (textured(2)[:, 20:70, 20:70] - 0.5)
    found = dream_alone(dreamed, source)
    assert found.shape == (4, 96, 96)
    assert found.min() >= 0 and found.max() <= 1
    laid = found[:3] * found[3:] + source * (1 - found[3:])
    assert (laid - dreamed).abs().max() < 0.02
    assert (laid - dreamed).abs().mean() < 1e-4


def test_it_is_clear_where_nothing_was_dreamed_and_solid_where_much_was() -> None:
    source = torch.full((3, 96, 96), 0.4)
    dreamed = source.clone()
    dreamed[:, 30:60, 30:60] += 2 * OPAQUE
    alpha = dream_alone(dreamed, source)[3]
    assert alpha[:20].max() == 0
    assert alpha[36:54, 36:54].min() == 1
    assert max(alpha.diff(dim=n).abs().max() for n in (0, 1)) < 0.6  # where the change leaps by 2
    assert dream_alone(source, source)[3].max() == 0


def test_alpha_has_no_grain() -> None:
    source = torch.full((3, 96, 96), 0.5)
    grain = torch.rand(96, 96, generator=torch.Generator().manual_seed(3)) - 0.5
    alpha = dream_alone(source + 0.2 * grain, source)[3]
    assert alpha.std() < 0.25 * (0.2 * grain.abs() / OPAQUE).std()
