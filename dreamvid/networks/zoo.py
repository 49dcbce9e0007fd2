"""Architectures of the ImageNet networks: EfficientNet-Lite0 and those of torchvision (BSD)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
import torchvision
from torch import nn

from dreamvid.networks import efficientnet
from dreamvid.networks.known import DESCRIPTIONS, Description, labels


def describe(name: str) -> Description:
    """The description of a network, with its 1000 ImageNet labels."""
    return replace(DESCRIPTIONS[name], labels=labels(name))


def url(name: str) -> str:
    """The torchvision URL of the weights; the file name ends in the first digits of its sha256."""
    return str(_weights(name).url)


def megabytes(name: str) -> float:
    """The size of the weights file in megabytes."""
    return float(_weights(name).meta["_file_size"])


def build(name: str, *, classes: int = 1000) -> nn.Module:
    """The architecture with random weights and `classes` outputs."""
    if name == efficientnet.NAME:
        return efficientnet.EfficientNetLite0(classes).eval()
    options: dict[str, Any] = {"num_classes": classes}
    if name in ("googlenet", "inception_v3"):
        # Auxiliary heads are used only in training.
        options |= {"aux_logits": False, "transform_input": False, "init_weights": False}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return model.eval()


def architecture(name: str) -> nn.Module:
    """The architecture with parameters on the meta device, which use no memory."""
    with torch.device("meta"):
        return build(name)


def _weights(name: str) -> Any:
    return torchvision.models.get_model_weights(name).IMAGENET1K_V1
