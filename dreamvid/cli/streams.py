"""The standard streams of a run: closed, full, or with nobody at their other end."""

from __future__ import annotations

import io
import os
import sys


class Unheard(io.TextIOWrapper):
    """Standard error whose lines are lost where nobody takes them: the film goes on."""

    def write(self, text: str, /) -> int:
        """Write text, or lose it."""
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Hand over what is written, or lose it."""
        try:
            super().flush()
        except OSError:
            return


def open_streams() -> None:
    """Make the standard streams fit to be written to, whatever the caller made of them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file to be opened would take its place
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files need not be UTF-8
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stderr = Unheard(
        os.fdopen(2, "wb", closefd=False),
        encoding=getattr(sys.stderr, "encoding", "utf-8"),
        errors="backslashreplace",
        line_buffering=True,
    )


def end_streams() -> None:
    """Drop what standard output did not take: Python would try again on its way out, and tell."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
