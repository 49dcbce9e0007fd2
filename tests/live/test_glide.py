"""Numbers glide to their new value."""

from __future__ import annotations

from itertools import pairwise

from dreamvid.live.glide import GLIDE, Glide


def test_it_stays_until_it_is_told() -> None:
    glide = Glide(0.7)
    assert glide(0) == glide(1e6) == glide.goal == 0.7


def test_it_moves_within_a_second_without_a_jump() -> None:
    glide = Glide(1.0)
    glide.to(3.0, 10.0)
    values = [glide(10 + GLIDE * k / 50) for k in range(51)]
    assert values[0] == 1 and values[-1] == glide(100) == 3
    assert values == sorted(values)
    assert max(b - a for a, b in pairwise(values)) < 0.07


def test_a_new_goal_starts_from_where_it_is() -> None:
    glide = Glide(0.0)
    glide.to(1.0, 0.0)
    half = glide(0.5)
    glide.to(0.0, 0.5)
    assert glide(0.5) == half and 0 < half < 1
    assert glide(0.5 + GLIDE) == 0
