"""Schedules: what people write, what it gives, and where the error points."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dreamvid.errors import UsageError
from dreamvid.schedules.expression import FUNCTIONS, MAX_NESTING, parse_expression
from dreamvid.schedules.parse import MAX_LENGTH, parse_schedule, parse_text_schedule
from dreamvid.schedules.schedule import EASINGS, VARIABLES, Clock, ScheduleError

CLOCK = Clock(Fraction(30), frames=121, seed=7, bpm=120)


def value(text: str | float, frame: float, clock: Clock = CLOCK) -> float:
    return parse_schedule(text).on(clock)(frame)


@pytest.mark.parametrize(
    ("text", "frame", "expected"),
    [
        (1.25, 60, 1.25),
        ("-3", 60, -3.0),
        ("0:(1.02), 30:(1.05)", 0, 1.02),
        ("0:(1.02), 30:(1.05)", 15, 1.035),
        ("0:(1.02), 30:(1.05)", 99, 1.05),
        ("0: (1.0) ,30 :( 2.0 ),", 15, 1.5),
        ("10:(4), 20:(5)", 3, 4.0),  # before the first key
        ("2s:(5), 0:(3)", 30, 4.0),  # times in several units need no order
        ("max_f:(5), 0:(3)", 60, 4.0),
        ("0:(1), 0s:(2)", 5, 2.0),  # the later written counts
        ('"0:(1.02), 30:(1.05)"', 15, 1.035),  # quoted as a whole
        ("0:(\"1.02\"), 30:('1.05')", 15, 1.035),  # quoted values
        ('{"0": "(1)", "max_f": "2"}', 60, 1.5),  # as in a settings file
        ("0: 1, max_f/2: 3", 30, 2.0),
        ("0:(1.02+0.01*sin(2*pi*t/30))", 7.5, 1.03),
        ("0:(max(1, min(t, 20)))", 15, 15.0),  # commas inside functions
        ("0:(t), 30:(100)", 29, 29.0),  # a formula runs until the next key
        ("0:(10), 10:(t*3)", 5, 20.0),  # a number glides to what the formula is at its key
        ("where((t > 10) & (t <= 20), 1, -1)", 20, 1.0),
        ("where(t > 0, 1/t, 0)", 0, 0.0),  # what is not chosen may have no value
        ("-2**2 + 2**-1 + 2**3**2", 0, 508.5),
        ("-7 % 4", 0, -3.0),  # the sign of the left, as in numexpr
        ("t % 4", 6, 2.0),
        ("t/4", 1, 0.25),
        ("max_f + s", 0, 127.0),
        ("progress", 60.5, 0.5),
        ("seconds * fps", 12, 12.0),
        ("beats", 30, 2.0),
        ("beat", 15, 1.0),
        ("beat", 22.5, 0.25),
        ("1s:(0), 2s:(1)", 45, 0.5),
        ("0%:(0), 100%:(1)", 60, 0.5),
        ("0:(0), 4b:(1)", 30, 0.5),
        ("0:(0), 4 beats:(1)", 30, 0.5),
        ("0:(1.4), 3s:(2.2, ease-in-out)", 45, 1.8),
        ("0:(0), 90:(8, ease-in)", 45, 1.0),
        ("0:(0), 90:(8, ease-out)", 45, 7.0),
        ("0:(0), 90:(8, hold)", 89, 0.0),
        ("0:(t), 90:(0, linear)", 45, 22.5),  # an easing blends a formula away too
        ("not t > 3", 2, 1.0),
        ("1e3 + .5", 0, 1000.5),
    ],
)
def test_value(text: str | float, frame: float, expected: float) -> None:
    assert value(text, frame) == pytest.approx(expected)


def test_a_deforum_schedule_matches_its_own_rule_at_every_frame() -> None:
    """Deforum: numbers are interpolated linearly, a formula is evaluated until the next key."""
    values = parse_schedule("0:(1.0), 40:(2.0), 60:(sin(t/5)), 100:(0.5)").on(CLOCK).values()
    t = np.arange(121)
    numbers = np.interp(t, [0, 40, 60], [1.0, 2.0, math.sin(12)])
    expected = np.where(t < 60, numbers, np.where(t < 100, np.sin(t / 5), 0.5))
    np.testing.assert_allclose(values, expected)


@pytest.mark.parametrize("name", EASINGS)
def test_easings_stay_between_their_ends(name: str) -> None:
    curve = parse_schedule(f"0:(0), 100:(1, {name})").on(CLOCK)
    values = curve.values()
    assert values[0] == 0
    assert values[100] == 1
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("", 1, "the schedule is empty"),
        ("0:(1.02*tt), 3:(1)", 9, "did you mean t"),
        ("0:(sn(t))", 4, "did you mean sin"),
        ("0:(2*)", 6, "missing"),
        ("0:((2)", 3, "not closed"),
        ("0:(2))", 6, r"unmatched '\)'"),
        ("0:(t^2)", 5, r"use \*\*"),
        ("0:(1<t<3)", 7, "chain"),
        ("0:(1, eas-in)", 7, "not an easing"),
        ("0:(1), 5", 8, "time:"),
        ("0:(1.4), 0:(2)", 10, "used twice"),
        ("0:(1), 30:(1), 10:(2)", 16, "in order of time"),
        ("0:(1), 3s:(1), 30:(2), 2s:(1)", 24, "in order of time"),
        ("abc:(2)", 1, "abc"),
        ("-1:(3)", 1, "cannot be at frame"),
        ("0:(1),5:()", 10, "missing"),
        ("0:(max(1))", 4, "takes 2"),
        ("0:(sin)", 4, "brackets"),
        ("__import__('os').system('x')", 17, "unexpected"),
        ("().__class__", 3, "unexpected"),
        ("0:(1), 5:(t.real)", 12, "unexpected"),
        ("0:('1)", 4, "not closed"),
        ("\u0663", 1, "unexpected"),
        ("5 5", 3, "unexpected"),
    ],
)
def test_error_points_at_the_character(text: str, column: int, what: str) -> None:
    with pytest.raises(ScheduleError, match=what) as caught:
        parse_schedule(text, where="--zoom").on(CLOCK)
    assert caught.value.column == column
    assert str(caught.value).startswith("--zoom: ")
    assert f"column {column}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "frame"),
    [("1/(t-7)", 7), ("log(9-t)", 9), ("sqrt(5-t)", 6), ("10**(t*10)", 31), ("9**9**9", 0)],
)
def test_no_number_names_the_frame(text: str, frame: int) -> None:
    with pytest.raises(UsageError, match=f"at frame {frame} is not a number"):
        parse_schedule(text).on(CLOCK)


def test_out_of_range_names_the_frame_and_the_range() -> None:
    with pytest.raises(UsageError, match=r"at frame 61 is 0\.98.*not in 1\.\.inf"):
        parse_schedule("0:(2), 60:(1), 90:(0.5)").on(CLOCK, low=1)
    with pytest.raises(UsageError, match=r"not in 0\.\.1"):
        parse_schedule(3).on(CLOCK, low=0, high=1)


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("rms", "audio"),
        ("beat", "tempo .bpm. or audio"),
        ("beats", "tempo"),
        ("max_f", "length"),
        ("0:(1), 50%:(2)", "length"),
        ("0:(1), 4b:(2)", "tempo"),
        ("0:(1), max_f:(2)", "length"),
    ],
)
def test_what_the_clock_lacks_is_said(text: str, needs: str) -> None:
    with pytest.raises(UsageError, match=needs):
        parse_schedule(text).on(Clock(Fraction(30)))


def test_signals_are_read_by_frame_and_end_in_silence() -> None:
    clock = Clock(Fraction(30), frames=5, signals={"bass": np.float32([0, 0.5, 1])})
    np.testing.assert_allclose(parse_schedule("1 + 2*bass").on(clock).values(), [1, 2, 3, 1, 1])
    with pytest.raises(UsageError, match=r"beat.* needs a tempo .*none was detected"):
        parse_schedule("beat").on(clock)


def test_a_song_counts_beats_by_its_own() -> None:
    pulse = [0.4, 1.0, 1.4, 2.0]  # slower and faster
    clock = Clock(Fraction(10), frames=60, bpm=120, pulse=pulse)
    beats = parse_schedule("beats").on(clock)
    expected = {4: 0, 7: 0.5, 10: 1, 12: 1.5, 14: 2, 20: 3, 25: 4, 45: 8, 0: -0.8}
    assert {frame: pytest.approx(beats(frame)) for frame in expected} == expected
    beat = parse_schedule("beat").on(clock)
    assert [beat(frame) for frame in (4, 10, 14, 20, 25)] == pytest.approx([1] * 5, abs=1e-5)
    assert [beat(frame) for frame in (0, 7, 12, 3)] == pytest.approx([0, 0.25, 0.25, 0], abs=1e-5)
    keys = parse_schedule("0b:(0), 1b:(1), 2b:(2), 8b:(3)").on(clock)
    assert [keys(frame) for frame in (0, 4, 10, 14, 45)] == pytest.approx([0, 0, 1, 2, 3])


def test_constant_is_known_without_a_clock() -> None:
    assert parse_schedule("0:(1.5)").constant == 1.5
    assert parse_schedule("2*3").constant == 6
    assert parse_schedule("t").constant is None
    assert parse_schedule("0:(1), 5:(1)").constant is None


def test_text_holds_and_fades_where_an_easing_says_so() -> None:
    schedule = parse_text_schedule('0:(parts), 30:(objects), 60:("a, b", linear)')
    assert schedule.texts == ("parts", "objects", "a, b")
    curve = schedule.text_on(CLOCK)
    assert curve(29) == (("parts", 1.0),)
    assert curve(30) == (("objects", 1.0),)
    assert curve(45) == (("objects", 0.5), ("a, b", 0.5))
    assert curve(60) == (("a, b", 1.0),)
    assert curve(500) == (("a, b", 1.0),)


@pytest.mark.parametrize("text", ["parts", "inception4c:447", "one, two", "'quoted'"])
def test_text_without_keys_is_one_value(text: str) -> None:
    assert parse_text_schedule(text).texts == (text.strip("'"),)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "0:(" * 30_000,
        "-" * 100_000 + "1",
        "2**" * 50_000 + "2",
        "1+" * 90_000 + "1",
        "0" + " " * 150_000 + "x:(1)",
        "\"'" * 90_000,
        "0:(1)," * 30_000,
        "9" * 190_000,
        "x" * 190_000,
        "1" * (MAX_LENGTH + 1),
        "sin(" * (MAX_NESTING + 1) + "1" + ")" * (MAX_NESTING + 1),
    ],
    ids=range(12),
)
def test_hostile_text_ends_soon(text: str) -> None:
    start = time.thread_time()
    for parse in (parse_schedule, parse_text_schedule):
        try:
            schedule = parse(text)
            if parse is parse_schedule:
                schedule.on(Clock(Fraction(30), frames=2))
        except UsageError as error:
            assert len(str(error)) < 500
    assert time.thread_time() - start < 20


WORDS = sorted({*VARIABLES, *FUNCTIONS, *EASINGS, "0:(", "30:(", "1.5s:(", "50%:(", "4b:(", "),"})
PIECES = st.one_of(
    st.sampled_from([*WORDS, *"+-*/%()<>=&|~,:'\"{}[] .^\\\n\0"]), st.text(max_size=3)
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join)))
@example("9**9**9**9")
@example("0:(1), 1e400:(2)")
@example("0:(1), (0/0):(2)")
def test_any_text_gives_numbers_or_one_line(text: str) -> None:
    clock = Clock(Fraction(30), frames=3, bpm=100)
    try:
        assert np.isfinite(parse_schedule(text).on(clock).values()).all()
    except UsageError as error:
        assert "\n" not in str(error)
    try:
        for frame in (0, 1, 2.5):
            weights = parse_text_schedule(text).text_on(clock)(frame)
            assert sum(weight for _, weight in weights) == pytest.approx(1)
    except UsageError as error:
        assert "\n" not in str(error)


LEAVES = st.one_of(
    st.floats(0, 1e6, allow_nan=False).map(lambda x: repr(round(x, 3))),
    st.sampled_from(["t", "pi"]),
)
FORMULAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map(" ".join),
        inner.map(lambda x: f"({x})"),
        inner.map(lambda x: f"-{x}"),
        st.tuples(st.sampled_from(["sin", "abs"]), inner).map(lambda x: f"{x[0]}({x[1]})"),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(FORMULAS, st.integers(0, 50))
def test_formulas_agree_with_python(text: str, frame: int) -> None:
    names = {"t": float(frame), "pi": math.pi, "sin": math.sin, "abs": abs, "__builtins__": {}}
    try:
        expected = eval(text, names)
    except (ArithmeticError, ValueError):
        expected = math.nan
    found = parse_expression(text, frozenset({"t"}))({"t": float(frame)})
    if isinstance(expected, complex) or not math.isfinite(expected):
        assert not math.isfinite(found)
    else:
        assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("0:(1), 50%:(2)", True),
        ("0:(1), max_f/2:(2)", True),
        ("1+progress", True),
        ("0:(1), 9:(max_f%7)", True),
        ("1+t%5", False),
        ("0:(1), 5s:(2, ease-in)", False),
        (1.5, False),
    ],
)
def test_a_schedule_knows_whether_the_length_decides_it(text: str | float, needs: bool) -> None:
    assert parse_schedule(text).needs_length is needs
