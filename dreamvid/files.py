"""Atomic file writes that survive a power failure, digests of files, and the cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from platformdirs import user_cache_path


def settle(draft: Path, path: Path) -> None:
    """Rename a temporary file to `path`, replacing any file there, after syncing it to disk.

    Without the sync a file system may store the name before the data, which leaves an empty file
    after a power failure. Raises OSError.
    """
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(draft, path)
    with contextlib.suppress(OSError):  # not every system can open a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def sha256(path: Path) -> str:
    """The sha256 of a file, as 64 hex digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def draft_of(path: Path) -> Path:
    """The hidden temporary file for `path`."""
    return path.with_name(f".{path.name}.draft")


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a file atomically through a hidden temporary file beside it; raises OSError."""
    draft = draft_of(path)
    try:
        draft.write_bytes(data)
        settle(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def cache_folder() -> Path:
    """The folder for weights: DREAMVID_CACHE, else dreamvid's folder in the platform's cache."""
    if given := os.environ.get("DREAMVID_CACHE"):
        return Path(given)
    return user_cache_path("dreamvid", appauthor=False, opinion=False)
