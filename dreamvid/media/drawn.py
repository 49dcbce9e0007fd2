"""Curves drawn in files: pairs of a time and a value, as CSV or JSON, interpolated linearly.

seconds,value        a CSV may begin with a line of names; times are in seconds
0,0.2                unless the first name is `frame`
1.5,1
[[0, 0.2], [1.5, 1]]                       JSON: pairs, in seconds
{"frames": [[0, 0.2], [36, 1]]}            or "seconds"
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UnreadableInput
from dreamvid.media.source import check_file

MOST_BYTES = 64 << 20
"""The largest file that is read."""

UNITS = {"second": "seconds", "time": "seconds", "s": "seconds", "t": "seconds",
         "frame": "frames", "f": "frames"}  # fmt: skip
"""What a name at the head of the times means, in the singular."""

FORM = "write a time and a value on each line, see docs/zooms.md"


@dataclass(frozen=True)
class DrawnCurve:
    """A curve through points (times, values); before and after them it keeps its ends.

    Times are in seconds after the first frame, or in frames if `in_frames`.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    in_frames: bool

    def at(self, frames: int, fps: Fraction) -> NDArray[np.float64]:
        """The value at each of the first frames."""
        times = np.arange(frames) / (1.0 if self.in_frames else float(fps))
        return np.interp(times, self.times, self.values)


def read_curve(path: str | Path) -> DrawnCurve:
    """Read a curve, JSON if the file ends in .json, else CSV; UnreadableInput with the line."""
    path = Path(path)
    if path.is_dir():
        raise UnreadableInput("not a file", where=path, remedy=FORM)
    check_file(path)
    if path.stat().st_size > MOST_BYTES:
        raise UnreadableInput(f"has more than {MOST_BYTES >> 20} MB", where=path, remedy=FORM)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"not a readable text ({error})", where=path, remedy=FORM) from None
    in_frames, rows = (_json if path.suffix.lower() == ".json" else _csv)(text, path)
    points: list[tuple[float, float]] = []
    for place, row in rows:
        time, value = _point(row, place, path)
        if points and time <= points[-1][0]:
            raise UnreadableInput(
                f"{place}: the time {time:g} is not after {points[-1][0]:g}",
                where=path,
                remedy="sort the points by time, each time once",
            )
        points.append((time, value))
    if not points:
        raise UnreadableInput("there are no points in it", where=path, remedy=FORM)
    times, values = zip(*points, strict=True)
    return DrawnCurve(np.array(times), np.array(values), in_frames)


Rows = Iterable[tuple[str, Any]]
"""Points with their places in the file, as text or numbers."""


def _csv(text: str, path: Path) -> tuple[bool, Rows]:
    lines = [(f"line {n}", line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    lines = [(place, line) for place, line in lines if line and not line.startswith("#")]
    rows = [(place, _cells(line)) for place, line in lines]
    if rows and rows[0][1][0][:1].isalpha():
        place, names = rows.pop(0)
        return _unit(names[0], place, path) == "frames", rows
    return False, rows


def _cells(line: str) -> list[str]:
    """The cells of a line, parted by commas, semicolons or tabs, without quotes."""
    separator = next((mark for mark in ",;\t" if mark in line), None)
    return [cell.strip().strip("\"'") for cell in line.split(separator)]


def _json(text: str, path: Path) -> tuple[bool, Rows]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(
            f"not readable JSON ({str(error)[:100]})", where=path, remedy="write [[0, 0.2], [1, 1]]"
        ) from None
    in_frames = False
    if isinstance(found, dict) and len(found) == 1:
        name, found = next(iter(found.items()))
        in_frames = _unit(name, "the name", path) == "frames"
    if not isinstance(found, list):
        raise UnreadableInput("not a list of pairs", where=path, remedy="write [[0, 0.2], [1, 1]]")
    return in_frames, [(f"point {n}", row) for n, row in enumerate(found, 1)]


def _unit(name: str, place: str, path: Path) -> str:
    unit = UNITS.get(name.strip().lower()) or UNITS.get(name.strip().lower().removesuffix("s"))
    if unit is None:
        raise UnreadableInput(
            f"{place}: unknown unit {name[:40]!r}", where=path, remedy="use seconds or frames"
        )
    return unit


def _point(row: Any, place: str, path: Path) -> tuple[float, float]:
    """A pair of finite numbers; UnreadableInput for anything else."""
    if not isinstance(row, list) or len(row) != 2:
        raise UnreadableInput(f"{place}: not a pair of time and value", where=path, remedy=FORM)
    numbers = []
    for cell in row:
        try:
            number = math.nan if isinstance(cell, bool) else float(cell)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise UnreadableInput(
                f"{place}: {str(cell)[:40]!r} is not a number", where=path, remedy=FORM
            )
        numbers.append(number)
    return numbers[0], numbers[1]
