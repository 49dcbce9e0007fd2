"""Who dreams which shot: an owner holds a lock on a file of the shot, beside the parts.

The system releases the lock when its process ends, however it ends, so that the shot of a killed
process is free again. The files stay until the folder is deleted with the finished film.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dreamvid.media.target import Busy


def _lock(folder: Path, first: int) -> FileLock:
    return FileLock(folder / f"shot-{first:09d}.lock", is_singleton=False)


@contextmanager
def owned(folder: Path, first: int) -> Iterator[bool]:
    """Own the shot that begins with frame `first`; False if another process owns it."""
    lock = _lock(folder, first)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_owned(folder: Path, first: int) -> bool:
    """Whether a process owns the shot that begins with frame `first`."""
    if not (folder / f"shot-{first:09d}.lock").exists():
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
