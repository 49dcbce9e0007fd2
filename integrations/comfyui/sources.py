"""The nodes that a dream is made of: networks, objectives and guides."""

from __future__ import annotations

from pathlib import Path

import torch

from dreamvid.networks.known import names
from dreamvid.settings.tables import DreamSettings, NetworkSettings

from .host import (
    device_for,
    model_files,
    model_path,
    show_download,
    stop_if_interrupted,
    with_gradients,
)
from .tensors import split
from .values import GUIDE, NETWORK, OBJECTIVE, Guide, LoadedNetworks, Objective, weighted
from .widgets import Inputs, Node, given, widget


class NetworkNode(Node):
    """Load a network, and say where it runs."""

    DESCRIPTION = (
        "A network dreams what it was trained on. Chain several of them to dream with all; files "
        "that 'dreamvid train' wrote are listed if they lie in models/dreamvid."
    )
    RETURN_TYPES = (NETWORK,)
    RETURN_NAMES = ("network",)

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The inputs."""
        _, options = widget(NetworkSettings, "model")
        known = [*names(), *model_files()]
        chosen = options | {"default": NetworkSettings().model[0]}
        texts = ("weights", "arch")
        return {
            "required": {
                "model": (known, chosen),
                "device": widget(NetworkSettings, "device"),
                "precision": widget(NetworkSettings, "precision"),
            },
            "optional": {
                "other": ("STRING", options | {"default": "", "advanced": True}),
                **{name: widget(NetworkSettings, name, advanced=True) for name in texts},
                "share": (
                    "FLOAT",
                    {"default": 1.0, "min": 0.01, "max": 100.0, "step": 0.01, "round": False,
                     "tooltip": "How strong it is beside the others in a chain."},
                ),
                "network": (NETWORK, {"tooltip": "Networks to dream with as well."}),
            },
        }  # fmt: skip

    @classmethod
    def IS_CHANGED(cls, model: str = "", other: str = "", weights: str = "", **_: object) -> str:
        """Changes when a file is written anew."""
        paths = [Path(model_path(text)) for text in (model, other, weights) if text]
        found = [path.stat() for path in paths if path.is_file()]
        return str([(state.st_mtime_ns, state.st_size) for state in found])

    @with_gradients
    def run(
        self,
        model: str,
        device: str,
        precision: str,
        other: str = "",
        share: float = 1.0,
        network: LoadedNetworks | None = None,
        **files: str,
    ) -> tuple[LoadedNetworks]:
        """Load the network; a chain is one value."""
        stop_if_interrupted()
        name = other or model_path(model)
        before = () if network is None else network.settings.model
        weight = "" if share == 1 else f"*{share!r}"
        values = {"model": (name,), "device": device_for(device), "precision": precision}
        alone = NetworkSettings.checked(values | given(NetworkSettings, files))
        loaded = LoadedNetworks.load(alone, show_download).networks
        settings = alone.model_copy(update={"model": (*before, name + weight)})
        return (LoadedNetworks(settings, (*(network.networks if network else ()), *loaded)),)


class ObjectiveNode(Node):
    """Say what is raised."""

    DESCRIPTION = "What the dream raises: layers, whole animals, a class, or what a guide shows."
    RETURN_TYPES = (OBJECTIVE,)
    RETURN_NAMES = ("objective",)

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The inputs."""
        kind, options = widget(DreamSettings, "layer")
        help_text = f"One on each line. {options['tooltip']}"
        return {
            "required": {
                "layer": (kind, options | {"default": "", "multiline": True, "tooltip": help_text}),
                "label": widget(DreamSettings, "label"),
                "weight": (
                    "FLOAT",
                    {"default": 1.0, "min": -10.0, "max": 10.0, "step": 0.05, "round": False,
                     "tooltip": "Scales the layers; a negative one pushes away from them."},
                ),
            },
            "optional": {
                "guide": (GUIDE, {"tooltip": "Pictures whose features are raised."}),
                "objective": (OBJECTIVE, {"tooltip": "Another objective to add this one to."}),
            },
        }  # fmt: skip

    def run(
        self,
        layer: str,
        label: str,
        weight: float,
        guide: Guide | None = None,
        objective: Objective | None = None,
    ) -> tuple[Objective]:
        """Make the objective, and check what can be checked without a network."""
        lines = filter(None, map(str.strip, layer.splitlines()))
        layers = tuple(weighted(line, weight) for line in lines)
        DreamSettings.checked({"layer": layers, "label": label or None})
        own = Objective(layers, label.strip(), guide)
        return (own if objective is None else own.added_to(objective),)


class GuideNode(Node):
    """Give pictures that guide."""

    DESCRIPTION = "Raise what these pictures show instead of what is strongest."
    RETURN_TYPES = (GUIDE,)
    RETURN_NAMES = ("guide",)

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The inputs."""
        return {
            "required": {
                "images": ("IMAGE", {"tooltip": "All pictures of the batch guide together."}),
                "match": widget(DreamSettings, "guide_match"),
            },
            "optional": {"guide": (GUIDE, {"tooltip": "More pictures, of any other size."})},
        }

    @with_gradients
    def run(self, images: torch.Tensor, match: str, guide: Guide | None = None) -> tuple[Guide]:
        """Put the pictures together."""
        before = () if guide is None else guide.pictures
        return (Guide((*before, *split(images)[0]), match),)
