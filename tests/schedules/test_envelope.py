"""Envelopes: time constants in seconds, whatever the rate; gates and gains."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dreamvid.schedules.envelope import Envelope, follow


def step(rate: int, *, seconds: float = 2, up: bool = True) -> np.ndarray:
    """A step at .5 s."""
    values = (np.arange(round(seconds * rate)) >= rate / 2).astype(float)
    return values if up else 1 - values


@pytest.mark.parametrize("rate", [24, 30, 60, 240])
def test_a_rise_and_a_fall_take_their_times_at_every_rate(rate: int) -> None:
    for up, after in ((True, 1 / 3), (False, 0.5)):
        found = follow(step(rate, up=up), rate, attack=1 / 3, release=0.5)
        reached = found[rate // 2 + round(after * rate) - 1]
        assert reached == pytest.approx(1 - 1 / math.e if up else 1 / math.e, abs=1e-6)
    assert follow(step(rate), rate, 0.25, 0.5)[: rate // 2].max() == 0


def test_frame_rates_agree_at_the_same_times() -> None:
    slow, fast = (follow(step(rate), rate, 0.1, 0.1) for rate in (24, 48))
    np.testing.assert_allclose(slow, fast[1::2], atol=1e-12)


def test_without_times_nothing_changes_and_it_begins_at_the_first_value() -> None:
    values = np.random.default_rng(0).random(50)
    assert follow(values, 30, 0, 0) is values
    assert Envelope()(values, 30) is values
    assert len(follow(np.zeros(0), 30, 1, 1)) == 0
    assert follow(np.array([0.7, 0.7]), 30, 1, 1).tolist() == [0.7, 0.7]


def test_an_attack_of_nothing_jumps_and_a_release_falls() -> None:
    pulse = np.array([0.0, 1, 0, 0, 0])
    found = follow(pulse, 10, 0, 0.2)
    np.testing.assert_allclose(found, [0, 1, *np.exp(-0.5 * np.arange(1, 4))])


def test_the_gate_stretches_what_is_above_it_and_the_gain_multiplies() -> None:
    found = Envelope(threshold=0.5, gain=3).gated(np.array([0, 0.5, 0.75, 1]))
    np.testing.assert_allclose(found, [0, 0, 1.5, 3])
    smoothed = Envelope(release=0.2, threshold=0.5)(np.array([1.0, 0, 0, 0]), 10)
    np.testing.assert_allclose(smoothed, [1, 2 * (math.exp(-0.5) - 0.5), 0, 0])


def test_a_signals_own_times_hold_where_none_is_given() -> None:
    values = step(10)
    own = {"attack": 0.3, "release": 0.4}
    assert np.array_equal(Envelope().followed(values, 10, **own), follow(values, 10, 0.3, 0.4))
    given = Envelope(attack=0.1)
    assert given.smooths and not Envelope(gain=2).smooths
    assert np.array_equal(given.followed(values, 10, **own), follow(values, 10, 0.1, 0.4))
