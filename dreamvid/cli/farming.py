"""Films that many processes dream: the flags of `video` for it, and `join` and `status`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from dreamvid.cli.request import raise_if_damaged
from dreamvid.cli.show import Show
from dreamvid.errors import UsageError

if TYPE_CHECKING:
    from dreamvid.commands.preflight import Film
    from dreamvid.commands.result import Result
    from dreamvid.farm.work import Left
    from dreamvid.sequence.progress import OnProgress

_MANY = Group("Many processes", sort_key=6)
Workers = Annotated[
    int | None,
    Parameter(
        name="--workers", group=_MANY, help="Dream the shots in this many processes at once."
    ),
]
Part = Annotated[
    str | None,
    Parameter(
        name="--part",
        group=_MANY,
        help="Dream only one part of the shots, such as 3/40; whoever is last joins the film.",
    ),
]
Made = Annotated[Path, Parameter(help="The film that is being dreamed: the output.")]


def part_of(text: str) -> tuple[int, int]:
    """Read a part such as 3/40; UsageError unless 1 <= 3 <= 40."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    part, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part <= of:
        raise UsageError(f"{text} is not a part", where="--part", remedy="give one such as 3/40")
    return part, of


def check_many(workers: int | None, part: str | None) -> bool:
    """Whether a film is to be dreamed by many processes; UsageError for invalid values."""
    if workers is not None and part is not None:
        raise UsageError("not allowed together with --part", where="--workers", remedy="use one")
    if workers is not None and workers < 1:
        raise UsageError(f"{workers} is too small", where="--workers", remedy="give 1 or more")
    if part is not None:
        part_of(part)
    return workers is not None or part is not None


def run_many(
    request: Film, workers: int | None, part: str | None, on_progress: OnProgress
) -> Result | Left:
    """Dream a checked film in many processes, or one part of it here."""
    if workers is not None:
        from dreamvid.farm.crew import dream_by_workers

        return dream_by_workers(request, workers, on_progress)
    from dreamvid.farm.share import dream_part

    assert part is not None
    return dream_part(request, *part_of(part), on_progress)


def show_many(show: Show, request: Film, made: Result | Left) -> None:
    """Say what was made, or what is missing; DamagedInput if parts of the film were unreadable."""
    from dreamvid.commands.result import Result

    if isinstance(made, Result):
        show.made(made)
        raise_if_damaged(made, request.source)
    else:
        show.say(f"{request.output.path}: {made.text}")
