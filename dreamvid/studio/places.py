"""The folders that the studio may read: files in them are named by ids, never by paths."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.media.source import FILM_SUFFIXES, STILL_SUFFIXES

SOUND_SUFFIXES: Final = frozenset(
    {".wav", ".mp3", ".flac", ".aac", ".m4a", ".ogg", ".opus", ".aiff", ".aif", ".wma"}
)
OTHER_SUFFIXES: Final = {".csv": "curve", ".safetensors": "network", ".toml": "settings"}
MOST_ENTRIES: Final = 5000
"""Most entries of a folder that are listed."""
TOKEN: Final = re.compile(r"@([0-9a-f]{20})\b")
"""A file in the texts of settings: its id behind @."""


@dataclass(frozen=True)
class Entry:
    """A file or folder under a root; `kind` is folder, picture, film, sound or a few others."""

    id: str
    name: str
    kind: str
    size: int
    changed: float

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return dict(vars(self))


def kind_of(path: Path) -> str | None:
    """The kind of a file by its suffix; None for those that are not listed."""
    suffix = path.suffix.lower()
    for kind, known in (
        ("picture", STILL_SUFFIXES),
        ("film", FILM_SUFFIXES),
        ("sound", SOUND_SUFFIXES),
    ):
        if suffix in known:
            return kind
    return OTHER_SUFFIXES.get(suffix)


class Places:
    """The roots, and the ids of what lies in them.

    An id is a hash of the root and of the path in it, so it is the same after a restart; the ids
    that were given out are kept in a file. Symbolic links are resolved, and what they lead to must
    lie in a root as well.
    """

    def __init__(self, roots: tuple[Path, ...], memory: Path) -> None:
        self.roots = tuple(dict.fromkeys(Path(os.path.realpath(root)) for root in roots))
        self._memory = memory
        self._lock = threading.Lock()
        self._known: dict[str, Path] = {}
        self._recall()

    def id_of(self, path: Path) -> str:
        """The id of a path; UsageError unless it lies in a root."""
        return self._ids([path])[0]

    def path_of(self, ident: str) -> Path:
        """The path of an id; UnreadableInput if it is unknown, gone, or outside of the roots."""
        path = self._known.get(ident)
        if path is None:
            raise UnreadableInput("unknown file", where=ident[:20], remedy="open its folder again")
        real = Path(os.path.realpath(path))
        if self.root_of(real) is None:
            raise UnreadableInput("outside of the folders of the studio", where=path.name)
        if not real.exists():
            raise UnreadableInput("no such file", where=path.name, remedy="it was moved or deleted")
        return path

    def root_of(self, real: Path) -> Path | None:
        """The root that a resolved path lies in."""
        return next((root for root in self.roots if real.is_relative_to(root)), None)

    def holds(self, path: Path) -> bool:
        """Whether a path, with its links resolved, lies in a root."""
        return self.root_of(Path(os.path.realpath(path))) is not None

    def listing(self, folder: Path) -> list[Entry]:
        """The folders and usable files of a folder in natural order, without hidden ones."""
        try:
            with os.scandir(folder) as found:
                rows = [row for row in _usable(found) if self.holds(Path(row[0].path))]
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise UnreadableInput(what, where=folder.name) from None
        rows.sort(key=lambda row: (row[1] != "folder", _natural(row[0].name)))
        ids = self._ids([Path(row[0].path) for row in rows])
        return [
            Entry(ident, item.name, kind, stat.st_size, stat.st_mtime)
            for ident, (item, kind, stat) in zip(ids, rows, strict=True)
        ]

    def entry(self, path: Path) -> Entry:
        """A file or folder as an entry."""
        stat = path.stat()
        kind = "folder" if path.is_dir() else kind_of(path) or "other"
        return Entry(self.id_of(path), path.name or str(path), kind, stat.st_size, stat.st_mtime)

    def trail(self, folder: Path) -> list[Entry]:
        """The folders from the root down to a folder."""
        root = self.root_of(Path(os.path.realpath(folder)))
        inside = [folder, *folder.parents]
        above = inside[: inside.index(root) + 1] if root in inside else [folder]
        return [self.entry(path) for path in reversed(above)]

    def _ids(self, paths: list[Path]) -> list[str]:
        new: dict[str, Path] = {}
        ids = []
        for path in paths:
            whole = Path(os.path.abspath(path))
            root = self.root_of(whole)
            if root is None or self.root_of(Path(os.path.realpath(whole))) is None:
                raise UsageError("outside of the folders of the studio", where=path.name)
            text = f"{root}\0{whole.relative_to(root)}"
            ident = hashlib.sha256(os.fsencode(text)).hexdigest()[:20]
            ids.append(ident)
            if ident not in self._known:
                new[ident] = whole
        if new:
            self._remember(new)
        return ids

    def _remember(self, new: dict[str, Path]) -> None:
        lines = "".join(json.dumps([ident, str(path)]) + "\n" for ident, path in new.items())
        with self._lock:
            self._known |= new
            with self._memory.open("a", encoding="utf-8", errors="surrogateescape") as file:
                file.write(lines)

    def _recall(self) -> None:
        """Read the ids of earlier runs; a line that was not written whole is left out."""
        if not self._memory.is_file():
            return
        for line in self._memory.read_text("utf-8", errors="surrogateescape").splitlines():
            try:
                ident, text = json.loads(line)
                self._known[str(ident)] = Path(text)
            except (ValueError, TypeError):
                continue


def _usable(found: Iterator[os.DirEntry[str]]) -> Iterator[tuple[Any, str, os.stat_result]]:
    for count, item in enumerate(found):
        if count >= MOST_ENTRIES:
            return
        try:
            kind = "folder" if item.is_dir() else kind_of(Path(item.name))
            if kind is not None and not item.name.startswith("."):
                yield item, kind, item.stat()
        except OSError:  # a broken link, or it has just gone
            continue


def _natural(name: str) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isdecimal() else (-1, part.casefold())
        for part in re.split(r"(\d+)", name)
    ]
