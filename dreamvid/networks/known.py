"""The networks known by name, with their layers and labels; does not import torch.

They are EfficientNet-Lite0, the included network, the classification networks of torchvision (BSD),
those of timm as `timm:NAME`, and weights of other data sets for any of these: see `variants`.
Layer aliases are computed (see `landmarks`), except for the few networks that were tuned by eye.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import json
import runpy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dreamvid.errors import MissingDependency, UnreadableInput, UsageError, no_such_file
from dreamvid.networks.installed import has_timm, timm_names, torchvision_names
from dreamvid.networks.kinds import CREATURES, group, groups
from dreamvid.networks.variants import VARIANTS, places_labels

DEFAULT = "efficientnet_lite0"
EMBEDDED = "bestiary"
EMBEDDED_FILE = Path(__file__).parents[1] / "bestiary" / "bestiary.safetensors"

TIMM = "timm:"
"""What a name begins with to mean a network of timm."""

ALIASES = ("textures", "patterns", "parts", "objects")
"""What follows a rule everywhere: textures at about stride 4 to 8, patterns one stage deeper, parts
where eyes and joints appear, objects where whole things do."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
IMAGENET_VIEW = 224


@dataclass(frozen=True, kw_only=True)
class Description:
    """The properties of a network that do not depend on its weights.

    `aliases` maps textures, patterns, parts and objects to layers; if there are none, a Network
    computes them, with `default_layer`, `minimum_size` and `label_layer`. `mean` and `std`
    normalise its input, for RGB in 0..1. `minimum_size` is the smallest side of an image, in
    pixels, that all of its layers can process, `view` that of an image in which it knows a single
    thing best. `default_step` is in units of the pixel range. `labels` are the classes of its last
    layer, `label_layer`. `clarity` is the weight with which layers help to draw a class from noise:
    the more the gradients of the layers paint, the larger.
    """

    name: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    default_layer: str = ""
    default_step: float = 0.011
    minimum_size: int = 32
    view: int = 144
    clarity: float = 0.3
    labels: tuple[str, ...] = ()
    label_layer: str = ""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD


# Inception networks were trained on pixels in -1..1, although their published transforms use
# ImageNet normalisation: torchvision undoes it inside forward(). Using -1..1 avoids both.
_HALF = (0.5, 0.5, 0.5)


def _tuned(name: str, layers: str, default: str, last: str) -> Description:
    return Description(
        name=name,
        aliases=dict(zip(ALIASES, layers.split(), strict=True)),
        default_layer=default,
        label_layer=last,
        view=IMAGENET_VIEW,
    )


_OF_IMAGENET = (
    Description(
        name=DEFAULT,
        aliases={"textures": "2b", "patterns": "3b", "parts": "5a", "objects": "5c"},
        default_layer="5c",
        default_step=0.013,
        view=IMAGENET_VIEW,
        label_layer="logits",
        mean=(127 / 255,) * 3,
        std=(128 / 255,) * 3,
    ),
    replace(
        _tuned("googlenet", "conv2 inception3b inception4c inception5a", "inception4c", "fc"),
        mean=_HALF,
        std=_HALF,
    ),
    *(
        _tuned(name, "features.4 features.7 features.10 features.12", "features.10", "classifier")
        for name in ("squeezenet1_0", "squeezenet1_1")
    ),
    Description(name="inception_v3", view=IMAGENET_VIEW, mean=_HALF, std=_HALF),
)
STAGES = {
    DEFAULT: "stem 1a 2a 2b 3a 3b 4a 4b 4c 5a 5b 5c 6a 6b 6c 6d 7a head mean logits",
    EMBEDDED: "stem pool1 conv2 pool2 3a 3b pool3 4a 4b 4c 4d pool4 5a 5b mean logits",
    "googlenet": "conv1 maxpool1 conv2 conv3 maxpool2 inception3a inception3b maxpool3 inception4a "
    "inception4b inception4c inception4d inception4e maxpool4 inception5a inception5b avgpool "
    "dropout fc",
    "squeezenet1_0": "features classifier",
    "squeezenet1_1": "features classifier",
    "inception_v3": "Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 maxpool1 Conv2d_3b_1x1 "
    "Conv2d_4a_3x3 maxpool2 Mixed_5b Mixed_5c Mixed_5d Mixed_6a Mixed_6b Mixed_6c Mixed_6d "
    "Mixed_6e Mixed_7a Mixed_7b Mixed_7c avgpool dropout fc",
    "resnet50": "conv1 bn1 relu maxpool layer1 layer2 layer3 layer4 avgpool fc",
} | dict.fromkeys(
    ("vgg16", "vgg19", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny"),
    "features avgpool classifier",
)
"""The first part of the name of every layer, by network and in order of depth: a mistake is found
before torch is imported. Of other networks it is found after."""
NUMBERED = {
    "squeezenet1_0": {"features": 13, "classifier": 4},
    "squeezenet1_1": {"features": 13, "classifier": 4},
    "resnet50": {"layer1": 3, "layer2": 4, "layer3": 6, "layer4": 3},
    "vgg16": {"features": 31, "classifier": 7},
    "vgg19": {"features": 37, "classifier": 7},
    "mobilenet_v3_large": {"features": 17, "classifier": 4},
    "efficientnet_b0": {"features": 9, "classifier": 2},
    "convnext_tiny": {"features": 8, "classifier": 3},
}
"""By network: how many numbered parts, from 0 on, a stage has, such as features.12."""
DESCRIPTIONS = {about.name: about for about in _OF_IMAGENET}
"""The ImageNet networks about which more is known than can be computed, without their labels."""


@dataclass(frozen=True)
class Choice:
    """The network that a user chose: its name, its architecture, and a file of its weights.

    `architecture` is empty for a file written by training, which contains it; `weights` is None
    for published weights. `labels_of` names the data set of a variant.
    """

    name: str
    architecture: str
    weights: Path | None = None


def names() -> tuple[str, ...]:
    """All networks but those of timm; the first two need no download."""
    cut = (name for name in torchvision_names() if not name.startswith(_NOT_CUT))
    return (DEFAULT, EMBEDDED, *cut, *VARIANTS)


def choose(model: str, weights: Path | None = None, arch: str | None = None) -> Choice:
    """The choice that a name or path, a file of weights and an architecture make together.

    Raises UsageError for an unknown network or architecture, or for options that exclude each
    other; UnreadableInput if a file does not exist; MissingDependency if timm is not installed.
    """
    if arch is not None:
        return _with_architecture(model, weights, arch)
    named = model in (*names(), *torchvision_names()) or model.startswith(TIMM)
    if not named and not _is_file_name(model):
        raise unknown(model)
    if model.startswith(TIMM):
        _check_timm(model)
    if weights and not named:
        raise UsageError("a network file contains its weights", where="weights", remedy="omit it")
    if weights and not weights.is_file():
        raise UnreadableInput("no such weights file", where=weights, remedy="check the path")
    if not named and not Path(model).exists():
        raise no_such_file(model)
    if not named and not model.endswith(".safetensors"):
        raise UsageError("it does not say its architecture", where=model, remedy=_ARCH)
    if not named or model == EMBEDDED:
        path = weights or (EMBEDDED_FILE if model == EMBEDDED else Path(model))
        return Choice(path.stem, "", path)
    return Choice(model, VARIANTS[model].architecture if model in VARIANTS else model, weights)


_NOT_CUT = "vit_", "swin_", "maxvit_"
"""What the names of networks of torchvision begin with that have no maps; they are refused."""

_ARCH = "add it, as in --arch resnet18 or --arch timm:resnet50"
_SUFFIXES = (".safetensors", ".pth", ".pt", ".tar", ".ckpt", ".bin")


def _is_file_name(model: str) -> bool:
    return model.endswith(_SUFFIXES) or Path(model).is_file()


def _with_architecture(model: str, weights: Path | None, arch: str) -> Choice:
    """The choice of a file of weights with its architecture."""
    if weights is not None or model in names() or model.startswith(TIMM):
        what = f"names the architecture of a file, but --model is {model}"
        remedy = f"use --model FILE --arch {arch}, or omit it"
        raise UsageError(what, where="arch", remedy=remedy)
    if arch.startswith(TIMM):
        _check_timm(arch)
    elif arch != DEFAULT and arch not in torchvision_names():
        raise unknown(arch, what="architecture")
    if not Path(model).is_file():
        raise no_such_file(model)
    return Choice(Path(model).stem, arch, Path(model))


def _check_timm(name: str) -> None:
    if not has_timm():
        raise MissingDependency(
            f"{name} needs timm, which is not installed", remedy="pip install 'dreamvid[timm]'"
        )
    if name.removeprefix(TIMM).partition(".")[0] not in timm_names():
        raise unknown(name)


def check_published(choice: Choice) -> None:
    """Raise MissingDependency if the weights of a network must be given by the user."""
    about = VARIANTS.get(choice.name)
    if choice.weights is None and about is not None and about.places:
        raise MissingDependency(
            f"the weights of {choice.name} are not downloaded: their publisher gives no checksum",
            remedy=f"download {about.url} yourself and give it with --weights",
        )


def check_model(model: str, weights: Path | None = None, arch: str | None = None) -> None:
    """Raise the errors of `choose`."""
    choose(model, weights, arch)


def check_layer(model: str, name: str) -> None:
    """Raise UsageError if a network known by name cannot have such a layer.

    The first part of the name is checked, and a number behind it: the others depend on the
    architecture.
    """
    stages = STAGES.get(model, "").split()
    aliases = aliases_of(model)
    if not stages or name in aliases:
        return
    stage, *parts = name.split(".")
    count = NUMBERED.get(model, {}).get(stage)
    if stage not in (*stages, CREATURES):
        raise unknown_layer(model, name, [*aliases, *stages], aliases)
    if parts and count is not None and parts[0] not in map(str, range(count)):
        raise unknown_layer(model, name, [f"{stage}.{n}" for n in range(count)], aliases)


def unknown_layer(
    model: str, name: str, layers: Sequence[str], aliases: Sequence[str]
) -> UsageError:
    """The error for an unknown layer, with suggestions from `layers`, else the `aliases`."""
    near = difflib.get_close_matches(name, layers, n=5, cutoff=0.5)
    near = near or [n for n in layers if name and name.lower() in n.lower()][:5]
    hint = f"did you mean {', '.join(near)}?" if near else f"try {', '.join(aliases)}"
    return UsageError(f"{model} has no layer '{name}'", remedy=f"{hint} (dreamvid layers {model})")


def aliases_of(model: str) -> tuple[str, ...]:
    """The aliases of layers of a network; empty if its file does not state any."""
    return ALIASES if _is_named(model) else tuple(_stored_description(model).get("aliases", ()))


def default_layer(model: str) -> str:
    """The default layer of a network; empty if its file does not state one."""
    if _is_named(model):
        return DESCRIPTIONS.get(model, Description(name=model)).default_layer or "parts"
    return str(_stored_description(model).get("default_layer", ""))


def labels(model: str) -> tuple[str, ...]:
    """The labels of a network; empty if its file does not state any, and for those of timm."""
    if model in VARIANTS and VARIANTS[model].places:
        return places_labels()
    if model.startswith(TIMM):
        return ()
    if _is_named(model):
        return imagenet_labels()
    return tuple(_stored_description(model).get("labels", ()))


def _is_named(model: str) -> bool:
    """Whether a network is known by name, and its file is not asked."""
    return model != EMBEDDED and (model in names() or model.startswith(TIMM))


def find_label(name: str, among: Sequence[str], *, model: str) -> tuple[int, ...]:
    """The indices of a label, by its name or number, or of all labels that a word stands for.

    A class stands for its kinds ('fox' for 'fox/front' and 'fox/side'), a group for its members
    ('bird' for all birds), any other word for the labels that contain it ('owl' or 'owls' for
    'great grey owl'). Raises UsageError with suggestions if there is none, or for several words.
    """
    if name.isdecimal() and int(name) < len(among):
        return (int(name),)
    if not among:
        remedy = "name one of its layers, as in --layer parts"
        raise UsageError(f"{model} has no labels", where="label", remedy=remedy)
    for word in dict.fromkeys((name, name.lower(), name.lower().removesuffix("s"))):
        if found := _matching(word, among):
            return found
    if "," in name:
        for word in name.split(","):
            find_label(word.strip(), among, model=model)
        raise UsageError(f"one label is raised at a time, not '{name}'", where="label",
                         remedy=f"give one, or use --layer creatures:{name}")  # fmt: skip
    some = [known for known in among if name.lower() in known.lower()]
    near = some or difflib.get_close_matches(name, [*groups(among), *among], n=5, cutoff=0.5)
    hint = ", ".join((near or among)[:5])
    raise UsageError(
        f"unknown label '{name}'", where="label", remedy=f"try {hint} (dreamvid labels {model})"
    )


def _matching(word: str, among: Sequence[str]) -> tuple[int, ...]:
    """The indices of the labels that equal a word, belong to its group or contain it."""
    exact = [k for k, known in enumerate(among) if word in _names(known)]
    exact = exact or [k for k, known in enumerate(among) if word in _names(known.lower())]
    within = (k for k, known in enumerate(among) if word in known.lower().split())
    return tuple(exact) or group(among, word) or tuple(within)


def _names(label: str) -> tuple[str, str]:
    """The names of a label: the label itself, and its class."""
    return label, label.partition("/")[0]


def _stored_description(model: str) -> dict[str, Any]:
    """The description stored in a network file; empty if it cannot be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(EMBEDDED_FILE if model == EMBEDDED else model, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["description"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


@functools.cache
def imagenet_labels() -> tuple[str, ...]:
    """The 1000 labels of ImageNet: the same, in the same order, for all of its networks.

    They are read from a torchvision module without importing torchvision, which takes seconds; if
    the module is not found, the documented interface is used.
    """
    package = find_spec("torchvision")
    for folder in (package and package.submodule_search_locations) or ():
        with contextlib.suppress(OSError, KeyError, SyntaxError):
            found = runpy.run_path(str(Path(folder) / "models" / "_meta.py"))
            return tuple(found["_IMAGENET_CATEGORIES"])
    from torchvision.models import get_model_weights

    return tuple(get_model_weights("googlenet").IMAGENET1K_V1.meta["categories"])


def unknown(name: str, *, what: str = "network") -> UsageError:
    """The error for an unknown network or architecture, with suggestions."""
    if name.startswith(TIMM):
        short, _, _ = name.removeprefix(TIMM).partition(".")
        near = [TIMM + known for known in difflib.get_close_matches(short, timm_names(), n=3)]
    else:
        near = difflib.get_close_matches(name, names(), n=3, cutoff=0.4)
        near += [TIMM + name] * (name.partition(".")[0] in timm_names())
    hint = f"did you mean {', '.join(near)}? " if near else ""
    other = ", or give a .safetensors file" if what == "network" else ""
    return UsageError(f"unknown {what} '{name}'", remedy=f"{hint}see dreamvid models{other}")
