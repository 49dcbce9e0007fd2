"""The dials of every command, read off the settings models: nothing is written twice."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal

from pydantic.fields import FieldInfo

from dreamvid.settings import fields
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
    bounds, kinds = fields.bounds(field), fields.kinds(field)
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
    if choices := fields.choices(field):
        dial["choices"] = list(choices)
    if name in PICKED:
        dial["file"] = PICKED[name]
    ends = zip(("min", "max"), fields.limits(field), strict=True)
    dial |= {key: value for key, value in ends if math.isfinite(value)}
    if any(isinstance(one, type) and issubclass(one, Settings) for one in kinds):
        dial["kind"] = "table"
    return dial


def _kind_of(kinds: set[Any], bounds: Bounds | None) -> str:
    if bounds is not None:
        return "integer" if bounds.whole else "number"
    for kind, name in ((bool, "switch"), (Literal, "choice"), (Path, "file"), (int, "integer"),
                       (float, "number"), (Fraction, "time")):  # fmt: skip
        if kind in kinds:
            return name
    return "text"


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
