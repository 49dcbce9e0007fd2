"""Whether frames of an earlier run with other settings would be lost; imports no torch."""

from __future__ import annotations

import tomllib
from typing import Any

from dreamvid.media.output import Output
from dreamvid.sequence.folder import (
    finished_parts,
    folder_of,
    frames_in,
    other_settings,
    record_in,
)
from dreamvid.settings.base import Settings
from dreamvid.settings.toml import differences, named, to_toml

RESOLVED = ("device", "precision", "tile", "dream_size")
"""Settings that a record holds as resolved for the machine."""

DEFAULTED = ("step", "octaves", "layer")
"""Settings that a record holds as resolved where the run left them out."""


def check_earlier(output: Output, settings: Settings) -> None:
    """Raise OutputExists if frames of a run with surely other settings would be lost.

    What depends on the network or on the machine is compared when both are known.
    """
    folder = folder_of(output.path)
    if output.overwrite or not record_in(folder).is_file():
        return
    try:
        earlier = tomllib.loads(record_in(folder).read_text("utf-8", errors="replace"))
    except (OSError, ValueError):
        return  # told by the job
    changed = _surely_changed(earlier, to_toml(settings))
    if changed and (there := frames_in(finished_parts(folder))):
        raise other_settings(output.path, there, named(changed))


def _surely_changed(earlier: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The settings that differ whatever the network and the machine are."""
    dream = now.get("dream", {})
    open_ = {name for name in DEFAULTED if not dream.get(name)}
    return [
        name
        for name in differences(earlier | {"made": {}}, now)
        if name not in RESOLVED and name not in open_
    ]
