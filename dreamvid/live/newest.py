"""A place for one value: the newest wins, and nothing queues."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """Holds the newest value until it is taken; a newer one replaces it."""

    def __init__(self) -> None:
        self._there = threading.Condition()
        self._value: T | None = None
        self._closed = False

    def put(self, value: T) -> None:
        """Replace the value; never waits."""
        with self._there:
            self._value = value
            self._there.notify()

    def take(self, timeout: float | None = None) -> T | None:
        """Wait for a value and take it; None after `timeout` seconds, or when closed and empty."""
        with self._there:
            self._there.wait_for(lambda: self._value is not None or self._closed, timeout)
            value, self._value = self._value, None
            return value

    def close(self) -> None:
        """Let those who wait go; a value that is there can still be taken."""
        with self._there:
            self._closed = True
            self._there.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed
