"""A thread that works ahead: in order, not too far, and ended however the iteration ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from dreamvid.media.prefetch import Prefetcher


def running() -> bool:
    return any(thread.name == "prefetch" for thread in threading.enumerate())


def test_items_come_in_order_and_the_thread_ends() -> None:
    with Prefetcher(iter(range(50)), 3) as ahead:
        assert list(ahead) == list(range(50))
        assert list(ahead) == []  # it stays at its end
    assert not running()


def test_it_does_not_work_further_ahead_than_asked() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for n in range(100):
            made.append(n)
            yield n

    with Prefetcher(items(), 4) as ahead:
        assert next(ahead) == 0
        deadline = time.monotonic() + 5
        while len(made) < 6 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        assert len(made) == 6  # one taken, four waiting, one in hand
    assert not running()


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_exception_comes_where_it_was_raised_and_once(error: BaseException) -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise error

    ahead = Prefetcher(items(), 8)
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(type(error)):
        next(ahead)
    assert list(ahead) == [] and not running()


def test_stopping_frees_a_thread_that_waits_for_room() -> None:
    ahead = Prefetcher(iter(range(1000)), 1)
    time.sleep(0.1)
    ahead.stop()
    assert not running()
    assert list(ahead) == []


def test_leaving_by_an_exception_stops_the_thread() -> None:
    with pytest.raises(RuntimeError), Prefetcher(iter(range(1000)), 1):
        raise RuntimeError
    assert not running()
