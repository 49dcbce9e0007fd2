"""The rules about where a film may be written, told before any work is done."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dreamvid.errors import OutputExists, UsageError
from dreamvid.media.formats import check_name


class Target:
    """The output a film is to become, checked: its folder, its name, and that it may be written.

    Raises UsageError or OutputExists, whose message says what to do.
    """

    def __init__(
        self, path: str | Path, *, codec: str, source: Path | None, overwrite: bool
    ) -> None:
        self.path = Path(path)
        self.folder = self.path.parent
        check_name(self.path, codec)
        if not self.folder.is_dir():
            raise UsageError("no such folder", where=self.folder, remedy="make it first")
        if not _writable(self.folder):
            raise UsageError("cannot write there", where=self.folder, remedy="use another folder")
        if self.path.is_dir():
            raise UsageError("is a folder", where=self.path, remedy="give a file name")
        if source is not None and self._is_source(source):
            raise UsageError("is the source itself", where=self.path, remedy="use another name")
        if not overwrite and (taken := self.taken()):
            raise OutputExists("exists already", where=taken, remedy="use another name, or -y")

    def taken(self) -> Path | None:
        """Name a file that is in the way, if there is one."""
        if self.path.suffix.lower() != ".png":
            return self.path if self.path.exists() else None
        return next((file for file in self.folder.iterdir() if self._numbers(file.name)), None)

    def _numbers(self, name: str) -> bool:
        """Whether `name` is one that numbered pictures could get."""
        pattern = "".join(
            r"\d+" if re.fullmatch(r"%(0\d+)?d", piece) else re.escape(piece.replace("%%", "%"))
            for piece in re.split(r"(%(?:0\d+)?d)", self.path.name)
        )
        return re.fullmatch(pattern, name) is not None

    def _is_source(self, source: Path) -> bool:
        """Whether writing would touch what is read: a file, or pictures of a folder or pattern."""
        if self.path.suffix.lower() != ".png":
            return _same(self.path, source)
        if source.is_file():
            return _same(source.parent, self.folder) and self._numbers(source.name)
        folder = source if source.is_dir() else source.parent
        return _same(folder, self.folder) and self.taken() is not None

    @contextlib.contextmanager
    def workshop(self) -> Iterator[Path]:
        """Lend a hidden folder beside the output, so that renaming out of it never copies."""
        with tempfile.TemporaryDirectory(
            prefix=f".{self.path.stem[:40].replace('%', '')}-", dir=self.folder
        ) as folder:
            yield Path(folder)


def _writable(folder: Path) -> bool:
    """Try it: a read-only file system says so only then, and root may do anything."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _same(path: Path, source: Path) -> bool:
    try:
        return os.path.samefile(path, source)
    except OSError:
        return False
