"""Outputs that are slow or fail do not hold up the others."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import Any

import pytest
from tiny import texture

from dreamvid.errors import DiskFull, DreamvidError
from dreamvid.live.outputs import beside as module
from dreamvid.live.outputs.beside import Beside, Outputs

SIZE, RATE = (64, 48), Fraction(25)


class Fake:
    """An output that remembers, and that waits or fails when it is told to."""

    def __init__(self, name: str = "fake", *, alone: bool = True) -> None:
        self.name, self.alone = name, alone
        self.times: list[float] = []
        self.go = threading.Event()
        self.go.set()
        self.came = threading.Event()
        self.error: Exception | None = None
        self.closed = 0

    def open(self, size: Any, rate: Any) -> None:
        return

    def show(self, picture: Any, time: float) -> None:
        self.came.set()
        assert self.go.wait(60)
        if self.error is not None:
            raise self.error
        self.times.append(time)

    def close(self) -> None:
        self.closed += 1


def test_a_slow_output_gets_the_newest_picture_and_never_holds_up() -> None:
    slow = Fake()
    slow.go.clear()
    beside = Beside(slow)
    beside.open(SIZE, RATE)
    picture = texture()
    beside.show(picture, 0.0)
    assert slow.came.wait(60)
    for number in range(1, 1000):
        beside.show(picture, float(number))
    slow.go.set()
    beside.close()
    assert slow.times == [0.0, 999.0] and slow.closed == 1


def test_one_that_fails_is_left_out_and_told() -> None:
    told: list[str] = []
    good, bad = Fake("good", alone=False), Fake("bad", alone=False)
    outputs = Outputs([good, bad], told.append)
    outputs.open(SIZE, RATE)
    bad.error = DiskFull("no space left on the disk")
    for number in range(3):
        outputs.show(texture(), float(number))
    outputs.close()
    assert good.times == [0, 1, 2] and bad.closed == 1
    assert told == ["bad has ended: no space left on the disk"]


def test_one_whose_library_fails_is_left_out_as_well() -> None:
    told: list[str] = []
    good, bad = Fake("good", alone=False), Fake("bad", alone=False)
    outputs = Outputs([bad, good], told.append)
    outputs.open(SIZE, RATE)
    bad.error = RuntimeError("sender lost")
    outputs.show(texture(), 0.0)
    outputs.close()
    assert good.times == [0] and told == ["bad has ended: RuntimeError: sender lost"]


def test_the_last_one_that_fails_ends_the_run() -> None:
    bad = Fake(alone=False)
    bad.error = DiskFull("no space left on the disk")
    outputs = Outputs([bad], pytest.fail)
    outputs.open(SIZE, RATE)
    with pytest.raises(DiskFull):
        outputs.show(texture(), 0.0)


def test_a_failure_in_a_thread_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Fake()
    bad.error = DreamvidError("the device is gone")
    beside = Beside(bad)
    beside.open(SIZE, RATE)
    beside.show(texture(), 0.0)
    beside._thread.join(60)
    with pytest.raises(DreamvidError, match="gone"):
        beside.show(texture(), 1.0)
    assert bad.closed == 1


def test_a_failure_after_the_last_picture_comes_out_at_the_end() -> None:
    bad = Fake()
    bad.error = DiskFull("no space left on the disk")
    beside = Beside(bad)
    beside.open(SIZE, RATE)
    beside.show(texture(), 0.0)
    beside._thread.join(60)
    with pytest.raises(DiskFull):
        beside.close()
    assert bad.closed == 1


def test_one_that_does_not_finish_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENDS_WITHIN", 0.05)
    stuck = Fake()
    stuck.go.clear()
    beside = Beside(stuck)
    beside.open(SIZE, RATE)
    beside.show(texture(), 0.0)
    with pytest.raises(DreamvidError, match="did not finish"):
        beside.close()
    stuck.go.set()
    beside._thread.join(60)


def test_one_that_was_never_opened_is_closed() -> None:
    never = Fake()
    Beside(never).close()
    assert never.closed == 1


def test_all_are_closed_even_if_one_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Fake(), Fake()

    def fail() -> None:
        raise DreamvidError("cannot be finished")

    monkeypatch.setattr(one, "close", fail)
    outputs = Outputs([one, other], pytest.fail)
    outputs.open(SIZE, RATE)
    outputs.show(texture(), 0.0)
    with pytest.raises(DreamvidError, match="cannot be finished"):
        outputs.close()
    assert other.closed == 1 and other.times == [0.0]
