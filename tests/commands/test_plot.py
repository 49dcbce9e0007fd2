"""Plots of schedules."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dreamvid.commands.plot import (
    COLOURS,
    INK,
    LEFT,
    PANEL,
    TOP,
    WIDTH,
    Panel,
    PlotSettings,
    draw,
    panels,
    plot,
)
from dreamvid.errors import OutputExists, UsageError
from dreamvid.image import load_image, to_array
from dreamvid.schedules.schedule import Clock

CLOCK = Clock(Fraction(10), 11)
SETTINGS = {
    "dream": {"layer": ["0:(one), 10:(two, linear)"], "strength": "0:(1), 10:(3)"},
    "camera": {"zoom": 1.5, "rotate": "t"},
    "clip": {"seconds": "1.1", "fps": 10},
    "motion": {"stability": "0:(0.9), 10:(0.5)"},
}


def test_there_is_a_panel_for_the_zoom_and_every_schedule() -> None:
    found = {panel.name: panel for panel in panels(PlotSettings.checked(SETTINGS), CLOCK)}
    assert list(found) == ["zoom", "rotate", "strength", "stability", "layer"]
    assert np.allclose(found["zoom"].lines[""], 1.5)
    assert np.allclose(found["rotate"].lines[""], range(11))
    assert np.allclose(found["strength"].lines[""], np.linspace(1, 3, 11))
    assert np.allclose(found["stability"].lines[""], np.linspace(0.9, 0.5, 11))
    assert np.allclose(found["layer"].lines["one"], np.linspace(1, 0, 11))
    assert np.allclose(found["layer"].lines["two"], np.linspace(0, 1, 11))
    assert [panel.is_text for panel in found.values()] == [False] * 4 + [True]


def height_of(picture: np.ndarray, panel: int, colour: tuple[int, int, int], share: float) -> float:
    """The height, 0..1, of a curve of a colour in a panel, at a share of the clip."""
    top, bottom = TOP + PANEL * panel, TOP + PANEL * panel + PANEL - 24
    x = round(LEFT + share * (WIDTH - 20 - LEFT))
    rows = np.flatnonzero((picture[top - 1 : bottom + 2, x] == colour).all(axis=1)) - 1
    assert len(rows), "no curve there"
    return 1 - float(rows.mean()) / (bottom - top)


@pytest.mark.parametrize("share", [0.02, 0.25, 0.5, 0.98])
def test_curves_are_drawn_where_their_values_are(share: float) -> None:
    falling = Panel("strength", {"": np.linspace(7, 3, 11)})
    shares = {"one": np.linspace(1, 0, 11), "two": np.linspace(0, 1, 11) ** 2}
    picture = draw([falling, Panel("layer", shares, is_text=True)], CLOCK)
    assert picture.shape == (2 * TOP + 2 * PANEL, WIDTH, 3)
    assert height_of(picture, 0, COLOURS[0], share) == pytest.approx(1 - share, abs=0.03)
    assert height_of(picture, 1, COLOURS[0], share) == pytest.approx(1 - share, abs=0.03)
    assert height_of(picture, 1, COLOURS[1], share) == pytest.approx(share**2, abs=0.04)


def test_a_constant_is_a_line_in_the_middle_and_a_single_frame_is_drawn() -> None:
    picture = draw([Panel("zoom", {"": np.full(11, 1.4)})], CLOCK)
    assert height_of(picture, 0, COLOURS[0], 0.5) == pytest.approx(0.5, abs=0.03)
    assert draw([Panel("zoom", {"": np.array([1.4])})], Clock(Fraction(10), 1)).shape[1] == WIDTH


@pytest.mark.parametrize(("frames", "ticks"), [(11, 6), (1000, 11), (36000, 8)])
def test_the_seconds_along_the_bottom_are_round_and_few(frames: int, ticks: int) -> None:
    picture = draw([], Clock(Fraction(10), frames))
    words = (picture[TOP + 8 :, LEFT - 10 :] == INK).all(axis=2).any(axis=0)
    gaps = np.diff(np.flatnonzero(words))
    assert 1 + int((gaps > 25).sum()) == ticks


def test_a_plot_is_written_once_and_a_wrong_name_is_told_first(tmp_path: Path) -> None:
    settings = PlotSettings.checked(SETTINGS)
    plot(settings, tmp_path / "curves.png")
    drawn = draw(panels(settings, CLOCK), CLOCK)
    assert np.array_equal(to_array(load_image(tmp_path / "curves.png")), drawn)
    with pytest.raises(OutputExists):
        plot(settings, tmp_path / "curves.png")
    with pytest.raises(UsageError, match="unknown picture format"):
        plot(settings, tmp_path / "curves.xyz")
