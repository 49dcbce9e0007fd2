"""Whether the motion of a loop closes: laps, turns, pans, whole frames, and what is offered."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from dreamvid.commands.shapes import (
    DIRECTIONS,
    LAP,
    LEAST_LAP,
    check_closes,
    fade_of,
    lap_of,
    lap_zoom,
    pan_periods,
    whole_frames,
    whole_turns,
)
from dreamvid.errors import UsageError
from dreamvid.settings.loops import FeedbackLoop, FilmLoop, PanLoop, ZoomLoop
from dreamvid.settings.tables import ZoomCameraSettings


def zoom_loop(**tables: dict[str, Any]) -> ZoomLoop:
    return ZoomLoop.checked(tables)


@pytest.mark.parametrize(
    ("camera", "way", "turns"),
    [
        ({"zoom": 1.2}, 1, 0),
        ({"zoom": 0.8}, -1, 0),
        ({"zoom": 1.0, "rotate": 36}, 0, 1),
        ({"zoom": 1.2, "rotate": -72}, 1, -2),
    ],
)
def test_the_way_of_a_lap(camera: dict[str, float], way: int, turns: int) -> None:
    lap = lap_of(zoom_loop(camera=camera, clip={"seconds": 10}))
    assert (lap.way, lap.turns) == (way, turns)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"camera": {"zoom": 1.0}}, "zoom: nothing moves; set --zoom, --rotate or --evolve 2"),
        ({"camera": {"rotate": 7}, "clip": {"seconds": 10}}, "7 degrees per second do not close"),
        ({"camera": {"zoom": "0:(1), 3:(2)"}}, "zoom: an exact loop allows no schedules; give one"),
        ({"dream": {"strength": "1+t"}}, "strength: an exact loop allows no schedules"),
    ],
)
def test_a_zoom_that_does_not_close_is_refused(tables: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_closes(zoom_loop(**tables))


def test_what_changes_need_not_move() -> None:
    check_closes(zoom_loop(camera={"zoom": 1.0}, loop={"evolve": 2}))


def test_loops_with_a_fade_may_have_schedules() -> None:
    check_closes(FeedbackLoop.checked({"dream": {"strength": "1+t"}}))
    check_closes(FilmLoop())
    with pytest.raises(UsageError, match="strength: an exact loop allows no schedules"):
        check_closes(PanLoop.checked({"dream": {"strength": "1+t"}}))


@pytest.mark.parametrize("seconds", ["1", "4", "60"])
def test_the_default_lap_is_between_its_limits(seconds: str) -> None:
    factor = lap_zoom(ZoomCameraSettings(), Fraction(seconds), 0)
    assert LEAST_LAP <= factor <= LAP
    twisted = lap_zoom(ZoomCameraSettings(), Fraction(seconds), 3)
    assert twisted <= min(factor, math.exp(0.3 * math.pi))


def test_a_lap_beyond_all_numbers_is_infinite() -> None:
    assert lap_zoom(ZoomCameraSettings(zoom=16), Fraction(10_000), 0) == math.inf


@pytest.mark.parametrize(
    ("rotate", "seconds", "symmetry", "turns"),
    [(36, "10", 1, 1), (-12, "10", 3, -1), (0, "7", 5, 0), (360, "1/3", 3, 1)],
)
def test_a_rotation_closes_in_units_of_the_symmetry(
    rotate: float, seconds: str, symmetry: int, turns: int
) -> None:
    assert whole_turns(rotate, Fraction(seconds), symmetry) == turns


def test_the_rotation_that_is_offered_closes() -> None:
    with pytest.raises(UsageError, match=r"rotate: 40 degrees .* in 10 s; give 36, or"):
        whole_turns(40, Fraction(10), 1)
    assert whole_turns(36, Fraction(10), 1) == 1


@pytest.mark.parametrize(
    ("seconds", "fps", "near"),
    [("1.01", "30", "1"), ("1", "30000/1001", "1001/1000"), ("0.04", "25", "2/25")],
)
def test_the_length_that_is_offered_is_whole(seconds: str, fps: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"a loop needs a whole number .*: give {near}$"):
        whole_frames(Fraction(seconds), Fraction(fps))
    assert whole_frames(Fraction(near), Fraction(fps)) >= 2


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [("right", 0, 1), ("up", -1, 0), ("2,-1", -1, 2), ("0, 100", 100, 0)],
)
def test_a_direction_is_down_and_right(text: str, rows: int, columns: int) -> None:
    assert pan_periods(text) == (rows, columns)
    assert pan_periods("left") == tuple(-step for step in DIRECTIONS["right"])


@pytest.mark.parametrize("text", ["0,0", "101,0", "1", "1,2,3", "1.5,0", "sideways", "a" * 5000])
def test_other_directions_are_refused_in_a_short_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"direction: unknown direction .*use right, left") as told:
        pan_periods(text)
    assert len(str(told.value)) < 150


def test_a_fade_is_half_a_second_and_no_longer_than_the_loop() -> None:
    def fade(seconds: str, **loop: int) -> int:
        clip = {"seconds": seconds, "fps": 24}
        return fade_of(FeedbackLoop.checked({"loop": loop, "clip": clip}))

    assert (fade("2"), fade("2", fade=48), fade("1/8", fade=1)) == (12, 48, 1)
    with pytest.raises(UsageError, match=r"a fade of 49 frames is too long .* 48; give at most 48"):
        fade("2", fade=49)
