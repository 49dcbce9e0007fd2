"""The sidecar of a film: all that is needed to make the film again."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from dreamvid.commands.clock import signals_read
from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import UnreadableInput
from dreamvid.files import sha256
from dreamvid.media.row import sequence_files
from dreamvid.media.source import is_sequence
from dreamvid.schedules.signals import curves_in
from dreamvid.settings.dials import guides_of
from dreamvid.settings.loops import DreamedLoop, FilmLoop, PanLoop, ZoomLoop
from dreamvid.settings.models import VideoSettings, ZoomSettings
from dreamvid.settings.toml import merge, to_toml, write_toml


def sidecar(
    settings: VideoSettings | ZoomSettings | DreamedLoop,
    source: Path | None,
    dream: Dreamer,
    *,
    output: Path,
) -> str:
    """The text of the sidecar of `output`: settings, versions, and checksums of all inputs.

    Defaults that depend on the network or the machine are written as resolved.
    """
    made: dict[str, Any] = {} if source is None else origin(source, output)
    made |= {
        "weights_sha256": dream.network.weights_sha256,
        "versions": versions(),
        "threads": torch.get_num_threads(),  # decides the rounding of sums
    }
    if guides := guides_of(settings.dream):
        made["guide_sha256"] = " ".join(digest(Path(guide)) for guide in guides)
    if settings.sound.audio is not None:
        made["audio_sha256"] = digest(settings.sound.audio)
    if not isinstance(settings, ZoomLoop | PanLoop) and (
        drawn := curves_in(signals_read(settings))
    ):
        made["curve_sha256"] = " ".join(digest(Path(curve)) for curve in drawn.values())
    decided: dict[str, dict[str, Any]] = {
        "network": {"device": dream.device.type, "precision": _PRECISIONS[dream.dtype]},
        "dream": {
            "tile": dream.tile,
            "step": settings.dream.step or dream.network.default_step,
            "octaves": settings.dream.octaves or len(dream.dose.iterations),
        },
    }
    if settings.dream.label is None:
        decided["dream"]["layer"] = list(settings.dream.layer) or [dream.network.default_layer]
    resolved = type(settings).checked(merge(to_toml(settings), decided))
    return write_toml({"made": made} | to_toml(resolved))


def made_of(settings: FilmLoop, source: Path, *, output: Path) -> str:
    """The text of the sidecar of a film made without a network."""
    return write_toml(
        {"made": origin(source, output) | {"versions": versions()}} | to_toml(settings)
    )


def origin(source: Path, output: Path) -> dict[str, Any]:
    """The path and the checksum of a source, for a sidecar beside `output`.

    The path relative to the sidecar holds when both are moved, the absolute one when only the
    output is.
    """
    absolute = os.path.realpath(source)
    try:
        relative = os.path.relpath(absolute, os.path.realpath(output.parent))
    except ValueError:  # another drive
        relative = absolute
    return {
        "source": Path(relative).as_posix(),
        "source_absolute": absolute,
        "source_sha256": digest(source),
    }


_PRECISIONS = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


def versions() -> dict[str, str]:
    """The versions of the software that determines a film's bytes; "?" where unknown."""
    found = {"python": platform.python_version()}
    for name in ("dreamvid", "torch", "av", "opencv-python", "scenedetect", "imageio-ffmpeg"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "?"
    return found


def digest(path: Path) -> str:
    """The sha256 of a file, or of the names and bytes of an image sequence; empty if missing."""
    try:
        if not is_sequence(path):
            return sha256(path)
        total = hashlib.sha256()
        for picture in sequence_files(path).values():
            total.update(os.fsencode(picture.name) + b"\0" + bytes.fromhex(sha256(picture)))
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UnreadableInput(f"cannot be read ({error.strerror})", where=path) from error
    return total.hexdigest()
