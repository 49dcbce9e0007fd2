"""The newest picture of an input, which may be unplugged and plugged in again."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tiny import texture

from dreamvid.errors import UnreadableInput
from dreamvid.live import feed as feeding
from dreamvid.live.clock import SystemClock
from dreamvid.live.feed import Feed, Taken


class Camera:
    """A camera that can be unplugged: then reading gives nothing, and opening raises."""

    name, still, repeats = "camera 0", False, False

    def __init__(self) -> None:
        self.plugged = threading.Event()
        self.plugged.set()
        self.opened = self.closed = self.read_count = 0
        self.error: Exception | None = None

    def open(self) -> None:
        self.opened += 1
        if not self.plugged.is_set():
            raise UnreadableInput("cannot be opened", where=self.name)

    def read(self) -> Any:
        self.read_count += 1
        threading.Event().wait(0.002)
        if self.error is not None:
            raise self.error
        return texture() if self.plugged.is_set() else None

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(feeding, "PATIENCE", 5.0)


def some(feed: Feed) -> Taken:
    for _ in range(500):
        if (taken := feed.take(0.02)) is not None:
            return taken
    raise AssertionError("no picture came")


def gone(feed: Feed) -> None:
    for _ in range(500):
        if feed.take(0.05) is None and feed.trouble:
            return
    raise AssertionError("pictures came all the time")


def test_a_camera_is_unplugged_and_comes_back() -> None:
    camera = Camera()
    feed = Feed(camera, SystemClock())
    assert feed.start().array.shape == (48, 64, 3)
    for _ in range(2):
        camera.plugged.clear()
        gone(feed)
        assert "cannot be opened" in feed.trouble or "no more pictures" in feed.trouble
        camera.plugged.set()
        some(feed)
        assert feed.trouble == ""
    assert camera.closed >= 2
    feed.stop()
    assert not feed._thread.is_alive()


def test_a_driver_that_raises_is_tried_again() -> None:
    camera = Camera()
    feed = Feed(camera, SystemClock())
    feed.start()
    camera.error = RuntimeError("device\nreset")
    gone(feed)
    assert feed.trouble == "device?reset"
    camera.error = None
    some(feed)
    feed.stop()


def test_a_camera_that_is_not_there_is_an_error_at_once() -> None:
    camera = Camera()
    camera.plugged.clear()
    with pytest.raises(UnreadableInput, match="camera 0"):
        Feed(camera, SystemClock()).start()


def test_one_that_sends_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "PATIENCE", 0.2)
    camera = Camera()
    monkeypatch.setattr(camera, "read", lambda: None)
    with pytest.raises(UnreadableInput) as caught:
        Feed(camera, SystemClock()).start()
    assert caught.value.exit_code == 3


def test_nothing_queues() -> None:
    camera = Camera()
    feed = Feed(camera, SystemClock())
    feed.start()
    before = camera.read_count
    while camera.read_count < before + 20:
        threading.Event().wait(0.01)
    assert feed.take(0) is not None
    assert SystemClock().now() - some(feed).time < 1
    feed.stop()


def test_the_waits_double_up_to_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    camera = Camera()
    feed = Feed(camera, SystemClock())
    feed.start()
    monkeypatch.setattr(feeding, "LONGEST_WAIT", 0.08)
    monkeypatch.setattr(feed._stop, "wait", lambda seconds: waits.append(seconds))
    camera.plugged.clear()
    while len(waits) < 6:
        threading.Event().wait(0.01)
    feed.stop()
    assert waits[:6] == [0.01, 0.02, 0.04, 0.08, 0.08, 0.08]
