"""Files that appear whole, or not at all, also when the power goes; and the cache folder."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from platformdirs import user_cache_path


def settle(draft: Path, path: Path) -> None:
    """Give a finished file its name, in the place of any other, once its bytes are on the disk.

    Without the wait a file system may remember the name before the bytes, and after a power cut
    there is a file with nothing in it. Raises OSError.
    """
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(draft, path)
    with contextlib.suppress(OSError):  # a folder cannot be opened everywhere
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def draft_of(path: Path) -> Path:
    """The hidden name under which a file is written."""
    return path.with_name(f".{path.name}.draft")


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a file by way of a hidden one beside it, which is gone afterwards; raises OSError."""
    draft = draft_of(path)
    try:
        draft.write_bytes(data)
        settle(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def cache_folder() -> Path:
    """Where weights are kept: DREAMVID_CACHE, else dreamvid's folder in the platform's cache."""
    if given := os.environ.get("DREAMVID_CACHE"):
        return Path(given)
    return user_cache_path("dreamvid", appauthor=False, opinion=False)
