"""Pieces of text that keep their position; splitting and stripping by brackets and quotes."""

from __future__ import annotations

import re
from typing import NamedTuple

from dreamvid.schedules.expression import MAX_NESTING, ExpressionError

_CLOSERS = {"(": ")", "[": "]", "{": "}"}


class Span(NamedTuple):
    """A piece of a text, and the index `at` of its first character."""

    text: str
    at: int

    def cut(self, start: int, stop: int) -> Span:
        """The piece [start, stop), relative to this one."""
        return Span(self.text[start:stop], self.at + start)

    def word(self, name: str) -> int:
        """The index at which a name is in it, 0 if it is not."""
        found = re.search(rf"\b{re.escape(name)}\b", self.text)
        return found.start() if found else 0

    def strip(self) -> Span:
        """The piece without surrounding whitespace."""
        start = len(self.text) - len(self.text.lstrip())
        return self.cut(start, max(start, len(self.text.rstrip())))


def peel(span: Span, openers: str) -> Span:
    """Strip whitespace, and up to four layers of quotes or brackets around the whole piece."""
    for _ in range(4):
        span = span.strip()
        if (
            len(span.text) < 2
            or span.text[0] not in openers
            or _closing(span) != len(span.text) - 1
        ):
            break
        span = span.cut(1, len(span.text) - 1)
    return span.strip()


def _closing(span: Span) -> int:
    """The index that closes the quote or bracket at the start of the piece; -1 if none does."""
    opener = span.text[0]
    if opener in "\"'":
        return span.text.find(opener, 1)
    depth = 0
    for at, character in enumerate(span.text):
        depth += (character in _CLOSERS) - (character in _CLOSERS.values())
        if depth == 0:
            return at
    return -1


def split(span: Span, separator: str, most: int = -1) -> list[Span]:
    """Split a piece at `separator` outside brackets and quotes, at most `most` times."""
    parts: list[Span] = []
    start, quote, quoted_at = 0, "", 0
    open_at: list[int] = []
    for at, character in enumerate(span.text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote, quoted_at = character, at
        elif character in _CLOSERS:
            open_at.append(at)
            if len(open_at) > MAX_NESTING:
                raise ExpressionError("nested too deeply", span.at + at)
        elif character in _CLOSERS.values():
            if not open_at or _CLOSERS[span.text[open_at.pop()]] != character:
                raise ExpressionError(f"unmatched {character!r}", span.at + at)
        elif character == separator and not open_at and len(parts) != most:
            parts.append(span.cut(start, at))
            start = at + 1
    if quote or open_at:
        raise ExpressionError("not closed", span.at + (quoted_at if quote else open_at[-1]))
    parts.append(span.cut(start, len(span.text)))
    return parts
