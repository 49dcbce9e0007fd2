"""The layers worth looking at: which they are, and how many channels they have."""

from __future__ import annotations

import pytest
from tiny import tiny_network

from dreamvid.errors import UsageError
from dreamvid.networks import known, registry
from dreamvid.networks.outline import channels, outline


def test_an_activation_stands_for_its_convolution_and_pools_are_left_out() -> None:
    assert outline(tiny_network()) == ("one", "two", "logits")


NETWORKS = (
    known.DEFAULT, known.EMBEDDED, "googlenet", "squeezenet1_0", "vgg16", "resnet50", "alexnet",
    "convnext_tiny", "densenet121", "mobilenet_v3_large",
)  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_outlined_with_its_aliases_by_depth(name: str) -> None:
    network = registry.describe(name)
    shown = outline(network)
    assert {network.resolve(alias) for alias in network.aliases} <= set(shown)
    assert list(shown) == sorted(shown, key=network.layers.index)
    assert 6 <= len(shown) <= 32 and not any("pool" in name or "drop" in name for name in shown)


def test_stages_are_opened_as_far_as_aliases_go() -> None:
    resnet = outline(registry.describe("resnet50"))
    assert resnet[:4] == ("relu", "layer1", "layer2", "layer3.0") and "layer3" not in resnet
    assert outline(registry.describe("googlenet"))[:4] == ("conv1", "conv2", "conv3", "inception3a")
    vgg = outline(registry.describe("vgg16"))
    assert "features.0" not in vgg and "features.1" in vgg and "features.4" not in vgg


def test_channels_are_counted_by_name_and_alias() -> None:
    assert channels(tiny_network(), ["textures", "two"]) == {"one": 8, "two": 12}


def test_layers_without_positions_are_refused_or_left_out() -> None:
    network = tiny_network()
    assert channels(network, ["two", "logits", "mean"], lenient=True) == {"two": 12}
    for name in ("logits", "mean"):
        with pytest.raises(UsageError, match=f"layer '{name}' has no positions; choose one before"):
            channels(network, [name])
    with pytest.raises(UsageError, match="tiny has no layer 'three'"):
        channels(network, ["three"], lenient=True)
