"""A thread that works ahead: in order, not too far, and ended however the iteration ends."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from waiting import wait_for

from dreamvid.media.prefetch import Prefetcher

Begun = Callable[..., set[str]]


def test_items_come_in_order_and_the_thread_ends(begun: Begun) -> None:
    with Prefetcher(iter(range(50)), 3) as ahead:
        assert list(ahead) == list(range(50))
        assert list(ahead) == []  # it stays at its end
    assert not begun("prefetch")


def test_it_does_not_work_further_ahead_than_asked(begun: Begun) -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for n in range(100):
            made.append(n)
            yield n

    with Prefetcher(items(), 4) as ahead:
        assert next(ahead) == 0
        wait_for(lambda: len(made) >= 6)
        time.sleep(0.2)
        assert len(made) == 6  # one taken, four waiting, one in hand
    assert not begun("prefetch")


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_exception_comes_where_it_was_raised_and_once(
    error: BaseException, begun: Begun
) -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise error

    ahead = Prefetcher(items(), 8)
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(type(error)):
        next(ahead)
    assert list(ahead) == [] and not begun("prefetch")


class Memory:
    """What a thread held when it ran out of memory."""


def test_an_error_that_was_caught_keeps_nothing() -> None:
    held: list[weakref.ref[Memory]] = []

    def items() -> Iterator[int]:
        memory = Memory()
        held.append(weakref.ref(memory))
        yield 1
        raise MemoryError

    def caught() -> None:
        with Prefetcher(items(), 1) as ahead, suppress(MemoryError):
            list(ahead)

    gc.disable()  # a dream collects rarely
    try:
        caught()
        assert held[0]() is None
    finally:
        gc.enable()


def test_stopping_frees_a_thread_that_waits_for_room(begun: Begun) -> None:
    ahead = Prefetcher(iter(range(1000)), 1)
    time.sleep(0.1)
    ahead.stop()
    assert not begun("prefetch")
    assert list(ahead) == []


def test_leaving_by_an_exception_stops_the_thread(begun: Begun) -> None:
    with pytest.raises(RuntimeError), Prefetcher(iter(range(1000)), 1):
        raise RuntimeError
    assert not begun("prefetch")
