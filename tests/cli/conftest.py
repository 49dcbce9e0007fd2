"""The small film that the tests of the command line dream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from cli_kit import write_film

from dreamvid.cli import show


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute with one thread, as the children of `cli_kit` do: two round sums differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of work that takes long is not said of a machine that is busy."""
    monkeypatch.setattr(show, "QUIET_FOR", 60.0)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 64x48 and 8 frames, with sound."""
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", sound=True)
