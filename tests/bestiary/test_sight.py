"""What a network sees: a channel that a picture excites more than others do comes first."""

from __future__ import annotations

import pytest
import torch
from tiny import tiny_network
from torch import Tensor, nn

from dreamvid.bestiary import sight
from dreamvid.bestiary.sight import (
    classes,
    distinct,
    drawn_things,
    maps,
    peaks,
    sightings,
    spectral_noise,
    usual,
)
from dreamvid.networks.known import Description
from dreamvid.networks.network import Network

SIDE = 96


def colours(*, loud: float = 9.0) -> Network:
    """Channel 0 is loud on any picture, 1 sees green, 2 red, 3 nothing; positions of 8 pixels."""
    conv = nn.Conv2d(3, 4, 8, stride=8)
    red, green, blue = torch.eye(3)
    weights = torch.stack([loud * torch.ones(3), green - red - blue, red - green - blue, 0 * red])
    with torch.no_grad():
        conv.weight.copy_(weights[:, :, None, None].expand(4, 3, 8, 8) / 64)
        conv.bias.zero_()
    body = nn.Sequential()
    body.add_module("conv", conv)
    body.add_module("fire", nn.ReLU())
    about = Description(
        name="colours",
        aliases={"parts": "fire"},
        default_layer="fire",
        minimum_size=16,
        mean=(0, 0, 0),
        std=(1, 1, 1),
    )
    return Network(body, about)


@pytest.fixture
def green_square() -> Tensor:
    """Grey, and a square of green with its corner at (48, 16): rows, columns."""
    generator = torch.Generator().manual_seed(3)
    image = 0.5 + 0.02 * torch.randn(3, SIDE, SIDE, generator=generator)
    image[:, 48:72, 16:40] = torch.tensor([0.1, 0.9, 0.1])[:, None, None]
    return image.clamp(0, 1)


def test_the_channel_of_what_is_there_comes_first_and_not_the_loudest(green_square: Tensor) -> None:
    network = colours()
    here = maps(network, "fire", [green_square])[0]
    assert int(peaks(here).argmax()) == 0  # the largest activation is another's
    found = sightings(network, "parts", green_square, 4)
    assert found[0].channel == 1 and found[0].score > 2 * found[1].score
    assert sorted(one.channel for one in found) == [0, 1, 2, 3]
    assert [one.score for one in found[:2]] == sorted((o.score for o in found[:2]), reverse=True)


def test_its_map_is_where_it_is(green_square: Tensor) -> None:
    (found,) = sightings(colours(), "fire", green_square, 1)
    assert found.map.shape == (SIDE, SIDE) and float(found.map.amax()) > 0.9
    assert float(found.map[54:66, 22:34].mean()) > 0.8
    rest = found.map.clone()
    rest[36:84, 4:52] = 0
    assert float(rest.amax()) < 0.05


def test_what_noise_of_the_same_colours_does_as_well_does_not_count(
    green_square: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sightings(colours(), "fire", green_square, 1)[0].score
    monkeypatch.setattr(sight, "spectral_noise", lambda image, seed: image)
    same = sightings(colours(), "fire", green_square, 1)[0].score
    assert same < 0.7 * whole


def test_what_drawn_things_do_as_well_does_not_count(
    green_square: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sightings(colours(), "fire", green_square, 1)[0].score
    monkeypatch.setattr(sight, "drawn_things", lambda: [green_square])
    same = sightings(colours(), "fire", green_square, 1)[0].score
    assert same < 0.7 * whole


def test_what_is_usual_is_counted_over_all_positions_of_all_pictures() -> None:
    network = tiny_network()
    images = [torch.rand(3, side, 40, generator=torch.Generator().manual_seed(4)) for side in
              (30, 50)]  # fmt: skip
    flat = torch.cat([found.flatten(1) for found in maps(network, "two", images)], dim=1)
    mean, deviation = usual(network, "two", images)
    assert torch.allclose(mean, flat.mean(1), atol=1e-5)
    assert torch.allclose(deviation, flat.std(1, correction=0), atol=1e-5)


def test_silent_channels_do_not_win(green_square: Tensor) -> None:
    scores = {one.channel: one.score for one in sightings(colours(), "fire", green_square, 4)}
    assert abs(scores[3]) < 0.01 and scores[1] > 1


def test_channels_at_the_same_place_are_shown_once() -> None:
    left, right = torch.zeros(8, 8), torch.zeros(8, 8)
    left[:, :2], right[:, 6:] = 1, 1
    shares = torch.stack([left, 0.9 * left, right])
    scores = torch.tensor([3.0, 2.0, 1.0])
    assert distinct(scores, shares, 2) == [0, 2]
    assert distinct(scores, shares, 3) == [0, 2, 1]  # filled up
    assert distinct(scores, shares, 9) == [0, 2, 1]


def test_the_border_of_a_picture_excites_nothing() -> None:
    flat = torch.full((3, 64, 64), 0.9)
    first = maps(tiny_network(), "one", [flat])[0]
    assert first.shape == (8, 64, 64)
    assert torch.allclose(first, first[:, 32:33, 32:33].expand_as(first), atol=1e-5)


@pytest.mark.parametrize("size", [(7, 9), (16, 300), (1, 1)])
def test_small_and_narrow_pictures_are_seen(size: tuple[int, int]) -> None:
    image = torch.rand(3, *size, generator=torch.Generator().manual_seed(0))
    found = sightings(tiny_network(), "two", image, 3)
    assert len(found) == 3 and all(one.map.shape == size for one in found)
    assert all(bool(one.map.isfinite().all()) for one in found)


def test_the_same_picture_gives_the_same_sightings(green_square: Tensor) -> None:
    first, again = (sightings(tiny_network(), "two", green_square, 3) for _ in range(2))
    assert [(a.channel, a.score) for a in first] == [(b.channel, b.score) for b in again]
    assert all(torch.equal(a.map, b.map) for a, b in zip(first, again, strict=True))


def test_spectral_noise_has_the_colours_and_the_spectrum_and_nothing_in_it(
    green_square: Tensor,
) -> None:
    soft = 0.4 + 0.2 * green_square
    noise = spectral_noise(soft, 0)
    assert torch.allclose(noise.mean((1, 2)), soft.mean((1, 2)), atol=0.01)
    assert torch.allclose(noise.std((1, 2)), soft.std((1, 2)), rtol=0.05)
    bands = [torch.fft.rfft2(x - x.mean((1, 2), keepdim=True)).abs() for x in (soft, noise)]
    assert torch.allclose(bands[0], bands[1], atol=0.3)
    like = torch.corrcoef(torch.stack([soft.flatten(), noise.flatten()]))[0, 1]
    assert abs(float(like - _of_means(soft, noise))) < 0.2
    assert not torch.equal(noise, spectral_noise(soft, 1))


def _of_means(first: Tensor, second: Tensor) -> Tensor:
    """The correlation that two images have by the means of their planes alone."""
    flat = [x.mean((1, 2), keepdim=True).expand_as(x).flatten() for x in (first, second)]
    total = torch.corrcoef(torch.stack(flat))[0, 1]
    return total * flat[0].std() * flat[1].std() / (first.std() * second.std())


def test_drawn_things_are_many_and_differ() -> None:
    sheets = drawn_things()
    assert len(sheets) == sight.SHEETS
    assert all(sheet.dim() == 3 and min(sheet.shape[1:]) > 2 * sight.CELL for sheet in sheets)
    assert not torch.equal(sheets[0], sheets[1])


def test_likely_classes_come_first_and_views_are_added_up() -> None:
    network = tiny_network()
    image = torch.rand(3, 64, 80, generator=torch.Generator().manual_seed(1))
    found = classes(network, image, 9)
    assert sorted(name for name, _ in found) == ["ant", "bee", "cat", "dog", "elk"]
    chances = [chance for _, chance in found]
    assert chances == sorted(chances, reverse=True) and sum(chances) == pytest.approx(1)
    network.labels = ("fox/front", "fox/side", "owl/front", "owl/side", "eel")
    joined = dict(classes(network, image, 9))
    assert joined["fox"] == pytest.approx(dict(found)["ant"] + dict(found)["bee"])
    network.labels = ()
    assert classes(network, image, 9) == []
