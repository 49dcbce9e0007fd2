"""The time of a live picture, which tests replace."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> float:
        """Seconds since some moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; not at all for a time that is not positive."""
        ...


class SystemClock:
    """The monotonic clock of the system."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; not at all for a time that is not positive."""
        if seconds > 0:
            time.sleep(seconds)
