"""What cannot be dreamed by many processes; nothing here imports torch."""

from __future__ import annotations

from dreamvid.errors import UsageError
from dreamvid.settings.models import VideoSettings


def check_shared(settings: VideoSettings) -> None:
    """Raise UsageError for a film whose shots depend on each other."""
    remedy = "leave out --workers and --part"
    if settings.motion.loop:
        raise UsageError("a loop is dreamed by one process", where="loop", remedy=remedy)
    if settings.output.max_flash is not None:
        what = "flashes are counted across cuts, by one process"
        raise UsageError(what, where="max_flash", remedy=remedy)
