"""The size of the dream: it shrinks while it is too slow, and grows again."""

from __future__ import annotations

import pytest

from dreamvid.live.pace import GROW_AFTER, Pace, sizes_below

PIXELS_A_SECOND = 400_000


def run(pace: Pace, seconds: float, *, start: float = 0.0, speed: float = PIXELS_A_SECOND) -> float:
    """Tell the pace of frames on a machine of a speed in pixels per second; the time after it."""
    now, end = start, start + seconds
    while now < end:
        busy = pace.size[0] * pace.size[1] / speed
        now += max(busy, 1 / 20)
        pace.took(busy, busy, now)
    return now


def test_it_starts_small_and_grows_to_what_the_machine_can() -> None:
    pace = Pace((540, 960), fps=20)
    assert min(pace.size) < 180
    run(pace, 300, speed=1e9)
    assert pace.size == (540, 960)


def test_it_falls_until_the_rate_is_kept() -> None:
    pace = Pace((540, 960), fps=20)
    run(pace, 30)
    assert pace.size[0] * pace.size[1] / PIXELS_A_SECOND <= 1 / 20
    assert pace.size[0] * pace.size[1] / PIXELS_A_SECOND > 0.4 / 20


def test_it_falls_while_the_machine_is_slow_and_climbs_back() -> None:
    pace = Pace((540, 960), fps=20)
    now = run(pace, 60)
    before = pace.size
    now = run(pace, 20, start=now, speed=PIXELS_A_SECOND / 4)
    assert pace.size[0] < 0.6 * before[0]
    run(pace, 400, start=now)
    assert pace.size == before


def test_one_slow_frame_changes_nothing() -> None:
    pace = Pace((540, 960), fps=20)
    now = run(pace, 60)
    before = pace.size
    pace.took(2.0, 2.0, now + 2)
    run(pace, GROW_AFTER, start=now + 2)
    assert pace.size == before


def test_it_does_not_swing_between_two_sizes() -> None:
    """Where the cost is not that of the pixels, the next size looks cheaper than it is."""
    pace, now, changes, before = Pace((540, 960), fps=20), 0.0, [], None
    while now < 1000:
        busy = 0.04 if pace.size[0] < 200 else 0.07
        now += max(busy, 1 / 20)
        pace.took(busy, busy, now)
        if pace.size != before:
            before = pace.size
            changes.append(now)
    late = [time for time in changes if time > 500]
    assert len(late) <= 10


def test_a_latency_is_kept_as_well() -> None:
    pace, now = Pace((540, 960), fps=10, latency=0.08), 0.0
    while now < 60:
        busy = pace.size[0] * pace.size[1] / PIXELS_A_SECOND
        now += 0.1
        pace.took(busy, busy + 0.03, now)
    assert busy + 0.03 <= 0.08 and busy > 0.02


@pytest.mark.parametrize("most", [(540, 960), (36, 64), (16, 16)])
def test_all_sizes_are_those_of_the_picture_scaled(most: tuple[int, int]) -> None:
    sizes = sizes_below(most)
    assert sizes[0] == most and sizes == sorted(sizes, reverse=True)
    assert all(abs(w / h - most[1] / most[0]) < 0.05 * most[1] / most[0] for h, w in sizes)
    assert len(sizes) == 1 or min(sizes[-1]) >= 32
