"""Normalised gradients: running means, the roll of the jitter, and what cannot be climbed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dreamvid.dream.gradient import STEEPEST, Gauge, NetworkGradient, Scale
from dreamvid.errors import UsageError


class Ramp:
    """A slope whose gradient is `factor` times a fixed pattern of the picture's place."""

    def __init__(self, factor: float = 1.0, value: float = 2.0) -> None:
        self.factor, self.level = factor, value
        self.seen: list[Tensor] = []

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor]:
        self.seen.append(image)
        return torch.tensor(self.level), self.factor * (image - 0.5)

    def value(self, image: Tensor) -> Tensor:
        return image.mean()


def gradient_of(ramp: Ramp, **options: Any) -> NetworkGradient:
    known = {"beings": None, "tile": 1024, "even": False, "name": "ramp"}
    return NetworkGradient(ramp, ramp, **known | options)  # type: ignore[arg-type]


IMAGE = torch.rand(3, 24, 32, generator=torch.Generator().manual_seed(0))


def test_a_gauge_starts_with_the_first_size_and_follows_slowly() -> None:
    gauge = Gauge(memory=0.9)
    assert float(gauge("a", torch.tensor(4.0))) == 4
    assert float(gauge("a", torch.tensor(14.0))) == pytest.approx(5)
    assert float(gauge("b", torch.tensor(1.0))) == 1
    assert float(gauge.sizes["a"]) == pytest.approx(5)


def test_a_copy_of_a_gauge_goes_its_own_way() -> None:
    gauge = Gauge()
    gauge("a", torch.tensor(4.0))
    gauge.objective_values.append(3.0)
    other = gauge.copy()
    other("a", torch.tensor(40.0))
    assert float(gauge.sizes["a"]) == 4 and other.objective_values == []


def test_a_gradient_is_divided_by_its_mean_size() -> None:
    for factor in (1e-6, 1.0, 1e6):
        ground = gradient_of(Ramp(factor)).ground(IMAGE, (0, 0), Scale(None, Gauge(), "k"))
        assert float(ground.abs().mean()) == pytest.approx(1, rel=1e-4)
        assert torch.allclose(ground / ground.abs().max(), (IMAGE - 0.5) / 0.5, atol=0.02)


@pytest.mark.parametrize("shift", [(0, 0), (5, 0), (0, -7), (30, 41)])
def test_the_network_sees_the_picture_rolled_and_the_gradient_is_rolled_back(
    shift: tuple[int, int],
) -> None:
    ramp = Ramp()
    ground = gradient_of(ramp).ground(IMAGE, shift, Scale(None, Gauge(), "k"))
    still = gradient_of(Ramp()).ground(IMAGE, (0, 0), Scale(None, Gauge(), "k"))
    assert torch.equal(ramp.seen[0], IMAGE.roll(shift, (1, 2)))
    assert torch.allclose(ground, still)


def test_a_strong_frame_is_measured_by_the_frames_before() -> None:
    gauge = Gauge()
    gradient_of(Ramp(1)).ground(IMAGE, (0, 0), Scale(None, gauge, "k"))
    strong = gradient_of(Ramp(10)).ground(IMAGE, (0, 0), Scale(None, gauge, "k"))
    assert float(strong.abs().mean()) == pytest.approx(10 / 1.9, rel=1e-4)
    other = gradient_of(Ramp(10)).ground(IMAGE, (0, 0), Scale(None, gauge, "other"))
    assert float(other.abs().mean()) == pytest.approx(1, rel=1e-4)


def test_an_even_gradient_is_weaker_where_it_was_strong() -> None:
    image = torch.full((3, 64, 64), 0.5)
    image[:, :, :32] += 0.3
    image[:, :, 32:] += 0.03
    plain, even = (
        gradient_of(Ramp(), even=even).ground(image, (0, 0), Scale(None, Gauge(), "k"))
        for even in (False, True)
    )
    shares = [float(g[..., 8].mean() / g[..., -8].mean()) for g in (plain, even)]
    assert shares[0] == pytest.approx(10, rel=0.01) and 2 < shares[1] < 7


def test_the_objective_is_noted_and_is_the_mean_of_the_tiles() -> None:
    gauge = Gauge()
    large = torch.rand(3, 64, 300, generator=torch.Generator().manual_seed(1))
    ramp = Ramp(value=3.0)
    gradient = gradient_of(ramp, tile=128)
    ground = gradient.ground(large, (0, 0), Scale(None, gauge, "k"))
    assert len(ramp.seen) > 2 and max(max(tile.shape) for tile in ramp.seen) <= 128
    assert gauge.objective_values == [3.0] and ground.shape == large.shape
    assert abs(gradient.value(large) - float(large.mean())) < 0.02


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_network_that_has_no_number_is_named(value: float) -> None:
    with pytest.raises(UsageError, match="ramp: the network returns NaN or infinity; check its"):
        gradient_of(Ramp(value=value)).ground(IMAGE, (0, 0), Scale(None, Gauge(), "k"))


@pytest.mark.parametrize("factor", [STEEPEST * 8, float("inf"), float("nan")])
def test_a_gradient_that_is_too_large_is_refused(factor: float) -> None:
    with pytest.raises(UsageError, match="ramp: the gradient is too large"):
        gradient_of(Ramp(factor)).ground(IMAGE, (0, 0), Scale(None, Gauge(), "k"))


def test_a_flat_objective_changes_nothing() -> None:
    for even in (False, True):
        flat = gradient_of(Ramp(0), even=even)
        ground = flat.ground(IMAGE, (0, 0), Scale(None, Gauge(), "k"))
        assert float(ground.abs().max()) == 0
