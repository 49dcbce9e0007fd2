"""Tiles: they cover exactly, and what they give is what the whole would give."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import texture, tiny_network

from dreamvid.dream import objectives
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.tiles import MARGIN, spans, tiled
from dreamvid.image import to_image


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 9000), st.integers(1, 3000))
def test_spans_cover_every_pixel_once_with_tiles_of_one_size(length: int, tile: int) -> None:
    pieces = list(spans(length, tile))
    assert [first for _, _, first, _ in pieces] == [0, *(last for *_, last in pieces[:-1])]
    assert pieces[-1][3] == length
    for start, end, first, last in pieces:
        assert 0 <= start <= first < last <= end <= length
        assert end - start == min(tile, length)


@pytest.mark.parametrize("length, tile", [(1025, 1024), (4000, 512), (700, 300), (16384, 1024)])
def test_tiles_are_trusted_only_away_from_their_edges(length: int, tile: int) -> None:
    pieces = list(spans(length, tile))
    for start, end, first, last in pieces:
        assert first == 0 or first - start >= MARGIN - 1
        assert last == length or end - last >= MARGIN - 1
    assert len(pieces) <= length / (tile - 2 * MARGIN) + 1


def plain_gradient(image: torch.Tensor) -> torch.Tensor:
    """The gradient of a layer's total, on a network that sees nine pixels."""
    batch = image[None].requires_grad_()
    value = tiny_network(pool=False).trunk(["two"])(batch)["two"].square().sum()
    return torch.autograd.grad(value, batch)[0][0]


@pytest.mark.parametrize("tile", [80, 150])
def test_the_gradient_by_tiles_is_that_of_the_whole(tile: int) -> None:
    image = to_image(texture(height=100, width=230))
    whole = plain_gradient(image.clone())
    pieces = tiled(plain_gradient, image, tile)
    assert torch.allclose(pieces, whole, atol=1e-4 * float(whole.abs().max()))


def test_what_fits_one_tile_is_not_cut() -> None:
    seen = []

    def gradient(image: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(image.shape))
        return image * 2

    image = torch.rand(3, 70, 90)
    result = tiled(gradient, image, 90)
    assert seen == [(3, 70, 90)] and torch.equal(result, image * 2)
    result = tiled(gradient, image, 60)
    assert {shape for shape in seen[1:]} == {(3, 60, 60)}
    assert torch.equal(result, image * 2)


def test_a_dream_by_tiles_shows_no_seam() -> None:
    image = to_image(texture(height=128, width=320))
    options = {"octaves": 1, "iterations": 6, "step": 0.03, "device": "cpu"}
    whole, tiles = (
        Dreamer(tiny_network(), objectives.layer("two"), **options, tile=tile)(image)
        for tile in (512, 160)
    )
    lines = [last for *_, last in spans(320, 160)][:-1]
    assert lines
    step = (tiles - whole).diff(dim=2).abs().mean(dim=(0, 1))
    near = torch.cat([step[line - 3 : line + 3] for line in lines])
    assert near.mean() <= 1.5 * step.mean() + 1e-4
    assert (tiles - whole).abs().mean() < 0.25 * (whole - image).abs().mean()
