"""Numbers that glide to a new value instead of jumping."""

from __future__ import annotations

import math

GLIDE = 1.0
"""Seconds that a change takes."""


class Glide:
    """A number over time: it moves to each new value within GLIDE seconds, gently at both ends."""

    def __init__(self, value: float) -> None:
        self._from = self._to = value
        self._begun = -math.inf

    def to(self, value: float, now: float) -> None:
        """Move to a value from where the number is `now`."""
        self._from, self._to, self._begun = self(now), value, now

    @property
    def goal(self) -> float:
        """The value that it moves to."""
        return self._to

    def __call__(self, now: float) -> float:
        """The value at a time."""
        share = min(1.0, max(0.0, (now - self._begun) / GLIDE))
        if share == 1:
            return self._to
        share = share * share * (3 - 2 * share)
        return self._from + share * (self._to - self._from)
