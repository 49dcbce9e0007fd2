"""Keys, in the terminal and in the window."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from dreamvid.live.controls import Controls, Message

KEYS: dict[str, Message] = {
    "+": ("add", "strength", 0.1),
    "=": ("add", "strength", 0.1),
    "-": ("add", "strength", -0.1),
    "]": ("add", "stability", 0.02),
    "[": ("add", "stability", -0.02),
    "c": ("add", "colours", -0.2),
    "C": ("add", "colours", 0.2),
    "d": ("add", "detail", -0.2),
    "D": ("add", "detail", 0.2),
    "l": ("next", "layer", None),
    "p": ("next", "preset", None),
    "r": ("set", "reset", None),
    "q": ("set", "quit", None),
}


def pressed(controls: Controls, key: str) -> None:
    """Send what a key means; keys without a meaning do nothing."""
    if key in KEYS:
        controls.send(*KEYS[key])


class TerminalKeys:
    """Reads keys from the terminal, if there is one, while in the context.

    The terminal then gives keys at once and without showing them; Ctrl-C still interrupts.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._before: Any = None
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        if sys.platform != "win32" and _is_terminal():
            import termios
            import tty

            self._before = termios.tcgetattr(0)
            tty.setcbreak(0)
            threading.Thread(target=self._read, name="keys", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if sys.platform != "win32" and self._before is not None:
            import termios

            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._before)

    def _read(self) -> None:
        while not self._stop.is_set():
            if select.select([0], [], [], 0.2)[0]:
                text = os.read(0, 16)
                if not text:
                    return
                for key in text.decode("latin-1"):
                    self._on_key(key)


def _is_terminal() -> bool:
    """Whether this process may read keys: a job in the background would be stopped."""
    try:
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
