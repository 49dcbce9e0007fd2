"""The figures of loops and zooms: what they say is right, on frames where it is known."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny import texture, tiny_network

from dreamvid.bench import clips as bench
from dreamvid.image import to_image


class Moving:
    """A stand-in for a loop of 48 frames: a texture that moves, and jumps where the loop joins."""

    def __init__(self, *, jump: int = 0, drift: int = 0) -> None:
        self._jump, self._drift = jump, drift

    def frame(self, index: int) -> NDArray[np.uint8]:
        turn, place = divmod(index, bench.LAP)
        return texture(
            dx=min(place, bench.LAP - place) + self._jump * (place > 40), dy=turn * self._drift
        )


def test_a_loop_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "LARGE", (96, 64))
    monkeypatch.setattr(bench, "SMALL", (96, 64))
    monkeypatch.setattr(bench, "TIMED", 4)
    (row,) = bench.measure_loops()
    assert row["closes"] is True
    assert row["fps"] > row["written"] > 0
    assert row["seam"] < 1.05


def test_a_sparkling_centre_is_seen() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (8, 64, 96, 3)).astype(np.uint8)
    assert bench.centre_flicker(frames) == pytest.approx(1, abs=0.2)
    frames[:, :28], frames[:, 36:] = 128, 128  # only the middle rows, so little of the ring
    assert bench.centre_flicker(frames) > 2


@pytest.mark.parametrize("move", ["in", "out", "rotate"])
def test_a_zoom_is_measured(move: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ZOOM_FRAMES", 20)
    monkeypatch.setattr(bench, "ZOOM_SIZE", (48, 32))
    row = bench.measure_zoom(tiny_network(), bench.MOVES[move])
    assert row["frames"] == 20
    assert 0.5 < row["hf"] < 2 and abs(row["brightness"]) < 0.2


@pytest.mark.parametrize(
    ("loop", "closes", "smooth"),
    [(Moving(), True, True), (Moving(jump=9), True, False), (Moving(drift=1), False, True)],
)
def test_a_loop_that_jumps_or_does_not_close_is_seen(
    loop: Any, closes: bool, smooth: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "clouds_loop", lambda size, frames: loop)
    monkeypatch.setattr(bench, "TIMED", 2)
    (row,) = bench.measure_loops()
    assert row["closes"] is closes and (row["seam"] < 1.1) is smooth


def test_the_seconds_are_those_of_the_frames_after_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, made = count(), []
    monkeypatch.setattr(bench.time, "perf_counter", lambda: float(next(clock)))
    loop: Any = type("Loop", (), {"frame": lambda self, index: made.append((index, next(clock)))})()
    assert bench.seconds_of(loop, 3) == 4  # the clock goes on by one at each frame, and when read
    assert [index for index, _ in made] == [0, 0, 1, 2]


def test_the_drift_of_a_zoom_is_measured_from_its_hundredth_to_its_last_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def drifting(*_: object, **__: object) -> Any:
        image = to_image(texture(height=32, width=48)) * 0.5
        for index in range(100):
            yield image if index < 50 else 0.2 + 0.5 * image

    monkeypatch.setattr(bench, "ZOOM_FRAMES", 100)
    monkeypatch.setattr(bench, "ZOOM_SIZE", (48, 32))
    monkeypatch.setattr(bench, "render", drifting)
    row = bench.measure_zoom(tiny_network(), bench.MOVES["in"])
    mean = float(next(drifting()).mean())
    assert row["brightness"] == pytest.approx((0.2 + 0.5 * mean) / mean - 1, abs=1e-3)
    assert row["colour"] == pytest.approx(-0.5, abs=1e-3)  # half the contrast
    assert row["hf"] == pytest.approx(0.5, rel=0.02)
