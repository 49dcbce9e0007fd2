"""The initial model of a training: random, a trained network, or an ImageNet network."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from dreamvid.bestiary.training.folding import unfolded
from dreamvid.bestiary.training.prune import prune
from dreamvid.networks import zoo
from dreamvid.networks.embedded import ALIASES, SHIPPED, Bestiary, Widths
from dreamvid.networks.known import Description, names
from dreamvid.networks.registry import EMBEDDED, load_saved
from dreamvid.networks.saved import Plan, Saved
from dreamvid.networks.variants import VARIANTS
from dreamvid.networks.weights import Counted

STEP = 0.007
"""Default dream step of a network that has not been tuned."""
OWN_STEP = 0.012
"""Default dream step of a network trained on user images, which dreams should show clearly."""
CLARITY = 0.8
"""The `clarity` of a Bestiary, whose layers were taught to paint."""

ABOUT = Description(
    name=EMBEDDED,
    aliases=ALIASES,
    default_layer=ALIASES["objects"],
    default_step=STEP,
    clarity=CLARITY,
    label_layer="logits",
)
"""The description of a new Bestiary."""


@dataclass(frozen=True)
class Start:
    """A model to be trained, with its plan and description; `blank` if randomly initialised."""

    model: nn.Module
    plan: Plan
    description: Description
    blank: bool

    def finished(
        self, trained: nn.Module, pictures: Iterable[Tensor] = ()
    ) -> tuple[nn.Module, Plan]:
        """Convert a trained model to the form that is saved: a copy on the CPU, with its plan.

        A Bestiary is pruned of channels that are inactive on all `pictures`.
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
    """The network `base` with a last layer for `labels`.

    If `blank`, weights are random, determined by the seed; only a network file is then read, and
    nothing is downloaded. `base`, `weights`, `offline` and `progress` are as in `load_network`,
    which also defines the errors raised.
    """
    torch.manual_seed(seed)
    if blank and base == EMBEDDED:
        file = Saved(Plan(SHIPPED, 0), ABOUT, {})
    elif blank and base in names() and base not in VARIANTS:
        file = Saved(Plan(base, 0), zoo.describe(base), {})
    else:
        file, _ = load_saved(base, weights=weights, offline=offline, progress=progress)
    plan = replace(file.plan, classes=len(labels))
    model = plan.build(norm=blank)
    if blank:
        _initialise(model)
    else:
        shapes = {key: value.shape for key, value in model.state_dict().items()}
        kept = {key: value for key, value in file.state.items() if shapes.get(key) == value.shape}
        model.load_state_dict(kept, strict=False)
    about = replace(file.description, labels=labels)
    if not blank and labels != file.description.labels:
        about = replace(about, default_step=OWN_STEP)
    return Start(model, plan, about, blank)


def _initialise(model: nn.Module) -> None:
    """Initialise weights so that activations keep their magnitude (He et al. 2015)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
