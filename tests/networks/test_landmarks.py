"""Aliases computed from strides and receptive fields: near those once chosen by eye."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dreamvid.errors import UsageError
from dreamvid.networks import zoo
from dreamvid.networks.graph import Traced
from dreamvid.networks.known import ALIASES, Description
from dreamvid.networks.landmarks import _PROBE, _blocks, _shapes, landmarks, weightless
from dreamvid.networks.network import Network

BY_EYE = {
    "efficientnet_lite0": "2b 3b 5a 5c",
    "googlenet": "conv2 inception3b inception4c inception5a",
    "squeezenet1_0": "features.4 features.7 features.10 features.12",
    "vgg16": "features.8 features.15 features.22 features.29",
    "vgg19": "features.8 features.17 features.26 features.35",
    "resnet50": "layer1 layer2 layer3.3 layer4.0",
    "inception_v3": "Mixed_5b Mixed_5d Mixed_6c Mixed_7a",
    "mobilenet_v3_large": "features.4 features.7 features.12 features.15",
    "efficientnet_b0": "features.2 features.3 features.5 features.6",
    "convnext_tiny": "features.1 features.3 features.5.4 features.7",
}
"""The layers that were chosen by eye for textures, patterns, parts and objects."""


@pytest.mark.parametrize("name", BY_EYE)
def test_computed_aliases_are_near_those_chosen_by_eye(name: str) -> None:
    traced = Traced(zoo.architecture(name))
    shapes = _shapes(weightless(traced.model), traced.graph, _PROBE)
    nodes = [traced.layers[block.name] for block in _blocks(traced, shapes)]
    found = landmarks(traced, name=name).aliases
    assert tuple(found) == ALIASES
    for alias, chosen in zip(ALIASES, BY_EYE[name].split(), strict=True):
        near = [node for node in nodes if node is traced.layers[chosen]]
        at = nodes.index(near[0]) if near else len(nodes) - 1  # behind the last block
        assert abs(nodes.index(traced.layers[found[alias]]) - at) <= 2, alias


def test_a_residual_network_gets_the_ends_of_its_stages() -> None:
    found = landmarks(Traced(zoo.architecture("resnet50")), name="resnet50").aliases
    assert list(found.values()) == ["layer1", "layer2", "layer3.3", "layer4.0"]
    deeper = landmarks(Traced(zoo.architecture("resnet101")), name="resnet101").aliases
    assert list(deeper.values())[:2] == ["layer1", "layer2"]


def isotropic() -> nn.Sequential:
    """A patch embedding and blocks that keep its stride."""
    body = nn.Sequential(nn.Conv2d(3, 8, 8, stride=8), nn.GELU())
    for _ in range(9):
        body += nn.Sequential(nn.Sequential(nn.Conv2d(8, 8, 5, padding=2), nn.GELU()))
    return body + nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))


def test_blocks_of_one_stride_are_told_apart_by_their_receptive_fields() -> None:
    found = landmarks(Traced(isotropic()), name="m")
    assert set(found.strides.values()) == {8}
    places = [int(layer.partition(".")[0]) for layer in found.aliases.values()]
    assert places == sorted(set(places)) and places[0] <= 3 and places[-1] >= 6


def test_strides_and_sizes_come_from_shapes() -> None:
    model = zoo.architecture("inception_v3")
    traced = Traced(model)
    found = landmarks(traced, name="m")
    assert found.minimum_size == 80  # 75 would do
    assert all(found.strides[layer] == traced.stride(layer) for layer in found.strides)
    assert "fc" not in found.strides and "Mixed_7c" in found.strides


def test_a_weightless_copy_leaves_the_model_alone() -> None:
    model = isotropic()
    copied = weightless(model)
    assert all(value.is_meta for value in copied.parameters())
    assert not any(value.is_meta for value in model.parameters())


@pytest.mark.parametrize(
    ("name", "why"), [("vit_b_16", "pictures of any size"), ("swin_t", "features are no maps")]
)
def test_networks_without_maps_are_refused(name: str, why: str) -> None:
    with pytest.raises(UsageError, match=rf"{name} cannot be cut: .*{why}.*dreamvid models"):
        landmarks(Traced(zoo.architecture(name)), name=name)


def test_a_network_whose_steps_depend_on_the_picture_is_refused() -> None:
    class Choosy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.mean() > 0 else -x

    with pytest.raises(UsageError, match="choosy cannot be cut: its steps depend on the picture"):
        Network(Choosy(), Description(name="choosy"))
