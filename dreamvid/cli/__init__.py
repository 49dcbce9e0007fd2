"""The command line: commands, flags, progress and exit codes. Only this package prints."""

from __future__ import annotations

import sys

from dreamvid.errors import Interrupted

__all__ = ["main", "stopped"]


def main() -> None:
    """Run the command line; exit with the exit code of the error, if any.

    Ctrl-C is also handled during the imports, which take a while.
    """
    try:
        from dreamvid.cli import app

        app.main()
    except KeyboardInterrupt:
        error = stopped()
        print(f"dreamvid: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def stopped() -> Interrupted:
    """The error for a command that was stopped and left no files behind."""
    return Interrupted("stopped", remedy="run the same command again")
