"""The output formats: which encoder, pixels and container each codec needs."""

from __future__ import annotations

import difflib
import functools
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import imageio_ffmpeg

from dreamvid.errors import MissingDependency, UsageError


@dataclass(frozen=True)
class Codec:
    """One way to encode a film.

    `pixels` names the pixel format by bit depth, `part` is the format that holds a part of a film,
    `suffixes` the names that the finished film may end in (the first is the usual one), `crf` the default
    quality (None: the codec has no such dial), `tag` the four letters that players expect in an mp4.
    """

    name: str
    encoder: str
    pixels: Mapping[int, str]
    part: str
    suffixes: tuple[str, ...]
    crf: float | None = None
    top_crf: float = 51
    options: tuple[str, ...] = ()
    tag: str = ""
    multiple: tuple[int, int] = (2, 2)
    rgb: bool = False
    deep_options: tuple[str, ...] = field(default=())


_FILM = (".mp4", ".mov", ".mkv", ".m4v", ".ts", ".avi", ".nut")

CODECS: Final = {
    codec.name: codec
    for codec in (
        Codec(
            "h264", "libx264", {8: "yuv420p"}, "mp4", _FILM, crf=17, options=("-preset", "medium")
        ),
    )
}


def codec_named(name: str) -> Codec:
    """Look up a codec.

    Raises UsageError with the near misses for an unknown one, MissingDependency when this
    machine's ffmpeg was built without its encoder.
    """
    codec = CODECS.get(name.lower())
    if codec is None:
        near = difflib.get_close_matches(name.lower(), CODECS, n=3, cutoff=0.4) or list(CODECS)
        raise UsageError(f"no codec '{name}'", where="codec", remedy=f"use {', '.join(near)}")
    if codec.encoder not in encoders():
        raise MissingDependency(
            f"this ffmpeg cannot write {codec.name} (no encoder {codec.encoder})",
            where="codec",
            remedy="pip install --upgrade imageio-ffmpeg",
        )
    return codec


def ffmpeg_path() -> str:
    """Find the ffmpeg that imageio-ffmpeg carries.

    Raises MissingDependency when there is none.
    """
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingDependency(
            "no ffmpeg found", where="ffmpeg", remedy="pip install imageio-ffmpeg"
        ) from error


@functools.cache
def encoders() -> frozenset[str]:
    """Ask this machine's ffmpeg which encoders it has."""
    listing = subprocess.run(
        [ffmpeg_path(), "-hide_banner", "-encoders"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    rows = (line.split() for line in listing.splitlines() if line.startswith(" "))
    return frozenset(row[1] for row in rows if len(row) > 2 and row[1] != "=")


def check_suffix(codec: Codec, path: Path) -> None:
    """Raise UsageError unless a film of this codec may have this name."""
    if path.suffix.lower() not in codec.suffixes:
        raise UsageError(
            f"{codec.name} does not go into '{path.suffix}'",
            where=path,
            remedy=f"use {', '.join(codec.suffixes)}",
        )
