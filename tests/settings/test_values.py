"""The value types of settings: what each takes, and what it says of the rest."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dreamvid.settings.values import (
    BOUNDS,
    LARGEST,
    LONGEST_NAME,
    SMALLEST,
    Background,
    Bounds,
    DreamSize,
    Pixels,
    Rate,
    Seconds,
    Size,
    Words,
)


def read(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def refusal(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    return str(caught.value.errors()[0]["msg"])


@pytest.mark.parametrize(
    ("value", "rate"),
    [(25, 25), ("24000/1001", Fraction(24000, 1001)), (29.97, Fraction("29.97")), ("0.5", 0.5)],
)
def test_rates_are_exact(value: object, rate: object) -> None:
    assert read(Rate, value) == rate and isinstance(read(Rate, value), Fraction)


@pytest.mark.parametrize("value", [0, -1, 1001, "0.0001", "1/0", "fast", True, math.nan, math.inf])
def test_what_is_no_rate_is_refused(value: object) -> None:
    assert "frames per second" in refusal(Rate, value) or "Input" in refusal(Rate, value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("1:02.5", Fraction(125, 2)), ("1:00:00", 3600), ("1/3", Fraction(1, 3)), (0, 0), (" 2 ", 2)],
)
def test_times_are_exact(value: object, seconds: object) -> None:
    assert read(Seconds, value) == seconds


@pytest.mark.parametrize("value", ["1e999999999", "1::2", "", ":", "-5", "1,5", "12:xx", "1/0"])
def test_what_is_no_time_is_refused(value: object) -> None:
    assert "must be seconds such as" in refusal(Seconds, value)


@pytest.mark.parametrize("value", ["00:01:00:12", "1:00:00;02"])
def test_a_timecode_is_explained(value: str) -> None:
    assert "is a timecode; give seconds" in refusal(Seconds, value)


@given(st.fractions(0, 10**6, max_denominator=10**6))
def test_every_fraction_is_a_time(value: Fraction) -> None:
    assert read(Seconds, value) == value == read(Seconds, str(value))


@pytest.mark.parametrize(
    ("bounds", "value", "taken"),
    [
        (Bounds(0, 1), 0.5, 0.5),
        (Bounds(0, 1), " 0.5 ", 0.5),
        (Bounds(0, 1), "0:(0), 9:(1)", "0:(0), 9:(1)"),
        (Bounds(0, 1), "sin(t)", "sin(t)"),
        (Bounds(1, 9, whole=True), "3", 3),
        (Bounds(1, 9, whole=True), 3.0, 3),
        (Bounds(0, 1), Fraction(1, 4), 0.25),
    ],
)
def test_a_dial_is_a_number_or_a_schedule(bounds: Bounds, value: object, taken: object) -> None:
    found = bounds(value)
    assert found == taken and type(found) is type(taken)


@pytest.mark.parametrize(
    ("bounds", "value", "says"),
    [
        (Bounds(0, 1), 2, "must be 0 to 1"),
        (Bounds(0, 1), "2", "must be 0 to 1"),
        (Bounds(0, 1), -0.001, "must be 0 to 1"),
        (Bounds(1, 9, whole=True), 2.5, "must be a whole number"),
        (Bounds(0, 1), "0,5", "use a decimal point: 0.5"),
        (Bounds(0, 1), "nan", "must be a finite number"),
        (Bounds(0, 1), "-inf", "must be a finite number"),
        (Bounds(), math.inf, "must be a finite number"),
        (Bounds(0, 1), True, "must be a number or a schedule"),
        (Bounds(0, 1), None, "must be a number or a schedule"),
        (Bounds(0, 1), [1], "must be a number or a schedule"),
        (Bounds(0, 1), "0:(", "not closed"),
    ],
)
def test_a_dial_says_why_it_refuses(bounds: Bounds, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        bounds(value)


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_the_bounds_of_every_dial_hold_at_both_ends(name: str) -> None:
    bounds = BOUNDS[name]
    assert bounds(bounds.low) == bounds.low and bounds(bounds.high) == bounds.high
    for value in (bounds.low - 1, bounds.high + 1):
        with pytest.raises(ValueError, match="must be"):
            bounds(value)


@pytest.mark.parametrize("value", ["1280x720", "16x16", "16384x16384"])
def test_a_size_is_two_sides(value: str) -> None:
    assert read(Size, value) == value == read(DreamSize, value)


@pytest.mark.parametrize("value", ["1280", "1280X720", "1280 x 720", "x", "-1x20", "1e3x20"])
def test_what_is_no_size_is_refused(value: str) -> None:
    assert "must be a width and a height such as 1280x720" in refusal(Size, value)


@pytest.mark.parametrize("kind", [Size, DreamSize])
@pytest.mark.parametrize("value", ["15x720", "1280x16385", "0x0"])
def test_sides_have_limits(kind: Any, value: str) -> None:
    assert f"sides must be {SMALLEST} to {LARGEST}" in refusal(kind, value)


@pytest.mark.parametrize(("value", "taken"), [(960, "960"), (" FULL ", "full"), ("960X540", None)])
def test_a_dream_size_is_also_a_width_or_a_word(value: object, taken: str | None) -> None:
    assert read(DreamSize, value) == (taken or "960x540")


@pytest.mark.parametrize("value", [15, 16385, 2.5, "wide"])
def test_a_side_is_a_whole_number_of_pixels(value: object) -> None:
    assert refusal(Pixels, value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("0:(a), 0:(b)", "this time is used twice"),
        ("a" * (LONGEST_NAME + 1), "more than 1000 characters"),
        (3, "valid string"),
    ],
)
def test_words_are_a_name_or_a_schedule_of_names(value: object, says: str) -> None:
    assert says in refusal(Words, value)
    assert read(Words, "a" * LONGEST_NAME) == "a" * LONGEST_NAME
    assert read(Words, "0:(a), 9:(b)") == "0:(a), 9:(b)"


@pytest.mark.parametrize(("value", "taken"), [("White", "white"), (" #FFF ", "#fff")])
def test_a_background_is_a_colour(value: str, taken: str) -> None:
    assert read(Background, value) == taken
    assert "must be a colour such as white" in refusal(Background, value + "?")
