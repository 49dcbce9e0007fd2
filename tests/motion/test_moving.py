"""What moves against the background: a square is found and followed, a moving camera is not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scenes import grid, picture, scene

from dreamvid.motion.estimate import Motion, estimate_motion
from dreamvid.motion.flow import estimator
from dreamvid.motion.moving import (
    Moved,
    camera_flow,
    moved_between,
    moving_at,
    outlined,
    remembered,
)

HEIGHT, WIDTH = 120, 192


def planar(height: int, width: int, motion: np.ndarray) -> np.ndarray:
    """The flow of a homography [3, 3] about the middle, in half heights."""
    x, y = grid(height, width)
    half = height / 2
    u, v = (x - width / 2) / half, (y - half) / half
    far = motion @ np.stack([u.ravel(), v.ravel(), np.ones(u.size)])
    there = (far[:2] / far[2]).reshape(2, height, width)
    return (half * np.stack([there[0] - u, there[1] - v], axis=2)).astype(np.float32)


@pytest.mark.parametrize(
    "motion",
    [
        [[1, 0, 0.05], [0, 1, -0.02], [0, 0, 1]],
        [[1.02, 0.03, 0], [-0.03, 1.02, 0.01], [0, 0, 1]],
        [[1, 0, 0], [0, 1, 0], [0.004, -0.006, 1]],
    ],
    ids=["pan", "zoom and roll", "tilt"],
)
def test_the_camera_is_found_behind_what_moves(motion: list[list[float]]) -> None:
    exact = planar(HEIGHT, WIDTH, np.array(motion))
    flow = exact.copy()
    flow[30:100, 40:120] += (7, -5)  # a quarter of the picture
    found = camera_flow(Motion(flow, np.ones((HEIGHT, WIDTH), np.float32)))
    assert found.shape == exact.shape and found.dtype == np.float32
    assert np.abs(found - exact).max() < 0.1


def test_what_is_not_trusted_does_not_move_the_camera() -> None:
    flow = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    flow[:, :70] = 9, 9
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    mask[:, :70] = 0
    assert np.abs(camera_flow(Motion(flow, mask))).max() < 0.05


def found_in(arrays: list[np.ndarray]) -> list[Moved]:
    flow = estimator()
    return [
        moved_between(estimate_motion(flow, now, before), now, before)
        for before, now in pairwise(arrays)
    ]


def overlap(plane: np.ndarray, inside: np.ndarray) -> float:
    """Intersection over union of a plane, above one half, and a truth."""
    shown = plane > 0.5
    return float((shown & inside).sum() / (shown | inside).sum())


@pytest.mark.parametrize("pan", [0.0, 1.5, -4.0])
def test_a_square_that_crosses_a_panning_background_is_found(pan: float) -> None:
    arrays, truths = zip(*(scene(t, pan=pan, speed=5.0, noise=2.0) for t in range(4)), strict=True)
    moved = found_in(list(arrays))
    for t in (1, 2):
        moving = moving_at(moved[t - 1], moved[t])
        assert moving is not None and overlap(moving, truths[t]) > 0.7
        far = np.ones_like(truths[t])
        far[30:92, 25:110] = False
        assert moving[far].mean() < 0.01
    first, last = moving_at(None, moved[0]), moving_at(moved[2], None)
    assert first is not None and overlap(first, truths[0]) > 0.6
    assert last is not None and overlap(last, truths[3]) > 0.6
    assert moving_at(None, None) is None


def test_uncovered_ground_is_not_moving() -> None:
    """It differs from the frame before, yet not from the one after."""
    arrays, truths = zip(*(scene(t, pan=0.0, speed=8.0) for t in range(3)), strict=True)
    before, after = found_in(list(arrays))
    uncovered = truths[0] & ~truths[1]
    moving = moving_at(before, after)
    assert moving is not None
    assert before.here.all[uncovered].mean() > 0.5 > 0.35 > moving[uncovered].mean()


@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_nothing_moves_when_only_the_camera_does(noise: float) -> None:
    rng = np.random.default_rng(1)
    arrays = [
        (picture(HEIGHT, WIDTH, dx=3 * t, dy=t) + rng.normal(0, noise, (HEIGHT, WIDTH, 3)))
        .clip(0, 255)
        .astype(np.uint8)
        for t in range(3)
    ]
    moving = moving_at(*found_in(arrays))
    assert moving is not None
    assert moving[8:-8, 8:-8].mean() < 0.01


def test_the_memory_follows_the_square_and_leaves_no_trace() -> None:
    arrays, truths = zip(*(scene(t, pan=-3.0, speed=3.0, noise=2.0) for t in range(8)), strict=True)
    flow = estimator()
    motions = [estimate_motion(flow, b, a) for a, b in pairwise(arrays)]
    moved = found_in(list(arrays))
    memory = moving_at(None, moved[0])
    for t in range(1, 7):
        found = moving_at(moved[t - 1], moved[t])
        assert memory is not None and found is not None
        memory = remembered(memory, found, motions[t - 1], moved[t - 1].speed)
    assert memory is not None
    moving = outlined(memory, arrays[6])
    assert overlap(moving, truths[6]) > 0.6 and moving[truths[6]].mean() > 0.95
    far = np.ones_like(truths[6])
    far[30:92, 48:108] = False
    assert moving[far].mean() < 0.01


def test_what_stops_for_a_frame_stays_in_the_memory_unless_it_is_uncovered_ground() -> None:
    seen = np.zeros((48, 64), np.float32)
    seen[10:30, 10:30] = 1
    nothing, trusted = np.zeros_like(seen), np.ones_like(seen)
    trusted[:, 25:] = 0
    still = Motion(np.zeros((48, 64, 2), np.float32), trusted)
    slow, fast = np.zeros_like(seen), np.full_like(seen, 9)
    kept = remembered(seen, nothing, still, slow)
    assert kept[20, 20] == pytest.approx(0.92) and kept[20, 27] == 0
    assert remembered(seen, nothing, still, fast)[20, 20] == pytest.approx(0.42)
    assert remembered(nothing, seen, still, fast)[20, 20] == pytest.approx(0.5)
    assert remembered(nothing, seen, still, slow)[20, 20] == pytest.approx(0.15)


def test_the_memory_is_carried_along_the_flow_of_a_larger_film() -> None:
    seen = np.zeros((48, 64), np.float32)
    seen[10:30, 10:30] = 1
    flow = np.full((96, 128, 2), (-8, 0), np.float32)  # twice the size
    motion = Motion(flow, np.ones((96, 128), np.float32))
    carried = remembered(seen, np.zeros_like(seen), motion, np.zeros_like(seen))
    assert carried[20, 14:34].min() > 0.9 and carried[20, :14].max() == 0


def test_an_outline_fits_the_edges_of_the_frame() -> None:
    array = np.full((240, 320, 3), 40, np.uint8)
    array[:, 160:] = 200
    rough = np.zeros((240, 320), np.float32)
    rough[:, 164:] = 1  # four pixels off
    fine = outlined(rough, array)
    assert fine.min() >= 0 and fine.max() <= 1
    assert fine[120, 158] < 0.05 and fine[120, 161] > 0.8
