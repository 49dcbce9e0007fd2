"""The networks that are known by name, and where to dream in each; to ask for them takes no torch.

The ImageNet networks are EfficientNet-Lite0 and torchvision's (BSD). Aliases follow the same rule
everywhere: textures at about stride 4 to 8, patterns one stage on, parts where eyes and joints
appear, objects where whole things do.
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
from dreamvid.networks.kinds import group

DEFAULT = "efficientnet_lite0"
EMBEDDED = "bestiary"
EMBEDDED_FILE = Path(__file__).parents[1] / "bestiary" / "bestiary.safetensors"

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class Description:
    """What is known of a network without its weights.

    `aliases` maps textures, patterns, parts and objects to layers. `mean` and `std` are the
    constants of its input, for RGB in 0..1. `minimum_size` is the smallest side of a picture, in
    pixels, on which all its layers still see something. `default_step` is in units of the pixel
    range. `labels` are the classes its last layer, `label_layer`, tells apart.
    """

    name: str
    aliases: Mapping[str, str]
    default_layer: str
    default_step: float = 0.011
    minimum_size: int = 32
    labels: tuple[str, ...] = ()
    label_layer: str = ""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD


# Inception networks were trained on pixels in -1..1, whatever their published transforms say:
# torchvision undoes the ImageNet normalisation inside forward(). Asking for -1..1 saves both.
_HALF = (0.5, 0.5, 0.5)


def _about(
    name: str, layers: str, default: str, last: str, *, smallest: int = 32, half: bool = False
) -> Description:
    aliases = dict(zip(("textures", "patterns", "parts", "objects"), layers.split(), strict=True))
    about = Description(
        name=name, aliases=aliases, default_layer=default, label_layer=last, minimum_size=smallest
    )
    return replace(about, mean=_HALF, std=_HALF) if half else about


_OF_IMAGENET = (
    Description(
        name=DEFAULT,
        aliases={"textures": "2b", "patterns": "3b", "parts": "5a", "objects": "5c"},
        default_layer="5c",
        default_step=0.013,
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
DESCRIPTIONS = {about.name: about for about in _OF_IMAGENET}
"""The networks of ImageNet by name, without their labels."""


def names() -> tuple[str, ...]:
    """The networks that can be asked for by name; the first two need no download."""
    return (DEFAULT, EMBEDDED, *(name for name in DESCRIPTIONS if name != DEFAULT))


def check_model(model: str, weights: Path | None = None) -> None:
    """Raise UsageError for an unknown network, or for weights beside a file, which has its own.

    UnreadableInput when a file is not there.
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


def default_layer(model: str) -> str:
    """The layer that a network dreams with unless told; empty where its file does not say."""
    if model in DESCRIPTIONS:
        return DESCRIPTIONS[model].default_layer
    return str(_written(model).get("default_layer", ""))


def labels(model: str) -> tuple[str, ...]:
    """The labels that a network tells apart; none where its file does not say."""
    return _of_imagenet() if model in DESCRIPTIONS else tuple(_written(model).get("labels", ()))


def find_label(name: str, among: Sequence[str], *, model: str) -> tuple[int, ...]:
    """The places of a label, or of all labels that a word stands for.

    A class stands for its kinds, 'fox' for 'fox/front' and 'fox/side'; 'bird' for all birds; any
    other word for the labels it stands in, 'owl' or 'owls' for 'great grey owl'. Raises UsageError
    with the near misses when there is none.
    """
    if not among:
        raise UsageError(f"{model} has no labels", where="label", remedy="use --layer")
    for word in dict.fromkeys((name, name.lower(), name.lower().removesuffix("s"))):
        if found := _meant(word, among):
            return found
    some = [known for known in among if name.lower() in known.lower()]
    near = some or difflib.get_close_matches(name, among, n=5, cutoff=0.5)
    hint = ", ".join((near or among)[:5])
    raise UsageError(
        f"unknown label '{name}'", where="label", remedy=f"try {hint} (dreamvid labels {model})"
    )


def _meant(word: str, among: Sequence[str]) -> tuple[int, ...]:
    """The places of the labels that are a word, stand for it or have it in them."""
    exact = [k for k, known in enumerate(among) if word in _names(known)]
    within = (k for k, known in enumerate(among) if word in known.lower().split())
    return tuple(exact) or group(among, word) or tuple(within)


def _names(label: str) -> tuple[str, str]:
    """What a label is called: by itself, and by its class."""
    return label, label.partition("/")[0]


def _written(model: str) -> dict[str, Any]:
    """What a network's own file says of it; nothing where it cannot be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(EMBEDDED_FILE if model == EMBEDDED else model, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["description"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


@functools.cache
def _of_imagenet() -> tuple[str, ...]:
    """The 1000 labels of ImageNet: the same, in the same order, for all of its networks.

    torchvision has them in a module of its own, which is read here without torchvision, whose
    import takes seconds; where it is not found they are asked for in the documented way.
    """
    package = find_spec("torchvision")
    for folder in (package and package.submodule_search_locations) or ():
        with contextlib.suppress(OSError, KeyError, SyntaxError):
            found = runpy.run_path(str(Path(folder) / "models" / "_meta.py"))
            return tuple(found["_IMAGENET_CATEGORIES"])
    from torchvision.models import get_model_weights

    return tuple(get_model_weights("googlenet").IMAGENET1K_V1.meta["categories"])


def unknown(model: str) -> UsageError:
    """The error for a network that does not exist, with near misses."""
    near = difflib.get_close_matches(model, names(), n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}? " if near else ""
    return UsageError(
        f"unknown network '{model}'",
        remedy=f"{hint}choose one of {', '.join(names())}, or a .safetensors file",
    )
