"""The peak memory of a process."""

from __future__ import annotations

import os

import numpy as np
import pytest

from dreamvid.networks.peak import peak_gpu_memory, peak_memory


def test_what_was_held_is_in_the_peak_after_it_is_gone() -> None:
    ballast = np.ones(200_000_000, np.uint8)
    held = peak_memory()
    assert held is not None and held >= ballast.nbytes
    del ballast
    assert peak_memory() == pytest.approx(held, rel=0.05)  # the kernel counts in batches


def test_another_process_is_read_by_its_number_and_a_missing_one_is_unknown() -> None:
    found = peak_memory(str(os.getpid()))
    assert found is None or found > 1e6  # None where there is no /proc
    assert peak_memory("999999999") is None


def test_the_peak_of_a_gpu_is_a_number() -> None:
    assert peak_gpu_memory() >= 0
