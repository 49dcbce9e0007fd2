"""Networks of timm (Wightman 2019), by name: architecture, description, address of the weights."""

from __future__ import annotations

import copy
import difflib
import os
from collections import OrderedDict
from pathlib import PurePosixPath
from typing import Any

import timm
import torch
from timm.data import ImageNetInfo, infer_imagenet_subset
from timm.layers import BatchNormAct2d, Conv2dSame
from torch import Tensor, nn

from dreamvid.errors import MissingDependency, UsageError
from dreamvid.networks.known import TIMM, Description, imagenet_labels

_HUB = "https://huggingface.co"


def describe(name: str) -> Description:
    """The description of a network of timm, from its configuration; aliases are left out."""
    settings = _settings(name)
    return Description(
        name=name,
        view=int(settings.input_size[-1]),
        labels=_labels(settings.num_classes),
        mean=_triple(settings.mean),
        std=_triple(settings.std),
    )


def build(name: str, *, classes: int) -> nn.Module:
    """The architecture with random weights and `classes` outputs."""
    _settings(name)
    try:
        model: nn.Module = timm.create_model(name.removeprefix(TIMM), num_classes=classes)
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        what = f"timm cannot build {name} ({str(error)[:120]})"
        raise UsageError(what, remedy="use another network (dreamvid models)") from error
    return model.eval()


def source(name: str) -> tuple[str, str]:
    """The URL of the published weights, and the name of the file that keeps them.

    Raises MissingDependency if there are none.
    """
    settings, short = _settings(name), name.removeprefix(TIMM)
    if settings.hf_hub_id:
        hub = os.environ.get("HF_ENDPOINT", _HUB).rstrip("/")
        repository, _, revision = settings.hf_hub_id.partition("@")
        file = settings.hf_hub_filename or "model.safetensors"
        kept = f"timm-{short}{PurePosixPath(file).suffix}"
        return f"{hub}/{repository}/resolve/{revision or 'main'}/{file}", kept
    if settings.url:
        return str(settings.url), str(settings.url).rpartition("/")[2]
    raise MissingDependency(f"timm has no weights for {name}", remedy="give --weights FILE")


def _settings(name: str) -> Any:
    """The pretrained configuration of timm; UsageError with suggestions for an unknown one."""
    short = name.removeprefix(TIMM)
    architecture, _, tag = short.partition(".")
    try:
        found = timm.models.get_pretrained_cfg(short)
    except RuntimeError:
        tags = [full.partition(".")[2] for full in timm.list_pretrained(f"{architecture}.*")]
        near = difflib.get_close_matches(tag, tags, n=3, cutoff=0.3) or tags[:3]
        hint = ", ".join(f"{TIMM}{architecture}.{known}" for known in near)
        what = f"timm has no weights '{tag}' for {architecture}"
        raise UsageError(what, remedy=f"use {hint or TIMM + architecture}") from None
    return found or timm.models.PretrainedCfg()


def _labels(classes: int) -> tuple[str, ...]:
    """The labels of ImageNet or a subset of its larger collections; numbers for other classes."""
    if classes == 1000:
        return imagenet_labels()
    subset = infer_imagenet_subset({"num_classes": classes})
    if subset is None:
        return tuple(map(str, range(classes)))
    return tuple(text.partition(",")[0] for text in ImageNetInfo(subset).label_descriptions())


def _triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def plain(model: nn.Module) -> nn.Module:
    """The network with layers of torch in place of those of timm, which cost time when dreaming.

    A batch norm that also activates becomes two layers; a convolution padded as in TensorFlow gets
    the symmetric padding of EfficientNetLite0, which is the same for inputs of even size.
    """
    for path, module in list(model.named_modules()):
        if getattr(module, "inplace", False) is True:
            vars(module)["inplace"] = False  # it may follow a layer that is raised
        if type(module) is BatchNormAct2d:
            _put(model, path, _two_layers(module))
        elif type(module) is Conv2dSame and _can_be_symmetric(module):
            _put(model, path, _symmetric(module))
    return model


def _put(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)


def _two_layers(norm: BatchNormAct2d) -> nn.Module:
    alone = nn.BatchNorm2d(norm.num_features, eps=norm.eps, device="meta")
    state = {key: value for key, value in norm.state_dict().items() if "." not in key}
    alone.load_state_dict(state, assign=True)
    activation = copy.copy(norm.act)
    vars(activation)["inplace"] = False
    return nn.Sequential(OrderedDict(norm=alone.eval(), act=activation))


def _can_be_symmetric(conv: Conv2dSame) -> bool:
    (a, b), (h, w) = conv.stride, conv.kernel_size
    return a == b and a in (1, 2) and h == w and h % 2 == 1 and bool(conv.dilation == (1, 1))


def _symmetric(conv: Conv2dSame) -> nn.Conv2d:
    """A kernel of stride 2 gets a row and a column of zeros before it."""
    more = conv.stride[0] - 1
    size = conv.kernel_size[0] + more
    with torch.device("meta"):
        same = nn.Conv2d(
            conv.in_channels, conv.out_channels, size, conv.stride[0], (size - 1) // 2,
            groups=conv.groups, bias=conv.bias is not None,
        )  # fmt: skip
    weight: Tensor = nn.functional.pad(conv.weight.detach(), (more, 0, more, 0))
    same.weight = nn.Parameter(weight, requires_grad=False)
    same.bias = conv.bias
    return same.eval()
