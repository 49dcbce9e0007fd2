"""The bestiary: a small Inception (Szegedy et al. 2015) made to dream fast.

It avoids operations with much overhead and little arithmetic: no pooling at stride 1, no parallel
convolutions of the same kind, no channel counts that leave vector lanes empty.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Widths:
    """Channel counts. A block is (a, b reduced, b, c reduced, c inner, c): see `Block`.

    `groups` are the blocks between poolings, named 3a, 3b, ... 4a, ... 5a, ...
    """

    stem: int
    conv2: int
    groups: tuple[tuple[tuple[int, int, int, int, int, int], ...], ...]


SHIPPED = Widths(
    stem=24,
    conv2=48,
    groups=(
        ((32, 32, 64, 16, 32, 32), (48, 48, 80, 16, 32, 32)),
        (
            (64, 64, 128, 32, 64, 64),
            (80, 64, 128, 32, 64, 64),
            (96, 96, 160, 32, 64, 64),
            (96, 96, 160, 32, 64, 64),
        ),
        ((192, 128, 256, 48, 96, 96), (192, 128, 288, 48, 128, 128)),
    ),
)
"""The widths of the embedded network: 2.4 million weights."""
ALIASES = {"textures": "4a", "patterns": "4c", "parts": "5a", "objects": "5b"}


class Unit(nn.Sequential):
    """Convolution, batch norm (while training only) and ReLU."""

    def __init__(self, i: int, o: int, size: int, *, stride: int = 1, norm: bool = False) -> None:
        parts: dict[str, nn.Module] = {
            "conv": nn.Conv2d(i, o, size, stride, size // 2, bias=not norm)
        }
        if norm:
            parts["norm"] = nn.BatchNorm2d(o)
        super().__init__(OrderedDict(**parts, relu=nn.ReLU()))


class Block(nn.Module):
    """Three parallel branches: 1x1 | 1x1, 3x3 | 1x1, 3x3, 3x3."""

    def __init__(
        self, i: int, widths: tuple[int, int, int, int, int, int], *, norm: bool = False
    ) -> None:
        super().__init__()
        a, b0, b, c0, c1, c = widths
        self.outputs = (a, b, c)
        self.a = Unit(i, a, 1, norm=norm)
        self.b = nn.Sequential(Unit(i, b0, 1, norm=norm), Unit(b0, b, 3, norm=norm))
        self.c = nn.Sequential(
            Unit(i, c0, 1, norm=norm), Unit(c0, c1, 3, norm=norm), Unit(c1, c, 3, norm=norm)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.a(x), self.b(x), self.c(x)], 1)


class Bestiary(nn.Module):
    """The network; `norm` adds batch norm, as in training.

    Layers: stem pool1 conv2 pool2 3a 3b ... pool3 4a ... pool4 5a ... mean logits.
    """

    def __init__(self, widths: Widths, classes: int, *, norm: bool = False) -> None:
        super().__init__()
        self.add_module("stem", Unit(3, widths.stem, 7, stride=2, norm=norm))
        self.add_module("pool1", nn.MaxPool2d(3, 2, 1))
        self.add_module("conv2", Unit(widths.stem, widths.conv2, 3, norm=norm))
        i = widths.conv2
        for number, group in enumerate(widths.groups, start=3):
            self.add_module(f"pool{number - 1}", nn.MaxPool2d(3, 2, 1))
            for letter, block in zip("abcdefgh", group, strict=False):
                self.add_module(f"{number}{letter}", Block(i, block, norm=norm))
                i = block[0] + block[2] + block[5]
        self.add_module("mean", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        self.add_module("logits", nn.Linear(i, classes))

    def forward(self, x: Tensor) -> Tensor:
        for part in self.children():
            x = part(x)
        return x


def folded(model: nn.Module) -> dict[str, Tensor]:
    """State dict of `model` with batch norms folded into the convolutions, in float16."""
    state: dict[str, Tensor] = {}
    for path, module in model.named_modules():
        if isinstance(module, Unit):
            conv, norm = module.get_submodule("conv"), module._modules.get("norm")
            if isinstance(norm, nn.BatchNorm2d) and isinstance(conv, nn.Conv2d):
                conv = nn.utils.fuse_conv_bn_eval(conv.eval(), norm.eval())
            state |= {f"{path}.conv.{k}": v for k, v in conv.state_dict().items()}
        elif isinstance(module, nn.Linear):
            state |= {f"{path}.{k}": v for k, v in module.state_dict().items()}
    return {k: v.detach().half().contiguous().clone() for k, v in state.items()}


def widths_of(value: dict[str, Any]) -> Widths:
    """Restore Widths from the output of `dataclasses.asdict` after a round trip through JSON."""
    groups = tuple(tuple(tuple(block) for block in group) for group in value["groups"])
    return replace(Widths(**value), groups=groups)
