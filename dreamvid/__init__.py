"""dreamvid makes film dream: DeepDream for moving pictures, carried along optical flow."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dreamvid.commands.image import dream_image
    from dreamvid.commands.in_memory import (
        Carried,
        Dreaming,
        LoadedNetworks,
        dream_frames,
        dream_images,
        dream_zoom_frames,
    )
    from dreamvid.commands.loop import dream_loop
    from dreamvid.commands.result import Result
    from dreamvid.commands.train import train_network
    from dreamvid.commands.video import dream_video
    from dreamvid.commands.zoom import dream_zoom
    from dreamvid.dream.dreamer import Dreamer
    from dreamvid.dream.objectives import channel, creatures, direction, layer, neuron
    from dreamvid.errors import DreamvidError
    from dreamvid.image import load_image, save_image
    from dreamvid.media.reader import VideoReader
    from dreamvid.media.writer import VideoWriter
    from dreamvid.sequence.frames import Frame, film_frames
    from dreamvid.sequence.progress import Progress
    from dreamvid.sequence.render import render
    from dreamvid.settings.loops import FeedbackLoop, FilmLoop, PanLoop, ZoomLoop
    from dreamvid.settings.models import (
        ImageSettings,
        TrainSettings,
        VideoSettings,
        ZoomSettings,
    )

_HOMES = {
    "Carried": "commands.in_memory",
    "DreamvidError": "errors",
    "Dreamer": "dream.dreamer",
    "Dreaming": "commands.in_memory",
    "FeedbackLoop": "settings.loops",
    "FilmLoop": "settings.loops",
    "Frame": "sequence.frames",
    "ImageSettings": "settings.models",
    "LoadedNetworks": "commands.in_memory",
    "PanLoop": "settings.loops",
    "Progress": "sequence.progress",
    "Result": "commands.result",
    "TrainSettings": "settings.models",
    "VideoReader": "media.reader",
    "VideoSettings": "settings.models",
    "VideoWriter": "media.writer",
    "ZoomLoop": "settings.loops",
    "ZoomSettings": "settings.models",
    "channel": "dream.objectives",
    "creatures": "dream.objectives",
    "direction": "dream.objectives",
    "dream_frames": "commands.in_memory",
    "dream_image": "commands.image",
    "dream_images": "commands.in_memory",
    "dream_loop": "commands.loop",
    "dream_video": "commands.video",
    "dream_zoom": "commands.zoom",
    "dream_zoom_frames": "commands.in_memory",
    "film_frames": "sequence.frames",
    "layer": "dream.objectives",
    "load_image": "image",
    "neuron": "dream.objectives",
    "render": "sequence.render",
    "save_image": "image",
    "train_network": "commands.train",
}

__all__ = [  # noqa: RUF022 - pinned by a test, in the order of the table above
    "Carried",
    "DreamvidError",
    "Dreamer",
    "Dreaming",
    "FeedbackLoop",
    "FilmLoop",
    "Frame",
    "ImageSettings",
    "LoadedNetworks",
    "PanLoop",
    "Progress",
    "Result",
    "TrainSettings",
    "VideoReader",
    "VideoSettings",
    "VideoWriter",
    "ZoomLoop",
    "ZoomSettings",
    "channel",
    "creatures",
    "direction",
    "dream_frames",
    "dream_image",
    "dream_images",
    "dream_loop",
    "dream_video",
    "dream_zoom",
    "dream_zoom_frames",
    "film_frames",
    "layer",
    "load_image",
    "neuron",
    "render",
    "save_image",
    "train_network",
]


def __getattr__(name: str) -> Any:
    """Find a public name where it lives; only then is torch imported (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dreamvid' has no attribute '{name}'")
    return getattr(importlib.import_module(f"dreamvid.{_HOMES[name]}"), name)
