"""The rules about where a film may be written, told before any work is done."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dreamvid.errors import DiskFull, OutputExists, UsageError
from dreamvid.files import draft_of
from dreamvid.media.formats import check_delivery

if TYPE_CHECKING:
    from filelock import FileLock


class Target:
    """The output a film is to become, checked: its folder, its name, and that it may be written.

    `codec` is the one asked for; a name of pictures (.gif, frame_%05d.png) comes before it. `crf`,
    `alpha`, `repeated` and `size` (width, height) are as `check_delivery` takes them. Raises
    UsageError, MissingDependency or OutputExists, whose message says what to do.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        codec: str,
        source: Path | None,
        overwrite: bool,
        crf: float | None = None,
        alpha: bool = False,
        repeated: bool = False,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.path = Path(path)
        self.folder = self.path.parent
        self.codec = check_delivery(
            self.path, codec, crf=crf, alpha=alpha, repeated=repeated, size=size
        )
        self._numbered = self.codec.pictures is not None and self.codec.pictures.numbered
        check_place(self.path)
        if source is not None and self._is_source(source):
            raise UsageError(
                "the output is the source file", where=self.path, remedy="use another name"
            )
        if not overwrite and (taken := self.files()):
            raise OutputExists("already exists", where=taken[0], remedy="use another name, or -y")

    def files(self) -> list[Path]:
        """The files that are there under this name: one, or the pictures of a numbered one."""
        if not self._numbered:
            return [self.path] if os.path.lexists(self.path) else []
        return [file for file in self.folder.iterdir() if self._numbers(file.name)]

    def _numbers(self, name: str) -> bool:
        """Whether `name` is one that numbered pictures could get."""
        pattern = "".join(
            r"\d+" if re.fullmatch(r"%(0\d+)?d", piece) else re.escape(piece.replace("%%", "%"))
            for piece in re.split(r"(%(?:0\d+)?d)", self.path.name)
        )
        return re.fullmatch(pattern, name) is not None

    def _is_source(self, source: Path) -> bool:
        """Whether writing would touch what is read: a file, or pictures of a folder or pattern."""
        if not self._numbered:
            return same_file(self.path, source)
        if source.is_file():
            return same_file(source.parent, self.folder) and self._numbers(source.name)
        folder = source if source.is_dir() else source.parent
        return same_file(folder, self.folder) and bool(self.files())

    @contextlib.contextmanager
    def staging_dir(self) -> Iterator[Path]:
        """Lend a hidden folder beside the output, so that renaming out of it never copies."""
        with tempfile.TemporaryDirectory(
            prefix=f".{self.path.stem[:40].replace('%', '')}-", dir=self.folder
        ) as folder:
            yield Path(folder)


def check_place(path: Path) -> None:
    """Raise UsageError or DiskFull unless a file can be written at `path`.

    It is tried: a read-only file system says so only then, and root may do anything.
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
            raise DiskFull(
                "no space left on the disk", where=folder, remedy="free some space"
            ) from error
        raise UsageError(
            "the folder is not writable", where=folder, remedy="use another folder"
        ) from error
    if path.is_dir():
        raise UsageError("the output is a folder", where=path, remedy="give a file name")
    if path.exists() and not path.is_file():
        raise UsageError("the output is not a regular file", where=path, remedy="use another name")
    if path.exists() and not os.access(path, os.W_OK):
        raise UsageError("the output is write-protected", where=path, remedy="use another name")


def check_new(path: Path, *, overwrite: bool) -> None:
    """Raise OutputExists, or what `check_place` raises, unless a new file can be written here."""
    check_place(path)
    if os.path.lexists(path) and not overwrite:
        raise OutputExists("already exists", where=path, remedy="use another name, or -y")


def check_apart(path: Path, guides: Iterable[str]) -> None:
    """Raise UsageError when writing to `path` would take the place of a guide picture."""
    if any(same_file(path, Path(guide)) for guide in guides):
        raise UsageError("the output is a guide file", where=path, remedy="use another name")


@contextlib.contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Let only one run at a time make the file at `path`; UsageError when another one does.

    Two would write over each other's parts. The lock goes with its process, however that ends. Its
    file is removed behind a second lock, the door: whoever comes must not lock what is removed.
    """
    from filelock import Timeout

    lock, door = _lock(os.path.realpath(path)), _lock(os.path.expanduser("~"))
    try:
        with door:
            lock.acquire(timeout=0)
    except Timeout:
        remedy = "wait for it, or use another name"
        raise UsageError("another run is writing this file", where=path, remedy=remedy) from None
    except OSError:  # nowhere to put a lock: better to go on without one than not at all
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError), door:
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)


def _lock(what: str) -> FileLock:
    from filelock import FileLock

    name = hashlib.sha256(os.fsencode(what)).hexdigest()[:24]
    return FileLock(Path(tempfile.gettempdir()) / f"dreamvid-{name}.lock")


def same_file(path: Path, source: Path) -> bool:
    """Whether both names are of one file that is there."""
    try:
        return os.path.samefile(path, source)
    except OSError:
        return False
