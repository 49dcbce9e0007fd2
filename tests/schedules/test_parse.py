"""Schedules as text: times, easings, keys and their errors."""

from __future__ import annotations

from fractions import Fraction

import pytest

from dreamvid.errors import UsageError
from dreamvid.schedules.parse import MAX_LENGTH, is_keyed, parse_schedule, parse_text_schedule
from dreamvid.schedules.schedule import Clock, ScheduleError

CLOCK = Clock(Fraction(25), 101, 0, 120.0)


def at(text: str, *frames: int) -> list[float]:
    curve = parse_schedule(text).on(CLOCK)
    return [round(curve(frame), 4) for frame in frames]


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("0:(0), 50:(1)", 50),
        ("0:(0), 2s:(1)", 50),
        ("0:(0), 2 seconds:(1)", 50),
        ("0:(0), 50f:(1)", 50),
        ("0:(0), 50 frames:(1)", 50),
        ("0:(0), 50%:(1)", 50),
        ("0:(0), 4b:(1)", 50),
        ("0:(0), 4 beats:(1)", 50),
        ("0:(0), max_f/2:(1)", 50),
        ("0:(0), 2*fps:(1)", 50),
        ('{"0": "(0)", "50": "(1)"}', 50),
        ("0:(0), (50):(1)", 50),
        ("0:(0), '50':(1),", 50),
    ],
)
def test_times_have_units(text: str, frame: int) -> None:
    assert at(text, 0, frame, frame + 10) == [0, 1, 1]


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("", "the schedule is empty", 1),
        ("()", "missing value", None),
        ("0:(1), 5", "a key must be time:(value)", 8),
        ("0:(1), x:(2)", None, 8),
        ("0:(1), 5q:(2)", "unexpected 'q'", 9),
        ("0:(1), 5:()", "missing value", None),
        ("0:(1), 5:(2, soon)", "not an easing", 14),
        ("0:(1), 0:(2)", "this time is used twice", 8),
        ("0:(1), 9:(2), 3:(1)", "the keys must be in order of time", 15),
        ("0s:(1), 2s:(1), 1s:(1)", "the keys must be in order of time", 17),
        ("0:(1 +), 5:(2)", "missing value before the end", 7),
        ("0:(1), 5:(nope)", "unknown variable 'nope'", 11),
    ],
)
def test_an_error_has_a_column(text: str, what: str | None, column: int | None) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text, where="strength")
    assert "strength" in str(caught.value)
    assert what is None or what in str(caught.value)
    assert column is None or caught.value.column == column


def test_times_in_other_units_may_change_places() -> None:
    parse_schedule("0:(1), 2s:(2), 10:(3)")
    parse_schedule("0:(1), 90%:(2), 10:(3)")


def test_an_endless_schedule_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="is too long; use at most 200000"):
        parse_schedule("1+" * MAX_LENGTH, where="zoom")


@pytest.mark.parametrize(("number", "value"), [(2, 2), (0.5, 0.5), ("3", 3), (-1, -1)])
def test_a_number_is_a_schedule_that_never_changes(number: float | str, value: float) -> None:
    schedule = parse_schedule(number)
    assert schedule.constant == value == schedule.on(CLOCK)(99)


@pytest.mark.parametrize(
    ("text", "keyed"),
    [
        ("0:(parts)", True),
        ("1.5s:(parts)", True),
        (" {0: a}", True),
        ("'0':(a)", True),
        ("max_f/2:(a)", True),
        ("parts", False),
        ("parts:3", False),
        ("4c:12", False),
        ("3b:0*0.5", False),
        ("4d:139@0.3x0.6", False),
        ("C:/a.png", False),
        ("inception4c:447", False),
        ("", False),
    ],
)
def test_keys_are_told_from_layers_and_paths(text: str, keyed: bool) -> None:
    assert is_keyed(text) == keyed


@pytest.mark.parametrize(
    ("text", "frame", "expected"),
    [
        ("parts", 70, [("parts", 1.0)]),
        ("a:3*0.5", 0, [("a:3*0.5", 1.0)]),
        ("0:(a), 50:(b)", 49, [("a", 1.0)]),
        ("0:(a), 50:(b)", 50, [("b", 1.0)]),
        ("0:(a), 50:(b, linear)", 25, [("a", 0.5), ("b", 0.5)]),
    ],
)
def test_text_values_hold_or_fade(text: str, frame: int, expected: list[object]) -> None:
    assert list(parse_text_schedule(text).text_on(CLOCK)(frame)) == expected
