"""Waiting for what must come, however busy the machine is: the limit only ends what hangs."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST = 60.0
"""Seconds after which nothing will come any more."""


def wait_for(ready: Callable[[], object]) -> None:
    """Wait until something is so; AssertionError if it does not come."""
    until = time.monotonic() + LONGEST
    while not ready():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)
