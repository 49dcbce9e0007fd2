"""A place for one value."""

from __future__ import annotations

import threading

from dreamvid.live.newest import Newest


def test_the_newest_wins() -> None:
    slot: Newest[int] = Newest()
    for value in range(5):
        slot.put(value)
    assert slot.take(0) == 4
    assert slot.take(0) is None


def test_one_who_waits_gets_what_comes() -> None:
    slot: Newest[str] = Newest()
    got: list[str | None] = []
    reader = threading.Thread(target=lambda: got.append(slot.take()))
    reader.start()
    slot.put("a")
    reader.join()
    assert got == ["a"]


def test_closing_lets_all_go_but_keeps_the_last_value() -> None:
    slot: Newest[int] = Newest()
    got: list[int | None] = []
    reader = threading.Thread(target=lambda: got.append(slot.take()))
    reader.start()
    slot.close()
    reader.join()
    assert got == [None] and slot.closed
    slot.put(1)
    assert slot.take() == 1
    assert slot.take() is None
