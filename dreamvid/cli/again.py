"""Stretches of finished films that are dreamed again: `video --redream`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dreamvid.cli.request import sidecar_path
from dreamvid.errors import UsageError
from dreamvid.media.state import FilmState

if TYPE_CHECKING:
    from dreamvid.commands.preflight import Film
    from dreamvid.commands.redream_checks import Again
    from dreamvid.commands.result import Result
    from dreamvid.sequence.progress import OnProgress

Stretch = tuple[FilmState, int, int]
"""The state of a film, and a stretch of it: the first frame, and the frame after the last."""


def read_stretch(text: str, film: Path | None, *, alone: bool) -> Stretch:
    """Read a stretch such as 100-200 of a finished film; UsageError for another text."""
    found = re.fullmatch(r"(\d{1,9})-(\d{1,9})", text)
    if found is None or int(found[1]) > int(found[2]):
        remedy = "give the first and the last frame, such as 100-200"
        raise UsageError(f"{text} is not a stretch of frames", where="--redream", remedy=remedy)
    if film is None:
        remedy = "name the finished film with --from"
        raise UsageError("of which film?", where="--redream", remedy=remedy)
    if not alone:
        remedy = "leave out --workers, --part, --ray and --dry-run"
        raise UsageError("is dreamed by one process", where="--redream", remedy=remedy)
    made = film.with_name(sidecar_path(film).name.removesuffix(".dreamvid.toml"))
    state = FilmState.read(made, "dream it once more with --keep-state, and then this")
    return state, int(found[1]), int(found[2]) + 1


def around(checked: Film, stretch: Stretch) -> list[str]:
    """Check a stretch, and say what of its film is encoded once more."""
    again = _again(stretch)
    from dreamvid.commands.redream_checks import check_again

    check_again(checked, again)
    first, end = again.around
    said = f"frames {again.text} are dreamed again and joined into {again.state.film}"
    if (first, end) == (again.first, again.end) or checked.output.format.name == "ffv1":
        return [said]
    return [said, f"frames {first}-{end - 1} are encoded once more"]


def redreamed(checked: Film, stretch: Stretch, on_progress: OnProgress) -> Result:
    """Dream a checked stretch again, and join it."""
    from dreamvid.commands.redream import run_again

    return run_again(checked, _again(stretch), on_progress)


def _again(stretch: Stretch) -> Again:
    from dreamvid.commands.redream_checks import Again

    return Again(*stretch)
