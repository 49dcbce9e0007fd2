"""A wall runs on: its memory stays flat, and its dream neither fades nor runs away."""

from __future__ import annotations

import gc

import endurance
import pretend
import pytest

FRAME = 4 * 3 * 36 * 64 / 1e6
"""The megabytes of one image of the dream."""


@pytest.mark.skipif(not endurance.resident(), reason="needs the memory of the process")
def test_memory_is_flat_over_many_frames_of_a_changing_day() -> None:
    """Not one image in ten frames stays behind; python tests/live/endurance.py runs for longer."""
    sizes, deviations = [], []
    for report in endurance.wall(1600, 200):
        gc.collect()
        sizes.append(report.megabytes)
        deviations.append(report.deviation)
    assert max(sizes[-3:]) - max(sizes[2:5]) < 600 * FRAME / 10 + 3
    assert min(deviations) > 0.02 and max(deviations) < 0.5


def test_the_day_has_all_that_can_happen() -> None:
    pictures = [endurance.day(60 * minute + second) for minute in range(28) for second in (5, 30)]
    shapes = {picture.shape for picture in pictures if picture is not None}
    assert None in [picture if picture is None else 0 for picture in pictures]
    assert len(shapes) == 2
    assert any(picture is not None and not picture.any() for picture in pictures)


@pytest.mark.pretended
def test_a_wall_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend.dream_elsewhere(monkeypatch)
    pretend.DONE.clear()
    *_, last = endurance.wall(80, 40)
    assert last.frames == 80 and 0.02 < last.deviation < 0.5
    assert pretend.DONE["convolution_backward"]
