"""The figures of loops and zooms: what they say is right, on frames where it is known."""

from __future__ import annotations

import numpy as np
import pytest
from tiny import tiny_network

from dreamvid.bench import clips as bench


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
