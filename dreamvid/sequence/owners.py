"""Who dreams which shot: an owner holds a lock on a file of the shot, beside the parts.

The system releases the lock when its process ends, however it ends, so that the shot of a killed
process is free again. The files stay until the folder is deleted with the finished film.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dreamvid.errors import DreamvidError
from dreamvid.media.target import Busy


@contextmanager
def locked(file: Path, *, timeout: float = -1) -> Iterator[bool]:
    """Hold a lock on a file; False if another process still holds it after `timeout` seconds.

    Without a timeout it waits. DreamvidError where files cannot be locked.
    """
    lock = FileLock(file, is_singleton=False)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError) as error:
        remedy = "use a local folder, or a file system with locks, such as NFS 4"
        what = f"its files cannot be locked ({error})"
        raise DreamvidError(what, where=file.parent, remedy=remedy) from error
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def owned(folder: Path, first: int) -> Iterator[bool]:
    """Own the shot that begins with frame `first`; False if another process owns it."""
    with locked(_file(folder, first), timeout=0) as free:
        yield free


def _file(folder: Path, first: int) -> Path:
    return folder / f"shot-{first:09d}.lock"


def is_owned(folder: Path, first: int) -> bool:
    """Whether a process owns the shot that begins with frame `first`."""
    if not _file(folder, first).exists():
        return False
    with owned(folder, first) as free:
        return not free


def check_unowned(folder: Path, output: Path, changed: str) -> None:
    """Raise Busy if a process owns any shot of the film whose parts are in `folder`.

    `changed` names the settings of that process that differ from those of this one.
    """
    for file in folder.glob("shot-*.lock"):
        if is_owned(folder, int(file.stem.removeprefix("shot-"))):
            others = f" with other settings ({changed})" if changed else ""
            remedy = "wait for it, or use another name"
            raise Busy(f"workers are dreaming this film{others}", where=output, remedy=remedy)
