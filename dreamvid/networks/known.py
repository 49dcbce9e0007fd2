"""The networks known by name, with their layer aliases and labels; does not import torch.

The ImageNet networks are EfficientNet-Lite0 and those of torchvision (BSD). Aliases follow the same
rule everywhere: textures at about stride 4 to 8, patterns one stage deeper, parts where eyes and
joints appear, objects where whole things do.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import json
import runpy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dreamvid.errors import UnreadableInput, UsageError, no_such_file
from dreamvid.networks.kinds import CREATURES, group

DEFAULT = "efficientnet_lite0"
EMBEDDED = "bestiary"
EMBEDDED_FILE = Path(__file__).parents[1] / "bestiary" / "bestiary.safetensors"

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
IMAGENET_VIEW = 224


@dataclass(frozen=True, kw_only=True)
class Description:
    """The properties of a network that do not depend on its weights.

    `aliases` maps textures, patterns, parts and objects to layers. `mean` and `std` normalise its
    input, for RGB in 0..1. `minimum_size` is the smallest side of an image, in pixels, that all of
    its layers can process, `view` that of an image in which it knows a single thing best.
    `default_step` is in units of the pixel range. `labels` are the classes of its last layer,
    `label_layer`.
    """

    name: str
    aliases: Mapping[str, str]
    default_layer: str
    default_step: float = 0.011
    minimum_size: int = 32
    view: int = 144
    labels: tuple[str, ...] = ()
    label_layer: str = ""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD


# Inception networks were trained on pixels in -1..1, although their published transforms use
# ImageNet normalisation: torchvision undoes it inside forward(). Using -1..1 avoids both.
_HALF = (0.5, 0.5, 0.5)


def _about(
    name: str, layers: str, default: str, last: str, *, smallest: int = 32, half: bool = False
) -> Description:
    aliases = dict(zip(("textures", "patterns", "parts", "objects"), layers.split(), strict=True))
    about = Description(
        name=name,
        aliases=aliases,
        default_layer=default,
        label_layer=last,
        minimum_size=smallest,
        view=IMAGENET_VIEW,
    )
    return replace(about, mean=_HALF, std=_HALF) if half else about


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
    _about(
        "googlenet",
        "conv2 inception3b inception4c inception5a",
        "inception4c",
        "fc",
        half=True,
    ),
    _about(
        "squeezenet1_0",
        "features.4 features.7 features.10 features.12",
        "features.10",
        "classifier",
    ),
    _about(
        "squeezenet1_1",
        "features.4 features.7 features.10 features.12",
        "features.10",
        "classifier",
    ),
    _about("vgg16", "features.8 features.15 features.22 features.29", "features.22", "classifier"),
    _about("vgg19", "features.8 features.17 features.26 features.35", "features.26", "classifier"),
    _about("resnet50", "layer1 layer2 layer3.3 layer4.0", "layer3.3", "fc"),
    _about(
        "inception_v3",
        "Mixed_5b Mixed_5d Mixed_6c Mixed_7a",
        "Mixed_6c",
        "fc",
        smallest=75,
        half=True,
    ),
    _about(
        "mobilenet_v3_large",
        "features.4 features.7 features.12 features.15",
        "features.12",
        "classifier",
    ),
    _about(
        "efficientnet_b0", "features.2 features.3 features.5 features.6", "features.5", "classifier"
    ),
    _about(
        "convnext_tiny",
        "features.1 features.3 features.5.4 features.7",
        "features.5.4",
        "classifier",
    ),
)
STAGES = {
    DEFAULT: "stem 1a 2a 2b 3a 3b 4a 4b 4c 5a 5b 5c 6a 6b 6c 6d 7a head mean logits",
    EMBEDDED: "stem pool1 conv2 pool2 3a 3b pool3 4a 4b 4c 4d pool4 5a 5b mean logits",
    "googlenet": "conv1 maxpool1 conv2 conv3 maxpool2 inception3a inception3b maxpool3 inception4a "
    "inception4b inception4c inception4d inception4e maxpool4 inception5a inception5b avgpool "
    "dropout fc",
    "squeezenet1_0": "features classifier",
    "squeezenet1_1": "features classifier",
    "resnet50": "conv1 bn1 relu maxpool layer1 layer2 layer3 layer4 avgpool fc",
    "inception_v3": "Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 maxpool1 Conv2d_3b_1x1 "
    "Conv2d_4a_3x3 maxpool2 Mixed_5b Mixed_5c Mixed_5d Mixed_6a Mixed_6b Mixed_6c Mixed_6d "
    "Mixed_6e Mixed_7a Mixed_7b Mixed_7c avgpool dropout fc",
} | dict.fromkeys(
    ("vgg16", "vgg19", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny"),
    "features avgpool classifier",
)  # fmt: skip
"""The first part of the name of every layer, by network and in order of depth."""
DESCRIPTIONS = {about.name: about for about in _OF_IMAGENET}
"""The ImageNet networks by name, without their labels."""


def names() -> tuple[str, ...]:
    """All network names; the first two need no download."""
    return (DEFAULT, EMBEDDED, *(name for name in DESCRIPTIONS if name != DEFAULT))


def check_model(model: str, weights: Path | None = None) -> None:
    """Raise UsageError for an unknown network, or if `weights` is given for a network file.

    Raises UnreadableInput if a file does not exist.
    """
    named = model in names()
    if not named and not model.endswith(".safetensors"):
        raise unknown(model)
    if weights and not named:
        raise UsageError("a network file contains its weights", where="weights", remedy="omit it")
    if weights and not weights.is_file():
        raise UnreadableInput("no such weights file", where=weights, remedy="check the path")
    if not named and not Path(model).exists():
        raise no_such_file(model)


def check_layer(model: str, name: str) -> None:
    """Raise UsageError if a network known by name cannot have such a layer.

    Only the first part of the name is checked: the others depend on the architecture.
    """
    stages = STAGES.get(model, "").split()
    aliases = aliases_of(model)
    if stages and name not in aliases and name.partition(".")[0] not in (*stages, CREATURES):
        raise unknown_layer(model, name, [*aliases, *stages], aliases)


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
    if model in DESCRIPTIONS:
        return tuple(DESCRIPTIONS[model].aliases)
    return tuple(_stored_description(model).get("aliases", ()))


def default_layer(model: str) -> str:
    """The default layer of a network; empty if its file does not state one."""
    if model in DESCRIPTIONS:
        return DESCRIPTIONS[model].default_layer
    return str(_stored_description(model).get("default_layer", ""))


def labels(model: str) -> tuple[str, ...]:
    """The labels of a network; empty if its file does not state any."""
    return (
        _imagenet_labels()
        if model in DESCRIPTIONS
        else tuple(_stored_description(model).get("labels", ()))
    )


def find_label(name: str, among: Sequence[str], *, model: str) -> tuple[int, ...]:
    """The indices of a label, by its name or number, or of all labels that a word stands for.

    A class stands for its kinds ('fox' for 'fox/front' and 'fox/side'), a group for its members
    ('bird' for all birds), any other word for the labels that contain it ('owl' or 'owls' for
    'great grey owl'). Raises UsageError with suggestions if there is none.
    """
    if name.isdecimal() and int(name) < len(among):
        return (int(name),)
    if not among:
        remedy = "name one of its layers, as in --layer parts"
        raise UsageError(f"{model} has no labels", where="label", remedy=remedy)
    for word in dict.fromkeys((name, name.lower(), name.lower().removesuffix("s"))):
        if found := _matching(word, among):
            return found
    some = [known for known in among if name.lower() in known.lower()]
    near = some or difflib.get_close_matches(name, among, n=5, cutoff=0.5)
    hint = ", ".join((near or among)[:5])
    raise UsageError(
        f"unknown label '{name}'", where="label", remedy=f"try {hint} (dreamvid labels {model})"
    )


def _matching(word: str, among: Sequence[str]) -> tuple[int, ...]:
    """The indices of the labels that equal a word, belong to its group or contain it."""
    exact = [k for k, known in enumerate(among) if word in _names(known)]
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
def _imagenet_labels() -> tuple[str, ...]:
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


def unknown(model: str) -> UsageError:
    """The error for an unknown network, with suggestions."""
    near = difflib.get_close_matches(model, names(), n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}? " if near else ""
    return UsageError(
        f"unknown network '{model}'",
        remedy=f"{hint}choose one of {', '.join(names())}, or a .safetensors file",
    )
