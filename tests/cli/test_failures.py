"""Whatever a command raises, the user gets one line and the right exit code."""

from __future__ import annotations

import errno
import os

import pytest

from dreamvid.cli.failures import explain
from dreamvid.errors import (
    DiskFull,
    DreamvidError,
    Interrupted,
    MissingDependency,
    OutOfMemory,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (UsageError("is -1", where="seed"), UsageError, "seed: is -1"),
        (KeyboardInterrupt(), Interrupted, "stopped; run the same command again"),
        (OSError(errno.ENOSPC, "x", "a.mp4"), DiskFull, "a.mp4: no space left on the disk"),
        (OSError(errno.EDQUOT, "x", "a.mp4"), DiskFull, "a.mp4: no space left on the disk"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), DreamvidError, "a: Permission"),
        (MemoryError(), OutOfMemory, "out of memory; use a smaller picture or --tile"),
        (RuntimeError("CUDA out of memory. Tried"), OutOfMemory, "out of memory; use a smaller"),
        (RuntimeError("could not create a primitive"), OutOfMemory, "out of memory; use a"),
        (RuntimeError("std::bad_alloc"), OutOfMemory, "out of memory; use a smaller"),
        (RuntimeError("can't start new thread"), OutOfMemory, "out of memory; use a smaller"),
        (
            ImportError("libx.so: failed to map segment from shared object"),
            OutOfMemory,
            "not enough memory to start; raise the limit (ulimit -v)",
        ),
        (
            ModuleNotFoundError("No module named 'cv2'", name="cv2"),
            MissingDependency,
            "no module cv2; pip install opencv-python",
        ),
        (ValueError("odd"), DreamvidError, "ValueError: odd; this is a bug in dreamvid; please"),
        (OSError("no number"), DreamvidError, "OSError: no number; this is a bug"),
        (
            ModuleNotFoundError("No module named 'dreamvid.x'", name="dreamvid.x"),
            DreamvidError,
            "ModuleNotFoundError: No module named 'dreamvid.x'; this is a bug",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_every_exception_has_its_line(
    error: BaseException, kind: type[DreamvidError], told: str
) -> None:
    found = explain(error)
    assert type(found) is kind and str(found).startswith(told)


def test_once_stopped_no_other_error_is_told() -> None:
    for error in (ValueError("in the middle"), OSError(errno.EPIPE, os.strerror(errno.EPIPE))):
        assert str(explain(error, stopped=True)) == "stopped; run the same command again"
    kept = Interrupted("stopped; 3 frames are in a.partial.mp4")
    assert explain(kept, stopped=True) is kept
