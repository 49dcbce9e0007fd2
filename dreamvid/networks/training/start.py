"""What a training starts from: nothing, a network of ours, or one of torchvision's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from dreamvid.networks.bestiary import ALIASES, SHIPPED
from dreamvid.networks.network import Description
from dreamvid.networks.registry import load_saved
from dreamvid.networks.saved import Plan
from dreamvid.networks.weights import Progress

NOTHING = "nothing"
STEP = 0.006
"""The default step of a network that nobody has tuned yet."""


@dataclass(frozen=True)
class Start:
    """A model to be trained, and what it will be described by; `fresh` when it knows nothing."""

    model: nn.Module
    plan: Plan
    description: Description
    fresh: bool


def start(
    base: str,
    labels: tuple[str, ...],
    *,
    weights: Path | None = None,
    offline: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Start:
    """The network `base`, its last layer replaced by one that tells `labels` apart.

    `base` is "nothing", a network's name or the path of a file that training wrote; `weights`,
    `offline` and `progress` are as `load_network` takes them. Raises what that raises.
    """
    torch.manual_seed(seed)
    if base == NOTHING:
        plan = Plan(SHIPPED, len(labels))
        about = Description(
            name="new", aliases=ALIASES, default_layer=ALIASES["parts"], default_step=STEP,
            labels=labels, label_layer="logits",
        )  # fmt: skip
        model = plan.build(norm=True)
        _begin(model)
        return Start(model, plan, about, fresh=True)
    file, _ = load_saved(base, weights=weights, offline=offline, progress=progress)
    plan = replace(file.plan, classes=len(labels))
    model = plan.build()
    shapes = {key: value.shape for key, value in model.state_dict().items()}
    kept = {key: value for key, value in file.state.items() if shapes.get(key) == value.shape}
    model.load_state_dict(kept, strict=False)
    return Start(model, plan, replace(file.description, labels=labels), fresh=False)


def _begin(model: nn.Module) -> None:
    """Random weights that keep the size of activations from layer to layer (He et al. 2015)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
