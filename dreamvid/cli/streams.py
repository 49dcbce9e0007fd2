"""The standard streams of a run: they may be closed, full, or without a reader."""

from __future__ import annotations

import io
import os
import sys


class LossyStderr(io.TextIOWrapper):
    """Standard error that drops lines that cannot be written, so that the run continues."""

    def write(self, text: str, /) -> int:
        """Write text; drop it when the stream fails."""
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Flush the buffer; drop it when the stream fails."""
        try:
            super().flush()
        except OSError:
            return


def open_streams() -> None:
    """Make the standard streams writable, whatever state the caller left them in."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file to be opened would get this descriptor
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    if isinstance(sys.stdout, io.TextIOWrapper):  # file names need not be valid UTF-8
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stderr = LossyStderr(
        os.fdopen(2, "wb", closefd=False),
        encoding=getattr(sys.stderr, "encoding", "utf-8"),
        errors="backslashreplace",
        line_buffering=True,
    )


def end_streams() -> None:
    """Discard buffered standard output: Python would retry the write at exit and report it."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
