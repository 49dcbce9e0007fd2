"""Messages: what a worker is told and tells arrives as it was."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from dreamvid.commands.result import Result
from dreamvid.errors import DiskFull, DreamvidError, UnreadableInput, UsageError
from dreamvid.farm.left import Left
from dreamvid.farm.messages import (
    Order,
    error_fields,
    error_of,
    left_of_fields,
    result_fields,
    result_of,
)
from dreamvid.media.target import Busy
from dreamvid.settings.models import VideoSettings

TABLES = {
    "dream": {"strength": "0.3+2*motion", "layer": ["parts", "objects*0.5"], "seed": 3},
    "film": {"start": "1/3", "frames": 9, "rate": "24000/1001"},
    "motion": {"stability": "0:(0.5), 2s:(0.9)"},
    "mask": {"mask": "moving", "feather": 0.1},
}


def test_an_order_arrives_as_it_was_given(tmp_path: Path) -> None:
    settings = VideoSettings.checked(TABLES)
    order = Order(tmp_path / "Grüße\n.mp4", tmp_path / "out.mp4", settings, True, 3)
    assert Order.read(order.text) == order
    live = replace(order, newest=tmp_path / "live.jpg")
    assert Order.read(live.text) == live
    assert "\n" not in order.text


def test_an_order_is_checked_as_a_request(shots: Path, tmp_path: Path) -> None:
    order = Order(shots, tmp_path / "out.mp4", VideoSettings(), False, 1)
    with order.checked().reader as film:
        assert film.info.width == 64
    with pytest.raises(UnreadableInput):
        Order(tmp_path / "gone.mp4", tmp_path / "out.mp4", VideoSettings(), False, 1).checked()


def test_a_result_arrives(tmp_path: Path) -> None:
    result = Result(tmp_path / "out.mp4", 7, ("a", "b"), "2 frames are missing")
    assert result_of(json.loads(json.dumps(result_fields(result)))) == result


def test_what_is_left_arrives() -> None:
    left = Left(6, (1, 3), (3,))
    assert left_of_fields(json.loads(json.dumps(asdict(left)))) == left


@pytest.mark.parametrize(
    "error",
    [
        UsageError("bad", where="layer", remedy="give another"),
        DiskFull("full", where=Path("/x")),
        DreamvidError("oh"),
    ],
)
def test_an_error_arrives_with_its_kind_and_its_words(error: DreamvidError) -> None:
    again = error_of(json.loads(json.dumps(error_fields(error))))
    assert (type(again), str(again)) == (type(error), str(error))


def test_an_error_that_is_known_only_elsewhere_arrives_as_what_it_is_a_kind_of() -> None:
    again = error_of(error_fields(Busy("busy", where="out.mp4", remedy="wait")))
    assert type(again) is UsageError and str(again) == "out.mp4: busy; wait"


def test_other_errors_keep_their_name() -> None:
    again = error_of(error_fields(MemoryError("out of memory")))
    assert type(again) is RuntimeError and str(again) == "MemoryError: out of memory"
    assert type(error_of({"kind": "annotations", "what": "x"})) is RuntimeError
