"""The judge: measures of colour and of wavelengths, and what it asks of networks."""

from __future__ import annotations

import math
from collections import OrderedDict
from itertools import islice
from pathlib import Path

import pytest
import torch
from tiny import texture, tiny_network
from torch import nn

from dreamvid.bestiary import judge
from dreamvid.errors import UnreadableInput
from dreamvid.image import save_image, to_image
from dreamvid.networks.network import Description, Network
from dreamvid.networks.registry import load_network


def test_grey_has_no_colour() -> None:
    assert judge.colourfulness(torch.rand(1, 20, 30).expand(3, 20, 30)) == pytest.approx(
        0, abs=1e-6
    )


def test_the_colourfulness_of_red_and_green_by_hand() -> None:
    image = torch.zeros(3, 10, 20)
    image[0, :, :10], image[1, :, 10:] = 1, 1  # red - green is 255 or -255, (r + g) / 2 - b 127.5
    deviation = 255 * math.sqrt(200 / 199)
    assert judge.colourfulness(image) == pytest.approx(deviation + 0.3 * 127.5, rel=1e-6)


@pytest.mark.parametrize("length, share", [(8, 1), (16, 1), (2.5, 0), (100, 0)])
def test_the_band_holds_wavelengths_of_4_to_32_pixels(length: float, share: float) -> None:
    wave = torch.sin(2 * math.pi * torch.arange(200.0) / length).expand(3, 200, 200)
    assert judge.band_share(wave + 5) == pytest.approx(share, abs=0.1)


def test_dreams_are_compared_at_the_same_strength(tmp_path: Path) -> None:
    save_image(tmp_path / "photo.png", to_image(texture(3, height=80, width=100)))
    (pair,) = judge.compare(load_network("bestiary"), tiny_network(), tmp_path, ["parts"])
    row = pair.row()
    assert row["rms ratio"] == pytest.approx(1, abs=0.03)
    assert row["colour ratio"] == pytest.approx(pair.ours.colourfulness / pair.theirs.colourfulness)
    assert pair.sheet.shape == (3, 80, 300)


def test_a_folder_without_photographs_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="no images"):
        list(judge.compare(tiny_network(), tiny_network(), tmp_path, ["two"]))


def test_the_bestiary_knows_renders_that_it_has_not_seen() -> None:
    found = judge.knowledge(load_network("bestiary"), count=64)
    assert found.by_class >= found.by_label > 0.6
    assert 0.8 < found.alive <= 1


def test_a_class_is_recognised_where_another_network_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dreamvid.bestiary.atlas.ITERATIONS", 8)  # they are soon recognised
    network = load_network("bestiary")
    told = list(islice(judge.recognised(network, network), 2))
    assert [name for name, _, _ in told] == list(
        dict.fromkeys(label.split("/")[0] for label in network.labels)
    )[:2]
    assert all(right for _, right, _ in told)
    assert told[0][2].shape == (3, judge.CLASS_SIDE, judge.CLASS_SIDE)


def test_channels_that_never_fire_are_dead() -> None:
    convolution = nn.Conv2d(3, 4, 1)
    nn.init.zeros_(convolution.weight)
    with torch.no_grad():
        convolution.weight[2] = 1
        convolution.bias = nn.Parameter(torch.tensor([1.0, -1.0, -1.5, -1.0]))
    model = nn.Sequential(OrderedDict(one=convolution, two=nn.ReLU()))
    black_and_white = Description(name="t", aliases={}, default_layer="two",
                                  mean=(0, 0, 0), std=(1, 1, 1))  # fmt: skip
    active = judge.ActiveChannels(Network(model, black_and_white))
    active.add(torch.zeros(1, 3, 32, 32))
    assert active.share == 1 / 4
    active.add(torch.ones(1, 3, 32, 32))
    assert active.share == 2 / 4
