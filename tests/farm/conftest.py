"""The film of several shots, and what one process makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
import torch
from farm_kit import Forked, request_for, write_shots
from tiny import dream_tiny

from dreamvid.commands.video import run_video
from dreamvid.farm.tally import Tally
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence.progress import Progress, ignore


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute with one thread, as the workers do: a process that has more cannot be forked."""
    before, cv_before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    yield
    torch.set_num_threads(before)
    cv2.setNumThreads(cv_before)


@pytest.fixture(autouse=True)
def tiny_and_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny network, and parts of two frames."""
    dream_tiny(monkeypatch)
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 2)


@pytest.fixture
def in_step(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Workers go on after a frame once the crew has heard of it, which can be late.

    So none is done before all frames are heard, and whoever is killed at a frame is at work.
    """
    heard, add = tmp_path_factory.mktemp("heard"), Tally.add

    def hear(self: Tally, event: Progress) -> None:
        add(self, event)
        (heard / str(event.done)).touch()

    monkeypatch.setattr(Tally, "add", hear)
    monkeypatch.setattr(Forked, "heard", heard)


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shots(tmp_path_factory.mktemp("shots") / "film.mkv")


@pytest.fixture(scope="session")
def whole(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The film that one process dreams in one go."""
    path = tmp_path_factory.mktemp("whole") / "out.mp4"
    with pytest.MonkeyPatch.context() as patch:
        dream_tiny(patch)
        patch.setattr(parts_folder, "PART_FRAMES", 2)
        run_video(request_for(shots, path), ignore)
    return path.read_bytes()
