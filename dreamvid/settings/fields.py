"""What a field of a settings model takes: types, words and range, for pages and nodes to offer."""

from __future__ import annotations

import math
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from dreamvid.settings.values import Bounds


def kinds(field: FieldInfo) -> set[Any]:
    """The types of a field, without what is inside of containers; NoneType if it may be None."""
    return {get_origin(part) or part for part in _parts(field.annotation)}


def choices(field: FieldInfo) -> tuple[Any, ...]:
    """The values of a field that takes only some; none if it takes others."""
    literals = (part for part in _parts(field.annotation) if get_origin(part) is Literal)
    return tuple(value for literal in literals for value in get_args(literal))


def bounds(field: FieldInfo) -> Bounds | None:
    """The bounds of a dial that may be a schedule; None for other fields."""
    found = (limit.func for limit in _limits(field) if isinstance(limit, BeforeValidator))
    return next((one for one in found if isinstance(one, Bounds)), None)


def limits(field: FieldInfo) -> tuple[float, float]:
    """The lowest and the highest number that a field takes; infinite where there is none.

    An end that a fraction may only come near is given as it is.
    """
    if (dial := bounds(field)) is not None:
        return dial.low, dial.high
    low, high = -math.inf, math.inf
    for limit in _limits(field):
        for least in ("ge", "gt"):
            low = max(low, getattr(limit, least, -math.inf))
        step = 1 if int in kinds(field) else 0
        high = min(high, getattr(limit, "le", math.inf), getattr(limit, "lt", math.inf) - step)
    return low, high


def _parts(annotation: object) -> Iterator[object]:
    """The types of a union, without what is annotated to them."""
    if hasattr(annotation, "__metadata__"):
        yield from _parts(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _parts(part)
    else:
        yield annotation


def _limits(field: FieldInfo) -> Iterator[object]:
    """What limits a field, also inside of a union with None."""
    yield from field.metadata
    yield from _annotated(field.annotation)


def _annotated(annotation: object) -> Iterator[object]:
    for one in getattr(annotation, "__metadata__", ()):
        yield from one.metadata if isinstance(one, FieldInfo) else [one]
    union = get_origin(annotation) in (Union, types.UnionType)
    if union or hasattr(annotation, "__metadata__"):
        for part in get_args(annotation) if union else get_args(annotation)[:1]:
            yield from _annotated(part)
