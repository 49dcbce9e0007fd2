"""What a training starts from: nothing, a network of ours, or one of torchvision's."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from dreamvid.bestiary.training.folding import unfolded
from dreamvid.bestiary.training.prune import prune
from dreamvid.networks.embedded import ALIASES, SHIPPED, Bestiary, Widths
from dreamvid.networks.known import DESCRIPTIONS, Description
from dreamvid.networks.registry import EMBEDDED, load_saved
from dreamvid.networks.saved import Plan, Saved
from dreamvid.networks.weights import Counted

STEP = 0.007
"""The default step of a network that nobody has tuned yet."""
OWN_STEP = 0.012
"""That of one that has learned somebody's own pictures: a dream is to show them."""


ABOUT = Description(
    name=EMBEDDED,
    aliases=ALIASES,
    default_layer=ALIASES["objects"],
    default_step=STEP,
    label_layer="logits",
)
"""What a bestiary is described by when it is new."""


@dataclass(frozen=True)
class Start:
    """A model to be trained, and what it will be described by; `blank` when it knows nothing."""

    model: nn.Module
    plan: Plan
    description: Description
    blank: bool

    def finished(
        self, trained: nn.Module, pictures: Iterable[Tensor] = ()
    ) -> tuple[nn.Module, Plan]:
        """A copy of the model, trained, as it is to be used: on the CPU, as `plan` builds it.

        A bestiary loses the channels that none of the `pictures` makes fire, if there are any.
        """
        model, plan = copy.deepcopy(trained).cpu().eval(), self.plan
        if not (isinstance(model, Bestiary) and isinstance(plan.kind, Widths)):
            return unfolded(model, plan.build()), plan
        if pictures:
            model, kind = prune(model, plan.kind, pictures)
            plan = replace(plan, kind=kind)
        return model, plan


def start(
    base: str,
    labels: tuple[str, ...],
    *,
    blank: bool = False,
    weights: Path | None = None,
    offline: bool = False,
    seed: int = 0,
    progress: Counted | None = None,
) -> Start:
    """The network `base` with a last layer that tells `labels` apart.

    A `blank` one has random weights, the same for the same seed; nothing is read or fetched for it,
    but for the file of one of our own. `base`, `weights`, `offline` and `progress` are as
    `load_network` takes them. Raises what that raises.
    """
    torch.manual_seed(seed)
    if blank and base == EMBEDDED:
        file = Saved(Plan(SHIPPED, 0), ABOUT, {})
    elif blank and base in DESCRIPTIONS:
        file = Saved(Plan(base, 0), DESCRIPTIONS[base], {})
    else:
        file, _ = load_saved(base, weights=weights, offline=offline, progress=progress)
    plan = replace(file.plan, classes=len(labels))
    model = plan.build(norm=blank)
    if blank:
        _begin(model)
    else:
        shapes = {key: value.shape for key, value in model.state_dict().items()}
        kept = {key: value for key, value in file.state.items() if shapes.get(key) == value.shape}
        model.load_state_dict(kept, strict=False)
    about = replace(file.description, labels=labels)
    if not blank and labels != file.description.labels:
        about = replace(about, default_step=OWN_STEP)
    return Start(model, plan, about, blank)


def _begin(model: nn.Module) -> None:
    """Random weights that keep the size of activations from layer to layer (He et al. 2015)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
