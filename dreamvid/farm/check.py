"""What cannot be dreamed by many processes; nothing here imports torch."""

from __future__ import annotations

import re

from dreamvid.errors import UsageError
from dreamvid.settings.models import VideoSettings


def check_shared(settings: VideoSettings) -> None:
    """Raise UsageError for a film whose shots depend on each other."""
    remedy = "leave out --workers, --ray and --part"
    if settings.motion.loop:
        raise UsageError("a loop is dreamed by one process", where="loop", remedy=remedy)
    if settings.output.max_flash is not None:
        what = "flashes are counted across cuts, by one process"
        raise UsageError(what, where="max_flash", remedy=remedy)


def check_address(address: str) -> None:
    """Raise UsageError unless an address is auto, host:port or ray://host:port."""
    if address != "auto" and not re.fullmatch(r"(ray://)?[\w.:\[\]-]+:\d{1,5}", address):
        remedy = "give auto, HOST:PORT or ray://HOST:10001"
        raise UsageError(f"{address} is no address of a cluster", where="--ray", remedy=remedy)
