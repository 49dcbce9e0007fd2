"""Formulas: their grammar, their values, and where an error points."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamvid.schedules.expression import (
    CONSTANTS,
    FUNCTIONS,
    MAX_NESTING,
    ExpressionError,
    parse_expression,
)

VARIABLES = frozenset({"t", "fps"})
NUMBERS = st.floats(-1e6, 1e6)


def value(text: str, **variables: float) -> float:
    return parse_expression(text, VARIABLES)({"t": 0.0, "fps": 25.0} | variables)


def error(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, VARIABLES)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("2 ** -1", 0.5),
        ("- - 3", 3),
        ("+4", 4),
        ("10 - 4 - 3", 3),
        ("100 / 10 / 5", 2),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7 % 3", 1),
        ("-7 % 3", -1),  # the sign of the left operand, as in C
        ("7 % -3", 1),
        ("1.5e2", 150),
        (".5", 0.5),
        ("5.", 5),
        ("2 * -3", -6),
    ],
)
def test_arithmetic_has_the_order_of_python(text: str, expected: float) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 < 2", 1),
        ("2 <= 2", 1),
        ("1 > 2", 0),
        ("2 >= 3", 0),
        ("1 == 1", 1),
        ("1 != 1", 0),
        ("(1 < 2) & (2 < 1)", 0),
        ("(1 < 2) | (2 < 1)", 1),
        ("1 < 2 and 2 < 3", 1),
        ("0 or 3", 1),
        ("not 0", 1),
        ("not 1 == 2", 1),
        ("~0", 1),
        ("~2", 0),
        ("1 + 1 == 2", 1),
        ("true + true", 2),
        ("false", 0),
    ],
)
def test_truth_is_one_or_zero(text: str, expected: float) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sign(-3)", -1),
        ("sign(0)", 0),
        ("round(2.4)", 2),
        ("floor(-1.5)", -2),
        ("ceil(-1.5)", -1),
        ("min(3, 1, 2)", 1),
        ("max(3, 1, 2)", 3),
        ("clamp(5, 0, 1)", 1),
        ("clip(-5, 0, 1)", 0),
        ("smoothstep(0, 2, 1)", 0.5),
        ("smoothstep(0, 2, -9)", 0),
        ("where(t > 0, 1, 2)", 2),
        ("atan2(1, 0)", math.pi / 2),
        ("pow(2, 10)", 1024),
        ("mod(-7, 3)", -1),
        ("log2(8)", 3),
        ("abs(-2)", 2),
        ("tau - 2*pi", 0),
    ],
)
def test_functions_and_constants(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["1/0", "sqrt(-1)", "log(0)", "9**9**9**9", "0 % 0", "min(1, 0/0)", "(0/0) < 1"]
)
def test_what_has_no_value_is_not_a_number_and_no_error(text: str) -> None:
    assert not math.isfinite(value(text))


def test_a_choice_leaves_out_the_value_that_is_not_taken() -> None:
    assert value("where(1, 5, 1/0)") == 5 and value("where(0, 1/0, 6)") == 6
    assert math.isnan(value("where(0/0, 1, 2)"))


@pytest.mark.parametrize(
    ("text", "what", "at"),
    [
        ("", "missing value before the end", 0),
        ("1 +", "missing value before the end", 3),
        ("1 + * 2", "missing value before '*'", 4),
        ("(1 + 2", "missing ')' before the end", 6),
        ("sin(1", "missing ')' before the end", 5),
        ("1)", "unexpected ')'", 1),
        ("1 2", "unexpected '2'", 2),
        ("2 ^ 3", "unexpected '^', use ** for a power", 2),
        ("1 + $", "unexpected '$'", 4),
        ("t = 3", "unexpected '='", 2),
        ("t[0]", "unexpected '['", 1),
        ("t.real", "unexpected '.'", 1),
        ("'a'", "missing value before \"'a'\"", 0),
        ("'a", 'unexpected "\'"', 0),
        ("curve()", "curve takes a file in quotes: curve('drawn.csv')", 0),
        ("curve(' ')", "curve takes a file in quotes: curve('drawn.csv')", 0),
        ("bands(1)", "bands(low, high) takes two frequencies in Hz", 0),
        ("sin", "sin needs brackets: sin(...)", 0),
        ("1 < 2 < 3", "comparisons cannot be chained, use (a < b) & (b < c)", 6),
        ("clamp(1, 2)", "clamp takes 3 values, not 2", 0),
        ("1 + min(1)", "min takes 2 or more values, not 1", 4),
        ("sin()", "sin takes 1 values, not 0", 0),
        ("sin(1, 2)", "sin takes 1 values, not 2", 0),
        ("min(1,)", "missing value before ')'", 6),
        ("sinn(1)", "unknown function 'sinn' (did you mean sin?)", 0),
        ("1 + fpss", "unknown variable 'fpss' (did you mean fps?)", 4),
        ("qqq", "unknown variable 'qqq' (known: fps, t)", 0),
        ("__import__(1)", "unknown function '__import__'", 0),
    ],
)
def test_an_error_says_what_is_wrong_and_where(text: str, what: str, at: int) -> None:
    found = error(text)
    assert found.what.startswith(what) and found.at == at


@pytest.mark.parametrize("opening", ["(", "-", "sin(", "2**", "not "])
def test_nesting_is_limited(opening: str) -> None:
    assert error(opening * (MAX_NESTING + 1) + "1").what == "nested too deeply"
    assert error(opening * 20_000).what == "nested too deeply"


def test_a_long_sum_is_no_nesting() -> None:
    assert value("+".join(["1"] * 20_000)) == 20_000


def test_a_long_name_is_not_repeated_in_full() -> None:
    assert len(error("a" * 5000).what) < 100


@pytest.mark.parametrize(
    ("text", "literal"),
    [("1.5", True), (" -2e3 ", True), ("+ 4", True), ("1+1", False), ("pi", False), ("(1)", False)],
)
def test_a_plain_number_is_known_as_such(text: str, literal: bool) -> None:
    assert parse_expression(text, VARIABLES).literal == literal


def test_the_variables_of_a_formula_are_known() -> None:
    assert parse_expression("t * sin(fps * pi) + t", VARIABLES).names == {"t", "fps"}
    assert parse_expression("1 + pi", VARIABLES).names == frozenset()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_takes_numbers_and_gives_a_number(name: str) -> None:
    values = ", ".join(["0.5"] * FUNCTIONS[name].least)
    assert isinstance(value(f"{name}({values})"), float)


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_no_constant_is_hidden_by_a_function(name: str) -> None:
    assert name not in FUNCTIONS and value(name) == CONSTANTS[name]


OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "<": lambda a, b: float(a < b),
    ">=": lambda a, b: float(a >= b),
}


@given(NUMBERS, NUMBERS, st.sampled_from(sorted(OPERATIONS)))
def test_operators_agree_with_python(a: float, b: float, sign: str) -> None:
    assert value(f"({a!r}) {sign} ({b!r})") == OPERATIONS[sign](a, b)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_clamped_value_lies_between_its_bounds(a: float, b: float, c: float) -> None:
    low, high = sorted((a, b))
    assert low <= value(f"clamp({c!r}, {low!r}, {high!r})") <= high


@given(st.text("0123456789.+-*/%()<>=!&|~, tpisn", max_size=40))
def test_any_text_has_a_value_or_an_error_within_it(text: str) -> None:
    try:
        parse_expression(text, VARIABLES)({"t": 1.0, "fps": 25.0})
    except ExpressionError as caught:
        assert 0 <= caught.at <= len(text) and caught.what
