"""Plots of schedules."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dreamvid.commands.plot import PlotSettings, draw, panels, plot
from dreamvid.errors import OutputExists
from dreamvid.image import to_array, to_image
from dreamvid.schedules.schedule import Clock


def test_a_plot_shows_what_the_schedules_say(tmp_path: Path) -> None:
    settings = PlotSettings.checked(
        {
            "dream": {"layer": ["0:(one), 10:(two, linear)"], "strength": "0:(1), 10:(3)"},
            "camera": {"zoom": 1.5, "rotate": "t"},
            "clip": {"seconds": "1.1", "fps": 10},
            "motion": {"stability": "0:(0.9), 10:(0.5)"},
        }
    )
    found = {panel.name: panel.lines for panel in panels(settings, Clock(Fraction(10), 11))}
    assert list(found) == ["zoom", "rotate", "strength", "stability", "layer"]
    assert found["strength"][""][5] == 2 and found["rotate"][""][7] == 7
    assert found["layer"]["two"][5] == pytest.approx(0.5)
    drawn = draw(panels(settings, Clock(Fraction(10), 11)), Clock(Fraction(10), 11))
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 4
    plot(settings, tmp_path / "curves.png")
    with pytest.raises(OutputExists):
        plot(settings, tmp_path / "curves.png")
    assert to_array(to_image(drawn)).shape == drawn.shape
