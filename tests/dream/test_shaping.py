"""The shaped gradient: planes and bands of one size each, whatever the gradient was."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny import texture, tiny_dreamer
from torch import Tensor

from dreamvid.dream.planes import PLANES
from dreamvid.dream.shaping import BANDS, Shape
from dreamvid.errors import UsageError
from dreamvid.image import to_image


def alone(key: str, size: Tensor) -> Tensor:
    """A running mean without a past."""
    return size


def planes_of(gradient: Tensor) -> Tensor:
    """Luma, red-blue and green-magenta of a gradient [3, H, W]."""
    basis = torch.tensor(PLANES)
    return torch.einsum("ik,ihw->khw", basis / basis.norm(dim=0), gradient)


def noise(*size: int, seed: int = 0) -> Tensor:
    return torch.randn(3, *size, generator=torch.Generator().manual_seed(seed))


def sizes_of(gradient: Tensor, **options: float) -> Tensor:
    """Root mean squares of the three planes of a shaped gradient."""
    return planes_of(Shape(**options)(gradient, alone, "k")).square().mean((1, 2)).sqrt()


def test_the_scale_of_a_gradient_is_gone() -> None:
    gradient = noise(64, 96)
    one, other = (Shape()(factor * gradient, alone, "k") for factor in (1.0, 1e-6))
    assert torch.allclose(one, other, rtol=1e-3, atol=1e-4)


def test_colours_scale_chroma_and_leave_luma() -> None:
    grey, natural, vivid = (sizes_of(noise(64, 96), colours=c) for c in (0.0, 1.0, 3.0))
    assert grey[1:].max() < 0.02 * grey[0]  # the planes are not quite orthogonal
    assert torch.allclose(vivid[1:], 3 * natural[1:], rtol=0.02)
    assert torch.allclose(grey[0], vivid[0], rtol=0.02)
    assert 0.2 < natural[1] / natural[0] < 0.6


def finest(image: Tensor) -> float:
    return float((image[..., 1:] - image[..., :-1]).square().mean() / image.square().mean())


def test_detail_moves_weight_between_fine_and_coarse() -> None:
    found = [finest(Shape(detail=d)(noise(64, 96), alone, "k")) for d in (0.5, 1.0, 2.0)]
    assert found[0] < 0.8 * found[1] < 0.8 * 0.8 * found[2]


def test_noise_comes_out_with_less_chroma_than_luma_where_it_is_finest() -> None:
    shaped = planes_of(Shape()(noise(64, 96), alone, "k"))
    steps = (shaped[..., 1:] - shaped[..., :-1]).square().mean((1, 2)).sqrt()
    assert steps[1] < 0.25 * steps[0] and steps[2] < 0.25 * steps[0]


@pytest.mark.parametrize("size", [(64, 96), (65, 97), (33, 8), (5, 7), (1, 1)])
def test_any_size_keeps_its_size_and_is_finite(size: tuple[int, int]) -> None:
    shaped = Shape()(noise(*size), alone, "k")
    assert shaped.shape == (3, *size) and bool(shaped.isfinite().all())


def test_bands_are_divided_by_what_the_running_mean_says() -> None:
    asked: dict[str, Tensor] = {}

    def twice(key: str, size: Tensor) -> Tensor:
        asked[key] = size
        return 2 * size

    gradient = noise(64, 96)
    halved = Shape()(gradient, twice, "here")
    assert torch.allclose(halved, 0.5 * Shape()(gradient, alone, "here"), rtol=1e-4, atol=1e-6)
    assert {key: value.shape for key, value in asked.items()} == {"here.bands": (BANDS, 3)}


@pytest.mark.parametrize("side", [63, 64])
def test_a_band_that_is_hardly_there_is_not_blown_up(side: int) -> None:
    """The mean of a smooth gradient over 2x2 pixels may have more energy than itself."""
    smooth = torch.linspace(1, 2, side).expand(3, side, side).contiguous()
    assert Shape()(smooth, alone, "k").abs().max() < 30


def test_the_gradient_of_a_flat_picture_stays_nothing() -> None:
    assert not Shape()(torch.zeros(3, 32, 32), alone, "k").any()


@pytest.mark.parametrize("options", [{"colours": -1}, {"detail": 0}, {"colours": float("nan")}])
def test_what_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        Shape(**options)


def test_a_dream_without_colours_adds_nothing_but_grey() -> None:
    image = 0.3 + 0.4 * to_image(texture())  # far from where it is clipped
    added = tiny_dreamer(shape=Shape(colours=0), step=0.005)(image) - image
    luma, *chroma = planes_of(added).square().mean((1, 2)).sqrt()
    assert luma > 1e-3
    assert max(chroma) < 0.02 * luma
