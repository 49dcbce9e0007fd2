"""Networks by name: what is there, what is said of what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dreamvid.errors import UsageError
from dreamvid.networks.registry import (
    DEFAULT,
    EMBEDDED,
    availability,
    describe,
    load_network,
    names,
)


def test_the_embedded_network_needs_no_download() -> None:
    network = load_network("bestiary", offline=True)
    batch = torch.rand(1, 3, 41, 57, requires_grad=True)
    activations = network.trunk(["parts"])(batch)
    assert list(activations) == [network.aliases["parts"]]
    (gradient,) = torch.autograd.grad(activations[network.aliases["parts"]].square().mean(), batch)
    assert gradient.shape == batch.shape and gradient.abs().mean() > 0


@pytest.mark.parametrize("name", ["bestiary", "vgg16", "places365-resnet18", "robust-resnet50"])
def test_a_network_is_described_without_weights(name: str) -> None:
    network = describe(name)
    assert network.name == name and network.default_layer in network.layers
    assert len(network.labels) == (393 if name == "bestiary" else 365 if "places" in name else 1000)
    if name != "bestiary":
        assert all(value.is_meta for value in network._traced.model.parameters())


def test_the_availability_of_weights() -> None:
    assert availability(DEFAULT).here and availability(EMBEDDED).here
    places, robust = availability("places365-resnet18"), availability("robust-resnet50")
    assert not places.free and robust.free and places.default_layer == "parts"
    assert {row.name for row in map(availability, names())} == set(names())


def test_a_wrong_layer_gets_near_misses() -> None:
    with pytest.raises(UsageError, match=r"inception4c"):
        describe("googlenet").resolve("inception4z")


def test_a_wrong_network_gets_near_misses() -> None:
    with pytest.raises(UsageError, match="did you mean googlenet"):
        load_network("googelnet")


def test_weights_beside_the_file_of_a_network_are_refused() -> None:
    with pytest.raises(UsageError, match="weights: a network file contains its weights"):
        load_network("gone.safetensors", weights=Path("other.safetensors"))
