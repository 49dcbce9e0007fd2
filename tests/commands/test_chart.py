"""Charts: curves are drawn where their values are, below one another."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dreamvid.commands.chart import (
    BOTTOM,
    COLOURS,
    FAINT,
    GAP,
    HEIGHTS,
    INK,
    LEFT,
    RIGHT,
    SIGNALS,
    TOP,
    WIDTH,
    Panel,
    draw,
)
from dreamvid.schedules.schedule import Clock

CLOCK = Clock(Fraction(10), 11)
Colour = tuple[int, int, int]


def column(picture: np.ndarray, share: float) -> np.ndarray:
    return picture[:, round(LEFT + share * (WIDTH - RIGHT - LEFT))].astype(int)


def height_of(picture: np.ndarray, top: int, kind: str, colour: Colour, share: float) -> float:
    """The height, 0..1, of a curve of a colour in a panel, at a share of the clip."""
    bottom = top + HEIGHTS[kind] - GAP
    off = np.abs(column(picture, share)[top - 2 : bottom + 3] - colour).sum(axis=1)
    assert off.min() < 60, "no curve there"
    return 1 - (float(np.flatnonzero(off <= off.min() + 20).mean()) - 2) / (bottom - top)


@pytest.mark.parametrize("share", [0.02, 0.25, 0.5, 0.98])
def test_curves_are_drawn_where_their_values_are(share: float) -> None:
    falling = Panel("strength", {"": np.linspace(7, 3, 11)})
    shares = {"one": np.linspace(1, 0, 11), "two": np.linspace(0, 1, 11) ** 2}
    rising = Panel("bass", {"": np.linspace(0, 1, 11)}, "signal", colour=SIGNALS["song"])
    picture = draw([falling, Panel("layer", shares, "text"), rising], CLOCK)
    number, text, signal = (HEIGHTS[kind] for kind in ("number", "text", "signal"))
    assert picture.shape == (TOP + number + text + signal + BOTTOM, WIDTH, 3)
    for top, kind, colour, wanted in (
        (TOP, "number", COLOURS[0], 1 - share),
        (TOP + number, "text", COLOURS[0], 1 - share),
        (TOP + number, "text", COLOURS[1], share**2),
        (TOP + number + text, "signal", SIGNALS["song"], share),
    ):
        found = height_of(picture, top, kind, colour, share)
        assert found == pytest.approx(wanted, abs=0.06), (kind, colour)


def test_the_area_below_a_signal_is_filled_and_one_that_is_not_read_is_grey() -> None:
    half = {"": np.full(11, 0.5)}
    read, unread = (
        draw([Panel("bass", half, "signal", colour=colour)], CLOCK)
        for colour in (SIGNALS["song"], FAINT)
    )
    middle = TOP + (HEIGHTS["signal"] - GAP) // 2
    above, below = column(read, 0.33)[middle - 12], column(read, 0.33)[middle + 12]
    assert above.min() > 245 and below[0] - below[2] > 20
    assert np.ptp(column(unread, 0.33)[middle + 12]) < 8
    names = (read[TOP : TOP + 20, :LEFT] == INK).all(axis=2).any()
    assert names and not (unread[TOP : TOP + 20, :LEFT] == INK).all(axis=2).any()


def test_a_signal_above_one_still_fits() -> None:
    picture = draw([Panel("bass", {"": np.linspace(0, 2, 11)}, "signal")], CLOCK)
    assert height_of(picture, TOP, "signal", COLOURS[0], 0.98) == pytest.approx(0.98, abs=0.06)


def test_a_waveform_is_drawn_between_its_samples_with_the_beats() -> None:
    columns = WIDTH - LEFT - RIGHT
    greatest = np.where(np.arange(columns) < columns // 2, 0.5, 0.0)
    wave = Panel("song", {"least": -greatest, "greatest": greatest}, "wave")
    picture = draw([wave], CLOCK, marks=[0.88])
    blue = np.abs(column(picture, 0.25) - COLOURS[0]).sum(axis=1) < 60
    assert blue.sum() == pytest.approx(0.5 * (HEIGHTS["wave"] - GAP), abs=3)
    assert (np.abs(column(picture, 0.7) - COLOURS[0]).sum(axis=1) < 60).sum() < 5
    beat, beside = column(picture, 0.8), column(picture, 0.76)
    assert np.ptp(beat[TOP + 10]) > 20 > np.ptp(beside[TOP + 10])


def test_a_constant_is_a_line_in_the_middle_and_a_single_frame_is_drawn() -> None:
    picture = draw([Panel("zoom", {"": np.full(11, 1.4)})], CLOCK)
    found = height_of(picture, TOP, "number", COLOURS[0], 0.5)
    assert found == pytest.approx(0.5, abs=0.03)
    assert draw([Panel("zoom", {"": np.array([1.4])})], Clock(Fraction(10), 1)).shape[1] == WIDTH


@pytest.mark.parametrize(("frames", "ticks"), [(11, 6), (1000, 11), (36000, 8)])
def test_the_seconds_along_the_bottom_are_round_and_few(frames: int, ticks: int) -> None:
    picture = draw([], Clock(Fraction(10), frames))
    words = (picture[TOP - 4 :, LEFT - 20 :].sum(axis=2) < 300).any(axis=0)
    gaps = np.diff(np.flatnonzero(words))
    assert 1 + int((gaps > 25).sum()) == ticks
