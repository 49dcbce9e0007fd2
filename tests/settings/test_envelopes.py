"""The envelopes of signals in settings: times as people write them, and whose comes first."""

from __future__ import annotations

from typing import Any

import pytest

from dreamvid.errors import UsageError
from dreamvid.schedules.envelope import Envelope
from dreamvid.settings.envelopes import SignalSettings, schedules_in
from dreamvid.settings.models import VideoSettings
from dreamvid.settings.tables import CameraSettings, DreamSettings, SteadySettings
from dreamvid.settings.toml import to_toml


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("20ms", 0.02), ("0.3s", 0.3), ("1.5", 1.5), (" 300 ms ", 0.3), (2, 2.0), (0.25, 0.25),
     ("0", 0.0), (".5s", 0.5), ("60s", 60.0)],
)  # fmt: skip
def test_a_time_is_read_as_seconds(given: object, seconds: float) -> None:
    assert SignalSettings.checked({"attack": given}).attack == seconds


@pytest.mark.parametrize("given", ["20mx", "-1", "", "1:00", "nan", "1e3", True, [1], "61", 1e9])
def test_other_times_are_refused(given: object) -> None:
    with pytest.raises(UsageError, match=r"attack = .*: must be (a time such|0 to 60 seconds)"):
        SignalSettings.checked({"attack": given})


def test_the_envelope_of_a_signal_comes_before_that_of_all() -> None:
    settings = SignalSettings.checked(
        {
            "attack": "20ms",
            "release": "300ms",
            "bass": {"release": "1s", "threshold": 0.2, "gain": 1.5},
            "bands": {"attack": 0},
            "cut": {"gain": 2},
        }
    )
    assert settings.envelope("rms") == Envelope(0.02, 0.3)
    assert settings.envelope("bass") == Envelope(0.02, 1, 0.2, 1.5)
    assert settings.envelope("bands(40, 120)") == Envelope(0, 0.3)
    assert settings.envelope("curve('a.csv')") == Envelope(0.02, 0.3)
    assert settings.envelope("cut") == Envelope(0, 0.3, gain=2)  # a cut lasts no time to rise in
    assert SignalSettings().envelope("motion") == Envelope()
    assert SignalSettings().envelope("cut") == Envelope(0)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"bas": {}}, "unknown signal 'bas'; did you mean bass"),
        ({"zzz": {}}, "unknown signal 'zzz'; use attack, release, rms"),
        ({"bass": {"threshold": 1}}, "bass.threshold"),
        ({"bass": {"gain": -1}}, "bass.gain"),
        ({"bass": {"decay": 1}}, "bass.decay = 1: unknown setting"),
        ({"cut": {"attack": "20ms"}}, "cut.attack = '20ms': unknown setting"),
    ],
)
def test_what_no_signal_has_is_refused(row: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        VideoSettings.checked({"signals": row})


def test_signals_that_are_not_set_are_not_written() -> None:
    assert to_toml(VideoSettings())["signals"] == {}
    bass = {"bass": {"gain": 2.0}}
    assert to_toml(VideoSettings.checked({"signals": bass}))["signals"]["bass"]["gain"] == 2


def test_every_schedule_is_found() -> None:
    dream = DreamSettings(
        strength="1+motion", layer=("parts*(0.5+onset)", "0:(one), 2s:(two*cut, linear)")
    )
    found = schedules_in(dream, SteadySettings(stability="bass"), CameraSettings(zoom="1+rms"))
    assert {name for schedule in found for name in schedule.names} == {
        "motion", "onset", "cut", "bass", "rms",
    }  # fmt: skip
    assert list(schedules_in(DreamSettings(), SteadySettings())) == []
