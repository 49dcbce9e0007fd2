"""Checks of a stretch of a finished film to be dreamed again; nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dreamvid.commands.preflight import Film
from dreamvid.errors import UsageError
from dreamvid.media.parts import PartTable
from dreamvid.media.reader import VideoReader
from dreamvid.media.state import FilmState
from dreamvid.media.target import same_file


@dataclass(frozen=True)
class Again:
    """The frames from `first` up to `end` of a finished film, to be dreamed again."""

    state: FilmState
    first: int
    end: int

    @property
    def text(self) -> str:
        """The numbers of the first and the last frame, counted from 0."""
        return f"{self.first}-{self.end - 1}"

    @property
    def around(self) -> tuple[int, int]:
        """The first frame and the end of the parts that the stretch lies in."""
        bounds = (*self.state.starts, self.state.frames)
        first = max(start for start in bounds if start <= self.first)
        return first, min(end for end in bounds if end >= self.end)


def check_again(request: Film, again: Again) -> None:
    """Raise UsageError for a stretch that cannot be joined into its film."""
    state, settings, output = again.state, request.settings, request.output
    if not again.first < again.end <= state.frames:
        raise UsageError(
            f"frames {again.text} are not in the film",
            where="redream",
            remedy=f"its frames are 0-{state.frames - 1}",
        )
    if same_file(output.path, state.film):
        raise UsageError("the output is the film itself", where=output.path,
                         remedy="use another name, delete it later")  # fmt: skip
    if output.format.name != state.table.codec or PartTable.clock(request.reader.info) != (
        state.table.tick
    ):
        raise UsageError(
            f"the film is {state.table.codec}, and only the stretch is encoded",
            where=output.path,
            remedy="use the codec, the suffix and the source of the film",
        )
    _check_size(request.reader, state.film)
    if settings.motion.loop or settings.output.max_flash is not None:
        name = "loop" if settings.motion.loop else "max_flash"
        raise UsageError("concerns the whole film", where=name, remedy="dream all of it again")
    if state.table.alpha or request.reader.info.variable:
        what = "transparent" if state.table.alpha else "of varying rate"
        raise UsageError(f"a film that is {what} cannot be joined", where=state.film,
                         remedy="dream all of it again")  # fmt: skip


def _check_size(source: VideoReader, path: Path) -> None:
    with VideoReader(path, frames=1) as film:
        have, want = film.info, source.info
    padded = have.width - want.width, have.height - want.height  # odd sides have one line more
    if not set(padded) <= {0, 1}:
        raise UsageError(
            f"the film is {have.width}x{have.height}, the stretch {want.width}x{want.height}",
            where=path,
            remedy="leave out --size, --width and --height",
        )
