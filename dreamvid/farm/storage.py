"""Where machines without a common folder keep the parts of a film: a folder, or an fsspec URL.

Storages hold named files and nothing else: no locks, no times. A file is there whole or not at all.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from dreamvid.errors import DiskFull, DreamvidError, MissingDependency, UsageError
from dreamvid.files import draft_of, settle

T = TypeVar("T")

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0)
"""Seconds between the attempts to reach a storage; with the last one it may be gone for 45 s."""

WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az", "memory"})
"""Protocols whose files appear when they are complete; elsewhere they are renamed."""

_DRAFT = ".draft-"


class Storage(Protocol):
    """Files by name, whose contents are whole; raises OSError, or errors of its library."""

    place: str

    def names(self, prefix: str = "") -> set[str]:
        """The names of the files that begin with a prefix."""

    def send(self, file: Path) -> None:
        """Store a file under its own name, replacing any."""

    def fetch(self, name: str, file: Path) -> None:
        """Copy a file from here; FileNotFoundError if there is none."""

    def remove(self, names: Iterable[str]) -> None:
        """Delete files; missing ones are ignored."""


class FolderStorage:
    """Files in a folder, which is created by the first."""

    def __init__(self, folder: Path) -> None:
        self.place, self._folder = str(folder), folder

    def names(self, prefix: str = "") -> set[str]:
        """The names of the files that begin with a prefix."""
        try:
            found = os.listdir(self._folder)
        except FileNotFoundError:
            return set()
        return {name for name in found if name.startswith(prefix) and _DRAFT not in name}

    def send(self, file: Path) -> None:
        """Store a file under its own name, replacing any."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{file.name}{_DRAFT}{uuid4().hex[:8]}"
        try:
            shutil.copyfile(file, draft)
            settle(draft, self._folder / file.name)
        finally:
            draft.unlink(missing_ok=True)

    def fetch(self, name: str, file: Path) -> None:
        """Copy a file from here; FileNotFoundError if there is none."""
        _arrive(file, lambda draft: shutil.copyfile(self._folder / name, draft))

    def remove(self, names: Iterable[str]) -> None:
        """Delete files; missing ones are ignored."""
        for name in names:
            (self._folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # others are left in it
            self._folder.rmdir()


class FsspecStorage:
    """Files below an fsspec URL, such as s3://bucket/jobs/out.mp4."""

    def __init__(self, url: str) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            remedy = "pip install 'dreamvid[cloud]'"
            raise MissingDependency("fsspec is not installed", where=url, remedy=remedy) from None
        try:
            fresh = {"use_listings_cache": False, "skip_instance_cache": True}
            self._files, self._root = url_to_fs(url, **fresh)
        except ImportError as error:  # the library of the protocol
            remedy = "pip install 'dreamvid[cloud]' for s3, gcsfs for gs"
            raise MissingDependency(str(error), where=url, remedy=remedy) from None
        except ValueError as error:
            raise UsageError(
                str(error), where=url, remedy="give s3://, gs:// or a folder"
            ) from None
        self.place = url
        self._whole = url.partition(":")[0] in WHOLE

    def names(self, prefix: str = "") -> set[str]:
        """The names of the files that begin with a prefix."""
        self._files.invalidate_cache()
        try:
            found = self._files.ls(self._root, detail=False)
        except FileNotFoundError:
            return set()
        names = {path.rstrip("/").rpartition("/")[2] for path in found}
        return {name for name in names if name.startswith(prefix) and _DRAFT not in name}

    def send(self, file: Path) -> None:
        """Store a file under its own name, replacing any."""
        if self._whole:
            self._files.put_file(str(file), self._path(file.name))
            return
        self._files.makedirs(self._root, exist_ok=True)
        draft = self._path(f"{file.name}{_DRAFT}{uuid4().hex[:8]}")
        self._files.put_file(str(file), draft)
        self._files.mv(draft, self._path(file.name))

    def fetch(self, name: str, file: Path) -> None:
        """Copy a file from here; FileNotFoundError if there is none."""
        _arrive(file, lambda draft: self._files.get_file(self._path(name), str(draft)))

    def remove(self, names: Iterable[str]) -> None:
        """Delete files; missing ones are ignored."""
        for name in names:
            with suppress(FileNotFoundError):
                self._files.rm_file(self._path(name))

    def version(self, name: str) -> str:
        """A text that changes with a file; FileNotFoundError if there is none."""
        return str(self._files.ukey(self._path(name)))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


class PatientStorage:
    """A storage that is asked again for a while when it does not answer, and then given up.

    DreamvidError says so; FileNotFoundError is an answer.
    """

    def __init__(self, storage: Storage) -> None:
        self.place, self._storage = storage.place, storage

    def names(self, prefix: str = "") -> set[str]:
        """The names of the files that begin with a prefix."""
        return self._tried(lambda: self._storage.names(prefix))

    def send(self, file: Path) -> None:
        """Store a file under its own name, replacing any."""
        self._tried(lambda: self._storage.send(file))

    def fetch(self, name: str, file: Path) -> None:
        """Copy a file from here; FileNotFoundError if there is none."""
        self._tried(lambda: self._storage.fetch(name, file))

    def remove(self, names: Iterable[str]) -> None:
        """Delete files; missing ones are ignored."""
        kept = list(names)
        self._tried(lambda: self._storage.remove(kept))

    def _tried(self, ask: Callable[[], T]) -> T:
        for pause in (*PAUSES, None):
            try:
                return ask()
            except (FileNotFoundError, DiskFull):
                raise
            except Exception as error:  # every library has its own
                if pause is None:
                    what = f"the storage cannot be reached ({type(error).__name__}: {error})"
                    remedy = "repeat the command when it can: finished parts are kept"
                    raise DreamvidError(what, where=self.place, remedy=remedy) from error
                time.sleep(pause)
        raise AssertionError


def storage_at(where: str, name: str) -> Storage:
    """The storage of the job with a name, in a folder or below an fsspec URL.

    Raises UsageError for an unknown protocol, MissingDependency for one that is not installed.
    """
    if is_url(where):
        return PatientStorage(FsspecStorage(f"{where.rstrip('/')}/{name}"))
    return PatientStorage(FolderStorage(Path(where) / name))


def is_url(text: str) -> bool:
    """Whether a text is a URL rather than a path."""
    return re.match(r"[a-z][a-z0-9+.]+://", text) is not None


def _arrive(file: Path, copy: Callable[[Path], Any]) -> None:
    """Copy to a temporary file, which then takes the place of `file`."""
    draft = draft_of(file)
    try:
        copy(draft)
        settle(draft, file)
    finally:
        draft.unlink(missing_ok=True)
