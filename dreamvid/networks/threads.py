"""How the threads of a dream step wait for each other."""

from __future__ import annotations

import os
import sys

SPINS = 2000
"""Turns that a waiting thread spins before it sleeps: about the time between two operations."""


def calm() -> bool:
    """Let threads that wait for each other sleep soon; False when it is too late or was chosen.

    A dream step meets at some hundred barriers. GNU OpenMP, which torch brings on Linux, spins
    there for milliseconds; when another process wants the same core, the spinning keeps the very
    thread away that it waits for. Measured on 2 cores with two other busy processes, GoogLeNet,
    512x320: 375 ms a step as it is, 72 ms with sleeping threads, 100 ms with a single one; alone on
    the machine 55 and 58 ms. Bytes do not change, as they would not with the number of threads.

    It has to be called before torch is imported, and respects what the user has set.
    """
    chosen = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys()
    if chosen or "torch" in sys.modules:
        return False
    os.environ["GOMP_SPINCOUNT"] = str(SPINS)
    return True
