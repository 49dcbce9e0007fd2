"""Output formats: which are supported, and whether the installed ffmpeg can encode them."""

from __future__ import annotations

import difflib
import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import imageio_ffmpeg

from dreamvid.errors import MissingDependency, UsageError
from dreamvid.media.codecs import BY_NAME, CODECS, OTHER_WORDS, USUAL, Codec

__all__ = [
    "CODECS",
    "CONTAINERS",
    "Codec",
    "available_codecs",
    "card_encodes",
    "check_alpha",
    "check_crf",
    "check_delivery",
    "check_size",
    "codec_named",
    "encoders",
    "ffmpeg_path",
    "filters",
    "part_codec",
    "tracks_alpha_mode",
    "usual_codec",
]

CONTAINERS: Final = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
}
"""The container of a film, by file extension."""


OWN_FFMPEG: Final = "IMAGEIO_FFMPEG_EXE"
"""The environment variable by which imageio-ffmpeg uses another ffmpeg."""


NVIDIA_DEVICES: Final = ("/dev/nvidiactl", "/dev/dxg")
"""Of these devices Linux has one where there is an NVIDIA card; the second is that of WSL."""


def codec_named(name: str) -> Codec:
    """Look up a codec.

    Raises UsageError with close matches for an unknown codec, MissingDependency with the best
    available alternative when the installed ffmpeg lacks its encoder.
    """
    codec = CODECS.get(name.lower())
    if codec is None:
        near = [OTHER_WORDS[name.lower()]] if name.lower() in OTHER_WORDS else []
        near = near or difflib.get_close_matches(name.lower(), CODECS, n=3)
        raise UsageError(
            f"unknown codec '{name}'", where="codec", remedy=f"use {', '.join(near or CODECS)}"
        )
    if codec.on_card and codec.encoder in encoders() and not card_encodes(codec.encoder):
        raise MissingDependency(
            f"no NVIDIA card here encodes {codec.name} (those of data centres cannot)",
            where="codec",
            remedy=f"use {codec.near[0]}",
        )
    if not _available(codec):
        wanting = next(encoder for encoder in _wanted(codec) if encoder not in encoders())
        instead = [near for near in codec.near if _available(CODECS[near])][:1]
        raise MissingDependency(
            f"this ffmpeg cannot encode {codec.name} (it lacks {wanting})",
            where="codec",
            remedy=" or ".join(
                [*(f"use {near}" for near in instead), "pip install --upgrade imageio-ffmpeg"]
            ),
        )
    return codec


def available_codecs() -> tuple[str, ...]:
    """Return the codecs that the installed ffmpeg can encode."""
    return tuple(codec.name for codec in CODECS.values() if _available(codec))


def part_codec(path: Path, codec: str) -> str:
    """Return the codec for the parts of an output: `codec`, or the image format of its extension.

    Image formats encode their parts losslessly.
    """
    known = CODECS.get(codec.lower())
    if known is not None and known.pictures is not None:
        return codec
    return BY_NAME.get(path.suffix.lower(), codec)


def usual_codec(path: Path) -> str:
    """Return the default codec of an output."""
    return USUAL.get(path.suffix.lower(), "h264")


def suited(path: Path, codec: str | None) -> Path:
    """The path with its own suffix if a codec can use it, else .mp4 or the codec's first one.

    A codec that writes a file for each frame gets a pattern; an unknown one is reported later.
    """
    for suffix in (path.suffix, ".mp4"):
        named = path.with_suffix(suffix)
        known = CODECS.get(part_codec(named, codec or usual_codec(named)))
        if known is None:
            return named
        numbered = known.pictures is not None and known.pictures.numbered
        if suffix.lower() in known.suffixes and not numbered:
            return named
    assert known is not None
    name = f"{path.stem}_%05d" if numbered else path.stem
    return path.with_name(name + known.suffixes[0])


def check_delivery(
    path: Path,
    codec: str,
    *,
    crf: float | None = None,
    alpha: bool = False,
    repeated: bool = False,
) -> Codec:
    """Find the codec of an output and validate all options before any frame is made.

    `alpha` requests transparency, `repeated` a film that repeats its frames. Raises UsageError or
    MissingDependency.
    """
    known = codec_named(part_codec(path, codec))
    _check_name(path, known)
    check_crf(known, crf)
    if alpha:
        check_alpha(known)
    if repeated and known.pictures is not None:
        numbered = known.pictures.numbered
        why = "images cannot be repeated" if numbered else "already plays in a loop"
        raise UsageError(f"{known.name} {why}", where="repeat_to", remedy="omit it")
    return known


def check_crf(codec: Codec, crf: float | None) -> float | None:
    """Return the crf to encode with; UsageError if unsupported by the codec or out of range."""
    if crf is None:
        return codec.crf
    if codec.crf is None:
        have = _listing(name for name, other in CODECS.items() if other.crf is not None)
        raise UsageError(
            f"{codec.name} has no crf setting", where="crf", remedy=f"omit it, or use {have}"
        )
    if not 0 <= crf <= codec.top_crf:
        raise UsageError(
            f"{crf:g} is outside 0..{codec.top_crf:g}",
            where="crf",
            remedy="lower is better quality",
        )
    return crf


def check_alpha(codec: Codec) -> None:
    """Raise UsageError, listing alternatives, if the codec does not support transparency."""
    if not codec.alpha:
        have = _listing(name for name in available_codecs() if CODECS[name].alpha)
        raise UsageError(
            f"{codec.name} does not support transparency", where="codec", remedy=f"use {have}"
        )


def check_size(codec: Codec, size: tuple[int, int], *, where: object = None) -> None:
    """Raise UsageError if (width, height) is outside the limits of the codec."""
    if codec.holds(size):
        return
    small = any(side < least for side, least in zip(size, codec.smallest, strict=True))
    wrong, limit = ("small", "needs at least") if small else ("large", "supports at most")
    bound = codec.smallest if small else codec.largest
    known = (CODECS[name] for name in codec.near)
    instead = [f"use {near.name}" for near in known if near.holds(size) and _available(near)][:1]
    raise UsageError(
        f"{_by(size)} is too {wrong} for {codec.name}, which {limit} {_by(bound)}",
        where=where,
        remedy=" or ".join([*instead, f"give a {'larger' if small else 'smaller'} --size"]),
    )


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _check_name(path: Path, codec: Codec) -> None:
    suffix = path.suffix.lower()
    if suffix not in codec.suffixes:
        does = f"{codec.name} cannot be stored in a '{suffix}' file"
        others = _listing(name for name, known in CODECS.items() if suffix in known.suffixes)
        raise UsageError(
            does if suffix else "the output name has no file extension",
            where=path,
            remedy=f"end it in {', '.join(codec.suffixes)}"
            + (f", or use codec {others}" if others else ", or .gif, .webp, frame_%05d.png"),
        )
    numbered = codec.pictures is not None and codec.pictures.numbered
    if numbered and not re.search(r"%(0\d+)?d", path.name):
        animated = " or codec apng" if suffix == ".png" else ""
        raise UsageError(
            "a single image file cannot hold all frames",
            where=path,
            remedy=f"use {path.stem}_%05d{suffix},{animated} or a video file name",
        )


def _listing(names: Iterable[str]) -> str:
    return ", ".join(names)


def _wanted(codec: Codec) -> tuple[str, ...]:
    return (codec.encoder,) if codec.pictures is None else (codec.encoder, codec.pictures.encoder)


def _available(codec: Codec) -> bool:
    there = encoders().issuperset(_wanted(codec))
    return there and (not codec.on_card or card_encodes(codec.encoder))


@functools.cache
def card_encodes(encoder: str) -> bool:
    """Whether a card of this machine can encode with `encoder`, by trying it."""
    if sys.platform == "linux" and not any(map(os.path.exists, NVIDIA_DEVICES)):
        return False
    source = "color=size=256x256:rate=25:duration=0.2"
    try:
        _ask_ffmpeg("-v", "error", "-f", "lavfi", "-i", source, "-c:v", encoder,
                    "-f", "framemd5", "-")  # fmt: skip
    except MissingDependency:
        return False
    return True


def ffmpeg_path() -> str:
    """Return the path of the ffmpeg that imageio-ffmpeg contains.

    Raises MissingDependency if there is none.
    """
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingDependency(
            "ffmpeg was not found", where="ffmpeg", remedy="pip install imageio-ffmpeg"
        ) from error


@functools.cache
def encoders() -> frozenset[str]:
    """Return the encoders of the installed ffmpeg."""
    return _listed("-encoders")


@functools.cache
def filters() -> frozenset[str]:
    """Return the filters of the installed ffmpeg."""
    return _listed("-filters")


@functools.cache
def tracks_alpha_mode() -> bool:
    """Whether the installed ffmpeg tracks the alpha mode (straight or premultiplied) of frames.

    Versions that do convert to premultiplied alpha by themselves where an encoder expects it.
    """
    return "alpha_mode" in _ask_ffmpeg("-h", "filter=setparams")


def _listed(what: str) -> frozenset[str]:
    rows = (line.split() for line in _ask_ffmpeg(what).splitlines() if line.startswith(" "))
    return frozenset(row[1] for row in rows if len(row) > 2 and row[1] != "=")


def _ask_ffmpeg(*question: str) -> str:
    """What ffmpeg prints; MissingDependency, naming the ffmpeg, if it does not work."""
    path, reason = ffmpeg_path(), "it printed nothing"
    try:
        printed = subprocess.run(
            [path, "-hide_banner", *question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        if printed:
            return printed
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    given = os.environ.get(OWN_FFMPEG) == path
    raise MissingDependency(
        f"{path} is not an ffmpeg that works ({reason})",
        where="ffmpeg",
        remedy=f"set {OWN_FFMPEG} to the path of an ffmpeg, or unset it"
        if given
        else "pip install --force-reinstall imageio-ffmpeg",
    )
