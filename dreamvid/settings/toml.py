"""Settings files and sidecars: reading, writing, merging and comparing TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from dreamvid.errors import UnreadableInput, no_such_file
from dreamvid.settings.base import EXCLUSIVE, Settings

_ESCAPED = {0xDC00 + byte: 0xEF00 + byte for byte in range(0x80, 0x100)}
"""Private-use characters for file-name bytes that are not UTF-8, which TOML requires.

Python's own escapes for these bytes (PEP 383) cannot be encoded as UTF-8.
"""


UNREADABLE = "the job record is damaged"


MOST_NAMED = 6
"""The largest number of differences that is listed by name."""


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Merge settings table by table; later ones win, also over settings that they exclude."""
    merged: dict[str, Any] = {}
    for layer in layers:
        beaten = {a if b in layer else b for a, b in EXCLUSIVE if a in layer or b in layer}
        merged = {key: value for key, value in merged.items() if key not in beaten}
        for key, value in layer.items():
            below = merged.get(key)
            both = isinstance(value, Mapping) and isinstance(below, Mapping)
            merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def read_toml(path: Path) -> dict[str, Any]:
    """Read a settings file; UnreadableInput when it is missing or not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text.translate({held: byte for byte, held in _ESCAPED.items()}))
    except FileNotFoundError:
        raise no_such_file(path) from None
    except RecursionError:
        raise UnreadableInput(
            "not a readable settings file (nested too deeply)",
            where=path,
            remedy="give a TOML file",
        ) from None
    except (OSError, ValueError) as error:  # Python limits the digits of a number by a ValueError
        raise UnreadableInput(
            f"not a readable settings file ({str(error)[:200]})",
            where=path,
            remedy="give a TOML file",
        ) from error


def to_toml(settings: Settings) -> dict[str, Any]:
    """Convert settings to plain values for a TOML file; None, always a default, is omitted."""
    return settings.model_dump(mode="json", exclude_none=True)


def write_toml(values: Mapping[str, Any]) -> str:
    """The text of a TOML file."""
    return tomli_w.dumps(values).translate(_ESCAPED)


def differing(one: str, other: str) -> str:
    """List the settings that differ between two TOML texts.

    "many settings" for more than MOST_NAMED, UNREADABLE if one text is not TOML.
    """
    try:
        changed = differences(tomllib.loads(one), tomllib.loads(other))
    except tomllib.TOMLDecodeError:
        return UNREADABLE
    return named(changed)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The names of the settings that differ between two tables of tables."""
    before, now = dict(_flat(one)), dict(_flat(other))
    return sorted(key for key in before | now if before.get(key) != now.get(key))


def named(changed: Sequence[str]) -> str:
    """Name changed settings, if there are not too many."""
    return ", ".join(changed) if 0 < len(changed) <= MOST_NAMED else "many settings"


def _flat(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every key and value of nested tables."""
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        else:
            yield key, value
