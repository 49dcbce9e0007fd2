"""A training takes over the threads of its process: tests give them back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Keep the number of threads, at least two, as it was."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(2, before))
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)
