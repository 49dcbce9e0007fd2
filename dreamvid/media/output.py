"""The output of a film: its path and encoding options."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from dreamvid.media.target import Target, check_not_guide, check_writable

if TYPE_CHECKING:
    from dreamvid.media.info import FilmInfo
    from dreamvid.media.writer import VideoWriter


@dataclass(frozen=True)
class Output:
    """The output of a film: its path and encoding options."""

    path: Path
    codec: str = "h264"
    crf: float | None = None
    overwrite: bool = False
    repeat_to: Fraction | None = None
    alpha: bool = False
    guides: tuple[str, ...] = ()

    @property
    def sidecar(self) -> Path:
        """The file that records how the film was made."""
        return self.path.with_name(self.path.name + ".dreamvid.toml")

    def check(self, source: Path | None, size: tuple[int, int] | None = None) -> None:
        """Raise an error if a film made from `source`, of `size`, cannot be written here."""
        Target(
            self.path,
            codec=self.codec,
            source=source,
            overwrite=self.overwrite,
            crf=self.crf,
            alpha=self.alpha,
            repeated=self.repeat_to is not None,
            size=size,
        )
        check_not_guide(self.path, self.guides)
        check_writable(self.sidecar)

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
