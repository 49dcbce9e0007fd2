"""The board on which the tasks of a cluster tell what happens; nothing here imports torch.

It is an actor with a process of its own, which would else take seconds of a core to begin.
"""

from __future__ import annotations

from typing import Any, Protocol

Answer = dict[str, Any]


class Board:
    """Collects what tasks tell, until it is taken: the tasks are elsewhere than who listens."""

    def __init__(self) -> None:
        self._told: list[Answer] = []

    def tell(self, message: Answer) -> None:
        """Keep a message."""
        self._told.append(message)

    def take(self) -> list[Answer]:
        """The messages since the last time."""
        told, self._told = self._told, []
        return told


class Remote(Protocol):
    """A method of a board elsewhere, which is called without waiting for it."""

    def remote(self, message: Answer) -> object:
        """Call it."""


class Telling(Protocol):
    """A board elsewhere."""

    tell: Remote
