"""The names of signals: how they are written, read back, and found missing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dreamvid.schedules.parse import parse_schedule
from dreamvid.schedules.schedule import Clock, ScheduleError
from dreamvid.schedules.signals import (
    HIGHEST_HERTZ,
    band_name,
    bands_in,
    curve_name,
    curves_in,
    is_song,
    kind_of,
)


def test_names_are_read_back() -> None:
    names = {band_name(40, 120.5), band_name(0, HIGHEST_HERTZ), "bass", curve_name("a 'b', c.csv")}
    assert bands_in(names) == {"bands(40, 120.5)": (40, 120.5), "bands(0, 11025)": (0, 11025)}
    assert list(curves_in(names).values()) == ["a 'b', c.csv"]
    assert [kind_of(name) for name in sorted(names)] == ["bands", "bands", "bass", "curve"]
    assert [is_song(name) for name in sorted(names)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0.3+2*motion", {"motion"}),
        ("bands(40,120) + bands( 40.0 , 120 )", {"bands(40, 120)"}),
        ("""curve('a, b:c.csv')*curve("d's")""", {"curve('a, b:c.csv')", 'curve("d\'s")'}),
        ("0:(cut), 2s:(brightness, linear), 3s:(curve('x.json'))",
         {"cut", "brightness", "curve('x.json')"}),
        ("where(onset > .5, t, pi)", {"onset", "t"}),
    ],
)  # fmt: skip
def test_a_schedule_names_what_it_reads(text: str, names: set[str]) -> None:
    assert parse_schedule(text).names == names


def test_signals_are_read_by_frame() -> None:
    signals = {name: np.array([0.1, 0.5]) for name in ("motion", "bands(40, 120)", "curve('x')")}
    clock = Clock(Fraction(25), frames=4, signals=signals)
    for text, values in (
        ("10*motion", [1, 5, 5, 5]),  # a film and a curve keep their last value
        ("10*curve('x')", [1, 5, 5, 5]),
        ("10*bands(40,120)", [1, 5, 0, 0]),  # a song ends in silence
    ):
        np.testing.assert_allclose(parse_schedule(text).on(clock).values(), values)


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("1+moton", 3, r"unknown variable 'moton' \(did you mean motion\?\)"),
        ("1+brightnes", 3, "did you mean brightness"),
        ("1+band(2,3)", 3, "did you mean bands"),
        ("curv('x')", 1, "did you mean curve"),
        ("1+bands(20, 11026)", 3, "0 <= low < high <= 11025"),
        ("bands(200, 100)", 1, "two frequencies"),
        ("bands(200)", 1, "two frequencies"),
        ("bands(200, t)", 1, r"two numbers: bands\(40, 120\)"),
        ("bands(1, 2, 3)", 11, "missing"),
        ("bands", 1, "needs brackets"),
        ("1+curve(x)", 3, "a file in quotes"),
        ("curve(x.csv)", 8, r"put the file in quotes: curve\('drawn.csv'\)"),
        ("curve('x'", 6, "not closed"),
        ("'x'+1", 1, "missing value before"),
        ("1+2*motion", 5, "motion needs a film, which a zoom does not have"),
        ("0:(1), 5:(2-cut)", 13, "cut needs a film"),
        ("1 + bands(20, 90)", 5, r"bands\(20, 90\) needs audio \(--audio\)"),
    ],
)
def test_an_error_points_at_the_signal(text: str, column: int, what: str) -> None:
    with pytest.raises(ScheduleError, match=what) as caught:
        parse_schedule(text).on(Clock(Fraction(25), 4))
    assert caught.value.column == column


def test_what_is_required_is_checked_without_values() -> None:
    schedule = parse_schedule("1/motion")
    schedule.require(Clock(Fraction(25), 4, signals={"motion": np.zeros(1)}))
    with pytest.raises(ScheduleError, match="needs a film"):
        schedule.require(Clock(Fraction(25), 4))
