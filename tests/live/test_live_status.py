"""What there is to say of a live picture."""

from __future__ import annotations

import json

import pytest

from dreamvid.live.status import Status


def test_rate_and_delay_are_running_means() -> None:
    status = Status()
    for number in range(200):
        status.tick(number / 10 + 0.04, number / 10)
    assert status.frames == 200
    assert status.fps == pytest.approx(10) and status.latency == pytest.approx(0.04)
    status.tick(20.5, 20.4)
    assert 5 < status.fps < 10


def test_the_line_says_what_is_not_usual() -> None:
    status = Status(size="256x144", look="parts 1.00")
    status.tick(0.03, 0.0)
    assert status.line() == "0.0 fps  30 ms  dream 256x144  parts 1.00"
    status.state, status.note = "lost", "camera 0: gone"
    assert status.line().endswith("parts 1.00  lost  camera 0: gone")


def test_all_of_it_can_be_sent() -> None:
    status = Status(look="parts")
    told = json.loads(json.dumps(status.told()))
    assert told["look"] == "parts" and not [name for name in told if name.startswith("_")]
