"""Recipes: sizes, learning rates and attacks over the time of a training."""

from __future__ import annotations

import pytest

from dreamvid.networks.training.recipe import SPARED, WARM, Recipe

RECIPE = Recipe(minutes=10, sizes=(64, 96), shares=(0.6, 0.4), rate=0.01, attack=2.0, calm=0.1)


def test_sizes_grow_as_their_shares_say() -> None:
    assert [RECIPE.size(p) for p in (0, 0.59, 0.61, 0.99, 1.0)] == [64, 64, 96, 96, 96]


def test_the_rate_rises_at_first_then_falls_to_nearly_nothing() -> None:
    rising = [RECIPE.pace(0, step) for step in range(WARM)]
    assert rising == sorted(rising) and rising[-1] == pytest.approx(0.01)
    falling = [RECIPE.pace(p / 10, 10 * WARM) for p in range(11)]
    assert falling == sorted(falling, reverse=True) and falling[-1] == pytest.approx(0.0001)


def test_attacks_begin_after_the_calm_and_are_whole_by_half_time_then_shrink() -> None:
    assert RECIPE.reach(0.1, 96) == 0
    assert 0 < RECIPE.reach(0.3, 96) < RECIPE.reach(0.5, 96) == 2.0
    assert 2.0 > RECIPE.reach(0.8, 96) > RECIPE.reach(1.0, 96) == pytest.approx(2 * SPARED)


def test_attacks_change_each_pixel_as_much_whatever_the_size() -> None:
    assert RECIPE.reach(0.5, 48) == pytest.approx(1.0)
