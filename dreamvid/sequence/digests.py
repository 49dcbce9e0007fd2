"""Digests of finished parts: written when a part is finished, checked when a film is resumed.

The packet times of a damaged part may still be right, and its memory may still be readable; only a
digest shows that a byte has changed.
"""

from __future__ import annotations

import json
from pathlib import Path

from dreamvid.files import sha256, write_whole
from dreamvid.media.parts import PartTable


def memory_of(part: Path) -> Path:
    """The path of the memory after a part."""
    return part.with_suffix(".memory")


def digests_of(part: Path) -> Path:
    """The path of the digests of a part: a part without them was never finished."""
    return part.with_suffix(".sha256")


def write_digests(part: Path, *, seconds: float = 0.0) -> None:
    """Write the digests of a part, its table and its memory; raises OSError.

    `seconds` is how long it took to dream.
    """
    files = (part, PartTable.place(part), memory_of(part))
    found: dict[str, object] = {file.name: sha256(file) for file in files}
    write_whole(digests_of(part), json.dumps(found | {"seconds": round(seconds, 3)}).encode())


def seconds_of(part: Path) -> float:
    """How many seconds a finished part took to dream; 0 if that is unknown."""
    seconds = _read(part).get("seconds")
    return seconds if isinstance(seconds, float) else 0.0


def is_intact(part: Path) -> bool:
    """Whether a part and its table are as they were when the part was finished."""
    known = _read(part)
    return all(_matches(file, known) for file in (part, PartTable.place(part)))


def has_memory(part: Path) -> bool:
    """Whether the memory after a part exists, and is as it was when the part was finished."""
    return _matches(memory_of(part), _read(part))


def _read(part: Path) -> dict[str, object]:
    try:
        known = json.loads(digests_of(part).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _matches(file: Path, known: dict[str, object]) -> bool:
    try:
        return known.get(file.name) == sha256(file)
    except OSError:
        return False
