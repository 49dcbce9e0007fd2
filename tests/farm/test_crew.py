"""Crews of workers: the bytes of one process, whoever is killed, stopped or replaced."""

from __future__ import annotations

from pathlib import Path

from farm_kit import FRAMES, Forked, request_for

from dreamvid.commands.result import Result
from dreamvid.farm.crew import dream_by_workers
from dreamvid.sequence.progress import Progress


def test_two_workers_give_the_bytes_of_one_process(
    shots: Path, whole: bytes, tmp_path: Path
) -> None:
    told: list[Progress] = []
    result = dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 2, told.append, Forked)
    assert isinstance(result, Result)
    assert (result.frames, result.damage) == (FRAMES, None)
    assert (tmp_path / "out.mp4").read_bytes() == whole
    assert [event.done for event in told if event.task == "frames"] == list(range(1, FRAMES + 1))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.mp4",
        "out.mp4.dreamvid.toml",
    ]
