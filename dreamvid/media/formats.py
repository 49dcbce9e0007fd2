"""The output formats: which encoder, pixels and container each codec needs."""

from __future__ import annotations

import difflib
import functools
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import imageio_ffmpeg

from dreamvid.errors import MissingDependency, UsageError

CONTAINERS: Final = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
}
"""The containers a film can go into, by the end of its name."""

PICTURES: Final = frozenset({".gif", ".webp", ".png"})
"""Names of outputs that are pictures: an animation, or one file a frame (frame_%05d.png)."""

LOSSLESS: Final = "ffv1"
"""The codec that holds the parts of an output made of pictures until it is put together."""


@dataclass(frozen=True)
class Codec:
    """One way to encode a film.

    `pixels` names the pixel format by bit depth; a film of more bits than the codec has is rounded.
    `part` is the container of a part, `suffixes` the names the finished film may end in, `crf` the
    default quality (None: no such dial), `tag` the four letters players expect in an mp4,
    `multiple` what width and height must be divisible by, `smallest` the least size. `rgb` codecs
    keep RGB; all others get YUV.
    """

    name: str
    encoder: str
    pixels: Mapping[int, str]
    part: str
    suffixes: tuple[str, ...]
    crf: float | None = None
    top_crf: float = 51
    options: tuple[str, ...] = ()
    deep_options: tuple[str, ...] = ()
    tag: str = ""
    multiple: tuple[int, int] = (2, 2)
    smallest: tuple[int, int] = (1, 1)
    rgb: bool = False

    def is_deep(self, bits: int) -> bool:
        """Whether a film of so many bits is to be handed over with 16 bits a channel."""
        return max(self.pixels) > 8 if bits > 8 else min(self.pixels) > 8

    def pixel_format(self, bits: int) -> str:
        """Name the pixel format for a film of so many bits."""
        return self.pixels[max(self.pixels) if bits > 8 else min(self.pixels)]


_QUICK = (".mp4", ".mov", ".m4v", ".mkv")
_YUV420 = {8: "yuv420p", 10: "yuv420p10le"}

CODECS: Final = {
    codec.name: codec
    for codec in (
        # 10-bit H.264 plays almost nowhere, so h264 is 8 bits whatever the source has.
        Codec("h264", "libx264", {8: "yuv420p"}, "mp4", _QUICK, 17, options=("-preset", "medium")),
        Codec(
            "h265",
            "libx265",
            _YUV420,
            "mp4",
            _QUICK,
            crf=19,
            options=("-preset", "medium", "-x265-params", "log-level=error"),
            tag="hvc1",
            smallest=(16, 16),
        ),
        Codec(
            "av1",
            "libsvtav1",
            _YUV420,
            "mp4",
            (".mp4", ".mkv", ".webm"),
            crf=22,
            top_crf=63,
            options=("-preset", "6"),
            smallest=(64, 64),
        ),
        Codec(
            "vp9",
            "libvpx-vp9",
            _YUV420,
            "webm",
            (".webm", ".mkv", ".mp4"),
            crf=22,
            top_crf=63,
            options=("-b:v", "0", "-deadline", "good", "-cpu-used", "3", "-row-mt", "1"),
        ),
        Codec(
            "prores",
            "prores_ks",
            {10: "yuv422p10le"},
            "mov",
            (".mov", ".mkv"),
            options=("-profile:v", "hq", "-vendor", "apl0"),
            multiple=(2, 1),
        ),
        Codec(
            "dnxhr",
            "dnxhd",
            {8: "yuv422p", 10: "yuv422p10le"},
            "mov",
            (".mov", ".mkv"),
            options=("-profile:v", "dnxhr_hq"),
            deep_options=("-profile:v", "dnxhr_hqx"),
            smallest=(256, 120),
        ),
        Codec(
            "hap",
            "hap",
            {8: "rgba"},
            "mov",
            (".mov",),
            options=("-format", "hap_q"),
            multiple=(4, 4),
            rgb=True,
        ),
        Codec(
            "ffv1",
            "ffv1",
            {8: "bgr0", 10: "gbrp16le"},
            "matroska",
            (".mkv",),
            options=("-level", "3", "-slicecrc", "1", "-g", "1"),
            multiple=(1, 1),
            rgb=True,
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
            f"this ffmpeg cannot write {codec.name} (it has no {codec.encoder})",
            where="codec",
            remedy="pip install --upgrade imageio-ffmpeg",
        )
    return codec


def is_pictures(path: Path) -> bool:
    """Whether the output's name asks for pictures: .gif, .webp, or numbered .png files."""
    return path.suffix.lower() in PICTURES


def part_codec(path: Path, codec: str) -> str:
    """Name the codec for the parts of an output: `codec`, or a lossless one for pictures."""
    return LOSSLESS if is_pictures(path) else codec


def check_name(path: Path, codec: str) -> None:
    """Raise UsageError unless an output of this codec may have this name."""
    suffix = path.suffix.lower()
    if suffix == ".png" and not re.search(r"%(0\d+)?d", path.name):
        raise UsageError(
            "one file cannot hold all frames",
            where=path,
            remedy=f"use {path.stem}_%05d.png, or a film name",
        )
    known = codec_named(part_codec(path, codec))
    if not is_pictures(path) and suffix not in known.suffixes:
        raise UsageError(
            f"{known.name} does not go into '{suffix}'",
            where=path,
            remedy=f"use {', '.join(known.suffixes)}, or .gif, .webp, frame_%05d.png",
        )


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
    return _listed("-encoders")


@functools.cache
def filters() -> frozenset[str]:
    """Ask this machine's ffmpeg which filters it has."""
    return _listed("-filters")


def _listed(what: str) -> frozenset[str]:
    listing = subprocess.run(
        [ffmpeg_path(), "-hide_banner", what],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    rows = (line.split() for line in listing.splitlines() if line.startswith(" "))
    return frozenset(row[1] for row in rows if len(row) > 2 and row[1] != "=")
