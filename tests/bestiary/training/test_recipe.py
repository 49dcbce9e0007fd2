"""Recipes: sizes, learning rates and attacks over the time of a training."""

from __future__ import annotations

import pytest

from dreamvid.bestiary.training.recipe import WARM_UP, Recipe

BLANK = Recipe(
    minutes=10, telling=0.5, sizes=(64, 96), batch=64, rate=0.01, aligned_batch=16,
    aligned_rate=0.001, attack=2.0, calm=0.1,
)  # fmt: skip
KNOWING = Recipe(minutes=10, aligned_rate=0.001, attack=2.0)


def test_what_knows_nothing_learns_to_tell_first() -> None:
    assert [BLANK.aligns(p) for p in (0, 0.49, 0.5, 1)] == [False, False, True, True]
    assert [BLANK.count(p) for p in (0, 0.49, 0.5, 1)] == [64, 64, 16, 16]
    assert KNOWING.aligns(0) and KNOWING.size(0) == 96


def test_sizes_grow_before_the_telling_is_over() -> None:
    assert [BLANK.size(p) for p in (0, 0.29, 0.31, 0.6, 1)] == [64, 64, 96, 96, 96]


@pytest.mark.parametrize(("recipe", "begin", "end", "most"), [
    (BLANK, 0.0, 0.4999, 0.01), (BLANK, 0.5, 1.0, 0.001), (KNOWING, 0.0, 1.0, 0.001),
])  # fmt: skip
def test_the_rate_rises_at_first_then_falls_to_nearly_nothing(
    recipe: Recipe, begin: float, end: float, most: float
) -> None:
    rising = [recipe.pace(begin, step) for step in range(WARM_UP)]
    assert rising == sorted(rising) and rising[-1] == pytest.approx(most)
    falling = [recipe.pace(begin + (end - begin) * k / 10, 10 * WARM_UP) for k in range(11)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == pytest.approx(0.01 * most, rel=0.01)


def test_attacks_begin_after_the_calm_and_stay_whole() -> None:
    assert BLANK.reach(0.05, 96) == 0
    assert 0 < BLANK.reach(0.2, 96) < BLANK.reach(0.25, 96) == 2.0
    assert BLANK.reach(0.49, 96) == BLANK.reach(0.5, 96) == BLANK.reach(1.0, 96) == 2.0
    assert KNOWING.reach(0, 96) == 2.0


def test_attacks_change_each_pixel_as_much_whatever_the_size() -> None:
    assert BLANK.reach(0.5, 48) == pytest.approx(1.0)
