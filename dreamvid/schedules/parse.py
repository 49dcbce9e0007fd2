"""Parse the text of a schedule: keys, times and easings; errors give the column."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from dreamvid.errors import UsageError
from dreamvid.schedules.expression import Expression, ExpressionError, parse_expression
from dreamvid.schedules.text import Span, peel, split

if TYPE_CHECKING:  # to read a schedule takes none of it
    pass
from dreamvid.schedules.schedule import EASINGS, VARIABLES, Key, Schedule, ScheduleError

MAX_LENGTH = 200_000
"""Maximum length of a schedule, in characters."""


def parse_schedule(text: str | float, *, where: object = "schedule") -> Schedule:
    """Parse a schedule of numbers; `where` names the dial in errors.

    Raises ScheduleError (a UsageError) with the column of the problem.
    """
    return _parse(text if isinstance(text, str) else repr(float(text)), where, numbers=True)


def parse_text_schedule(text: str, *, where: object = "schedule") -> Schedule:
    """Parse a schedule of text values, such as layers; text without keys is one value."""
    return _parse(text, where, numbers=False)


_KEYED = re.compile(r"[\s\"'{(]*(\d|\.\d|max_f)[^:]{0,200}:")


_PART = re.compile(r"\s*\d+[A-Za-z]\s*:\s*-?[\w.@]*\s*(\*[^,:]*)?")
"""A layer whose name starts with a digit, and a part of it: 4c:12, 3b:0*0.5, 4d:139@0.3x0.6."""


def is_keyed(text: str) -> bool:
    """Whether text starts like a key, `0:(...`, and is not a plain word, name or path."""
    return _KEYED.match(text) is not None and _PART.fullmatch(text) is None


def _parse(text: str, where: object, *, numbers: bool) -> Schedule:
    if len(text) > MAX_LENGTH:
        raise UsageError(
            f"a schedule of {len(text)} characters is too long",
            where=where,
            remedy=f"use at most {MAX_LENGTH}",
        )
    try:
        whole = peel(Span(text, 0), "\"'{")
        if not whole.text:
            raise ExpressionError("the schedule is empty", 0)
        keys = tuple(_keys(whole, numbers))
    except ExpressionError as error:
        raise ScheduleError(error.what, text=text, column=error.at + 1, where=where) from None
    return Schedule(text, where, keys)


def _keys(whole: Span, numbers: bool) -> list[Key]:
    items = split(whole, ",")
    keyed = any(len(split(item, ":", 1)) > 1 for item in items)
    if keyed and not numbers:
        # A colon may belong to the value, as in inception4c:447, which does not start like a time.
        first = peel(items[0], "\"'(").text
        keyed = first[:1] in "0123456789." or first.startswith("max_f")
    if not keyed:
        return [_key(Span("0", whole.at), whole, numbers)]
    if not items[-1].text.strip():
        items.pop()
    keys = []
    for item in items:
        parts = split(item, ":", 1)
        if len(parts) < 2:
            raise ExpressionError("a key must be time:(value)", item.strip().at)
        keys.append(_key(parts[0], parts[1], numbers))
    _check_order(keys)
    return keys


def _check_order(keys: list[Key]) -> None:
    """Raise ExpressionError for times in the same unit that are not in order.

    Times in different units, or in terms of the length, may change places in a shorter clip.
    """
    latest: dict[str, float] = {}
    for key in keys:
        if key.amount.names:
            continue
        time = key.amount({})
        before = latest.get(key.unit, -math.inf)
        if time == before:
            raise ExpressionError("this time is used twice", key.at)
        if time < before:
            raise ExpressionError("the keys must be in order of time", key.at)
        latest[key.unit] = time


_TIME = re.compile(
    r"(?P<amount>[-+*/%(). 0-9a-z_]*?)\s*"
    r"(?P<unit>%|(?<=[0-9.\s])(?:seconds?|secs?|s|beats?|b|frames?|f))?",
    re.ASCII,
)


_TIME_VARIABLES = frozenset({"max_f", "fps", "s"})


def _key(time: Span, value: Span, numbers: bool) -> Key:
    time = peel(time, "\"'(")
    match = _TIME.fullmatch(time.text[:200])  # the pattern backtracks: limit its input
    if match is None or not 0 < len(time.text) <= 200:
        raise ExpressionError("not a time (use frames, 1.5s, 50% or 4b)", time.at)
    amount = _formula(time.cut(*match.span("amount")), _TIME_VARIABLES)
    unit = (match.group("unit") or "f")[0]
    value = peel(value, "\"'(")
    parts = split(value, ",")
    easing = peel(parts[-1], "\"'").text.lower() if len(parts) > 1 else None
    if easing in EASINGS:
        value = peel(value.cut(0, parts[-1].at - 1 - value.at), "\"'(")
    elif numbers and len(parts) > 1:
        raise ExpressionError(f"not an easing (use {', '.join(EASINGS)})", parts[-1].strip().at)
    else:
        easing = None
    if not value.text:
        raise ExpressionError("missing value", value.at)
    return Key(
        amount, unit, value, _formula(value, VARIABLES) if numbers else None, easing, time.at
    )


def _formula(span: Span, variables: frozenset[str]) -> Expression:
    try:
        return parse_expression(span.text, variables)
    except ExpressionError as error:
        raise ExpressionError(error.what, span.at + error.at) from None
