"""The ImageNet networks, and where to dream in each: EfficientNet-Lite0 and torchvision's (BSD).

Aliases follow the same rule everywhere: textures at about stride 4 to 8, patterns one stage on,
parts where eyes and joints appear, objects where whole things do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
import torchvision
from torch import nn

from dreamvid.networks import efficientnet
from dreamvid.networks.network import IMAGENET_VIEW, Description

# Inception networks were trained on pixels in -1..1, whatever their published transforms say:
# torchvision undoes the ImageNet normalisation inside forward(). Asking for -1..1 saves both.
_HALF = (0.5, 0.5, 0.5)


def _about(
    name: str, layers: str, default: str, last: str, *, smallest: int = 32, half: bool = False
) -> Description:
    aliases = dict(zip(("textures", "patterns", "parts", "objects"), layers.split(), strict=True))
    about = Description(
        name=name, aliases=aliases, default_layer=default, label_layer=last, minimum_size=smallest,
        view=IMAGENET_VIEW,
    )  # fmt: skip
    return replace(about, mean=_HALF, std=_HALF) if half else about


_ALL = (
    efficientnet.ABOUT,
    _about(
        "googlenet",
        "conv2 inception3b inception4c inception5a",
        "inception4c",
        "fc",
        half=True,
    ),
    _about(
        "squeezenet1_0",
        "features.4 features.7 features.10 features.12",
        "features.10",
        "classifier",
    ),
    _about(
        "squeezenet1_1",
        "features.4 features.7 features.10 features.12",
        "features.10",
        "classifier",
    ),
    _about("vgg16", "features.8 features.15 features.22 features.29", "features.22", "classifier"),
    _about("vgg19", "features.8 features.17 features.26 features.35", "features.26", "classifier"),
    _about("resnet50", "layer1 layer2 layer3.3 layer4.0", "layer3.3", "fc"),
    _about(
        "inception_v3",
        "Mixed_5b Mixed_5d Mixed_6c Mixed_7a",
        "Mixed_6c",
        "fc",
        smallest=75,
        half=True,
    ),
    _about(
        "mobilenet_v3_large",
        "features.4 features.7 features.12 features.15",
        "features.12",
        "classifier",
    ),
    _about(
        "efficientnet_b0", "features.2 features.3 features.5 features.6", "features.5", "classifier"
    ),
    _about(
        "convnext_tiny",
        "features.1 features.3 features.5.4 features.7",
        "features.5.4",
        "classifier",
    ),
)
DESCRIPTIONS = {about.name: about for about in _ALL}


def describe(name: str) -> Description:
    """The description of a network, with its 1000 ImageNet labels."""
    labels = _weights("googlenet").meta["categories"]  # the same, in the same order, for all
    return replace(DESCRIPTIONS[name], labels=tuple(labels))


def url(name: str) -> str:
    """Where torchvision keeps the weights; the file name ends in the start of its sha256."""
    return str(_weights(name).url)


def megabytes(name: str) -> float:
    """The size of that file."""
    return float(_weights(name).meta["_file_size"])


def build(name: str, *, classes: int = 1000) -> nn.Module:
    """The architecture with random weights, telling `classes` apart."""
    if name == efficientnet.NAME:
        return efficientnet.EfficientNetLite0(classes).eval()
    options: dict[str, Any] = {"num_classes": classes}
    if name in ("googlenet", "inception_v3"):
        # Auxiliary heads only ever helped training.
        options |= {"aux_logits": False, "transform_input": False, "init_weights": False}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return model.eval()


def bare(name: str) -> nn.Module:
    """The architecture alone, its parameters on the meta device: they hold no memory."""
    with torch.device("meta"):
        return build(name)


def _weights(name: str) -> Any:
    return torchvision.models.get_model_weights(name).IMAGENET1K_V1
