"""The inputs of nodes, read off dreamvid's settings models: ranges, defaults and help texts."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from dreamvid.errors import UsageError
from dreamvid.settings import fields
from dreamvid.settings.base import Settings
from dreamvid.settings.dials import NUMBERS, RATES

Input = tuple[Any, dict[str, Any]]
"""The type of an input, and its options, as ComfyUI takes them."""

Inputs = dict[str, dict[str, Input]]
"""All inputs of a node: the required ones, and others."""

EXACT = 2**53 - 1
"""The largest whole number that a web page keeps exactly."""

DIALS = (*NUMBERS, "stability", *RATES)
"""The numbers that may change over time."""

UNSET = "0: by default."


class Node:
    """What all nodes have in common."""

    CATEGORY = "dreamvid"
    FUNCTION = "run"


def widget(model: type[Settings], name: str, *, advanced: bool = False) -> Input:
    """The input for a field of a settings model.

    A number that is None by default is 0 in the widget, a text is empty. `advanced` inputs are
    folded away where the page can.
    """
    field = model.model_fields[name]
    kinds = fields.kinds(field)
    options: dict[str, Any] = {"tooltip": field.description or ""}
    if advanced:
        options["advanced"] = True
    if choices := fields.choices(field):
        return list(choices), options | {"default": field.default}
    if bool in kinds:
        return "BOOLEAN", options | {"default": field.default}
    if kinds & {int, float, Fraction}:
        return _number(field, kinds, options)
    return "STRING", options | {"default": "" if field.default is None else str(field.default)}


def _number(field: FieldInfo, kinds: set[Any], options: dict[str, Any]) -> Input:
    low, high = fields.limits(field)
    bounds = fields.bounds(field)
    whole = not kinds & {float, Fraction} if bounds is None else bounds.whole
    default = field.default
    if default is None:
        options = options | {"tooltip": f"{options['tooltip']} {UNSET}"}
        default = 0
    if low > -math.inf:
        options["min"] = min(low, default)
    if high < math.inf:
        options["max"] = min(high, EXACT)
    if whole:
        limits = {name: int(options[name]) for name in ("min", "max") if name in options}
        return "INT", options | limits | {"default": int(default)}
    step = 0.001 if 0 < low < 0.01 else 0.01
    return "FLOAT", options | {"default": float(default), "step": step, "round": False}


def given(model: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of widgets that are fields of a model, without those that stay at None."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name in values and not (field.default is None and values[name] in (0, "")):
            value = values[name]
            found[name] = Path(value) if Path in fields.kinds(field) else value
    return found


def scheduled(text: str, among: Collection[str]) -> dict[str, str]:
    """The dials in a text of lines such as `strength = 0:(0), 2s:(1)`.

    Raises UsageError for a line that is no such thing, or a dial that is not `among` the inputs.
    """
    known = [name for name in DIALS if name in among]
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, equals, schedule = (part.strip() for part in line.partition("="))
        if name not in known or not equals or not schedule:
            remedy = f"write DIAL = SCHEDULE; the dials are {', '.join(known)}"
            raise UsageError(f"cannot read '{line}'", where="schedules", remedy=remedy)
        found[name] = schedule
    return found
