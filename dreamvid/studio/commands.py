"""The commands that the studio runs, and the settings model of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dreamvid.errors import UsageError
from dreamvid.settings.base import Settings
from dreamvid.settings.loops import loop_model
from dreamvid.settings.models import ImageSettings, VideoSettings, ZoomSettings

COMMANDS: Final = ("video", "image", "zoom", "loop")

_MODELS: Final[Mapping[str, type[Settings]]] = {
    "video": VideoSettings,
    "image": ImageSettings,
    "zoom": ZoomSettings,
}


def model_of(command: object, values: Mapping[str, Any]) -> type[Settings]:
    """The settings model of a command; that of a loop depends on the values."""
    if command == "loop":
        return loop_model(values)
    if command not in _MODELS:
        raise UsageError("unknown command", where="command", remedy=f"use {', '.join(COMMANDS)}")
    return _MODELS[str(command)]


def checked_settings(command: object, values: Mapping[str, Any]) -> Settings:
    """The settings of a command from plain values; UsageError for the first that is invalid."""
    return model_of(command, values).checked(values)
