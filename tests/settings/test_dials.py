"""Dials: schedules of numbers, layers and words, and the bounds that they keep."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamvid.commands.shapes import check_closes
from dreamvid.errors import UsageError
from dreamvid.motion.camera import Camera
from dreamvid.schedules.schedule import Clock
from dreamvid.settings.base import Settings
from dreamvid.settings.dials import Dials, words
from dreamvid.settings.loops import loop_model
from dreamvid.settings.models import VideoSettings, ZoomSettings
from dreamvid.settings.tables import CameraSettings, DreamSettings
from dreamvid.settings.toml import read_toml


@pytest.mark.parametrize(
    "name, text, frame, value",
    [
        ("strength", "0:(1), 10:(3)", 5, 2.0),
        ("step", "0:(0.1), 1s:(0.2)", 5, 0.15),
        ("iterations", "0:(2), 10:(4)", 5, 3),
        ("iterations", "0:(2), 10:(5)", 6, 4),
        ("octaves", "0:(1), 50%:(3)", 5, 3),
        ("octave_scale", "1.5+0.1*sin(pi*t/10)", 5, 1.6),
        ("strength", "2", 7, 2.0),
    ],
)
def test_numeric_dials_take_schedules(name: str, text: str, frame: int, value: float) -> None:
    moment = Dials(DreamSettings.checked({name: text}), Clock(Fraction(10), 11))(frame)
    assert getattr(moment, name) == pytest.approx(value)
    assert isinstance(getattr(moment, name), type(value))


@pytest.mark.parametrize(
    "model, name, text, says",
    [
        (DreamSettings, "strength", "0:(1), 10:(11)", "not in 0..10"),
        (DreamSettings, "iterations", "0:(1), 10:(-3)", "not in 1..1000"),
        (DreamSettings, "step", "t/10", "not in 1e-06..1"),
        (CameraSettings, "zoom", "0:(1), 5:(0)", r"not in 0\.001"),
        (DreamSettings, "strength", "1+onset", "needs audio"),
        (DreamSettings, "layer", ("parts*(1+bass)",), "needs audio"),
        (DreamSettings, "layer", ("parts*1e30",), "layer: .* 1e\\+30, not in"),
    ],
)
def test_bounds_hold_over_the_whole_length(
    model: type[Settings], name: str, text: Any, says: str
) -> None:
    settings = model.checked({name: text})
    clock = Clock(Fraction(10), 11)
    with pytest.raises(UsageError, match=says):
        if isinstance(settings, DreamSettings):
            Dials(settings, clock)
        else:
            api_camera(settings, clock)


def api_camera(settings: Settings, clock: Clock) -> Camera:
    from dreamvid.commands.zoom import make_camera

    assert isinstance(settings, CameraSettings)
    return make_camera(settings, clock, 64, 48)


def test_what_the_camera_sees_between_frames_is_looked_at_too() -> None:
    with pytest.raises(UsageError, match="not in"):  # only halfway between frames below the bounds
        api_camera(CameraSettings.checked({"zoom": "abs(cos(pi*t))"}), Clock(Fraction(10), 11))


@pytest.mark.parametrize(
    "text, column", [("0:(1), 3x:(2)", 9), ("1 +", 4), ("0:(1.4), 3s:(2.2, bogus)", 19)]
)
def test_an_unreadable_schedule_is_refused_by_the_settings(text: str, column: int) -> None:
    with pytest.raises(UsageError, match=rf"^my.toml: dream.strength: .*column {column}, .*; see"):
        VideoSettings.checked({"dream": {"strength": text}}, where="my.toml")


def test_words_without_keys_are_taken_as_they_are() -> None:
    for text in ("a, b's (c.png", "one:3", "C:\\x.png"):
        assert words(text, Clock(Fraction(1)), "guide")[1](0) == ((text, 1.0),)


HEARD = Clock(Fraction(10), 3, signals={"onset": np.array([0, 0.5, 1])}, bpm=120)


@pytest.mark.parametrize(
    ("layers", "weights", "strengths"),
    [
        (("one*(0.5+onset)",), [1, 1, 1], [1, 2, 3]),
        (("one*(0.5-onset)",), [1, 1, -1], [1, 0, 1]),
        (("one*(99*onset)",), [1, 1, 1], [0, 10, 10]),  # at most what the dial allows
        (("0:(one*onset), 2:(two*beat, linear)",), [1, 1, 1], [0, 1.14, 0.72]),  # mixed
        (("one*(1+t)",), [1, 2, 3], [2, 2, 2]),  # no signal
        (("one*(0.5+onset)", "two"), [0.5, 1, 1.5], [2, 2, 2]),  # a balance
    ],
)
def test_a_signal_in_the_weight_of_the_only_layer_is_its_strength(
    layers: tuple[str, ...], weights: list[float], strengths: list[float]
) -> None:
    dials = Dials(DreamSettings(layer=layers, strength=2), HEARD)
    moments = [dials(frame) for frame in range(3)]
    assert [moment.layers[0].parts[0][1] for moment in moments] == weights
    assert [moment.strength for moment in moments] == pytest.approx(strengths)


SAMPLES = Path(__file__).parents[2] / "samples" / "settings"


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_the_settings_of_the_samples_can_be_used(path: Path) -> None:
    if path.name.startswith("loop"):
        tables = read_toml(path)
        check_closes(loop_model(tables, path).checked(tables, where=path))
    elif path.name == "regions.toml":
        for _, dream in VideoSettings.checked(read_toml(path), where=path).regions:
            Dials(dream, Clock(Fraction(24)))
    else:
        settings = ZoomSettings.checked(read_toml(path), where=path)
        clock = Clock(settings.clip.fps, settings.clip.frames)
        Dials(settings.dream, clock)
        api_camera(settings.camera, clock)
    assert path.with_suffix(".mp4").name in path.read_text("utf-8").split("\n")[0]
    assert (SAMPLES.parent / path.with_suffix(".mp4").name).stat().st_size < 1_000_000
