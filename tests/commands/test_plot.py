"""Plots of schedules and of the signals that they read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import moved

from dreamvid.commands import plot as plots
from dreamvid.commands.chart import FAINT, SIGNALS, Panel, draw
from dreamvid.commands.clock import clock_of
from dreamvid.commands.plot import PlotSettings, panels, plot, signal_panels, wave_panel
from dreamvid.errors import OutputExists, UnreadableInput, UsageError
from dreamvid.image import load_image, to_array
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.film_signals import FilmSignals
from dreamvid.schedules.schedule import Clock

CLOCK = Clock(Fraction(10), 11)
SETTINGS = {
    "dream": {"layer": ["0:(one), 10:(two, linear)"], "strength": "0:(1), 10:(3)"},
    "camera": {"zoom": 1.5, "rotate": "t"},
    "clip": {"seconds": "1.1", "fps": 10},
    "motion": {"stability": "0:(0.9), 10:(0.5)"},
}


def with_dream(**dream: Any) -> PlotSettings:
    return PlotSettings.checked(SETTINGS | {"dream": dream})


def test_there_is_a_panel_for_the_zoom_and_every_schedule() -> None:
    found = {panel.name: panel for panel in panels(PlotSettings.checked(SETTINGS), CLOCK)}
    assert list(found) == ["zoom", "rotate", "stability", "strength", "layer"]
    assert np.allclose(found["zoom"].lines[""], 1.5)
    assert np.allclose(found["rotate"].lines[""], range(11))
    assert np.allclose(found["strength"].lines[""], np.linspace(1, 3, 11))
    assert np.allclose(found["stability"].lines[""], np.linspace(0.9, 0.5, 11))
    assert np.allclose(found["layer"].lines["one"], np.linspace(1, 0, 11))
    assert np.allclose(found["layer"].lines["two"], np.linspace(0, 1, 11))
    assert [panel.kind for panel in found.values()] == ["number"] * 4 + ["text"]
    assert found["strength"].note == "0:(1), 10:(3)"


def test_the_schedules_of_regions_have_panels_of_their_own() -> None:
    dream = {"strength": "0:(1), 10:(3)"}
    masked = {"mask": "0:(moving), 10:(still)", "layer": "0:(one), 10:(two)", "strength": 0.5}
    settings = PlotSettings.checked(
        {"dream": dream, "region": [{"mask": "!moving"}, masked | {"colours": "t/10"}]}
    )
    found = {panel.name: panel for panel in panels(settings, CLOCK, is_zoom=False)}
    assert set(found) == {
        "region 1: strength", "region 2: colours", "region 2: layer", "region 2: mask",
    }  # fmt: skip
    assert np.allclose(found["region 2: colours"].lines[""], np.arange(11) / 10)
    assert found["region 2: mask"].lines["still"][-1] == 1


def test_what_only_a_region_reads_is_told(tmp_path: Path) -> None:
    settings = PlotSettings.checked({"region": [{"mask": "still", "strength": "1 + motion"}]})
    with pytest.raises(UsageError, match="motion: needs the film"):
        plot(settings, tmp_path / "plot.png")


def test_weights_that_change_have_panels_and_constant_layers_have_none() -> None:
    settings = with_dream(layer=["one", "two*0.5", "two*(t/10)"])
    found = panels(settings, CLOCK, is_zoom=False)
    assert [(panel.name, panel.note) for panel in found[1:]] == [("two", "weight (t/10)")]
    assert np.allclose(found[1].lines[""], np.arange(11) / 10)


def test_signals_are_those_of_the_sources_and_grey_where_none_reads_them(
    song: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("0,0\n1,1\n")
    drawn = f"curve('{tmp_path}/a.csv')"
    settings = with_dream(strength=f"1+bass+motion+bands(40, 90)+{drawn}")
    settings = settings.model_copy(
        update={"sound": settings.sound.model_copy(update={"audio": song, "bpm": 120.0})}
    )
    clock = clock_of(settings, Fraction(10), 11, FilmSignals((1.0,) * 11, (0.5,) * 11, (0.0,) * 11))
    found = signal_panels(settings, clock)
    names = [panel.name for panel in found]
    assert names[:7] == ["rms", "bass", "mid", "treble", "onset", "bands(40, 90)", "beat"]
    assert names[7:10] == ["motion", "brightness", "cut"]
    assert names[10:] == ["a.csv"]
    read = {panel.name for panel in found if panel.colour != FAINT}
    assert read == {"bass", "motion", "bands(40, 90)", names[10]}
    colours = {panel.name: panel.colour for panel in found}
    assert (colours["bass"], colours["motion"]) == (SIGNALS["song"], SIGNALS["film"])
    assert np.allclose(found[-1].lines[""], np.arange(11) / 10)
    (wave,) = wave_panel(settings, clock)
    assert wave.name == "song.wav" and wave.note == "120 beats per minute"
    assert wave.lines["greatest"].max() == 1
    silent = with_dream(strength="1+t/99")
    plain = clock_of(silent, Fraction(10), 11)
    assert signal_panels(silent, plain) == wave_panel(silent, plain) == []


def test_a_plot_is_written_once_and_a_wrong_name_is_told_first(tmp_path: Path) -> None:
    settings = PlotSettings.checked(SETTINGS)
    plot(settings, tmp_path / "curves.png")
    drawn = draw(panels(settings, CLOCK), CLOCK)
    assert np.array_equal(to_array(load_image(tmp_path / "curves.png")), drawn)
    with pytest.raises(OutputExists):
        plot(settings, tmp_path / "curves.png")
    with pytest.raises(UsageError, match="unknown picture format"):
        plot(settings, tmp_path / "curves.xyz")


def test_a_film_gives_its_length_and_its_signals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def naming(found: list[Panel], *rest: Any) -> Any:
        drawn.extend(panel.name for panel in found)
        return draw(found, *rest)

    monkeypatch.setattr(plots, "draw", naming)
    film = tmp_path / "in.mkv"
    with VideoWriter(film, like=FilmInfo.plain(64, 48, Fraction(8), 6), codec="ffv1") as out:
        for n, array in enumerate(moved(6)):
            out.write(array, Fraction(n, 8))
    settings = with_dream(strength="1+motion")
    result = plot(settings, tmp_path / "a.png", film=film)
    assert result.frames == 6
    assert drawn[:2] == ["stability", "strength"] and "zoom" not in drawn and "motion" in drawn
    told = "motion: needs the film; use dreamvid plot SETTINGS FILM"
    with pytest.raises(UsageError, match=told):
        plot(settings, tmp_path / "b.png")
    with pytest.raises(UnreadableInput, match=r"gone\.csv"):
        plot(with_dream(strength="curve('gone.csv')"), tmp_path / "b.png")
    assert not (tmp_path / "b.png").exists()
