"""Architectures by name: EfficientNet-Lite0, those of torchvision (BSD) and timm (Apache 2.0)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from dreamvid.networks import efficientnet
from dreamvid.networks.known import (
    DESCRIPTIONS,
    IMAGENET_VIEW,
    TIMM,
    Description,
    labels,
)


def describe(name: str) -> Description:
    """The description of a network with its labels; aliases are left out if they are computed."""
    if name.startswith(TIMM):
        from dreamvid.networks import timm_zoo

        return timm_zoo.describe(name)
    about = DESCRIPTIONS.get(name, Description(name=name, view=IMAGENET_VIEW))
    return replace(about, labels=labels(name))


def url(name: str) -> str:
    """The torchvision URL of the weights; the file name ends in the first digits of its sha256."""
    return str(_weights(name).url)


def megabytes(name: str) -> float:
    """The size of the weights file in megabytes."""
    return float(_weights(name).meta["_file_size"])


def build(name: str, *, classes: int = 1000) -> nn.Module:
    """The architecture with random weights and `classes` outputs.

    Raises UsageError if the network of timm of this name cannot be built.
    """
    if name == efficientnet.NAME:
        return efficientnet.EfficientNetLite0(classes).eval()
    if name.startswith(TIMM):
        from dreamvid.networks import timm_zoo

        return timm_zoo.build(name, classes=classes)
    options: dict[str, Any] = {"num_classes": classes}
    if name in ("googlenet", "inception_v3"):
        # Auxiliary heads are used only in training.
        options |= {"aux_logits": False, "transform_input": False, "init_weights": False}
    from torchvision.models import get_model  # takes over a second, and the default needs none

    model: nn.Module = get_model(name, weights=None, **options)
    return model.eval()


def architecture(name: str, *, classes: int = 1000) -> nn.Module:
    """The architecture with parameters on the meta device, which use no memory."""
    try:
        with torch.device("meta"):
            return build(name, classes=classes)
    except NotImplementedError:  # RegNets compute their widths with tensors
        return build(name, classes=classes).to("meta")


def prepared(name: str, model: nn.Module) -> nn.Module:
    """A model with its weights, with layers that dream faster where there are such."""
    if name.startswith(TIMM):
        from dreamvid.networks import timm_zoo

        return timm_zoo.plain(model)
    return model


def _weights(name: str) -> Any:
    """The first published weights: those of 1.0 where they were trained twice."""
    from torchvision.models import get_model_weights

    return next(iter(get_model_weights(name)))
