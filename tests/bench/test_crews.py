"""The bench of workers: the same film for each, timed from its first frame to its last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dreamvid.bench import crews
from dreamvid.bench.crews import FRAMES, time_workers, write_shots
from dreamvid.media.reader import VideoReader
from dreamvid.motion.shots import CutDetector
from dreamvid.sequence.progress import Progress


def test_each_shot_begins_with_a_cut(tmp_path: Path) -> None:
    detector = CutDetector()
    with VideoReader(write_shots(tmp_path / "clip.mp4", 4)) as film:
        cuts = [frame.index for frame in film if detector.is_cut(frame.array)]
    assert cuts == [FRAMES, 2 * FRAMES, 3 * FRAMES]


def test_crews_are_compared_with_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker takes 2 s a frame, each more as much less as there are threads and workers."""
    now, asked = [0.0], []

    def dream(request: Any, workers: int, on_progress: Any, *, threads: int) -> None:
        with request.reader as film:
            asked.append((workers, threads, film.info.frames, request.settings.network.model))
            now[0] += 100  # until they have begun
            for index in range(film.info.frames):
                now[0] += 2 / workers if threads == 1 else 2 / 1.5
                on_progress(Progress("looking"))
                on_progress(Progress("frames", index + 1))

    monkeypatch.setattr(crews, "dream_by_workers", dream)
    monkeypatch.setattr(crews.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(crews.os, "cpu_count", lambda: 2)
    one, two, threaded = time_workers(["bestiary"])
    assert [row["of_one"] for row in (one, two, threaded)] == [1, 2, 1.5]
    assert (two["workers"], two["threads"], two["s_per_frame"]) == (2, 1, 1)
    assert asked == [
        (1, 1, 24, ("bestiary",)),
        (2, 1, 48, ("bestiary",)),
        (1, 2, 24, ("bestiary",)),
    ]
