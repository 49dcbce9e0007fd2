"""What a run is to do: read from its flags, a settings file and the sidecar of an earlier run."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

from dreamvid.cli.flags import layered
from dreamvid.errors import DamagedInput, UnreadableInput, UsageError
from dreamvid.settings.base import Settings
from dreamvid.settings.models import LoopSettings, VideoSettings, ZoomSettings
from dreamvid.settings.toml import read_toml

if TYPE_CHECKING:
    from dreamvid.commands.result import Result

S = TypeVar("S", bound=Settings)

WRITERS: dict[str, type[Settings]] = {
    "video": VideoSettings,
    "zoom": ZoomSettings,
    "loop": LoopSettings,
}
"""The commands that write sidecars."""

DETERMINANTS = {
    "source_sha256": "the source",
    "weights_sha256": "the weights",
    "guide_sha256": "the guide",
    "audio_sha256": "the audio",
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


def read_request(
    model: type[S],
    given: Mapping[str, BaseModel],
    source: Path | None,
    *,
    preset: str | None,
    file: Path | None,
    from_: Path | None,
) -> Request[S]:
    """Combine flags, preset, settings file and sidecar; UsageError for invalid settings."""
    made, before = read_sidecar(from_) if from_ else ({}, {})
    if from_:
        check_command(model, before, from_)
    layers = layered(given, name=preset, file=file, before=before)
    settings = model.checked(layers, where=file or from_)
    if source is None and from_ is not None:
        source = find_source(made, sidecar_path(from_))
    return Request(settings, source, before | {"made": made})


def command_that_wrote(tables: Mapping[str, Any]) -> str | None:
    """The command that wrote these sidecar tables: a command writes all the tables it has."""
    return next(
        (name for name, model in WRITERS.items() if model.model_fields.keys() == tables.keys()),
        None,
    )


def check_command(model: type[Settings], tables: Mapping[str, Any], sidecar: Path) -> None:
    """Raise UsageError when another command wrote the tables of a sidecar."""
    name = command_that_wrote(tables)
    if name is not None and WRITERS[name] is not model:
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
