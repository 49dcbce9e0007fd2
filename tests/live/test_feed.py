"""The newest picture of an input, which may be unplugged and plugged in again."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tiny import texture
from waiting import wait_for

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
    monkeypatch.setattr(feeding, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(feeding, "PATIENCE", 60.0)


def some(feed: Feed) -> Taken:
    taken = feed.take(60)
    assert taken is not None, "no picture came"
    return taken


def gone(feed: Feed) -> None:
    wait_for(lambda: feed.take(0.05) is None and feed.trouble)


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
        wait_for(lambda: not feed.trouble)
    assert camera.closed >= 2
    feed.stop()
    feed._thread.join(60)
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


def test_a_driver_that_cannot_close_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera()

    def close() -> None:
        camera.closed += 1
        raise RuntimeError("no such device")

    monkeypatch.setattr(camera, "close", close)
    feed = Feed(camera, SystemClock())
    feed.start()
    camera.plugged.clear()
    gone(feed)
    camera.plugged.set()
    some(feed)
    assert camera.closed
    feed.stop()


def test_the_first_picture_is_dreamed_although_no_other_comes() -> None:
    camera = Camera()
    feed = Feed(camera, SystemClock())
    camera.read = lambda: texture() if camera.opened < 2 and camera_ends() else None  # type: ignore[method-assign]

    def camera_ends() -> bool:
        camera.opened += 1
        return True

    first = feed.start()
    assert some(feed).time == first.time and feed.take(0.05) is None
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
    read_more(camera, 20)
    now = SystemClock().now()
    read_more(camera, 2)  # the first of them began after that moment
    newest = feed.take(0)
    assert newest is not None and newest.time >= now
    feed.stop()


def read_more(camera: Camera, count: int) -> None:
    before = camera.read_count
    wait_for(lambda: camera.read_count >= before + count)


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
