"""What is freed is kept: pages are not cleared again. Cycles are looked for rarely, but found."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from dreamvid.networks.allocator import collect_rarely

PROBE = """
import resource, sys
import numpy as np
from dreamvid.networks.allocator import keep_freed_memory
assert not int(sys.argv[1]) or keep_freed_memory()
for _ in range(5):
    np.ones(1_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(1_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's own")
def test_freed_memory_is_used_again_without_a_page_fault() -> None:
    command = [sys.executable, "-c", PROBE, "1"]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert int(told) < 4_000  # 20 arrays of 8 MB are some 40,000 pages


def test_cycles_are_looked_for_rarely_and_found() -> None:
    class Cycle(list[object]):
        gone = 0

        def __del__(self) -> None:
            Cycle.gone += 1

    before = gc.get_threshold()
    gc.collect()
    try:
        collect_rarely()
        for _ in range(1000):
            cycle = Cycle()
            cycle.append(cycle)
        assert not Cycle.gone
        kept = [[] for _ in range(50_000)]
        assert kept and Cycle.gone >= 999
    finally:
        gc.set_threshold(*before)
