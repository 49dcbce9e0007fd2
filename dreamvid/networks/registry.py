"""Networks by name, with their weights: those that come along, torchvision's, and our own files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from dreamvid.errors import UnreadableInput
from dreamvid.networks import efficientnet, saved, zoo
from dreamvid.networks.known import (
    DEFAULT,
    DESCRIPTIONS,
    EMBEDDED,
    EMBEDDED_FILE,
    check_model,
    names,
)
from dreamvid.networks.network import Network
from dreamvid.networks.saved import Plan, Saved
from dreamvid.networks.weights import Counted, cached, check_digest, fetch, read_state, sha256

__all__ = [
    "DEFAULT",
    "EMBEDDED",
    "Standing",
    "check_fit",
    "describe",
    "load_network",
    "load_saved",
    "mismatch",
    "names",
    "standing",
]


@dataclass(frozen=True)
class Standing:
    """What a network needs before it dreams: `path` is where its weights are, or would be put.

    `here` says whether they are; `megabytes` is their size.
    """

    name: str
    default_layer: str
    default_step: float
    here: bool
    megabytes: float
    path: Path


def standing(name: str) -> Standing:
    """How the network called `name`, one of `names()`, stands here; nothing is fetched."""
    if name == EMBEDDED:
        path, about = EMBEDDED_FILE, saved.load(EMBEDDED_FILE, name=name).description
        size = path.stat().st_size / 1e6
    elif name == efficientnet.NAME:
        path, about, size = efficientnet.weights_path(), DESCRIPTIONS[name], efficientnet.MEGABYTES
    else:
        path, about, size = cached(zoo.url(name)), DESCRIPTIONS[name], zoo.megabytes(name)
    here, layer = path.is_file(), about.default_layer
    return Standing(name, layer, about.default_step, here, round(size, 1), path)


def load_network(
    model: str,
    *,
    weights: Path | None = None,
    offline: bool = False,
    progress: Counted | None = None,
) -> Network:
    """The network called `model`, with its weights.

    `model` is one of `names()` or the path of a `.safetensors` file that training wrote. `weights`
    is a local file (a torch state dict or safetensors) to take instead of the published one, which
    is fetched on first use unless `offline`; `progress(done, total)` then counts bytes.

    Raises UsageError for an unknown name or for weights beside a file, which has its own,
    MissingDependency when the weights are not at hand, and UnreadableInput when a file does not
    hold weights of this network.
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
    """What `load_network` makes a network of, and the file it is from; raises the same."""
    check_model(model, weights)
    if model not in DESCRIPTIONS:
        path = weights or (EMBEDDED_FILE if model == EMBEDDED else Path(model))
        return saved.load(path, name=path.stem), path
    path = weights or _published(model, offline=offline, progress=progress)
    about, state = zoo.describe(model), read_state(path)
    if model == efficientnet.NAME:
        state = efficientnet.renamed(state)
    state = {key: value for key, value in state.items() if not _auxiliary(key)}
    check_fit(state, model_name=model, where=path)
    return Saved(Plan(model, len(about.labels)), about, state), path


def _published(model: str, *, offline: bool, progress: Counted | None) -> Path:
    """The checked file of the weights that a network was published with."""
    if model == efficientnet.NAME:
        path = efficientnet.weights_path()
        check_digest(path, efficientnet.SHA256, remedy=f"reinstall {efficientnet.PACKAGE}")
        return path
    return fetch(zoo.url(model), model=model, offline=offline, progress=progress)


def describe(model: str) -> Network:
    """The network called `model` without weights: its layers can be named, not dreamed.

    Nothing is fetched. Raises UsageError for an unknown name.
    """
    if model in DESCRIPTIONS:
        return Network(zoo.bare(model), zoo.describe(model))
    return load_network(model)


def check_fit(state: Mapping[str, Tensor], *, model_name: str, where: Path) -> None:
    """Raise UnreadableInput, naming the first entry that does not fit the network, if one does."""
    if problem := mismatch(zoo.bare(model_name), state):
        like = [n for n in DESCRIPTIONS if not mismatch(zoo.bare(n), state)]
        looks = f"; they look like weights of {' or '.join(like)}" if like else ""
        raise UnreadableInput(
            f"not the weights of {model_name} ({problem}){looks}",
            where=where,
            remedy=f"use --model {like[0]}" if like else "",
        )


def mismatch(model: nn.Module, state: Mapping[str, Tensor]) -> str:
    """The first entry of `state` that is missing, superfluous or of another kind; else empty."""
    wanted = model.state_dict()
    for key, value in wanted.items():
        if key.endswith("num_batches_tracked"):
            continue  # a counter of training; early files lack it
        if key not in state:
            return f"'{key}' is missing"
        if state[key].shape != value.shape:
            has, needs = ("x".join(map(str, s)) for s in (state[key].shape, value.shape))
            return f"'{key}' is {has}, expected {needs}"
        if state[key].is_floating_point() != value.is_floating_point():
            has, needs = (str(t.dtype).removeprefix("torch.") for t in (state[key], value))
            return f"'{key}' is {has}, expected {needs}"
    return next((f"unexpected '{key}'" for key in state if key not in wanted), "")


def _auxiliary(key: str) -> bool:
    return key.startswith(("aux1.", "aux2.", "AuxLogits."))
