"""How the threads of a dream step wait for each other."""

from __future__ import annotations

import os
import sys

SPINS = 2000
"""Turns that a waiting thread spins before it sleeps: about the time between two operations."""


def limit_openmp_spin() -> bool:
    """Let threads that wait for each other sleep soon; False when it is too late or was chosen.

    A dream step meets at some hundred barriers. GNU OpenMP, which torch brings on Linux, spins
    there for milliseconds; when another process wants the same core, the spinning keeps the very
    thread away that it waits for. GoogLeNet, 512x320, on 2 cores that two other processes wanted
    too: 262 to 375 ms a step as it is, 71 ms when threads sleep at once, 100 to 272 ms with one
    thread. Undisturbed steps took 56 ms and 62 ms: so they spin a little before they sleep.
    The result is the same to the bit.

    It has to be called before torch is imported, and respects what the user has set.
    """
    chosen = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys()
    if chosen or "torch" in sys.modules:
        return False
    os.environ["GOMP_SPINCOUNT"] = str(SPINS)
    return True
