"""The command line: commands, flags, progress, exit codes. The only place that prints."""

from __future__ import annotations

from dreamvid.cli.app import main, run

__all__ = ["main", "run"]
