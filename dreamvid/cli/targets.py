"""The output path of a command: the one given, else a name derived from the source."""

from __future__ import annotations

import re
from pathlib import Path

from dreamvid.errors import UsageError
from dreamvid.image import picture_format
from dreamvid.media.formats import suited
from dreamvid.media.source import NUMBER
from dreamvid.settings.tables import OutputSettings

NOISE = Path("noise")
"""Stands in for the source of a clip that has none: its output goes into the current folder."""


def film_target(
    source: Path | None,
    given: Path | None,
    out: Path | None,
    output: OutputSettings,
    *,
    kind: str = "dream",
) -> Path:
    """The film to write: SOURCE.KIND with the source's suffix if the codec can use it."""
    if named := _named(given, out):
        return named
    return suited(_beside(source or NOISE, kind), output.codec)


def picture_target(source: Path, given: Path | None, out: Path | None) -> Path:
    """The picture to write: SOURCE.dream with the source's suffix if that can be written."""
    if named := _named(given, out):
        return named
    beside = _beside(source, "dream")
    try:
        picture_format(beside)
    except UsageError:
        return beside.with_suffix(".png")
    return beside


def _named(given: Path | None, out: Path | None) -> Path | None:
    """The output given as the second argument or with -o."""
    if given is not None and out is not None:
        raise UsageError(f"two outputs, {given} and {out}", remedy="give only one")
    return given or out


def _beside(source: Path, kind: str) -> Path:
    """The path SOURCE.KIND.SUFFIX, beside the source; for a pattern, without the number."""
    where = source.resolve() if source.name in ("", "..") else source
    if not where.name:  # the root of a disk
        return Path(f"{kind}.mp4")
    if NUMBER.search(where.name) and not where.exists():
        stem = re.sub(rf"[-_. ]*{NUMBER.pattern}", "", where.stem) or where.resolve().parent.name
        return where.with_name(f"{stem}.{kind}{where.suffix}")
    if where.is_dir():
        return where.with_name(f"{where.name}.{kind}.mp4")
    return where.with_name(f"{where.stem}.{kind}{where.suffix.lower() or '.mp4'}")
