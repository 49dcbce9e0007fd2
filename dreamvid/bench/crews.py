"""How much faster many workers dream than one, measured on a film of as many shots as they need."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from dreamvid.commands.preflight import check_video
from dreamvid.farm.crew import dream_by_workers
from dreamvid.image import to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence.progress import Progress
from dreamvid.settings.models import VideoSettings

SIZE: Final = (432, 240)
"""Width and height of the film."""

SHOTS: Final = 3
"""The shots for each worker."""

FRAMES: Final = 8
"""The frames of a shot."""


def time_workers(models: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Time a film with one worker of one thread, one for each core, and one with all threads.

    `s_per_frame` is the wall time of a frame of the whole crew from its first frame to its last,
    without the start of the processes; `of_one` is how many times as fast as the first that is.
    """
    cores = os.cpu_count() or 1
    crews = (1, 1), (cores, 1), (1, cores)
    rows = [_time(workers, threads, models) for workers, threads in crews]
    for row in rows:
        row["of_one"] = round(rows[0]["s_per_frame"] / row["s_per_frame"], 2)
        row["s_per_frame"] = round(row["s_per_frame"], 3)
    return rows


def _time(workers: int, threads: int, models: Sequence[str]) -> dict[str, Any]:
    moments: list[float] = []

    def on_progress(event: Progress) -> None:
        if event.task == "frames":
            moments.append(time.perf_counter())

    network = {"network": {"model": list(models[:1])}} if models else {}
    with tempfile.TemporaryDirectory(prefix="dreamvid-bench-") as folder:
        clip = write_shots(Path(folder) / "clip.mp4", SHOTS * workers)
        settings = VideoSettings.checked(network)
        request = check_video(clip, Path(folder) / "dream.mp4", settings)
        dream_by_workers(request, workers, on_progress, threads=threads)
    taken = (moments[-1] - moments[0]) / (len(moments) - 1)
    return {"workers": workers, "threads": threads, "frames": len(moments), "s_per_frame": taken}


def write_shots(path: Path, shots: int) -> Path:
    """Write a silent film of so many shots, each of another texture that moves."""
    width, height = SIZE
    like = FilmInfo.plain(width, height, Fraction(24), shots * FRAMES)
    with VideoWriter(path, like=like) as film:
        for shot in range(shots):
            noise = np.random.default_rng(shot).integers(0, 256, (9, 16, 3), dtype=np.uint8)
            size = (width + 2 * FRAMES, height)
            wide = np.asarray(cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC), np.uint8)
            for t in range(FRAMES):
                film.write(to_image(np.ascontiguousarray(wide[:, 2 * t : 2 * t + width])))
    return path
