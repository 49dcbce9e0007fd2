"""A recording of a live picture: films of an hour each, whole whenever it ends."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from dreamvid.live.outputs import Size
from dreamvid.media.formats import check_size, usual_codec
from dreamvid.media.info import REC709, FilmInfo
from dreamvid.media.output import Output as FilmOutput
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.flow import Array

LONGEST = 3600.0
"""Seconds after which a recording goes on in another file, so that a power cut costs an hour at
most, and the table of its frames stays small."""

TICK = Fraction(1, 1000)
"""The clock of the film: frames are as far apart as they were shown."""


class Recording:
    """Writes OUT.mp4, then OUT-2.mp4 and so on, past files that are there; each appears once it is
    complete.
    """

    alone = True

    def __init__(self, path: Path, *, overwrite: bool = False, longest: float = LONGEST) -> None:
        self.name = str(path)
        self._path, self._longest, self._overwrite = path, longest, overwrite
        self._target(1).check(None)
        self._number, self._begun, self._last = 0, 0.0, Fraction(-1)
        self._writer: VideoWriter | None = None
        self._like: FilmInfo | None = None
        self.made: tuple[Path, ...] = ()

    def open(self, size: Size, rate: Fraction) -> None:
        """Begin a film of a size; UsageError if the codec cannot have it."""
        check_size(self._target(1).format, size, where=self._path)
        self._like = FilmInfo(
            path=None, width=size[0], height=size[1], rate=rate, time_base=TICK, variable=True,
            colour=REC709,
        )  # fmt: skip

    def show(self, picture: Array, time: float) -> None:
        """Add a picture."""
        if self._writer is not None and time - self._begun >= self._longest:
            self._finish()
        if self._writer is None:
            self._begin(time)
        assert self._writer is not None
        place = max(round((time - self._begun) / TICK) * TICK, self._last + TICK)
        self._writer.write(picture, place)
        self._last = place

    def close(self) -> None:
        """Finish the film, so that it is whole."""
        if self._writer is not None:
            self._finish()

    def _begin(self, time: float) -> None:
        assert self._like is not None, "the output is open"
        self._number, self._begun, self._last = self._number + 1, time, -TICK
        while self._number > 1 and not self._overwrite and self._target(self._number).files():
            self._number += 1  # nobody is there to be asked
        self._writer = self._target(self._number).writer(self._like)

    def _finish(self) -> None:
        writer, self._writer = self._writer, None
        assert writer is not None
        writer.close()
        self.made = (*self.made[-1:], self._target(self._number).path)

    def _target(self, number: int) -> FilmOutput:
        """The file of a recording by its number; the first has the name that was given."""
        path = self._path
        if number > 1:
            path = path.with_name(f"{path.stem}-{number}{path.suffix}")
        return FilmOutput(path, usual_codec(path), None, self._overwrite)
