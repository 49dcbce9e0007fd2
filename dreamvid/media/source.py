"""Classify a source by its path, before it is opened."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Final

from dreamvid.errors import UnreadableInput, UsageError, no_such_file

STILL_SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".exr", ".dpx"}
)

FILM_SUFFIXES: Final = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".mpg", ".mpeg", ".ts", ".mts",
     ".wmv", ".flv", ".mxf", ".ogv", ".3gp"}
)  # fmt: skip

NUMBER: Final = re.compile(r"%(?:0(\d+))?d")


def is_sequence(path: Path) -> bool:
    """Whether `path` is an image sequence: a folder, or a pattern like frame_%05d.png."""
    return path.is_dir() or (not path.exists() and NUMBER.search(path.name) is not None)


def is_still(path: Path) -> bool:
    """Whether `path` is a picture by its name; else it is a film or an image sequence."""
    return not is_sequence(path) and path.suffix.lower() in STILL_SUFFIXES


def check_rate(rate: Fraction | None, *sources: Path) -> None:
    """Raise UsageError if a rate is given but no source is an image sequence."""
    if rate is not None and all(source.is_file() for source in sources):
        raise UsageError("applies only to image sequences", where="rate", remedy="omit it")


def check_file(path: Path) -> None:
    """Raise UnreadableInput unless `path` is a readable, non-empty file."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise no_such_file(path) from None
    except (OSError, ValueError) as error:
        raise UnreadableInput(f"cannot be read ({error})", where=repr(str(path))) from None
    if path.is_file() and size == 0:
        raise UnreadableInput("the file is empty", where=path, remedy="copy it again")
    if not path.is_file():
        raise UnreadableInput("not a file", where=path, remedy="give a film or an image")
