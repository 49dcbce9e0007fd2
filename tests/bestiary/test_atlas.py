"""Sheets of dreams: where pictures stand, and that they show what they should."""

from __future__ import annotations

import math

import pretend
import pytest
import torch
from tiny import tiny_network, with_exemplars
from torch import Tensor

from dreamvid.bestiary.atlas import (
    GAP,
    GRAIN,
    GREY,
    LETTERS,
    MARGIN,
    PATTERN_PASSES,
    PATTERN_SIDE,
    VIVID,
    WHOLE_PASSES,
    atlas,
    captioned,
    from_noise,
    pattern,
    spread,
    thing,
    tiled,
    whole_thing,
)
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.objectives import channel, label, layer
from dreamvid.dream.octaves import resize
from dreamvid.dream.slope import Slope
from dreamvid.networks.network import Network
from dreamvid.networks.registry import load_network
from dreamvid.renders.typical import typical


@pytest.fixture
def network() -> Network:
    """The tiny network, whose dreams of things are small."""
    network = tiny_network()
    network.view = 72
    return network


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few iterations, which are enough to see what a thing becomes."""
    monkeypatch.setattr("dreamvid.bestiary.atlas.ITERATIONS", 8)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns of 48 pixels."""
    monkeypatch.setattr("dreamvid.bestiary.atlas.PATTERN_SIDE", 48)


def test_pictures_stand_row_by_row_with_gaps() -> None:
    images = [torch.full((3, 10, 10), k / 4) for k in range(4)]
    sheet = tiled(images, columns=3)
    assert sheet.shape == (3, 2 * (10 + GAP) + GAP, 3 * (10 + GAP) + GAP)
    for k in range(4):
        y, x = GAP + k // 3 * (10 + GAP), GAP + k % 3 * (10 + GAP)
        assert (sheet[:, y : y + 10, x : x + 10] == k / 4).all()
    assert (sheet[:, :GAP] < 0.1).all()


def test_a_caption_stands_below_its_picture() -> None:
    owl, blank = (captioned(torch.zeros(3, 20, 60), text, 12) for text in ("owl", ""))
    assert owl.shape == blank.shape == (3, 20 + 12 + 6, 60)
    assert (owl[:, :20] == 0).all()
    assert float(owl[:, 20:].max()) > 0.7 and float(blank[:, 20:].max()) < 0.1


@pytest.mark.parametrize("name", ["mushroom/toadstool", "American Staffordshire terrier"])
def test_a_long_caption_is_written_smaller_and_whole(name: str) -> None:
    narrow, wide = (captioned(torch.zeros(3, 8, side), name, 14)[0, 8:] for side in (144, 400))
    assert (narrow[:, -MARGIN:] < 0.1).all()
    columns = [(strip > 0.5).any(0).nonzero() for strip in (narrow, wide)]
    assert columns[0].max() > 0.7 * min(144, columns[1].max())  # nearly all of the width


def test_names_are_spread_evenly() -> None:
    assert spread("abcdef", 3) == ("a", "c", "e")
    assert spread("ab", 3) == ("a", "b")


def test_noise_becomes_what_is_asked_for(network: Network) -> None:
    trunk = network.trunk(["logits"])
    dreams = [from_noise(network, label("logits", index), size=48) for index in range(5)]
    with torch.no_grad():
        told = torch.stack([trunk(dream[None])["logits"][0].softmax(0) for dream in dreams])
    assert told.argmax(dim=0).tolist() == [0, 1, 2, 3, 4]  # each class is likeliest in its own


@pytest.mark.pretended
def test_a_device_draws_the_same_thing(
    network: Network, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = thing(network, 0, size=32)
    pretend.dream_elsewhere(monkeypatch)
    there = thing(network, 0, size=32)
    assert (there.cpu() - here).abs().mean() < 0.1 * (here - here.mean()).abs().mean()


def test_a_class_is_raised_with_the_layers_that_draw_its_forms() -> None:
    network = tiny_network()
    goal, told = whole_thing(network, 2), label("logits", 2)
    weak, strong = ({name: torch.full((1, 5, 3, 3), size) for name in ("one", "two", "logits")}
                    for size in (0.1, 1.0))  # fmt: skip
    assert set(goal.layers) == {"logits", "one", "two"}
    assert float(told(weak)) == pytest.approx(float(told(strong)))
    gained = float(goal(strong)) - float(goal(weak))
    assert gained == pytest.approx(3 * network.description.clarity * math.log(100), rel=1e-3)


def test_a_label_of_the_renders_is_dreamed_towards_its_typical_render(hasty: None) -> None:
    network = load_network("bestiary")
    index = network.labels.index("giraffe/body")
    layer = torch.tensor(typical("giraffe/body")).permute(2, 0, 1) / 255
    wanted = resize(GREY * (1 - layer[3:]) + layer[:3], (48, 48))

    def agreement(dream: Tensor) -> float:
        change = torch.stack((dream.mean(0) - GREY, wanted.mean(0) - GREY))
        broad = resize(change, (12, 12)).flatten(1)
        return float(torch.corrcoef(broad)[0, 1])

    drawn, free = (
        thing(network, index, size=48),
        from_noise(network, whole_thing(network, index), size=48),
    )
    assert agreement(drawn) > 0.5 > agreement(free) + 0.1


@pytest.mark.parametrize("indices", [(4,), (0, 1)])
def test_a_label_that_looks_like_no_render_and_several_at_once_have_no_exemplar(
    indices: tuple[int, ...], network: Network, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an elk, and of an ant and a bee; an ant has one."""
    with_exemplars(monkeypatch)
    free = from_noise(network, whole_thing(network, *indices), size=48)
    assert torch.equal(thing(network, *indices, size=48), free)
    ant = from_noise(network, whole_thing(network, 0), size=48)
    assert not torch.equal(thing(network, 0, size=48), ant)


def test_one_thing_stands_in_the_middle_of_the_picture() -> None:
    dream = from_noise(tiny_network(), label("logits", 2), size=64)
    change = (dream - GREY).square().mean(0)
    rim = torch.cat((change[:6].flatten(), change[-6:].flatten()))
    assert dream.shape == (3, 64, 64)
    assert float(change[26:38, 26:38].mean()) > 3 * float(rim.mean())
    assert float(change.mean().sqrt()) == pytest.approx(VIVID, rel=0.2)


def test_the_pattern_of_a_channel_excites_it_more_than_those_of_others_do(small: None) -> None:
    network = tiny_network()
    trunk = network.trunk(["two"])
    images = [pattern(network, channel("two", k)) for k in range(4)]
    assert images[0].shape == (3, 48, 48)
    with torch.no_grad():
        found = torch.stack([trunk(image[None])["two"][0, :4].mean((1, 2)) for image in images])
    assert (found.diagonal() > 1.1 * (found.sum(0) - found.diagonal()) / 3).all()


def test_a_pattern_is_everywhere(small: None) -> None:
    change = (pattern(tiny_network(), layer("two")) - GREY).square().mean(0)
    quarters = [change[y : y + 24, x : x + 24].mean() for y in (0, 24) for x in (0, 24)]
    assert float(max(quarters)) < 2 * float(min(quarters))


def test_the_same_seed_gives_the_same_pattern(small: None) -> None:
    network, goal = tiny_network(), channel("one", 3)
    first, again, other = (pattern(network, goal, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


def raised_to_fire(network: Network, threshold: float) -> Network:
    """The network, with channel 3 of layer one silent below a threshold."""
    conv = network.module("conv1")
    assert isinstance(conv.bias, Tensor) and isinstance(conv.weight, Tensor)
    with torch.no_grad():
        conv.weight[3] = conv.weight[3] / conv.weight[3].norm()
        conv.weight[3] -= conv.weight[3].mean()
        conv.bias[3] = -threshold
    return network


@pytest.mark.parametrize("threshold", [1.0, 2.0])
def test_a_channel_that_soft_noise_leaves_silent_is_dreamed_on_more(
    small: None, threshold: float
) -> None:
    network, goal = raised_to_fire(tiny_network(), threshold), channel("one", 3)
    soft = (GREY + GRAIN * torch.randn(3, 48, 48)).clamp(0, 1)
    dream = Dreamer(network, goal, precision="fp32", device="cpu")
    assert not dream.slope(soft)[1].any()
    assert dream.rate(pattern(network, goal)) > 0


def test_passes_count_the_gradients_at_full_size(
    small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, pixels = tiny_network(), []
    gradient = Slope.__call__

    def counted(self: Slope, image: Tensor) -> tuple[Tensor, Tensor]:
        pixels.append(image.shape[1] * image.shape[2])
        return gradient(self, image)

    monkeypatch.setattr(Slope, "__call__", counted)
    pattern(network, layer("two"))
    assert sum(pixels) / 48**2 == pytest.approx(PATTERN_PASSES, rel=0.06)
    pixels.clear()
    from_noise(network, label("logits", 1))
    assert sum(pixels) / network.view**2 == pytest.approx(WHOLE_PASSES, rel=0.15)
    assert PATTERN_SIDE >= 192  # the page shows it at 480 pixels


def test_the_same_seed_gives_the_same_sheet(network: Network, small: None, hasty: None) -> None:
    first, again, other = (atlas(network, labels=["ant"], size=32, seed=s) for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.shape == (3, 32 + LETTERS + 6 + 2 * GAP, 5 * (32 + GAP) + GAP)


def test_each_dream_has_its_alias_or_label_below(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def noted(image: Tensor, text: str, letters: int) -> Tensor:
        written.append(text)
        return image

    monkeypatch.setattr("dreamvid.bestiary.atlas.captioned", noted)
    for name in ("pattern", "thing"):
        monkeypatch.setattr(
            f"dreamvid.bestiary.atlas.{name}", lambda *_, **__: torch.zeros(3, 8, 8)
        )
    atlas(tiny_network(), labels=["ant"], size=8)
    assert written == ["textures", "patterns", "parts", "objects", "ant"]
