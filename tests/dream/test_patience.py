"""The dose of a class: as much time on every octave, in steps that shorten."""

from __future__ import annotations

import pytest

from dreamvid.dream.patience import LAST, STEP, patient


def test_every_octave_takes_as_long_as_the_largest() -> None:
    dose = patient(10, 4, 1.5)
    work = [rounds / 2.25**k for k, rounds in enumerate(reversed(dose.iterations))]
    assert dose.iterations[-1] == 10 and work == pytest.approx([10] * 4, rel=0.03)


def test_steps_shorten_towards_the_largest_octave() -> None:
    dose = patient(10, 3, 1.5)
    assert dose.step == STEP and dose.shares == pytest.approx((1, (1 + LAST) / 2, LAST))
    assert patient(10, 1, 1.5, 0.5).shares == (LAST,) and patient(10, 1, 1.5, 0.5).step == 0.5
    assert 0 < dose.fade < 0.2 and 0 < dose.sway < 0.5 and 0 < dose.noise < 0.3
