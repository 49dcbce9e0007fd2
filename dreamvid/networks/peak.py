"""The peak memory of a process, and of its GPU."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path


def peak_memory(process: str = "self") -> float | None:
    """The peak resident memory of a process, in bytes; None where the system does not report it.

    getrusage is only a fallback: its value includes the memory of the parent before the exec.
    """
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024.0
    if process != "self":
        return None
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:  # Windows
        return None
    return getrusage(RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)


def peak_gpu_memory() -> int:
    """The peak memory of the tensors on the GPU of this process, in bytes; 0 without one."""
    import torch

    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
