"""Settings files and sidecars: TOML in and out, and one table laid over another."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from dreamvid.errors import UnreadableInput, no_such_file
from dreamvid.settings.base import RIVALS, Settings

_ESCAPED = {0xDC00 + byte: 0xEF00 + byte for byte in range(0x80, 0x100)}
"""How TOML files, which are UTF-8, hold bytes of file names that are not: as private characters.

Python has its own escapes for those bytes (PEP 383), which cannot be written.
"""


MOST_NAMED = 6
"""At most so many differences between two runs are named."""


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay settings over one another, table by table; later ones win, over their rivals too."""
    merged: dict[str, Any] = {}
    for layer in layers:
        beaten = {a if b in layer else b for a, b in RIVALS if a in layer or b in layer}
        merged = {key: value for key, value in merged.items() if key not in beaten}
        for key, value in layer.items():
            below = merged.get(key)
            both = isinstance(value, Mapping) and isinstance(below, Mapping)
            merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def read_toml(path: Path) -> dict[str, Any]:
    """Read a settings file; UnreadableInput when it is missing or no TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text.translate({held: byte for byte, held in _ESCAPED.items()}))
    except FileNotFoundError:
        raise no_such_file(path) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableInput(
            f"not a readable settings file ({error})", where=path, remedy="give a TOML file"
        ) from error


def to_toml(settings: Settings) -> dict[str, Any]:
    """Plain values for a TOML file; what is None is left out, being the default."""
    return settings.model_dump(mode="json", exclude_none=True)


def write_toml(values: Mapping[str, Any]) -> str:
    """The text of a TOML file."""
    return tomli_w.dumps(values).translate(_ESCAPED)


def differing(one: str, other: str) -> str:
    """Name what differs between two TOML texts: the settings, or that there are many."""
    try:
        before, now = (dict(_flat(tomllib.loads(text))) for text in (one, other))
    except tomllib.TOMLDecodeError:
        return "many things"
    keys = sorted(key for key in before | now if before.get(key) != now.get(key))
    return ", ".join(keys) if 0 < len(keys) <= MOST_NAMED else "many things"


def _flat(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every key and value of nested tables."""
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        else:
            yield key, value
