"""What a run is asked to do: by its flags, a settings file, the sidecar of an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

from dreamvid.cli.flags import layered
from dreamvid.errors import DamagedInput
from dreamvid.settings import Settings, read_toml

if TYPE_CHECKING:
    from dreamvid.api import Result

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Asked(Generic[S]):
    """The settings of a run, its source, and what the sidecar of the run it repeats tells."""

    settings: S
    source: Path | None
    made: dict[str, Any]


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
    layers = layered(given, name=preset, file=file, before=before)
    settings = model.checked(layers, where=file or from_)
    name = made.get("source")
    if source is None and from_ is not None and isinstance(name, str):
        source = source_of(name, from_)
    return Asked(settings, source, made)


def mind_damage(result: Result, source: Path | None) -> None:
    """Raise DamagedInput for a film that was made of what is left of its source."""
    if result.damage:
        remedy = f"{result.path} holds what is there"
        raise DamagedInput(result.damage, where=source, remedy=remedy)


def sidecar_of(path: Path) -> Path:
    """The file that says how `path` was made: `path` itself when that is it."""
    return path if path.suffix == ".toml" else path.with_name(path.name + ".dreamvid.toml")


def record(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a sidecar, given itself or its film: how it was made, and the settings."""
    values = read_toml(sidecar_of(path))
    return values.pop("made", {}), values


def source_of(name: str, sidecar: Path) -> Path:
    """The source that a repeated run read: as it was named then, else beside the sidecar."""
    moved = sidecar.parent / Path(name).name
    return moved if moved.exists() and not Path(name).exists() else Path(name)


def changes(made: dict[str, Any], out: Path) -> list[str]:
    """Say why a repeated run may differ from the one that `made` tells of."""
    if not made:
        return []
    now, _ = record(out)
    changed = [
        f"the {name.removesuffix('_sha256')}"
        for name in ("source_sha256", "weights_sha256", "guide_sha256", "audio_sha256")
        if made.get(name) != now.get(name)
    ]
    then, versions = made.get("versions", {}), now.get("versions", {})
    changed += [f"the version of {name}" for name in versions if then.get(name) != versions[name]]
    return [f"not the same as then: {', '.join(changed)}"] if changed else []
