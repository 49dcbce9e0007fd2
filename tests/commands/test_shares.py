"""The time of many workers: bounded by the longest piece, and by the cores that they share."""

from __future__ import annotations

import os

import pytest

from dreamvid.commands.shares import pieces_like, seconds_of, threads_of_each
from dreamvid.sequence.plan import FADE, WARM, Shot, overhead


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)


def seconds(shots: tuple[Shot, ...], workers: int, *, on_gpu: bool = False) -> float:
    return seconds_of(shots, workers, first=5.0, carried=1.0, on_gpu=on_gpu)


def test_shots_go_on_as_they_were_seen() -> None:
    found = pieces_like([10, 30], 95, None)
    assert [shot.frames for shot in found] == [10, 30, 10, 30, 10, 5]
    assert pieces_like([7], 95, None) == (Shot(0, 95),)


def test_a_film_of_one_shot_is_split() -> None:
    found = pieces_like([7], 2000, 1000)
    assert found == (Shot(0, 1000), Shot(1000, 2000, WARM, FADE))
    assert overhead(found) == (
        f"long shots are split at 1 place: {WARM} more frames are dreamed (3.6%)"
    )


def test_workers_share_the_shots() -> None:
    film = tuple(Shot(n * 10, n * 10 + 10) for n in range(4))
    assert seconds(film, 1) == 4 * 14
    assert seconds(film, 2) == 2 * 14
    assert seconds(film, 3) == 2 * 14
    assert seconds(film, 4) == 14


def test_a_long_piece_decides_and_a_warm_up_costs() -> None:
    assert seconds((Shot(0, 100), Shot(100, 110)), 2) == 104
    assert seconds((Shot(0, 10), Shot(10, 20, 6, 3)), 2) == 5 + 15


def test_workers_that_share_cores_or_a_gpu_wait_for_each_other() -> None:
    film = tuple(Shot(n * 10, n * 10 + 10) for n in range(8))
    assert seconds(film, 8) == 2 * 14
    assert seconds(film, 2, on_gpu=True) == seconds(film, 1)
    assert [threads_of_each(workers) for workers in (1, 2, 3, 4, 9)] == [4, 2, 1, 1, 1]
