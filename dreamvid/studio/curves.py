"""Schedules as curves: text to keyframes and sampled values, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import numpy as np

from dreamvid.errors import UsageError
from dreamvid.schedules.parse import is_keyed, parse_schedule, parse_text_schedule
from dreamvid.schedules.schedule import EASINGS, Clock, Curve, Key, Schedule
from dreamvid.schedules.signals import is_signal
from dreamvid.settings.tables import FilmSettings
from dreamvid.settings.values import BOUNDS, MOST_FRAMES
from dreamvid.studio.web import number_of, text_of

MOST_KEYS: Final = 500
WORDED: Final = ("layer", "guide", "mask")
"""The dials whose schedules are of text."""


def curve_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The keyframes of a schedule of a dial on a clock, and its value at evenly spaced frames.

    Signals, whose values are known only to a run, are taken as 0; `reads` names them.
    """
    dial = text_of(body, "dial").rpartition(".")[2]
    frames = number_of(body, "frames", 1, MOST_FRAMES, 300)
    fps = _fps(body)
    text = body.get("text")
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = repr(text)
    text = text_of({"text": text}, "text")
    if dial in WORDED:
        return _worded(text, dial, Clock(fps, frames))
    if dial not in BOUNDS:
        raise UsageError("has no schedule", where=dial[:40])
    schedule = parse_schedule(text, where=dial)
    reads = sorted(name for name in schedule.names if is_signal(name))
    bpm = number_of(body, "bpm", 1, 1000, 120)
    clock = Clock(fps, frames, 0, bpm, {name: np.zeros(1) for name in reads})
    bounds = BOUNDS[dial]
    curve = Curve(schedule, clock, bounds.low, bounds.high)
    count = min(frames, number_of(body, "samples", 2, 2000, 200))
    places = [round(k * (frames - 1) / max(1, count - 1)) for k in range(count)]
    return {
        "keys": _keys(schedule, clock, curve),
        "samples": [[place, curve(place)] for place in places],
        "reads": reads,
    }


def text_of_keys(keys: object) -> str:
    """The text of a schedule with these keyframes; UsageError for one that cannot be written.

    Each has a `time`, as text such as 30, 1.5s, 50% or 4b, a `value`, and perhaps an `easing`.
    """
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        raise UsageError(f"must be 1 to {MOST_KEYS} keyframes", where="keys")
    return ", ".join(_key_text(key) for key in keys)


def _key_text(key: object) -> str:
    if not isinstance(key, Mapping):
        raise UsageError("must be keyframes", where="keys")
    time, value, easing = key.get("time"), key.get("value"), key.get("easing")
    time = f"{time:g}" if isinstance(time, int | float) and not isinstance(time, bool) else time
    if not isinstance(time, str) or not re.fullmatch(r"[0-9.]{1,12}(s|%|b|f)?", time):
        raise UsageError("must be a time such as 30, 1.5s or 50%", where="keys.time")
    if easing is not None and easing not in EASINGS:
        raise UsageError(f"must be one of {', '.join(EASINGS)}", where="keys.easing")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:.6g}"
    if not isinstance(value, str) or not value.strip() or len(value) > 1000:
        raise UsageError("must be a number or a text", where="keys.value")
    return f"{time}:({value}{f', {easing}' if easing else ''})"


def _worded(text: str, dial: str, clock: Clock) -> dict[str, Any]:
    if not is_keyed(text):
        keys = [{"time": "0", "frame": 0, "text": text, "value": None, "easing": None}]
        return {"keys": keys, "samples": [], "reads": []}
    schedule = parse_text_schedule(text, where=dial)
    return {"keys": _keys(schedule, clock, None), "samples": [], "reads": []}


def _keys(schedule: Schedule, clock: Clock, curve: Curve | None) -> list[dict[str, Any]]:
    """The keyframes; the `value` of one whose formula is no plain number is None."""
    rows = []
    for frame, key in schedule.timed(clock):
        plain = key.formula is not None and not key.formula.names
        rows.append(
            {
                "time": _time_text(frame, key),
                "frame": frame,
                "text": key.value.text,
                "value": curve(frame) if plain and curve is not None else None,
                "easing": key.easing,
            }
        )
    return rows


def _time_text(frame: float, key: Key) -> str:
    """The time of a key as it was written; as a frame if it depends on the length."""
    if key.amount.names:
        return f"{frame:.6g}"
    return f"{key.amount({}):.6g}" + ("" if key.unit == "f" else key.unit)


def _fps(body: Mapping[str, Any]) -> Fraction:
    given = text_of(body, "rate", "25")
    rate = FilmSettings.checked({"rate": given}, where="rate").rate
    assert rate is not None
    return rate
