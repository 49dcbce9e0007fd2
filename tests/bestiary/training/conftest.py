"""The threads of a training, of which its crew has a member each."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture
def two_threads() -> None:
    """Compute with two threads, until the test ends.

    Not in all tests: steps that are small are mostly spent waiting for the other thread.
    """
    torch.set_num_threads(2)
