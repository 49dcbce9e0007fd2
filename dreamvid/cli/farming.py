"""Films that many processes dream: the flags of `video` for it, and `join` and `status`."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from dreamvid.cli.flags import Json, KeepParts, Quiet, Verbose, Yes
from dreamvid.cli.request import (
    command_that_wrote,
    find_source,
    raise_if_damaged,
    read_sidecar,
    sidecar_path,
)
from dreamvid.cli.show import Show, print_json
from dreamvid.commands.preflight import check_video
from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.settings.models import VideoSettings

if TYPE_CHECKING:
    from dreamvid.commands.preflight import Film
    from dreamvid.commands.result import Result
    from dreamvid.farm.left import Left
    from dreamvid.farm.status import Status
    from dreamvid.farm.storage import Storage
    from dreamvid.media.newest import NewestFrame
    from dreamvid.sequence.progress import OnProgress

_MANY = Group("Many processes", sort_key=6)
Workers = Annotated[
    int | Literal["auto"] | None,
    Parameter(
        name="--workers",
        group=_MANY,
        help="Dream the shots in this many processes at once; auto is one for each core.",
    ),
]
Together = Annotated[
    int | Literal["auto"] | None,
    Parameter(
        name="--together",
        group=_MANY,
        help="Dream this many shots at once in one process, for small frames that do not fill a "
        "GPU; auto is as many as fill one, 8 at most.",
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
Ray = Annotated[
    str | None,
    Parameter(
        name="--ray",
        group=_MANY,
        help="Dream the shots on a Ray cluster: auto for this machine or the cluster that it is "
        "in, or an address such as ray://HOST:10001. Needs pip install 'dreamvid[ray]'.",
    ),
]
Stored = Annotated[
    str | None,
    Parameter(
        name="--storage",
        group=_MANY,
        help="Keep the parts also in a folder or at a URL such as s3://BUCKET/jobs, for machines "
        "without a common folder. URLs need pip install 'dreamvid[cloud]'.",
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


@dataclass(frozen=True)
class Many:
    """How many processes are to dream a film: at most one of `workers`, `part` and `ray`.

    A single one dreams several shots `together`. Whoever joins the film may `keep` its state.
    """

    workers: int | Literal["auto"] | None
    part: str | None
    ray: str | None
    storage: str | None
    keep: bool = False
    together: int | Literal["auto"] | None = None

    @property
    def count(self) -> int | None:
        """The number of `workers`, if it is they who dream."""
        return (os.cpu_count() or 1) if self.workers == "auto" else self.workers

    def check(self, settings: VideoSettings) -> bool:
        """Whether there are any; UsageError for invalid values, or a film for one process."""
        asked = {"--workers": self.workers, "--part": self.part, "--ray": self.ray}
        given = [name for name, value in asked.items() if value is not None]
        if self.storage is not None and not given:
            remedy = "use it with --ray, --workers or --part"
            raise UsageError("is for many processes", where="--storage", remedy=remedy)
        if self.together is not None and self.part is None:
            given.append("--together")
        if len(given) > 1:
            what = f"not allowed together with {given[1]}"
            raise UsageError(what, where=given[0], remedy="use one")
        if isinstance(self.workers, int) and self.workers < 1:
            what = f"{self.workers} is too small"
            raise UsageError(what, where="--workers", remedy="give 1 or more")
        if self.part is not None:
            part_of(self.part)
            if self.keep and self.storage is not None:
                remedy = "give it to dreamvid join"
                raise UsageError("no part joins the film", where="--keep-state", remedy=remedy)
        if given:
            from dreamvid.farm.check import check_address, check_shared, check_together

            if self.ray is not None:
                check_address(self.ray)
            if isinstance(self.together, int):
                check_together(self.together)
            check_shared(settings)
        return bool(given)

    def check_device(self, device: str) -> None:
        """Raise UsageError if the device of the settings cannot dream so many shots together."""
        if isinstance(self.together, int):
            from dreamvid.farm.check import check_gpu

            check_gpu(self.together, device)

    @property
    def untold(self) -> str:
        """What the time of a forecast is that of, where it is not that of the run."""
        if self.ray is not None:
            return "by one process here"
        if self.together not in (None, 1):
            return "one shot at a time"
        return "" if self.part is None else "for all parts, one after the other"

    def source(self, asked: Path) -> Path:
        """The film on this machine: one in a storage is fetched."""
        if self.ray is None and self.storage is None:
            return asked
        from dreamvid.farm.sources import local_source

        return local_source(asked)

    def run(
        self, request: Film, source: Path, on_progress: OnProgress, newest: NewestFrame | None
    ) -> Result | Left:
        """Dream a checked film in many processes, or one part of it here.

        `source` is as it was asked for. Workers show the `newest` frame in its file, if there is
        one; that of a part is in the events.
        """
        if self.ray is not None:
            from dreamvid.farm.scattering import dream_by_ray

            return dream_by_ray(
                request,
                self.ray,
                on_progress,
                source=source,
                newest=newest,
                storage=self.storage,
                keep=self.keep,
            )
        if self.count is not None:
            from dreamvid.farm.crew import dream_by_workers

            live = None if newest is None else newest.path
            return dream_by_workers(
                request,
                self.count,
                on_progress,
                newest=live,
                storage=self.storage,
                keep=self.keep,
            )
        return self._run_here(request, on_progress)

    def _run_here(self, request: Film, on_progress: OnProgress) -> Result | Left:
        """Dream a checked film or one part of it in this process."""
        from dreamvid.farm.share import dream_part, dream_together
        from dreamvid.farm.storage import storage_at

        together = self.together or 1
        if self.part is None:
            return dream_together(request, together, on_progress, keep=self.keep)
        name = request.output.path.name
        return dream_part(
            request,
            *part_of(self.part),
            on_progress,
            None if self.storage is None else storage_at(self.storage, name),
            keep=self.keep,
            together=together,
        )


def show_many(show: Show, request: Film, made: Result | Left, newest: NewestFrame) -> None:
    """Say what was made, or what is missing; DamagedInput if parts of the film were unreadable."""
    from dreamvid.commands.result import Result

    if isinstance(made, Result):
        show.made(made)
        newest.remove()
        raise_if_damaged(made, request.source)
    else:
        show.say(f"{request.output.path}: {made.text}")


def join(
    out: Made,
    *,
    storage: Stored = None,
    keep_state: KeepParts = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Join the shots of a film that --workers or --part have dreamed.

    Whoever dreams the last shot does this as well. Says which shots are missing, if any.
    """
    store, record = _job_of(out, storage)
    made, values = read_sidecar(record)
    source = find_source(made, sidecar_path(out))
    if source is None or command_that_wrote(values) != "video":
        raise UsageError("no film is dreamed there", where=out, remedy="repeat its command")
    if store is None:
        from dreamvid.farm.left import check_joinable

        check_joinable(out)
    settings = VideoSettings.checked(values, where=record)
    with Show(quiet=quiet, verbose=verbose) as show:
        checked = check_video(source, out, settings, overwrite=yes)
        from dreamvid.farm.joining import join_film

        with show.busy("joining"):
            result = join_film(checked, store, keep=keep_state)
        show.made(result)
    raise_if_damaged(result, source)


def _job_of(out: Path, storage: str | None) -> tuple[Storage | None, Path]:
    """The storage of a job, and its record; UnreadableInput if there is none."""
    from dreamvid.sequence.folder import folder_of, record_in

    record, store = record_in(folder_of(out)), None
    if storage is not None:
        from dreamvid.farm.remote import RemoteJob, local_copy
        from dreamvid.farm.storage import storage_at

        store = storage_at(storage, out.name)
        found = RemoteJob(store, folder_of(out)).record()
        record = local_copy(store.place) / "job.toml"
        record.write_text(found or "", "utf-8")
    if not (record.is_file() and record.stat().st_size):
        where = out if store is None else store.place
        raise UnreadableInput("no shots are dreamed for it", where=where, remedy="check its name")
    return store, record


def status(out: Made, *, storage: Stored = None, json: Json = False) -> None:
    """Say how far a film is that is being dreamed, on this machine or on others.

    With --storage, as far as it is seen there: how many shots are done.
    """
    from dreamvid.farm.status import status_of, stored_status
    from dreamvid.farm.storage import storage_at

    found = status_of(out) if storage is None else stored_status(out, storage_at(storage, out.name))
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
        others = f", {found.running} running, {found.missing} missing"
        seen = "" if found.running is None else others
        yield f"shots: {found.shots_done} of {found.shots} done{seen}"
    if found.seconds_a_frame is not None:
        yield f"{found.seconds_a_frame:.2f} s a frame for one worker"
    if found.seconds_left is not None:
        yield f"about {timedelta(seconds=math.ceil(found.seconds_left))} left"
    if found.newest is not None:
        yield f"newest frame: {found.newest}"
