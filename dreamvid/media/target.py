"""The rules about where a film may be written, told before any work is done."""

from __future__ import annotations

import os
from pathlib import Path

from dreamvid.errors import OutputExists, UsageError
from dreamvid.media.formats import check_suffix, codec_named


class Target:
    """The file a film is to become, checked: its folder, its name, and that it may be written.

    Raises UsageError or OutputExists, whose message says what to do.
    """

    def __init__(
        self, path: str | Path, *, codec: str, source: Path | None, overwrite: bool
    ) -> None:
        self.path = Path(path)
        self.folder = self.path.parent
        check_suffix(codec_named(codec), self.path)
        if not self.folder.is_dir():
            raise UsageError("no such folder", where=self.folder, remedy="make it first")
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise UsageError("the folder is read-only", where=self.folder, remedy="use another one")
        if self.path.is_dir():
            raise UsageError("is a folder", where=self.path, remedy="give a file name")
        if source is not None and self.path.exists() and source.exists():
            if os.path.samefile(self.path, source):
                raise UsageError("is the source itself", where=self.path, remedy="use another name")
        if self.path.exists() and not overwrite:
            raise OutputExists("exists already", where=self.path, remedy="use another name or -y")
