"""Tiles: they cover exactly, and what they give is what the whole would give."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import texture, tiny_network

from dreamvid.dream import objectives
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.tiles import MARGIN, STRIDE, spans, tiled
from dreamvid.image import to_image


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 9000), st.integers(1, 3000))
def test_spans_cover_every_pixel_once_with_tiles_of_one_size(length: int, tile: int) -> None:
    pieces = list(spans(length, tile))
    assert [first for _, _, first, _ in pieces] == [0, *(last for *_, last in pieces[:-1])]
    assert pieces[-1][3] == length
    for start, end, first, last in pieces:
        assert 0 <= start <= first < last <= end <= length
        assert end - start == pieces[0][1] <= tile


@pytest.mark.parametrize("length, tile", [(1025, 1024), (4000, 512), (700, 300), (16384, 1024)])
def test_tiles_are_trusted_only_away_from_their_edges(length: int, tile: int) -> None:
    pieces = list(spans(length, tile))
    margin = min(MARGIN, tile // 4)
    for start, end, first, last in pieces:
        assert first == 0 or first - start >= margin - STRIDE // 2
        assert last == length or end - last >= margin - STRIDE // 2
    assert len(pieces) <= length / (tile - 2 * margin - STRIDE) + 1


@pytest.mark.parametrize("length", [1080, 1440, 2160, 4319, 7680])
@pytest.mark.parametrize("tile", [256, 1000, 1024, 2304])
def test_tiles_lie_on_the_grid_on_which_a_network_samples(length: int, tile: int) -> None:
    pieces = list(spans(length, tile))
    assert all(start % STRIDE == 0 for start, *_ in pieces)
    assert pieces[-1][1] == length


@pytest.mark.parametrize("length, tile", [(1080, 1024), (1920, 1024), (4320, 2304)])
def test_tiles_are_no_larger_than_needed(length: int, tile: int) -> None:
    pieces = list(spans(length, tile))
    covered = sum(end - start for start, end, *_ in pieces)
    assert covered < length + (len(pieces) - 1) * 2 * MARGIN + len(pieces) * STRIDE


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


def test_a_network_with_pooling_sees_the_same_in_tiles_as_in_the_whole() -> None:
    """Tiles that begin between two samples of the network would see another picture."""
    image = to_image(texture(height=100, width=700))

    def gradient(piece: torch.Tensor) -> torch.Tensor:
        batch = piece[None].requires_grad_()
        value = tiny_network(pool=True).trunk(["two"])(batch)["two"].square().sum()
        return torch.autograd.grad(value, batch)[0][0]

    whole, pieces = gradient(image.clone()), tiled(gradient, image, 300)
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
    assert len(seen) > 2 and len(set(seen[1:])) == 1 and max(seen[1]) <= 60
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
