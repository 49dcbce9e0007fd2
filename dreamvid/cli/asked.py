"""What a run is asked to do: by its flags, a settings file, the sidecar of an earlier run."""

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

DECIDING = {
    "source_sha256": "the source",
    "weights_sha256": "the weights",
    "guide_sha256": "the guide",
    "audio_sha256": "the audio",
    "threads": "the number of threads",
}
"""What beside settings and versions decides a film's bytes, by its name in the sidecar."""


@dataclass(frozen=True)
class Asked(Generic[S]):
    """The settings of a run, its source, and all that the sidecar of the run it repeats tells."""

    settings: S
    source: Path | None
    then: dict[str, Any]


def asked(
    model: type[S],
    given: Mapping[str, BaseModel],
    source: Path | None,
    *,
    preset: str | None,
    file: Path | None,
    from_: Path | None,
) -> Asked[S]:
    """Read what a run is asked to do; UsageError for settings that are wrong."""
    made, before = record(from_) if from_ else ({}, {})
    if from_:
        check_command(model, before, from_)
    layers = layered(given, name=preset, file=file, before=before)
    settings = model.checked(layers, where=file or from_)
    name = made.get("source")
    if source is None and from_ is not None and isinstance(name, str):
        source = source_of(name, from_)
    return Asked(settings, source, before | {"made": made})


def command_of(tables: Mapping[str, Any]) -> str | None:
    """The command that wrote the tables of a sidecar: it writes all it has."""
    return next(
        (name for name, model in WRITERS.items() if model.model_fields.keys() == tables.keys()),
        None,
    )


def check_command(model: type[Settings], tables: Mapping[str, Any], sidecar: Path) -> None:
    """Raise UsageError when another command wrote the tables of a sidecar."""
    name = command_of(tables)
    if name is not None and WRITERS[name] is not model:
        remedy = f"dreamvid {name} --from {sidecar}"
        raise UsageError(f"was made by dreamvid {name}", where=sidecar, remedy=remedy)


def mind_damage(result: Result, source: Path | None) -> None:
    """Raise DamagedInput for a film that was made of what is left of its source."""
    if result.damage:
        remedy = f"{result.path} holds what is there"
        raise DamagedInput(result.damage, where=source, remedy=remedy)


def sidecar_of(path: Path) -> Path:
    """The file that says how `path` was made: `path` itself when that is it."""
    return path if path.suffix == ".toml" else path.with_name(path.name + ".dreamvid.toml")


def record(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a sidecar, given itself or its film: how it was made, and the settings.

    Raises UnreadableInput when it is none.
    """
    values = read_toml(sidecar_of(path))
    made = values.pop("made", {})
    if not (isinstance(made, dict) and isinstance(made.get("versions", {}), dict)):
        remedy = "give one that dreamvid wrote"
        raise UnreadableInput("not a sidecar", where=sidecar_of(path), remedy=remedy)
    return made, values


def source_of(name: str, sidecar: Path) -> Path:
    """The source that a repeated run read: as it was named then, else beside the sidecar."""
    moved = sidecar.parent / Path(name).name
    return moved if moved.exists() and not Path(name).exists() else Path(name)


def tell_changes(then: Mapping[str, Any], say: Callable[[str], None], record: str) -> None:
    """Say why a run may differ from the one it repeats: `record` is its sidecar, `then` that one's.

    What was asked for, as another seed, is no news; a device or a precision may come with the
    machine.
    """
    made, now = then.get("made"), tomllib.loads(record)
    if not made:
        return
    changed = [what for key, what in DECIDING.items() if made.get(key) != now["made"].get(key)]
    before, versions = made.get("versions", {}), now["made"]["versions"]
    changed += [f"the version of {name}" for name in versions if before.get(name) != versions[name]]
    for name in ("device", "precision"):
        if then.get("network", {}).get(name) != now["network"].get(name):
            changed.append(f"the {name}")
    if changed:
        say(f"not the same as then: {', '.join(changed)}")
