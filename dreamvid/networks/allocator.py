"""Settings of the memory of a process that dreams: of the C library, and of the collector."""

from __future__ import annotations

import ctypes
import gc
import sys

PIECE = 32 << 20
"""The largest allocation, in bytes, that glibc serves from its heap instead of mmap."""

NEW_OBJECTS = 50_000
"""New objects after which Python looks for unused cycles of references; 700 by default."""

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3


def keep_freed_memory() -> bool:
    """Let the C library reuse memory freed by a dream step; False if it has no such setting.

    By default glibc maps every large tensor with mmap, and the kernel clears its pages each time:
    with SqueezeNet at 432x243 on 2 cores that took 4 of 25 seconds. The result is the same.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    wanted = ((_MMAP_THRESHOLD, PIECE), (_TRIM_THRESHOLD, 1 << 30), (_TOP_PAD, 2 * PIECE))
    return all(mallopt(option, value) == 1 for option, value in wanted)


def collect_rarely() -> None:
    """Let Python look for unused cycles rarely: it does so all the time while torch is imported.

    Of the seconds that a process needs until it dreams, that is about a tenth (docs/scale.md).
    """
    gc.set_threshold(NEW_OBJECTS, 10, 10)
