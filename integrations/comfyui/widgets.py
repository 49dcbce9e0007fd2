"""The inputs of nodes, read off dreamvid's settings models: ranges, defaults and help texts."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from dreamvid.errors import UsageError
from dreamvid.settings.base import Settings
from dreamvid.settings.dials import NUMBERS, RATES
from dreamvid.settings.values import Bounds

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
    kinds = set(_kinds(field.annotation))
    options: dict[str, Any] = {"tooltip": field.description or ""}
    if advanced:
        options["advanced"] = True
    if choices := tuple(_choices(field.annotation)):
        return list(choices), options | {"default": field.default}
    if bool in kinds:
        return "BOOLEAN", options | {"default": field.default}
    if kinds & {int, float, Fraction}:
        return _number(field, kinds, options)
    return "STRING", options | {"default": "" if field.default is None else str(field.default)}


def _number(field: FieldInfo, kinds: set[type], options: dict[str, Any]) -> Input:
    low, high, whole = _range(field, whole=not kinds & {float, Fraction})
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


def _range(field: FieldInfo, *, whole: bool) -> tuple[float, float, bool]:
    """The lowest and the highest value of a number, and whether it is whole."""
    low, high = -math.inf, math.inf
    for limit in _metadata(field):
        if isinstance(limit, BeforeValidator) and isinstance(limit.func, Bounds):
            low, high, whole = limit.func.low, limit.func.high, limit.func.whole
        for least in ("ge", "gt"):
            low = max(low, getattr(limit, least, -math.inf))
        high = min(high, getattr(limit, "le", math.inf), getattr(limit, "lt", math.inf) - 1)
    return low, high, whole


def _metadata(field: object) -> Iterator[object]:
    """What constrains a field or an annotation, also inside unions."""
    if isinstance(field, FieldInfo):
        yield from field.metadata
        yield from _metadata(field.annotation)
    for part in getattr(field, "__metadata__", ()):
        yield from part.metadata if isinstance(part, FieldInfo) else [part]
    for part in get_args(field):
        if part not in getattr(field, "__metadata__", ()):
            yield from _metadata(part)


def _kinds(annotation: object) -> Iterator[type]:
    """The types in an annotation."""
    if isinstance(annotation, type):
        yield annotation
    for part in get_args(annotation):
        yield from _kinds(part)


def _choices(annotation: object) -> Iterator[str]:
    """The words of a Literal."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)


def given(model: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of widgets that are fields of a model, without those that stay at None."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name in values and not (field.default is None and values[name] in (0, "")):
            value = values[name]
            found[name] = Path(value) if Path in set(_kinds(field.annotation)) else value
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
