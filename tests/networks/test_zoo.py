"""Architectures by name."""

from __future__ import annotations

import pytest
import torch

from dreamvid.networks import zoo
from dreamvid.networks.known import DEFAULT, DESCRIPTIONS


@pytest.mark.parametrize("name", [DEFAULT, "googlenet", "resnet18", "regnet_x_400mf"])
def test_an_architecture_has_no_weights_and_any_number_of_classes(name: str) -> None:
    model = zoo.architecture(name, classes=7)
    assert all(value.is_meta for value in model.parameters()) and not model.training
    assert list(model.parameters())[-1].shape == (7,)


def test_a_description_adds_the_labels() -> None:
    about = zoo.describe("googlenet")
    assert about.aliases == DESCRIPTIONS["googlenet"].aliases and len(about.labels) == 1000
    other = zoo.describe("vgg11")
    assert not other.aliases and not other.default_layer and other.labels == about.labels


def test_published_weights_have_an_address_and_a_size() -> None:
    assert zoo.url("vgg16").endswith("vgg16-397923af.pth") and 500 < zoo.megabytes("vgg16") < 600
    assert zoo.url("regnet_x_400mf").startswith("https://download.pytorch.org/")


def test_networks_of_torchvision_are_taken_as_they_are() -> None:
    model = torch.nn.Identity()
    assert zoo.prepared("resnet18", model) is model
