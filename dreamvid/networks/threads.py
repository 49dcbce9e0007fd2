"""OpenMP settings for the threads of a dream step."""

from __future__ import annotations

import os
import sys

SPINS = 2000
"""Iterations that a waiting thread spins before it sleeps: about the time of one operation."""


def limit_openmp_spin() -> bool:
    """Limit busy-waiting of OpenMP threads; False if torch is loaded or the user has set a policy.

    A dream step has some hundred barriers. GNU OpenMP, which torch uses on Linux, spins there for
    milliseconds; if another process needs the core, a spinning thread delays the very thread it
    waits for. GoogLeNet, 512x320, on 2 cores shared with two other processes: 262 to 375 ms per
    step by default, 71 ms if threads sleep at once, 100 to 272 ms with one thread. On an idle
    machine a step took 56 ms by default and 62 ms if threads sleep at once, hence the short spin.
    The result is bit-identical.

    Must be called before torch is imported. Respects GOMP_SPINCOUNT and OMP_WAIT_POLICY.
    """
    chosen = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys()
    if chosen or "torch" in sys.modules:
        return False
    os.environ["GOMP_SPINCOUNT"] = str(SPINS)
    return True
