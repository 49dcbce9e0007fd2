"""Films that many processes dream: the flags of `video` for it, and `join` and `status`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from dreamvid.cli.flags import Json, Quiet, Verbose, Yes
from dreamvid.cli.request import (
    command_that_wrote,
    find_source,
    raise_if_damaged,
    read_sidecar,
    sidecar_path,
)
from dreamvid.cli.show import Show, print_json
from dreamvid.commands.preflight import check_video
from dreamvid.errors import UsageError
from dreamvid.settings.models import VideoSettings

if TYPE_CHECKING:
    from dreamvid.commands.preflight import Film
    from dreamvid.commands.result import Result
    from dreamvid.farm.joining import Left
    from dreamvid.farm.status import Status
    from dreamvid.media.newest import NewestFrame
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


def check_many(workers: int | None, part: str | None, settings: VideoSettings) -> bool:
    """Whether a film is to be dreamed by many processes; UsageError for invalid values."""
    if workers is not None and part is not None:
        raise UsageError("not allowed together with --part", where="--workers", remedy="use one")
    if workers is not None and workers < 1:
        raise UsageError(f"{workers} is too small", where="--workers", remedy="give 1 or more")
    if part is not None:
        part_of(part)
    many = workers is not None or part is not None
    if many:
        from dreamvid.farm.check import check_shared

        check_shared(settings)
    return many


def run_many(
    request: Film,
    workers: int | None,
    part: str | None,
    on_progress: OnProgress,
    newest: Path | None,
    *,
    keep: bool,
) -> Result | Left:
    """Dream a checked film in many processes, or one part of it here.

    Workers show the `newest` frame in a file, of a part it is in the events. Whoever joins the film
    may `keep` its state.
    """
    if workers is not None:
        from dreamvid.farm.crew import dream_by_workers

        return dream_by_workers(request, workers, on_progress, newest=newest, keep=keep)
    from dreamvid.farm.share import dream_part

    assert part is not None
    return dream_part(request, *part_of(part), on_progress, keep=keep)


def show_many(show: Show, request: Film, made: Result | Left, newest: NewestFrame) -> None:
    """Say what was made, or what is missing; DamagedInput if parts of the film were unreadable."""
    from dreamvid.commands.result import Result

    if isinstance(made, Result):
        show.made(made)
        newest.remove()
        raise_if_damaged(made, request.source)
    else:
        show.say(f"{request.output.path}: {made.text}")


def join(out: Made, *, yes: Yes = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Join the shots of a film that --workers or --part have dreamed.

    Whoever dreams the last shot does this as well. Says which shots are missing, if any.
    """
    from dreamvid.sequence.folder import folder_of, record_in

    record = record_in(folder_of(out))
    if not record.is_file():
        raise UsageError("no shots are dreamed for it", where=out, remedy="check its name")
    made, values = read_sidecar(record)
    source = find_source(made, sidecar_path(out))
    if source is None or command_that_wrote(values) != "video":
        raise UsageError("no film is dreamed there", where=out, remedy="repeat its command")
    settings = VideoSettings.checked(values, where=record)
    with Show(quiet=quiet, verbose=verbose) as show:
        checked = check_video(source, out, settings, overwrite=yes)
        from dreamvid.farm.joining import join_film

        with show.busy("joining"):
            result = join_film(checked)
        show.made(result)
    raise_if_damaged(result, source)


def status(out: Made, *, json: Json = False) -> None:
    """Say how far a film is that is being dreamed, on this machine or on others."""
    from dreamvid.farm.status import status_of

    found = status_of(out)
    if json:
        print_json(asdict(found))
        return
    for line in _lines(found):
        print(line)


def _lines(found: Status) -> Iterator[str]:
    if found.complete:
        yield f"{found.output}: complete"
        return
    of = f" of {found.frames}" if found.frames is not None else ""
    yield f"{found.output}: {found.frames_done}{of} frames"
    if found.shots is not None:
        yield (
            f"shots: {found.shots_done} of {found.shots} done, {found.running} running, "
            f"{found.missing} missing"
        )
    if found.seconds_a_frame is not None:
        yield f"{found.seconds_a_frame:.2f} s a frame for one worker"
    if found.seconds_left is not None:
        yield f"about {timedelta(seconds=math.ceil(found.seconds_left))} left"
    if found.newest is not None:
        yield f"newest frame: {found.newest}"
