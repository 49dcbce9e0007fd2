"""The dials of every command, read off the settings models: nothing is written twice."""

from __future__ import annotations

import math
import re
import types
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from dreamvid.settings.base import EXCLUSIVE, Settings
from dreamvid.settings.loops import LOOPS
from dreamvid.settings.models import ImageSettings, VideoSettings, ZoomSettings
from dreamvid.settings.regions import RegionSettings
from dreamvid.settings.values import Bounds

FIRST: Final = (
    "dream.layer", "dream.strength", "motion.stability", "dream.octaves", "dream.colours",
    "dream.detail", "dream.iterations",
)  # fmt: skip
"""The dials that matter, in order: a command shows the first SHOWN of those that it has."""
SHOWN: Final = 6
PICKED: Final = {"guide": "film", "palette": "picture", "mask": "film", "audio": "sound",
                 "weights": "network"}  # fmt: skip
"""The settings whose text may be a file, and the kind of it ("film": or a picture)."""

Dial = dict[str, Any]


def schema() -> dict[str, Any]:
    """All commands with their tables and dials, as JSON."""
    commands: dict[str, Any] = {
        "video": _command(VideoSettings),
        "image": _command(ImageSettings),
        "zoom": _command(ZoomSettings),
        "loop": {"kinds": {_kind(model): _command(model) for model in LOOPS}},
    }
    region = [_dial("region", name, field) for name, field in RegionSettings.model_fields.items()]
    return {
        "commands": commands,
        "region": {"title": "Region", "about": _about(RegionSettings), "dials": region},
        "exclusive": [list(pair) for pair in EXCLUSIVE],
    }


def _command(model: type[Settings]) -> dict[str, Any]:
    tables: list[dict[str, Any]] = [
        {
            "table": table,
            "title": _words(table),
            "about": _about(kind),
            "dials": [_dial(table, name, field) for name, field in kind.model_fields.items()],
        }
        for table, kind in model.tables().items()
    ]
    known = {f"{row['table']}.{dial['name']}" for row in tables for dial in row["dials"]}
    first = [name for name in FIRST if name in known][:SHOWN]
    return {"first": first, "tables": tables, "regions": "region" in model.model_fields}


def _dial(table: str, name: str, field: FieldInfo) -> Dial:
    """One dial: its name, label, kind, range, choices, help and default."""
    bounds = next((found for found in _bounds(field)), None)
    kinds = _kinds(field.annotation)
    dial: Dial = {
        "name": name,
        "field": f"{table}.{name}",
        "flag": "--" + name.replace("_", "-"),
        "label": _words(name),
        "help": field.description or "",
        "default": _plain(field.default),
        "kind": _kind_of(kinds, bounds),
        "schedule": bounds is not None or name in ("layer", "guide", "mask"),
        "many": tuple in kinds,
        "optional": type(None) in kinds,
    }
    if choices := _choices(field.annotation):
        dial["choices"] = choices
    if name in PICKED:
        dial["file"] = PICKED[name]
    low, high = _range(field, bounds)
    dial |= {key: value for key, value in (("min", low), ("max", high)) if value is not None}
    if issubclass_settings(field.annotation):
        dial["kind"] = "table"
    return dial


def issubclass_settings(annotation: object) -> bool:
    """Whether a field is itself a table of settings."""
    return any(isinstance(one, type) and issubclass(one, Settings) for one in _kinds(annotation))


def _bounds(field: FieldInfo) -> list[Bounds]:
    """The bounds of a dial that may be a schedule."""
    found = [getattr(one, "func", None) for one in _metadata(field)]
    return [one for one in found if isinstance(one, Bounds)]


def _metadata(field: FieldInfo) -> list[Any]:
    """What is annotated to a field, also inside of a union with None."""
    inside = [one for part in _parts(field.annotation) for one in getattr(part, "__metadata__", ())]
    flat: list[Any] = []
    for one in [*field.metadata, *inside]:
        flat += one.metadata if isinstance(one, FieldInfo) else [one]
    return flat


def _parts(annotation: object) -> tuple[Any, ...]:
    union = get_origin(annotation) in (Union, types.UnionType)
    return get_args(annotation) if union else (annotation,)


def _kinds(annotation: object) -> set[Any]:
    """The plain types of an annotation."""
    found: set[Any] = set()
    for part in _parts(annotation):
        if hasattr(part, "__metadata__"):
            found |= _kinds(get_args(part)[0])
        else:
            found.add(get_origin(part) or part)
    return found


def _kind_of(kinds: set[Any], bounds: Bounds | None) -> str:
    if bounds is not None:
        return "integer" if bounds.whole else "number"
    for kind, name in ((bool, "switch"), (Literal, "choice"), (Path, "file"), (int, "integer"),
                       (float, "number"), (Fraction, "time")):  # fmt: skip
        if kind in kinds:
            return name
    return "text"


def _choices(annotation: object) -> list[Any]:
    for part in _parts(annotation):
        inner = get_args(part)[0] if hasattr(part, "__metadata__") else part
        if get_origin(inner) is Literal:
            return list(get_args(inner))
    return []


def _range(field: FieldInfo, bounds: Bounds | None) -> tuple[float | None, float | None]:
    if bounds is not None:
        low, high = bounds.low, bounds.high
        return low if math.isfinite(low) else None, high if math.isfinite(high) else None
    low_, high_ = None, None
    for one in _metadata(field):
        if isinstance(one, Ge | Gt):
            low_ = one.ge if isinstance(one, Ge) else one.gt
        elif isinstance(one, Le | Lt):
            high_ = one.le if isinstance(one, Le) else one.lt
    return low_, high_  # type: ignore[return-value]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Settings):
        return None
    return str(value) if isinstance(value, Fraction | Path) else value


def _about(model: type[Settings]) -> str:
    return (model.__doc__ or "").strip().partition("\n")[0]


def _words(name: str) -> str:
    return re.sub("_", " ", name).capitalize()


def _kind(model: type[Settings]) -> str:
    return str(model.model_fields["loop"].default.kind)
