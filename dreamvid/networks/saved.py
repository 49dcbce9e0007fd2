"""Network files: half-precision weights together with everything needed to use them.

The metadata of the safetensors file holds the architecture, the labels, the layer aliases and the
input normalisation, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from dreamvid.errors import UnreadableInput, no_such_file, writing
from dreamvid.files import write_whole
from dreamvid.networks import zoo
from dreamvid.networks.embedded import Bestiary, Widths, folded, widths_of
from dreamvid.networks.known import Description

FORMAT = "dreamvid-network-1"
_REMEDY = "for the weights of a built-in network give --model NAME --weights FILE"


@dataclass(frozen=True)
class Plan:
    """The architecture of a network: the widths of a Bestiary, or the name of an ImageNet network.

    `classes` is the number of classes.
    """

    kind: Widths | str
    classes: int

    def build(self, *, norm: bool = False) -> nn.Module:
        """Build the model, with parameters on torch's current default device.

        `norm` adds batch norm to a Bestiary; torchvision networks always have theirs.
        """
        if isinstance(self.kind, Widths):
            return Bestiary(self.kind, self.classes, norm=norm)
        return zoo.build(self.kind, classes=self.classes)

    def outline(self) -> nn.Module:
        """The model with parameters on the meta device, which use no memory."""
        if isinstance(self.kind, str):
            return zoo.architecture(self.kind, classes=self.classes)
        with torch.device("meta"):
            return self.build()


def save(path: Path, model: nn.Module, plan: Plan, description: Description) -> None:
    """Write a trained network atomically, in the format that `load` reads.

    The batch norm of a Bestiary is folded into its convolutions.
    """
    about = {k: v for k, v in asdict(description).items() if k != "name"}
    kind = plan.kind if isinstance(plan.kind, str) else asdict(plan.kind)
    state = folded(model) if isinstance(plan.kind, Widths) else _half_precision(model)
    metadata = {
        "format": FORMAT,
        "architecture": json.dumps(kind),
        "description": json.dumps(about),
    }
    with writing(path):
        write_whole(path, safetensors.torch.save(state, metadata))


@dataclass(frozen=True)
class Saved:
    """The contents of a network file; `state` is in float32."""

    plan: Plan
    description: Description
    state: dict[str, Tensor]

    def build(self) -> nn.Module:
        """The model with its weights."""
        model = self.plan.outline()
        # Not strict: old torchvision files lack a counter that only training uses.
        model.load_state_dict(self.state, strict=False, assign=True)
        model.eval()
        return zoo.prepared(self.plan.kind, model) if isinstance(self.plan.kind, str) else model


def load(path: Path, *, name: str) -> Saved:
    """Read a file that `save` wrote; `name` becomes the name of the network.

    Raises UnreadableInput for any other file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata: Mapping[str, str] = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise UnreadableInput(
                    f"not a network trained by dreamvid (no '{FORMAT}' in its metadata)",
                    where=path,
                    remedy=_REMEDY,
                )
            state = {key: _full_precision(file.get_tensor(key)) for key in file.keys()}  # noqa: SIM118
        description = _description(name, json.loads(metadata["description"]))
        kind = json.loads(metadata["architecture"])
        plan = Plan(kind if isinstance(kind, str) else widths_of(kind), len(description.labels))
        plan.outline().load_state_dict(state, assign=True)
    except FileNotFoundError:
        raise no_such_file(path) from None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UnreadableInput(
            f"not a readable network file ({error})", where=path, remedy=_REMEDY
        ) from error
    return Saved(plan, description, state)


def _description(name: str, value: Any) -> Description:
    if not isinstance(value, dict):
        raise ValueError(f"its metadata is a {type(value).__name__}, not a table")
    tuples: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
    return Description(name=name, **tuples)


def _half_precision(model: nn.Module) -> dict[str, Tensor]:
    """The weights in half precision, except 1-D tensors, whose values may exceed its range."""
    state = model.state_dict()
    return {k: (v.half() if v.ndim > 1 else v).detach().contiguous() for k, v in state.items()}


def _full_precision(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value
