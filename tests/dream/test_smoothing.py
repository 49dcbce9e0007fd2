"""Smoothing: the total variation of a residual falls, its edges stay."""

from __future__ import annotations

import torch
from tiny import texture, tiny_dreamer
from torch import Tensor

from dreamvid.dream.dreamer import Dose
from dreamvid.dream.gradient import Gauge
from dreamvid.dream.smoothing import smoothing
from dreamvid.image import to_image

IMAGE = to_image(texture())


def variation(planes: Tensor) -> float:
    right, down = planes.diff(dim=2)[:, :-1], planes.diff(dim=1)[:, :, :-1]
    return float((right.square() + down.square()).sum(dim=0).sqrt().mean())


def smoothed(residual: Tensor, step: float, times: int) -> Tensor:
    for _ in range(times):
        residual = residual + smoothing(residual, step)
    return residual


def test_noise_vanishes_and_an_edge_stays() -> None:
    noise = 0.02 * torch.randn(3, 40, 40, generator=torch.Generator().manual_seed(0))
    edge = torch.zeros(3, 40, 40)
    edge[:, :, 20:] = 0.3
    after = smoothed(edge + noise, 0.01, 30)
    assert variation(after) < 0.5 * variation(edge + noise)
    assert (after - edge)[:, 8:-8, 4:16].std() < 0.3 * noise.std()
    step = after[:, 8:-8, 24:36].mean() - after[:, 8:-8, 4:16].mean()
    assert step > 0.25


def test_what_is_flat_stays_and_nothing_is_lost() -> None:
    assert torch.equal(smoothing(torch.full((3, 9, 11), 0.4), 0.1), torch.zeros(3, 9, 11))
    change = smoothing(IMAGE, 0.02)
    assert change.abs().max() > 0.005 and change.sum(dim=(1, 2)).abs().max() < 1e-3


def test_smoothing_ends_and_does_not_leave_a_checkerboard() -> None:
    noise = torch.randn(3, 24, 24, generator=torch.Generator().manual_seed(1))
    sizes = [variation(smoothed(noise, 0.2, times)) for times in (0, 10, 40, 160)]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < 0.02 * sizes[0]


def test_a_dream_is_smoothed_and_its_source_is_not() -> None:
    dream = tiny_dreamer()
    plain, smooth = (
        dream.ascend(IMAGE, Dose((6,), 0.02, smooth=amount), gauge=Gauge()) - IMAGE
        for amount in (0.0, 2.0)
    )
    assert variation(smooth) < 0.7 * variation(plain)
    assert variation(IMAGE + smooth) > 0.8 * variation(IMAGE)


def test_a_dream_is_pulled_to_its_source_where_it_is_given() -> None:
    dream, start = tiny_dreamer(), (IMAGE + 0.2).clamp(0, 1)
    dose = Dose((6,), 0.001, fade=0.3)
    own = dream.ascend(start, dose, gauge=Gauge())
    pulled = dream.ascend(start, dose, gauge=Gauge(), source=IMAGE)
    assert (own - start).abs().mean() < 0.01
    assert (pulled - IMAGE).abs().mean() < 0.2 * (start - IMAGE).abs().mean()
