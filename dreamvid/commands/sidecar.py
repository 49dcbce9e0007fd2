"""The sidecar of a film: all that is needed to make the film again."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from dreamvid.commands.clock import signals_read
from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import UnreadableInput
from dreamvid.files import sha256
from dreamvid.media.row import pictures_in, sequence_files
from dreamvid.media.source import is_sequence
from dreamvid.schedules.signals import curves_in
from dreamvid.settings.dials import guides_of
from dreamvid.settings.loops import DreamedLoop, FilmLoop, PanLoop, ZoomLoop
from dreamvid.settings.mask_text import mask_files
from dreamvid.settings.models import VideoSettings, ZoomSettings
from dreamvid.settings.toml import merge, to_toml, write_toml
from dreamvid.settings.values import OWN_PALETTE
from dreamvid.settings.versions import version_of


def sidecar(
    settings: VideoSettings | ZoomSettings | DreamedLoop,
    source: Path | None,
    dream: Dreamer,
    *,
    output: Path,
    source_sha256: str | None = None,
) -> str:
    """The text of the sidecar of `output`: settings, versions, and checksums of all inputs.

    Defaults that depend on the network or the machine are written as resolved. `source_sha256` is
    the `digest` of the source, if it is known.
    """
    made: dict[str, Any] = {} if source is None else origin(source, output, source_sha256)
    made |= {
        "weights_sha256": " ".join(network.weights_sha256 for network in dream.networks),
        "versions": versions(),
        "threads": torch.get_num_threads(),  # decides the rounding of sums
    }
    regions = settings.regions if isinstance(settings, VideoSettings) else ()
    dreams = [one for _, one in regions] or [settings.dream]
    if guides := tuple(chain.from_iterable(map(guides_of, dreams))):
        made["guide_sha256"] = " ".join(_guide_digest(Path(guide)) for guide in guides)
    if masks := tuple(chain.from_iterable(mask_files(mask.mask) for mask, _ in regions)):
        made["mask_sha256"] = " ".join(digest(mask) for mask in masks)
    palettes = [one.palette for one in dreams if one.palette not in (None, OWN_PALETTE)]
    if palettes:
        made["palette_sha256"] = " ".join(digest(Path(palette)) for palette in palettes)
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
            "step": settings.dream.step or dream.default_step,
            "octaves": settings.dream.octaves or len(dream.dose.iterations),
        },
    }
    if isinstance(settings, VideoSettings) and settings.region:  # each has its own
        decided["dream"] = {"tile": dream.tile}
    elif settings.dream.label is None and len(dream.networks) == 1:
        decided["dream"]["layer"] = list(settings.dream.layer) or [dream.network.default_layer]
    resolved = type(settings).checked(merge(to_toml(settings), decided))
    return write_toml({"made": made} | to_toml(resolved))


def made_of(settings: FilmLoop, source: Path, *, output: Path) -> str:
    """The text of the sidecar of a film made without a network."""
    return write_toml(
        {"made": origin(source, output) | {"versions": versions()}} | to_toml(settings)
    )


def origin(source: Path, output: Path, source_sha256: str | None = None) -> dict[str, Any]:
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
        "source_sha256": digest(source) if source_sha256 is None else source_sha256,
    }


_PRECISIONS = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


def versions() -> dict[str, str]:
    """The versions of the software that determines a film's bytes; "?" where unknown."""
    packages = ("dreamvid", "torch", "av", "opencv-python", "scenedetect", "imageio-ffmpeg")
    return {"python": platform.python_version()} | {name: version_of(name) for name in packages}


def digest(path: Path) -> str:
    """The sha256 of a file, or of the names and bytes of an image sequence; empty if missing."""
    try:
        return digest_of(picture_digests(path)) if is_sequence(path) else sha256(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unreadable(path, error) from error


def _guide_digest(path: Path) -> str:
    """The `digest` of a guide; all pictures of a folder guide, not only its longest row."""
    if not path.is_dir():
        return digest(path)
    return digest_of({k: (p.name, sha256(p)) for k, p in enumerate(pictures_in(path))})


def picture_digests(path: Path) -> dict[int, tuple[str, str]]:
    """The name and the sha256 of every picture of an image sequence, by its place in it."""
    try:
        files = sequence_files(path)
        return {place: (file.name, sha256(file)) for place, file in files.items()}
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error


def digest_of(pictures: Mapping[int, tuple[str, str]]) -> str:
    """The `digest` of an image sequence, from the names and digests of its pictures."""
    total = hashlib.sha256()
    for name, found in pictures.values():
        total.update(os.fsencode(name) + b"\0" + bytes.fromhex(found))
    return total.hexdigest()


def _unreadable(path: Path, error: OSError) -> UnreadableInput:
    return UnreadableInput(f"cannot be read ({error.strerror})", where=path)
