"""Networks by name: what is there, what is said of what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dreamvid.errors import UsageError
from dreamvid.networks.registry import describe, load_network, names


def test_the_embedded_network_needs_no_download() -> None:
    network = load_network("bestiary", offline=True)
    batch = torch.rand(1, 3, 41, 57, requires_grad=True)
    activations = network.trunk(["parts"])(batch)
    assert list(activations) == [network.aliases["parts"]]
    (gradient,) = torch.autograd.grad(activations[network.aliases["parts"]].square().mean(), batch)
    assert gradient.shape == batch.shape and gradient.abs().mean() > 0


@pytest.mark.parametrize("name", names())
def test_every_network_names_its_layers(name: str) -> None:
    network = describe(name)
    assert list(network.aliases) == ["textures", "patterns", "parts", "objects"]
    depths = [network.layers.index(layer) for layer in network.aliases.values()]
    assert depths == sorted(depths)
    assert network.default_layer in network.layers and network.label_layer in network.layers
    assert network.labels


def test_a_wrong_layer_gets_near_misses() -> None:
    with pytest.raises(UsageError, match=r"inception4c"):
        describe("googlenet").resolve("inception4z")


def test_a_wrong_network_gets_near_misses() -> None:
    with pytest.raises(UsageError, match="did you mean googlenet"):
        load_network("googelnet")


def test_weights_beside_the_file_of_a_network_are_refused() -> None:
    with pytest.raises(UsageError, match="weights: a network file contains its weights"):
        load_network("gone.safetensors", weights=Path("other.safetensors"))
