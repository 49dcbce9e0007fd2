"""The constants of the carry, and the controller that they tune."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamvid.sequence.tuning import CarryTuning, Controller, ZoomTuning

POSITIVE = st.floats(1e-6, 1e6)
CONTROLLER = Controller(gain=1.5, fastest=1.4, low=0.2, high=3.0)


@given(st.floats(0.2, 3), POSITIVE, POSITIVE)
def test_a_controller_stays_within_its_bounds_and_its_speed(
    setting: float, wanted: float, measured: float
) -> None:
    changed = CONTROLLER(setting, wanted=wanted, measured=measured)
    assert 0.2 <= changed <= 3
    assert setting / 1.4 - 1e-9 <= max(changed, 0.2) or changed == 0.2
    assert changed <= setting * 1.4 + 1e-9


@given(st.floats(0.3, 2.5), POSITIVE, POSITIVE)
def test_a_controller_moves_towards_what_is_wanted(
    setting: float, wanted: float, measured: float
) -> None:
    changed = CONTROLLER(setting, wanted=wanted, measured=measured)
    if wanted > measured * 1.001:
        assert changed > setting
    elif wanted < measured / 1.001:
        assert changed < setting


@pytest.mark.parametrize(
    ("setting", "wanted", "measured", "changed"),
    [
        (1, 1, 1, 1),
        (1, 1.1, 1, 1.1**1.5),
        (1, 1, 1.1, 1.1**-1.5),
        (1, 100, 1, 1.4),
        (1, 1, 100, 1 / 1.4),
        (2.9, 2, 1, 3),
        (0.21, 1, 2, 0.2),
        (9, 1, 1, 3),
        (1, 1, 0, 1.4),
    ],
)
def test_a_controller_is_proportional_until_it_is_limited(
    setting: float, wanted: float, measured: float, changed: float
) -> None:
    assert CONTROLLER(setting, wanted=wanted, measured=measured) == pytest.approx(changed)


@given(st.floats(0.2, 3), st.floats(0.5, 2))
def test_repeated_control_settles_where_the_measure_follows_the_setting(
    setting: float, wanted: float
) -> None:
    gentle = Controller(gain=0.7, fastest=1.4, low=0.01, high=100)
    for _ in range(60):
        setting = gentle(setting, wanted=wanted, measured=setting)
    assert setting == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("tuning", [CarryTuning(), ZoomTuning()])
def test_the_constants_are_frozen_and_make_sense(tuning: CarryTuning | ZoomTuning) -> None:
    with pytest.raises(FrozenInstanceError):
        tuning.fresh = 1  # type: ignore[misc]
    for field in fields(tuning):
        value = getattr(tuning, field.name)
        if isinstance(value, Controller):
            assert 0 < value.low < value.high and value.fastest > 1 and value.gain > 0
        else:
            assert value > 0


def test_shares_are_shares() -> None:
    tuning = CarryTuning()
    for share in (tuning.stale, tuning.renewal, tuning.fade, tuning.steady, tuning.few):
        assert 0 < share < 1
    assert tuning.least < 1 < tuning.most and tuning.start < 1
    assert ZoomTuning().least < 0.01 and ZoomTuning().longest > 1
