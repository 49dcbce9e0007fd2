"""Load networks by name, with weights: built-in, from torchvision, or from trained files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dreamvid.files import cache_folder, sha256
from dreamvid.networks import efficientnet, saved, zoo
from dreamvid.networks.checkpoints import Fitted, fitted
from dreamvid.networks.known import (
    DEFAULT,
    EMBEDDED,
    EMBEDDED_FILE,
    TIMM,
    Choice,
    check_published,
    choose,
    default_layer,
    labels,
    names,
)
from dreamvid.networks.network import Network
from dreamvid.networks.saved import Plan, Saved
from dreamvid.networks.variants import VARIANTS
from dreamvid.networks.weights import Counted, cached, check_digest, fetch, read_state

__all__ = [
    "DEFAULT",
    "EMBEDDED",
    "Availability",
    "availability",
    "describe",
    "load_network",
    "load_saved",
    "names",
]


@dataclass(frozen=True)
class Availability:
    """Whether the weights of a network are available; `path` is where they are or would be stored.

    `here` is true if the file exists; `megabytes` is its size, 0 if it is not known. `free` is
    false if they are never downloaded.
    """

    name: str
    default_layer: str
    default_step: float
    here: bool
    megabytes: float
    path: Path
    free: bool = True


def availability(name: str) -> Availability:
    """The status of the network `name`, one of `names()`; nothing is downloaded."""
    if name == EMBEDDED:
        return _of_embedded()
    step, free = zoo.describe(name).default_step, True
    if name == DEFAULT:
        path, size = efficientnet.weights_path(), efficientnet.MEGABYTES
    elif name in VARIANTS:
        path, size, free = cached(VARIANTS[name].url), 0.0, not VARIANTS[name].places
    else:
        path, size = cached(zoo.url(name)), zoo.megabytes(name)
    here = path.is_file()
    return Availability(name, default_layer(name), step, here, round(size, 1), path, free)


def _of_embedded() -> Availability:
    about, path = saved.load(EMBEDDED_FILE, name=EMBEDDED).description, EMBEDDED_FILE
    size = round(path.stat().st_size / 1e6, 1)
    return Availability(EMBEDDED, about.default_layer, about.default_step, True, size, path)


def load_network(
    model: str,
    *,
    weights: Path | None = None,
    arch: str | None = None,
    offline: bool = False,
    progress: Counted | None = None,
) -> Network:
    """Load the network `model` with its weights.

    `model` is one of `names()`, `timm:NAME`, the path of a `.safetensors` file written by training,
    or that of any state dict, with the name of its architecture as `arch`. `weights` is a local
    file (a torch state dict or safetensors) to use instead of the published one, which is
    downloaded on first use unless `offline`; `progress(done, total)` then reports bytes.

    Raises UsageError for an unknown name, for options that exclude each other, or for a network
    that cannot be cut; MissingDependency if timm or the weights are not available; UnreadableInput
    if a file does not contain weights of this network.
    """
    file, path = load_saved(model, weights=weights, arch=arch, offline=offline, progress=progress)
    return Network(file.build(), file.description, weights_sha256=sha256(path))


def load_saved(
    model: str,
    *,
    weights: Path | None = None,
    arch: str | None = None,
    offline: bool = False,
    progress: Counted | None = None,
) -> tuple[Saved, Path]:
    """The contents and the path of the file that `load_network` would use; raises the same."""
    choice = choose(model, weights, arch)
    if not choice.architecture:
        path = choice.weights or Path(model)
        return saved.load(path, name=choice.name), path
    about = zoo.describe(choice.architecture)
    path = choice.weights or _published(choice, offline=offline, progress=progress)
    found = fitted(
        read_state(path), architecture=choice.architecture, classes=len(about.labels), where=path
    )
    about = replace(about, name=choice.name, labels=_labels(choice, about.labels, found))
    return Saved(Plan(choice.architecture, found.classes), about, found.state), path


def _labels(choice: Choice, published: tuple[str, ...], found: Fitted) -> tuple[str, ...]:
    """The labels of a network; numbers for classes that no one has named."""
    if not found.headed:
        return ()  # its layers can be dreamed, its classes are unknown
    own = labels(choice.name) if choice.name in VARIANTS else published
    return own if len(own) == found.classes else tuple(map(str, range(found.classes)))


def _published(choice: Choice, *, offline: bool, progress: Counted | None) -> Path:
    """The path of the published weights of a network, verified."""
    check_published(choice)
    name = choice.name
    if name == DEFAULT:
        path = efficientnet.weights_path()
        check_digest(path, efficientnet.SHA256, remedy=f"reinstall {efficientnet.PACKAGE}")
        return path
    if name.startswith(TIMM):
        from dreamvid.networks import timm_zoo

        url, file = timm_zoo.source(name)
        if not (cache_folder() / file).is_file():
            describe(name)  # nothing is downloaded that cannot be used
        return fetch(url, model=name, file=file, offline=offline, progress=progress)
    if name not in VARIANTS:
        return fetch(zoo.url(name), model=name, offline=offline, progress=progress)
    url = VARIANTS[name].url
    return fetch(url, model=name, file=f"{name}.ckpt", offline=offline, progress=progress)


def describe(model: str) -> Network:
    """The network `model` without weights: only its layers and description can be used.

    Nothing is downloaded. Raises UsageError for an unknown name, or if it cannot be cut.
    """
    choice = choose(model)
    if not choice.architecture:
        return load_network(model)
    about = zoo.describe(choice.architecture)
    own = labels(choice.name) if choice.name in VARIANTS else about.labels
    body = zoo.architecture(choice.architecture, classes=len(own))
    body = zoo.prepared(choice.architecture, body)
    return Network(body, replace(about, name=choice.name, labels=own))
