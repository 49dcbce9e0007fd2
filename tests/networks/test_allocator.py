"""The allocator keeps what is freed: pages that were cleared once are not cleared again."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
    assert int(told) < 100  # 20 arrays of 8 MB are some 40,000 pages
