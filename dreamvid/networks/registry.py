"""Load networks by name, with weights: built-in, from torchvision, or from trained files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from dreamvid.errors import UnreadableInput
from dreamvid.files import sha256
from dreamvid.networks import efficientnet, saved, zoo
from dreamvid.networks.known import (
    DEFAULT,
    DESCRIPTIONS,
    EMBEDDED,
    EMBEDDED_FILE,
    Description,
    check_model,
    names,
)
from dreamvid.networks.network import Network
from dreamvid.networks.saved import Plan, Saved
from dreamvid.networks.weights import Counted, cached, check_digest, fetch, read_state

__all__ = [
    "DEFAULT",
    "EMBEDDED",
    "Availability",
    "availability",
    "check_fit",
    "describe",
    "load_network",
    "load_saved",
    "mismatch",
    "names",
]


@dataclass(frozen=True)
class Availability:
    """Whether the weights of a network are available; `path` is where they are or would be stored.

    `here` is true if the file exists; `megabytes` is its size.
    """

    name: str
    default_layer: str
    default_step: float
    here: bool
    megabytes: float
    path: Path


def availability(name: str) -> Availability:
    """The status of the network `name`, one of `names()`; nothing is downloaded."""
    if name == EMBEDDED:
        path, about = EMBEDDED_FILE, saved.load(EMBEDDED_FILE, name=name).description
        size = path.stat().st_size / 1e6
    elif name == efficientnet.NAME:
        path, about, size = efficientnet.weights_path(), DESCRIPTIONS[name], efficientnet.MEGABYTES
    else:
        path, about, size = cached(zoo.url(name)), DESCRIPTIONS[name], zoo.megabytes(name)
    here, layer = path.is_file(), about.default_layer
    return Availability(name, layer, about.default_step, here, round(size, 1), path)


def load_network(
    model: str,
    *,
    weights: Path | None = None,
    offline: bool = False,
    progress: Counted | None = None,
) -> Network:
    """Load the network `model` with its weights.

    `model` is one of `names()` or the path of a `.safetensors` file written by training. `weights`
    is a local file (a torch state dict or safetensors) to use instead of the published one, which
    is downloaded on first use unless `offline`; `progress(done, total)` then reports bytes.

    Raises UsageError for an unknown name, or if `weights` is given for a network file;
    MissingDependency if the weights are not available; UnreadableInput if a file does not contain
    weights of this network.
    """
    file, path = load_saved(model, weights=weights, offline=offline, progress=progress)
    return Network(file.build(), file.description, weights_sha256=sha256(path))


def load_saved(
    model: str,
    *,
    weights: Path | None = None,
    offline: bool = False,
    progress: Counted | None = None,
) -> tuple[Saved, Path]:
    """The contents and the path of the file that `load_network` would use; raises the same."""
    check_model(model, weights)
    if model not in DESCRIPTIONS:
        path = weights or (EMBEDDED_FILE if model == EMBEDDED else Path(model))
        return saved.load(path, name=path.stem), path
    path = weights or _published(model, offline=offline, progress=progress)
    about, state = zoo.describe(model), read_state(path)
    if model == efficientnet.NAME:
        state = efficientnet.renamed(state)
    state = {key: value for key, value in state.items() if not _auxiliary(key)}
    classes, headed = len(about.labels), _with_head(state, about)
    if headed is not None:  # its layers can be dreamed, its classes are unknown
        return Saved(Plan(model, classes), replace(about, labels=()), headed), path
    check_fit(state, model_name=model, where=path)
    return Saved(Plan(model, classes), about, state), path


def _published(model: str, *, offline: bool, progress: Counted | None) -> Path:
    """The path of the published weights of a network, verified."""
    if model == efficientnet.NAME:
        path = efficientnet.weights_path()
        check_digest(path, efficientnet.SHA256, remedy=f"reinstall {efficientnet.PACKAGE}")
        return path
    return fetch(zoo.url(model), model=model, offline=offline, progress=progress)


def describe(model: str) -> Network:
    """The network `model` without weights: only its layers and description can be used.

    Nothing is downloaded. Raises UsageError for an unknown name.
    """
    if model in DESCRIPTIONS:
        return Network(zoo.architecture(model), zoo.describe(model))
    return load_network(model)


def check_fit(state: Mapping[str, Tensor], *, model_name: str, where: Path) -> None:
    """Raise UnreadableInput, naming the first mismatch, unless `state` fits the network."""
    if problem := mismatch(zoo.architecture(model_name), state):
        like = [n for n in DESCRIPTIONS if not mismatch(zoo.architecture(n), state)]
        looks = f"; they look like weights of {' or '.join(like)}" if like else ""
        raise UnreadableInput(
            f"not the weights of {model_name} ({problem}){looks}",
            where=where,
            remedy=f"use --model {like[0]}" if like else "",
        )


def mismatch(model: nn.Module, state: Mapping[str, Tensor]) -> str:
    """Describe the first missing, unexpected or mismatched entry of `state`; empty if none."""
    wanted = model.state_dict()
    for key, value in wanted.items():
        if key.endswith("num_batches_tracked"):
            continue  # used only in training; missing in old files
        if key not in state:
            return f"'{key}' is missing"
        if state[key].shape != value.shape:
            has, needs = ("x".join(map(str, s)) for s in (state[key].shape, value.shape))
            return f"'{key}' is {has}, expected {needs}"
        if state[key].is_floating_point() != value.is_floating_point():
            has, needs = (str(t.dtype).removeprefix("torch.") for t in (state[key], value))
            return f"'{key}' is {has}, expected {needs}"
    return next((f"unexpected '{key}'" for key in state if key not in wanted), "")


def _with_head(state: Mapping[str, Tensor], about: Description) -> dict[str, Tensor] | None:
    """Replace a head with other classes, or a missing one, by zeros; None unless that fits."""
    wanted = zoo.architecture(about.name).state_dict()
    head = about.label_layer.partition(".")[0] + "."
    own = {key: value.shape for key, value in wanted.items() if key.startswith(head)}
    if all(key in state and state[key].shape == shape for key, shape in own.items()):
        return None
    blank = {key: torch.zeros(shape) for key, shape in own.items()}
    kept = {key: value for key, value in state.items() if not key.startswith(head)}
    fitted = kept | blank
    return fitted if not mismatch(zoo.architecture(about.name), fitted) else None


def _auxiliary(key: str) -> bool:
    return key.startswith(("aux1.", "aux2.", "AuxLogits."))
