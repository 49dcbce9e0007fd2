"""The nodes that dream: on pictures, on frames and in zooms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from dreamvid import Dreaming, dream_frames, dream_images, dream_zoom_frames
from dreamvid.settings.tables import (
    CameraSettings,
    ClipSettings,
    DreamSettings,
    MotionSettings,
    SteadySettings,
)

from .host import Bar, stop_if_interrupted, with_gradients
from .tensors import join, split
from .values import MEMORY, NETWORK, OBJECTIVE, Carried, LoadedNetworks, Objective
from .widgets import Input, Inputs, Node, given, scheduled, widget

FIRST = ("strength", "colours", "detail", "iterations", "octaves", "seed")
"""The dials of a dream that are tried first."""

ELSEWHERE = ("layer", "label", "guide", "guide_match", "guide_time", "palette")
"""Dials that are not numbers, or inputs of other nodes."""

SCHEDULES: Input = (
    "STRING",
    {
        "default": "",
        "multiline": True,
        "advanced": True,
        "tooltip": "Dials that change over time, one on each line, in place of their widgets: "
        "strength = 0:(0), 2s:(1, ease-in)",
    },
)


def dials() -> dict[str, Input]:
    """The dials of a dream, the first ones first."""
    others = [name for name in DreamSettings.model_fields if name not in (*FIRST, *ELSEWHERE)]
    first = {name: widget(DreamSettings, name) for name in FIRST}
    return first | {name: widget(DreamSettings, name, advanced=True) for name in others}


def dreaming(
    network: LoadedNetworks, objective: Objective | None, values: dict[str, Any]
) -> Dreaming:
    """What the inputs of a node say is dreamed."""
    objective = objective or Objective()
    settings = given(DreamSettings, values) | scheduled_for(DreamSettings, values)
    settings |= {"layer": objective.layers, "label": objective.label or None}
    pictures: tuple[torch.Tensor, ...] = ()
    if objective.guide is not None:
        settings["guide_match"], pictures = objective.guide.match, objective.guide.pictures
    return Dreaming(network, DreamSettings.checked(settings), pictures)


def scheduled_for(model: type[Any], values: dict[str, Any]) -> dict[str, str]:
    """The schedules among the inputs that are fields of a settings model."""
    found = scheduled(values.get("schedules", ""), values)
    return {name: text for name, text in found.items() if name in model.model_fields}


class DreamImageNode(Node):
    """Dream on pictures."""

    DESCRIPTION = "Dream on every picture of a batch on its own. An alpha channel stays as it is."
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The inputs."""
        return {
            "required": {"images": ("IMAGE", {}), "network": (NETWORK, {}), **dials()},
            "optional": {"objective": (OBJECTIVE, {})},
        }

    @with_gradients
    def run(
        self,
        images: torch.Tensor,
        network: LoadedNetworks,
        objective: Objective | None = None,
        **values: Any,
    ) -> tuple[torch.Tensor]:
        """Dream on the pictures; the bar counts updates."""
        sources, alpha = split(images)
        bar, each = Bar(len(sources)), 1
        dreamed: list[torch.Tensor] = []

        def on_step(done: int, total: int) -> None:
            nonlocal each
            each = total
            bar.show(each * len(dreamed) + done, of=each * len(sources))

        for image in dream_images(sources, dreaming(network, objective, values), on_step=on_step):
            dreamed.append(image)
            bar.show(each * len(dreamed), image)
        return (join(dreamed, alpha),)


class DreamFramesNode(Node):
    """Dream on the frames of a film."""

    DESCRIPTION = (
        "Dream on the frames of a film, carried along its motion. Give the memory of a batch to "
        "the next one, and both are one film. An alpha channel stays as it is."
    )
    RETURN_TYPES = ("IMAGE", MEMORY)
    RETURN_NAMES = ("images", "memory")

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The inputs."""
        return {
            "required": {
                "images": ("IMAGE", {}),
                "network": (NETWORK, {}),
                "stability": widget(MotionSettings, "stability"),
                **dials(),
                "flow": widget(MotionSettings, "flow", advanced=True),
                "cuts": widget(MotionSettings, "cuts", advanced=True),
                "fps": widget(ClipSettings, "fps", advanced=True),
            },
            "optional": {
                "schedules": SCHEDULES,
                "objective": (OBJECTIVE, {}),
                "memory": (MEMORY, {"tooltip": "That of the batch before this one."}),
            },
        }

    @with_gradients
    def run(
        self,
        images: torch.Tensor,
        network: LoadedNetworks,
        objective: Objective | None = None,
        memory: Carried | None = None,
        **values: Any,
    ) -> tuple[torch.Tensor, Carried | None]:
        """Dream on the frames; the bar counts them."""
        sources, alpha = split(images)
        motion = given(MotionSettings, values) | scheduled_for(MotionSettings, values)
        frames = dream_frames(
            sources,
            dreaming(network, objective, values),
            MotionSettings.checked(motion),
            rate=ClipSettings.checked(given(ClipSettings, {"fps": values["fps"]})).fps,
            after=memory,
            on_step=lambda done, total: stop_if_interrupted(),
        )
        dreamed, carried = collected(frames, Bar(len(sources)))
        return join(dreamed, alpha), carried


class DreamZoomNode(Node):
    """Dream an endless zoom."""

    DESCRIPTION = (
        "Dream an endless zoom into a picture, or into noise if there is none. Give its memory to "
        "another node of this kind to go on."
    )
    RETURN_TYPES = ("IMAGE", MEMORY)
    RETURN_NAMES = ("images", "memory")

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:
        """The inputs."""
        camera = ("zoom", "rotate", "pan_x", "pan_y")
        others = [name for name in CameraSettings.model_fields if name not in camera]
        kind, options = widget(ClipSettings, "seconds")
        length = options | {"default": float(ClipSettings().length)}
        return {
            "required": {
                "network": (NETWORK, {}),
                "seconds": (kind, length),
                "fps": widget(ClipSettings, "fps"),
                **{name: widget(CameraSettings, name) for name in camera},
                "stability": widget(SteadySettings, "stability"),
                **dials(),
                **{name: widget(CameraSettings, name, advanced=True) for name in others},
                "size": widget(ClipSettings, "size", advanced=True),
            },
            "optional": {
                "schedules": SCHEDULES,
                "image": ("IMAGE", {"tooltip": "The picture to start from, the first of a batch."}),
                "objective": (OBJECTIVE, {}),
                "memory": (MEMORY, {"tooltip": "That of the zoom that goes on."}),
            },
        }

    @with_gradients
    def run(
        self,
        network: LoadedNetworks,
        image: torch.Tensor | None = None,
        objective: Objective | None = None,
        memory: Carried | None = None,
        **values: Any,
    ) -> tuple[torch.Tensor, Carried | None]:
        """Dream the frames; the bar counts them."""
        clip = ClipSettings.checked(given(ClipSettings, values))
        camera = given(CameraSettings, values) | scheduled_for(CameraSettings, values)
        steady = given(SteadySettings, values) | scheduled_for(SteadySettings, values)
        frames = dream_zoom_frames(
            None if image is None else split(image)[0][0],
            dreaming(network, objective, values),
            CameraSettings.checked(camera),
            clip,
            SteadySettings.checked(steady),
            after=memory,
            on_step=lambda done, total: stop_if_interrupted(),
        )
        dreamed, carried = collected(frames, Bar(clip.frames))
        return join(dreamed), carried


def collected(
    frames: Iterable[tuple[torch.Tensor, Carried]], bar: Bar
) -> tuple[list[torch.Tensor], Carried | None]:
    """All frames, counted and shown, and what is carried on from the last one."""
    dreamed: list[torch.Tensor] = []
    last = None
    for image, carried in frames:
        dreamed.append(image)
        bar.show(len(dreamed), image)
        last = carried
    return dreamed, last
