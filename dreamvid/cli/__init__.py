"""The command line: commands, flags, progress, exit codes. The only place that prints."""

from __future__ import annotations

import sys

from dreamvid.errors import Interrupted

__all__ = ["main", "stopped"]


def main() -> None:
    """Run the command line; ends the process with the exit code of the error, if any.

    Its modules take a while to be imported, during which Ctrl-C is heard as well.
    """
    try:
        from dreamvid.cli import app

        app.main()
    except KeyboardInterrupt:
        told = stopped()
        print(f"dreamvid: {told}", file=sys.stderr)
        sys.exit(told.exit_code)


def stopped() -> Interrupted:
    """What is told of a command that was stopped and leaves nothing behind."""
    return Interrupted("stopped", remedy="give the same command again")
