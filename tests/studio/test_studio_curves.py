"""Schedules as curves and back."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("starlette")

from dreamvid.errors import UsageError
from dreamvid.schedules.parse import parse_schedule
from dreamvid.studio.curves import curve_of, text_of_keys


def of(text: object, dial: str = "dream.strength", **more: Any) -> dict[str, Any]:
    body = {"dial": dial, "text": text, "frames": 72, "rate": "24", "samples": 4} | more
    return curve_of(body)


def test_keys_and_samples() -> None:
    found = of("0:(0), 2s:(1, ease-in)")
    assert found["keys"] == [
        {"time": "0", "frame": 0.0, "text": "0", "value": 0.0, "easing": None},
        {"time": "2s", "frame": 48.0, "text": "1", "value": 1.0, "easing": "ease-in"},
    ]
    assert [place for place, _ in found["samples"]] == [0, 24, 47, 71]
    assert found["samples"][1][1] == pytest.approx(0.125) and found["samples"][3][1] == 1


def test_a_number_is_a_curve_with_one_key() -> None:
    assert of(1.5)["samples"] == [[0, 1.5], [24, 1.5], [47, 1.5], [71, 1.5]]
    assert of("1.5")["keys"][0]["value"] == 1.5


def test_a_formula_is_not_dragged_and_signals_are_0() -> None:
    found = of("0:(0.5+0.1*t/71), 50%:(1+2*motion)")
    assert [key["value"] for key in found["keys"]] == [None, None]
    assert found["keys"][1]["frame"] == 35.5 and found["keys"][1]["time"] == "50%"
    assert found["reads"] == ["motion"] and found["samples"][-1][1] == 1


def test_beats() -> None:
    assert of("0:(0), 2b:(1)", bpm=120)["keys"][1]["frame"] == 24


def test_a_time_that_depends_on_the_length_is_told_as_a_frame() -> None:
    assert of("0:(0), max_f:(1)")["keys"][1]["time"] == "71"


def test_texts() -> None:
    found = of("0:(parts), 1s:(objects, linear)", "dream.layer")
    assert [key["text"] for key in found["keys"]] == ["parts", "objects"]
    assert found["samples"] == [] and found["keys"][1]["easing"] == "linear"
    assert of("parts*0.5", "dream.layer")["keys"][0]["text"] == "parts*0.5"


@pytest.mark.parametrize(
    ("text", "dial", "message"),
    [
        ("0:(1", "dream.strength", "not closed"),
        ("0:(99)", "dream.strength", "not in 0..10"),
        ("1", "dream.seed", "has no schedule"),
        ("1", "nothing", "has no schedule"),
        (None, "dream.strength", "must be a text"),
        (True, "dream.strength", "must be a text"),
        ("0:(1), " * 40_000, "dream.strength", "too long"),
    ],
)
def test_what_is_no_curve(text: object, dial: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        of(text, dial)


def test_no_more_samples_than_frames() -> None:
    assert len(of("1", frames=3, samples=2000)["samples"]) == 3
    with pytest.raises(UsageError, match="samples"):
        of("1", samples=10**6)


def test_text_of_keys() -> None:
    keys = [{"time": 0, "value": 0}, {"time": "2s", "value": 1.25, "easing": "ease-in"}]
    assert text_of_keys(keys) == "0:(0), 2s:(1.25, ease-in)"
    assert text_of_keys([{"time": "50%", "value": "parts"}]) == "50%:(parts)"


def test_curves_come_back() -> None:
    text = "0:(0.5), 1.5s:(2, ease-in-out), 60:(1, hold)"
    keys = [{"time": key["time"], "value": key["value"], "easing": key["easing"]}
            for key in of(text, frames=100)["keys"]]  # fmt: skip
    assert text_of_keys(keys) == text
    parse_schedule(text)


@pytest.mark.parametrize(
    "keys",
    [None, [], "0:(1)", [1], [{}], [{"time": "x", "value": 1}], [{"time": 0, "value": None}],
     [{"time": 0, "value": 1, "easing": "bounce"}], [{"time": True, "value": 1}],
     [{"time": 0, "value": ""}], [{"time": 0, "value": 1}] * 501],
)  # fmt: skip
def test_keys_that_cannot_be_written(keys: object) -> None:
    with pytest.raises(UsageError):
        text_of_keys(keys)
