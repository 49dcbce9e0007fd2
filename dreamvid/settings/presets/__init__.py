"""Named settings, each a TOML file in this folder: `--preset NAME`.

The first line of each file is a comment that describes the look of the preset in one sentence.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from dreamvid.errors import UsageError
from dreamvid.settings.base import Settings
from dreamvid.settings.toml import read_toml

Tables = dict[str, dict[str, Any]]

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """The names of the presets, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def preset(name: str) -> Tables:
    """The values of a preset; UsageError with similar names for an unknown one."""
    return read_toml(_file(name))


def about(name: str) -> str:
    """The look of a preset, in one sentence."""
    return _file(name).read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def fitting(values: Tables, command: type[Settings]) -> Tables:
    """The tables and fields of a preset that the settings of a command have."""
    models = command.tables()
    kept = {
        table: {name: value for name, value in row.items() if name in models[table].model_fields}
        for table, row in values.items()
        if table in models
    }
    return {table: row for table, row in kept.items() if row}


def _file(name: str) -> Path:
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}? " if near else ""
        raise UsageError(f"unknown preset '{name}'", remedy=f"{hint}use one of {', '.join(known)}")
    return _FOLDER / f"{name}.toml"
