"""Palettes: a dream takes the colours of its source, or of another picture."""

from __future__ import annotations

import pretend
import pytest
import torch
from tiny import texture, tiny_dreamer
from torch import Tensor

from dreamvid.dream.palette import Palette, keep_colours
from dreamvid.dream.planes import LUMA
from dreamvid.image import to_image


def soft(seed: int) -> Tensor:
    """A picture whose colours are far from 0 and 1, so that nothing is cut off."""
    return 0.35 + 0.3 * to_image(texture(seed))


IMAGE, OTHER = soft(0), torch.stack((soft(3)[0], soft(3)[0] * 0.8, soft(3)[2] * 0.6))


FLAT = [torch.full((3, 8, 8), 0.5), torch.zeros(3, 8, 8), torch.full((3, 1, 1), 0.5)]


def statistics(image: Tensor) -> Tensor:
    colours = image.flatten(1)
    return torch.cat((colours.mean(dim=1), colours.cov().flatten()))


def test_the_colours_are_those_of_the_picture() -> None:
    matched = Palette.of(OTHER)(IMAGE, IMAGE)
    assert statistics(matched) == pytest.approx(statistics(OTHER), abs=1e-3)
    assert torch.corrcoef(torch.stack((matched[0].flatten(), IMAGE[0].flatten())))[0, 1] > 0.5


def test_the_colours_are_those_of_the_source_without_a_picture() -> None:
    assert statistics(Palette()(IMAGE, OTHER)) == pytest.approx(statistics(OTHER), abs=1e-3)
    assert torch.allclose(Palette()(IMAGE, IMAGE), IMAGE, atol=1e-4)


@pytest.mark.parametrize("flat", FLAT)
def test_flat_and_grey_pictures_have_a_palette(flat: Tensor) -> None:
    for palette, image in ((Palette.of(flat), IMAGE), (Palette.of(IMAGE), flat)):
        matched = palette(image, image)
        assert matched.isfinite().all() and matched.min() >= 0 and matched.max() <= 1
    assert torch.allclose(Palette.of(flat)(IMAGE, IMAGE), flat.mean(), atol=0.02)


@pytest.mark.pretended
def test_a_device_gives_the_same_colours() -> None:
    there = Palette.of(OTHER.to(pretend.device()))(IMAGE.to(pretend.device()), IMAGE)
    assert torch.allclose(there.cpu(), Palette.of(OTHER)(IMAGE, IMAGE), atol=1e-5)


def test_a_dream_ends_with_the_colours_of_the_palette() -> None:
    dreamed = tiny_dreamer(palette=Palette.of(OTHER))(IMAGE)
    assert statistics(dreamed) == pytest.approx(statistics(OTHER), abs=2e-3)


def test_kept_colours_change_in_light_alone() -> None:
    other = soft(5)
    kept = keep_colours(other, IMAGE)
    change = kept - IMAGE
    assert torch.allclose(change[0], change[1], atol=1e-6) and change.std() > 0.01
    luma = torch.tensor(LUMA)
    assert torch.allclose(
        torch.tensordot(luma, kept, 1), torch.tensordot(luma, other, 1), atol=1e-5
    )
