"""Check paths before they are written to; lock an output while it is written."""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from dreamvid.errors import DiskFull, OutputExists, UsageError
from dreamvid.files import draft_of


class Busy(UsageError):
    """Another process is writing the output."""


def staging_prefix(path: Path) -> str:
    """What the names of the staging folders of an output begin with.

    ffmpeg would read a % in a name as a number. The digest distinguishes long names.
    """
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]
    return f".{path.name[:40].replace('%', '')}-{digest}-"


def check_writable(path: Path) -> None:
    """Raise UsageError or DiskFull unless a file can be written at `path`.

    A temporary file is created to find out: permission bits do not show a read-only file system.
    """
    folder = path.parent
    if not folder.is_dir():
        raise UsageError("no such folder", where=folder, remedy="create it first")
    try:
        with tempfile.TemporaryFile(dir=folder), contextlib.suppress(FileNotFoundError):
            os.lstat(draft_of(path))
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError(
                "the file name is too long", where=path, remedy="shorten it"
            ) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("no space left on the disk", where=folder, remedy="make room") from error
        raise UsageError(
            "the folder is not writable", where=folder, remedy="use another folder"
        ) from error
    if draft_of(path).is_dir():
        raise UsageError("a folder has this name", where=draft_of(path), remedy="remove it")
    if path.is_dir():
        raise UsageError("the output is a folder", where=path, remedy="give a file name")
    if path.exists() and not path.is_file():
        raise UsageError("the output is not a regular file", where=path, remedy="use another name")
    if path.exists() and not os.access(path, os.W_OK):
        raise UsageError("the output is write-protected", where=path, remedy="use another name")


def check_new(path: Path, *, overwrite: bool) -> None:
    """Raise OutputExists if the file exists, unless `overwrite`; also as `check_writable`."""
    check_writable(path)
    if os.path.lexists(path) and not overwrite:
        raise OutputExists("already exists", where=path, remedy="use another name, or -y")


def check_kept(path: Path, inputs: Iterable[str | Path], kind: str) -> None:
    """Raise UsageError if `path` is one of the input files, or in one of the input folders."""
    for one in map(Path, inputs):
        if same_file(path, one) or (path.exists() and same_file(path.parent, one)):
            raise UsageError(f"the output is a {kind} file", where=path, remedy="use another name")


@contextlib.contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold a lock on the output `path`; Busy, a UsageError, if another process holds it.

    Two processes would overwrite each other's parts. The lock lies beside the output, where all
    processes find it. The system releases it when the process ends, however it ends; staging
    folders that a killed process has left are deleted. A second lock, `door`, guards the removal of
    the lock file: otherwise another process could lock a file that is about to be removed.
    """
    from filelock import FileLock, Timeout

    real = Path(os.path.realpath(path))
    lock = FileLock(real.with_name(f".{real.name}.lock"))
    user = hashlib.sha256(os.fsencode(os.path.expanduser("~"))).hexdigest()[:24]
    door = FileLock(Path(tempfile.gettempdir()) / f"dreamvid-{user}.lock")
    try:
        with door:
            lock.acquire(timeout=0)
    except Timeout:
        remedy = "wait for it, or use another name"
        raise Busy("another run is writing this file", where=path, remedy=remedy) from None
    except OSError:  # the lock file cannot be created: continue without a lock
        yield
        return
    try:
        for left in real.parent.glob(f"{glob.escape(staging_prefix(real))}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        with contextlib.suppress(OSError), door:
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)


def same_file(path: Path, source: Path) -> bool:
    """Whether both paths name the same existing file."""
    try:
        return os.path.samefile(path, source)
    except OSError:
        return False
