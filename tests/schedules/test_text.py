"""Pieces of text: splitting and peeling keep the position of every character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamvid.schedules.expression import MAX_NESTING, ExpressionError
from dreamvid.schedules.text import Span, peel, split


def pieces(text: str, separator: str = ",", most: int = -1) -> list[str]:
    return [piece.text for piece in split(Span(text, 0), separator, most)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        (",", ["", ""]),
        ("f(a,b),c", ["f(a,b)", "c"]),
        ("[a,b],{c,d}", ["[a,b]", "{c,d}"]),
        ("'a,b',c", ["'a,b'", "c"]),
        ('"a,(b",c', ['"a,(b"', "c"]),
        ("'a\"',b", ["'a\"'", "b"]),
    ],
)
def test_a_text_is_split_outside_brackets_and_quotes(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_text_is_split_a_few_times_only() -> None:
    assert pieces("0:(a:b):c", ":", 1) == ["0", "(a:b):c"]
    assert pieces("a:b:c", ":", 0) == ["a:b:c"]
    assert pieces("a:b:c", ":") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "what", "at"),
    [
        ("a)", "unmatched ')'", 1),
        ("(a]", "unmatched ']'", 2),
        ("a,(b", "not closed", 2),
        ("a,'b", "not closed", 2),
        ("((a)", "not closed", 0),
        ("(" * (MAX_NESTING + 1), "nested too deeply", MAX_NESTING),
    ],
)
def test_brackets_that_do_not_match_are_pointed_at(text: str, what: str, at: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        split(Span(text, 10), ",")
    assert (caught.value.what, caught.value.at) == (what, at + 10)


@pytest.mark.parametrize(
    ("text", "expected", "at"),
    [
        (" (1) ", "1", 2),
        ("((1))", "1", 2),
        ("'a'", "a", 1),
        ("('a')", "a", 2),
        ("(1)+(2)", "(1)+(2)", 0),
        ("(1", "(1", 0),
        ("'a", "'a", 0),
        ("'", "'", 0),
        ("", "", 0),
        ("()", "", 1),
        ("(((((1)))))", "(1)", 4),
        ("[1]", "[1]", 0),
    ],
)
def test_what_surrounds_a_whole_piece_is_peeled_off(text: str, expected: str, at: int) -> None:
    assert peel(Span(text, 0), "\"'(") == Span(expected, at)


def test_a_piece_without_its_whitespace() -> None:
    assert Span("  a b ", 3).strip() == Span("a b", 5)
    assert Span("   ", 3).strip().text == ""
    assert Span("abcd", 7).cut(1, 3) == Span("bc", 8)


@given(st.text("ab ,:()[]{}'\"", max_size=30), st.sampled_from(",:"))
def test_pieces_lie_where_they_say_and_make_up_the_text(text: str, separator: str) -> None:
    try:
        found = split(Span(text, 0), separator)
    except ExpressionError as error:
        assert 0 <= error.at < len(text)
        return
    assert separator.join(piece.text for piece in found) == text
    for piece in found:
        assert text[piece.at : piece.at + len(piece.text)] == piece.text


@given(st.text("ab ()'\"", max_size=20), st.integers(0, 9))
def test_a_peeled_piece_lies_within_the_text(text: str, offset: int) -> None:
    found = peel(Span(text, offset), "\"'(")
    start = found.at - offset
    assert text[start : start + len(found.text)] == found.text
    assert found.text == found.text.strip()
