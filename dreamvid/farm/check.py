"""What cannot be dreamed by many processes, or together; imports no torch but to find a GPU."""

from __future__ import annotations

import re
from typing import Final

from dreamvid.errors import UsageError
from dreamvid.settings.models import VideoSettings

MOST_TOGETHER: Final = 32
"""The most shots that one process dreams at once: torch has as many streams of a GPU."""


def check_shared(settings: VideoSettings) -> None:
    """Raise UsageError for a film whose shots depend on each other."""
    remedy = "leave out --workers, --ray, --part and --together"
    if settings.motion.loop:
        raise UsageError("a loop is dreamed by one process", where="loop", remedy=remedy)
    if settings.output.max_flash is not None:
        what = "flashes are counted across cuts, by one process"
        raise UsageError(what, where="max_flash", remedy=remedy)


def check_together(count: int) -> None:
    """Raise UsageError for a number of shots that cannot be dreamed at once."""
    if not 1 <= count <= MOST_TOGETHER:
        what = f"{count} is too {'small' if count < 1 else 'large'}"
        raise UsageError(what, where="--together", remedy=f"give 1 to {MOST_TOGETHER}")


def check_gpu(count: int, device: str) -> None:
    """Raise UsageError for several shots at once on a device, as in settings, that is no GPU."""
    if count > 1 and device != "cpu":
        from dreamvid.dream.dreamer import pick_device

        device = pick_device(device).type
    if count > 1 and device != "cuda":
        what = "several shots at once in one process are for a CUDA GPU"
        raise UsageError(what, where="--together", remedy=f"use --workers {count}")


def check_address(address: str) -> None:
    """Raise UsageError unless an address is auto, host:port or ray://host:port."""
    if address != "auto" and not re.fullmatch(r"(ray://)?[\w.:\[\]-]+:\d{1,5}", address):
        remedy = "give auto, HOST:PORT or ray://HOST:10001"
        raise UsageError(f"{address} is no address of a cluster", where="--ray", remedy=remedy)
