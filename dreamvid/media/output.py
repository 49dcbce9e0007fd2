"""The output of a film: its path and encoding options."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from dreamvid.errors import OutputExists, UsageError
from dreamvid.media.formats import Codec, check_delivery, codec_named, part_codec
from dreamvid.media.target import check_writable, same_file, staging_prefix

if TYPE_CHECKING:
    from dreamvid.media.info import FilmInfo
    from dreamvid.media.writer import VideoWriter


@dataclass(frozen=True)
class Output:
    """The output of a film: its path and encoding options.

    `codec` is the requested one; an image extension (.gif, frame_%05d.png) overrides it. With
    `repeat_to` the film is repeated to at least that many seconds; `alpha` writes transparency.
    """

    path: Path
    codec: str = "h264"
    crf: float | None = None
    overwrite: bool = False
    repeat_to: Fraction | None = None
    alpha: bool = False

    @property
    def sidecar(self) -> Path:
        """The file that records how the film was made."""
        return self.path.with_name(self.path.name + ".dreamvid.toml")

    @property
    def folder(self) -> Path:
        """The folder of the film."""
        return self.path.parent

    @property
    def format(self) -> Codec:
        """The codec, or the image format, that is written."""
        return codec_named(part_codec(self.path, self.codec))

    def check(self, source: Path | None) -> None:
        """Raise an error if a film made from `source` cannot be written here.

        The folder must exist, the name fit the codec, and the file be writable and not the source.
        Raises UsageError, MissingDependency or OutputExists.
        """
        repeated = self.repeat_to is not None
        check_delivery(self.path, self.codec, crf=self.crf, alpha=self.alpha, repeated=repeated)
        check_writable(self.path)
        if source is not None and self._is_source(source):
            raise UsageError(
                "the output is the source file", where=self.path, remedy="use another name"
            )
        self.check_new()

    def check_new(self) -> None:
        """Raise OutputExists if there are files that may not be overwritten."""
        if not self.overwrite and (taken := self.files()):
            raise OutputExists("already exists", where=taken[0], remedy="use another name, or -y")

    def writer(self, like: FilmInfo) -> VideoWriter:
        """Open the output for a film that is written without parts."""
        from dreamvid.media.writer import VideoWriter  # not needed to validate the output

        return VideoWriter(
            self.path,
            like=like,
            codec=self.codec,
            crf=self.crf,
            overwrite=self.overwrite,
            repeat_to=self.repeat_to,
        )

    def files(self) -> list[Path]:
        """The existing files of this output: at most one, or all images of a numbered sequence."""
        if not self._numbered:
            return [self.path] if os.path.lexists(self.path) else []
        return [file for file in self.folder.iterdir() if self._numbers(file.name)]

    def _numbers(self, name: str) -> bool:
        """Whether `name` matches the numbered pattern."""
        pattern = "".join(
            r"\d+" if re.fullmatch(r"%(0\d+)?d", piece) else re.escape(piece.replace("%%", "%"))
            for piece in re.split(r"(%(?:0\d+)?d)", self.path.name)
        )
        return re.fullmatch(pattern, name) is not None

    def _is_source(self, source: Path) -> bool:
        """Whether the output would overwrite the source: a file, or images of a sequence."""
        if not self._numbered:
            return same_file(self.path, source)
        if source.is_file():
            return same_file(source.parent, self.folder) and self._numbers(source.name)
        folder = source if source.is_dir() else source.parent
        return same_file(folder, self.folder) and bool(self.files())

    @contextlib.contextmanager
    def staging_dir(self) -> Iterator[Path]:
        """Create a temporary hidden folder beside the output, on the same file system."""
        prefix = staging_prefix(self.path)
        with tempfile.TemporaryDirectory(prefix=prefix, dir=self.folder) as folder:
            yield Path(folder)

    @property
    def _numbered(self) -> bool:
        """Whether the output is a numbered sequence of images."""
        pictures = self.format.pictures
        return pictures is not None and pictures.numbered
