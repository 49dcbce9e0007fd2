"""The settings of `dreamvid live`."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from typing import Any

import pytest

from dreamvid.errors import UsageError
from dreamvid.settings import presets
from dreamvid.settings.live import CHOSEN, GLIDING, LiveSettings, turned
from dreamvid.settings.models import VideoSettings
from dreamvid.settings.tables import DreamSettings
from dreamvid.settings.toml import to_toml, write_toml
from dreamvid.settings.values import BOUNDS


def test_the_dials_are_those_of_films() -> None:
    live, video = LiveSettings(), VideoSettings()
    assert live.dream == video.dream and live.network == video.network
    assert live.motion.stability == video.motion.stability
    assert set(GLIDING) <= set(BOUNDS)
    assert set(GLIDING) - {"stability"} <= set(DreamSettings.model_fields)
    assert not set(GLIDING) & set(CHOSEN)


def test_values_are_read() -> None:
    live = LiveSettings.checked(
        {"live": {"camera": 0, "latency": "80ms", "fps": "30000/1001", "osc": 9000,
                  "output": "wall.mp4"}}
    ).live  # fmt: skip
    assert (live.camera, live.latency, live.fps) == ("0", 0.08, Fraction(30000, 1001))
    assert (live.osc, live.output) == ("9000", ("wall.mp4",))


def test_they_survive_a_settings_file() -> None:
    wanted = LiveSettings.checked(
        {"live": {"zoom": "noise", "seconds": "1:00"}, "midi": {"cc": {7: "detail 0.5..2"}}}
    )
    assert LiveSettings.checked(tomllib.loads(write_toml(to_toml(wanted)))) == wanted


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_fits(name: str) -> None:
    LiveSettings.checked(presets.fitting(presets.preset(name), LiveSettings))


@pytest.mark.parametrize(
    "values",
    [
        {"live": {"camera": "0", "zoom": "in.png"}},
        {"live": {"output": []}},
        {"live": {"output": ""}},
        {"live": {"latency": 0}},
        {"live": {"fps": 0}},
        {"live": {"seconds": 0}},
        {"live": {"camera": True}},
        {"dream": {"strength": "1+onset"}},
        {"dream": {"layer": "0:(parts), 5s:(objects)"}},
        {"motion": {"stability": "0.5+0.1*t"}},
        {"camera": {"zoom": "0:(1), 9:(2)"}},
        {"midi": {"cc": {128: "strength"}}},
        {"midi": {"cc": {1: "speed"}}},
        {"midi": {"cc": {1: "strength 0..99"}}},
        {"midi": {"cc": {1: "strength 0-2"}}},
        {"midi": {"cc": {1: "strength 0..nan"}}},
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        LiveSettings.checked(values)
    assert "\n" not in str(caught.value)


def test_the_ends_of_a_controller() -> None:
    assert turned("stability") == ("stability", 0, 1)
    assert turned("strength 2..0.5") == ("strength", 2, 0.5), "it may turn the other way"
