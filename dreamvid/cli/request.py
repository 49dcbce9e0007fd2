"""What a run is to do: read from its flags, a settings file and the sidecar of an earlier run."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

from pydantic import BaseModel

from dreamvid.cli.flags import S, read_settings
from dreamvid.errors import DamagedInput, UnreadableInput, UsageError
from dreamvid.sequence.progress import OnProgress, Progress
from dreamvid.settings.toml import read_toml

if TYPE_CHECKING:
    from dreamvid.cli.show import Show
    from dreamvid.commands.result import Result
    from dreamvid.media.newest import NewestFrame

WRITERS = {"film": "video", "loop": "loop", "camera": "zoom"}
"""The commands that write sidecars, each by a table that those after it do not write."""

DETERMINANTS = {
    "source_sha256": "the source",
    "weights_sha256": "the weights",
    "guide_sha256": "the guide",
    "mask_sha256": "the mask",
    "palette_sha256": "the palette",
    "audio_sha256": "the audio",
    "curve_sha256": "the curve",
    "threads": "the number of threads",
}
"""What determines a film's bytes besides settings and versions, by its key in the sidecar."""


@dataclass(frozen=True)
class Request(Generic[S]):
    """The settings of a run, its source, and the sidecar of the run that it repeats.

    `previous` holds the tables of that sidecar, with how the film was made under "made".
    """

    settings: S
    source: Path | None
    previous: dict[str, Any]

    def watched(self, show: Show, newest: NewestFrame) -> OnProgress:
        """Show the events of the run and its newest frame, and what differs from a repeated run."""

        def on_progress(event: Progress) -> None:
            if event.image is not None:
                newest.show(event.image)
            if event.task == "sidecar":
                report_differences(self.previous, show.say, event.text)
            show.on_progress(event)

        return on_progress


def read_request(
    choose: Callable[[Mapping[str, Any], Path | None], type[S]],
    given: Mapping[str, BaseModel],
    source: Path | None,
    *,
    preset: str | None,
    file: Path | None,
    from_: Path | None,
) -> Request[S]:
    """Combine flags, preset, settings file and sidecar; UsageError for invalid settings.

    `choose` is as in `read_settings`.
    """
    made, before = read_sidecar(from_) if from_ else ({}, {})
    if from_:
        check_command(given, before, from_)
    settings = read_settings(
        choose, given, preset=preset, file=file, before=before, where=file or from_
    )
    if source is None and from_ is not None:
        source = find_source(made, sidecar_path(from_))
    return Request(settings, source, before | {"made": made})


def command_that_wrote(tables: Iterable[str]) -> str | None:
    """The command that writes these tables into its sidecars; None when unknown."""
    return next((name for table, name in WRITERS.items() if table in tables), None)


def check_command(given: Iterable[str], tables: Iterable[str], sidecar: Path) -> None:
    """Raise UsageError when the tables of a sidecar are not of the command of those `given`."""
    name = command_that_wrote(tables)
    if name is not None and name != command_that_wrote(given):
        remedy = f"use dreamvid {name} --from {sidecar}"
        raise UsageError(f"was made by dreamvid {name}", where=sidecar, remedy=remedy)


def raise_if_damaged(result: Result, source: Path | None) -> None:
    """Raise DamagedInput when parts of the source could not be read."""
    if result.damage:
        remedy = f"{result.path} holds the frames that could be read"
        raise DamagedInput(result.damage, where=source, remedy=remedy)


def sidecar_path(path: Path) -> Path:
    """The sidecar of a film; `path` itself when it is a sidecar."""
    return path if path.suffix == ".toml" else path.with_name(path.name + ".dreamvid.toml")


def read_sidecar(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a sidecar, given its own path or its film's: its [made] table, and the settings.

    Raises UnreadableInput when the file is not a sidecar.
    """
    values = read_toml(sidecar_path(path))
    made = values.pop("made", {})
    if not (isinstance(made, dict) and isinstance(made.get("versions", {}), dict)):
        remedy = "give a sidecar written by dreamvid"
        raise UnreadableInput("not a sidecar", where=sidecar_path(path), remedy=remedy)
    return made, values


def find_source(made: Mapping[str, Any], sidecar: Path) -> Path | None:
    """The source of the run to repeat, None if it had none.

    It is sought at its path relative to the sidecar, at its absolute path, and beside the sidecar.
    Raises UnreadableInput when it is at none of them.
    """
    from dreamvid.media.row import sequence_files
    from dreamvid.media.source import is_sequence

    name, absolute = made.get("source"), made.get("source_absolute")
    if not isinstance(name, str):
        return None
    places = [sidecar.parent / name, sidecar.parent / Path(name).name]
    if isinstance(absolute, str):
        places.insert(1, Path(absolute))
    for place in places:
        if place.exists() or (is_sequence(place) and sequence_files(place)):
            return place
    raise UnreadableInput(
        f"its source {name} is not there",
        where=sidecar,
        remedy="give the source as well, before --from",
    )


def report_differences(
    previous: Mapping[str, Any], say: Callable[[str], None], sidecar: str
) -> None:
    """Say why the output may differ from the run that is repeated.

    `previous` holds the tables of that run's sidecar, `sidecar` is the text of the new one.
    Settings that the user changed, such as the seed, are not reported; the device and the
    precision are, because they may depend on the machine.
    """
    made, now = previous.get("made"), tomllib.loads(sidecar)
    if not made:
        return
    changed = [what for key, what in DETERMINANTS.items() if made.get(key) != now["made"].get(key)]
    before, versions = made.get("versions", {}), now["made"]["versions"]
    changed += [f"the version of {name}" for name in versions if before.get(name) != versions[name]]
    for name in ("device", "precision"):
        if previous.get("network", {}).get(name) != now["network"].get(name):
            changed.append(f"the {name}")
    if changed:
        say(f"the output may differ from the earlier run; changed: {', '.join(changed)}")
