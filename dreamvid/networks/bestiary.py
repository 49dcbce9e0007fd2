"""The embedded network: a small Inception (Szegedy et al. 2015) that learned from formulas alone.

The file holds convolutions with their batch norm already folded in, in half precision, and in its
metadata all that is needed to rebuild the network: widths, labels, layer aliases, input constants.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from dreamvid.errors import UnreadableInput
from dreamvid.networks.network import Description

FORMAT = "dreamvid-network-1"


@dataclass(frozen=True)
class Widths:
    """Numbers of channels. A block is (a, b reduced, b, c reduced, c, p): see `Block`.

    `groups` are the blocks between two poolings, named 3a, 3b, ... 4a, ... 5a, ...
    """

    stem: int
    reduced: int
    conv2: int
    groups: tuple[tuple[tuple[int, int, int, int, int, int], ...], ...]


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
    """Four branches side by side: 1x1 | 1x1, 3x3 | 1x1, 3x3, 3x3 | 3x3 max, 1x1."""

    def __init__(
        self, i: int, widths: tuple[int, int, int, int, int, int], *, norm: bool = False
    ) -> None:
        super().__init__()
        a, b0, b, c0, c, p = widths
        self.a = Unit(i, a, 1, norm=norm)
        self.b = nn.Sequential(Unit(i, b0, 1, norm=norm), Unit(b0, b, 3, norm=norm))
        self.c = nn.Sequential(
            Unit(i, c0, 1, norm=norm), Unit(c0, c, 3, norm=norm), Unit(c, c, 3, norm=norm)
        )
        self.p = nn.Sequential(nn.MaxPool2d(3, 1, 1), Unit(i, p, 1, norm=norm))
        self.out = a + b + c + p

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.a(x), self.b(x), self.c(x), self.p(x)], 1)


class Bestiary(nn.Module):
    """The network itself; `norm` builds it with batch norm, as it is trained.

    Layers: stem pool1 red conv2 pool2 3a 3b ... pool3 4a ... pool4 5a ... mean logits.
    """

    def __init__(self, widths: Widths, classes: int, *, norm: bool = False) -> None:
        super().__init__()
        self.add_module("stem", Unit(3, widths.stem, 7, stride=2, norm=norm))
        self.add_module("pool1", nn.MaxPool2d(3, 2, 1))
        self.add_module("red", Unit(widths.stem, widths.reduced, 1, norm=norm))
        self.add_module("conv2", Unit(widths.reduced, widths.conv2, 3, norm=norm))
        i = widths.conv2
        for number, group in enumerate(widths.groups, start=3):
            self.add_module(f"pool{number - 1}", nn.MaxPool2d(3, 2, 1))
            for letter, block in zip("abcdefgh", group, strict=False):
                self.add_module(f"{number}{letter}", Block(i, block, norm=norm))
                i = block[0] + block[2] + block[4] + block[5]
        self.add_module("mean", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        self.add_module("logits", nn.Linear(i, classes))

    def forward(self, x: Tensor) -> Tensor:
        for part in self.children():
            x = part(x)
        return x


def folded(model: nn.Module) -> dict[str, Tensor]:
    """State of `model` with every unit's batch norm merged into its convolution, in float16."""
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


def save(path: Path, model: Bestiary, widths: Widths, description: Description) -> None:
    """Write a trained network, folded and in half precision, as `load` reads it."""
    about = {k: v for k, v in asdict(description).items() if k != "name"}
    metadata = {
        "format": FORMAT,
        "widths": json.dumps(asdict(widths)),
        "description": json.dumps(about),
    }
    save_file(folded(model), path, metadata=metadata)


def load(path: Path, *, name: str) -> tuple[Bestiary, Description]:
    """The network in a file that `save` wrote, in float32.

    Raises UnreadableInput for anything else.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata: Mapping[str, str] = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise UnreadableInput(
                    f"not a network that dreamvid trained (no '{FORMAT}' mark)",
                    where=path,
                    remedy="give the network's name as the model and this file as its weights",
                )
            state = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
        description = _description(name, json.loads(metadata["description"]))
        widths = _widths(json.loads(metadata["widths"]))
        with torch.device("meta"):
            model = Bestiary(widths, len(description.labels))
        model.load_state_dict(state, assign=True)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UnreadableInput(f"not a readable network file ({error})", where=path) from error
    return model, description


def _widths(value: dict[str, Any]) -> Widths:
    groups = tuple(tuple(tuple(block) for block in group) for group in value["groups"])
    return replace(Widths(**value), groups=groups)


def _description(name: str, value: dict[str, Any]) -> Description:
    tuples: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
    return Description(name=name, **tuples)
