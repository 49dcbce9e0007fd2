"""Dry runs: what they count, what they time, and that they write nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import dream_tiny, texture

from dreamvid.commands import dry_run
from dreamvid.commands.dry_run import Forecast, Shots, duration, try_loop, try_video, try_zoom
from dreamvid.commands.preflight import check_loop, check_video, check_zoom
from dreamvid.errors import UsageError
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence.progress import Progress, ignore
from dreamvid.settings.loops import FeedbackLoop, FilmLoop, LoopSettings, PanLoop, ZoomLoop
from dreamvid.settings.models import VideoSettings, ZoomSettings

QUICK = {"octaves": 1, "iterations": 1}
CLIP = {"size": "64x48", "fps": 8, "seconds": 2}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.setattr(dry_run, "SAMPLED", 6)


def write_film(path: Path) -> Path:
    """Write a film of 12 frames with a cut before frame 7."""
    with VideoWriter(path, like=FilmInfo.plain(64, 48, Fraction(25), 12), overwrite=True) as out:
        for t in range(12):
            out.write(texture(0 if t < 7 else 9, dx=2 * t, dy=t), Fraction(t, 25))
    return path


def film_forecast(folder: Path, on_progress: Any = ignore, **tables: Any) -> Forecast:
    film = write_film(folder / "film.mp4")
    settings = VideoSettings.checked({"dream": QUICK} | tables)
    return try_video(check_video(film, folder / "out.mp4", settings), on_progress)


def test_the_shots_parts_and_frames_of_a_film_are_counted(tmp_path: Path) -> None:
    told: list[Progress] = []
    found = film_forecast(tmp_path, told.append)
    assert (found.shots, found.parts) == (Shots(2, 12, 12), 2)
    assert [event.done for event in told if event.task == "sample"] == [1, 2, 3, 4, 5, 6]
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    assert found.room is not None and found.room.film > 0
    assert found.memory[0] is None or found.memory[0] > 1e7


def test_the_part_of_a_film_that_is_dreamed_is_counted(tmp_path: Path) -> None:
    found = film_forecast(tmp_path, film={"frames": 5})
    assert found.shots == Shots(1, 5, 5)
    found = film_forecast(tmp_path, motion={"cuts": False})
    assert found.shots == Shots(1, 12, 12)


def test_a_long_film_is_looked_at_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "LOOKING", -1.0)
    found = film_forecast(tmp_path)
    assert found.shots == Shots(1, 1, 12)
    assert dict(found.rows())["shots"] == "1, by the first 1 frames"


def test_a_film_that_loops_is_dreamed_before_its_start(tmp_path: Path) -> None:
    found = film_forecast(tmp_path, motion={"loop": True})
    assert found.extra == 12
    assert dict(found.rows())["frames"] == "12, and 12 to lead in"


def test_slow_frames_end_the_sample_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Progress] = []
    monkeypatch.setattr(dry_run, "PATIENCE", 0.0)
    film_forecast(tmp_path, told.append)
    assert [event.done for event in told if event.task == "sample"] == [1, 2, 3]


def test_a_zoom_shorter_than_the_sample_is_forecast(tmp_path: Path) -> None:
    clip = CLIP | {"from_noise": True, "seconds": Fraction(1, 4)}
    settings = ZoomSettings.checked({"dream": QUICK, "clip": clip})
    found = try_zoom(check_zoom(None, tmp_path / "out.mp4", settings), ignore)
    assert (found.shots, found.parts) == (Shots(1, 2, 2), 1)
    assert found.carried > 0 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("model", [ZoomLoop, PanLoop, FeedbackLoop])
def test_loops_are_forecast(model: type[LoopSettings], tmp_path: Path) -> None:
    settings = model.checked({"dream": QUICK, "clip": CLIP})
    found = try_loop(check_loop(None, tmp_path / "out.mp4", settings), ignore)
    assert found.shots.frames == 16 and found.first > 0
    assert found.extra == (12 if model is FeedbackLoop else 0)
    assert not list(tmp_path.iterdir())


def test_the_texture_of_a_loop_is_timed_with_one_iteration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    run = dry_run.run_loop

    def watched(request: Any, told: Any) -> Any:
        asked.append(request.settings.dream.iterations)
        return run(request, told)

    monkeypatch.setattr(dry_run, "run_loop", watched)
    found = []
    for iterations in (1, 50):
        settings = PanLoop.checked({"dream": QUICK | {"iterations": iterations}, "clip": CLIP})
        found.append(try_loop(check_loop(None, tmp_path / "out.mp4", settings), ignore))
    assert asked == [1, 1]
    assert found[1].first > 3 * found[0].first


def test_a_film_that_is_only_joined_is_refused(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4")
    request = check_loop(film, tmp_path / "out.mp4", FilmLoop())
    with pytest.raises(UsageError, match="joined without a dream"):
        try_loop(request, ignore)


def test_the_total_counts_one_full_dose_for_each_shot() -> None:
    found = Forecast(Shots(3, 100, 100), 3, 5.0, 10.0, 1.0, 20, (2e9, 3e9), None)
    assert found.seconds == 5 + 3 * 10 + 117
    rows = dict(found.rows())
    assert rows["total"] == "3 min" and rows["memory"] == "2.0 GB, GPU 3.0 GB"
    assert "disk" not in rows


def test_long_shots_have_several_parts() -> None:
    assert Shots(1, 500, 500).parts(120) == 5
    assert Shots(5, 500, 500).parts(120) == 5
    assert Shots(2, 500, 500).parts(120) == 6


def test_times_are_said_in_their_unit() -> None:
    assert [duration(s) for s in (4.4, 300, 9000)] == ["4 s", "5 min", "2 h 30 min"]


def test_frames_are_timed_once_their_dose_has_settled() -> None:
    watch = dry_run._Stopwatch(ignore)
    watch._ready, watch._times = 0.0, [5.0, 6.0, 7.0, 9.0, 11.0]
    assert (watch.sample().first, watch.sample().carried) == (5.0, 2.0)
    watch._times = [5.0]
    assert watch.sample().carried == 5.0


def test_long_shots_and_workers_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    film, settings = write_film(tmp_path / "film.mp4"), {"dream": QUICK}
    rows = []
    try:
        for workers, motion in ((None, {"split_every": 3}), (2, {"split_every": 3}), (2, {})):
            wanted = VideoSettings.checked(settings | {"motion": motion})
            request = check_video(film, tmp_path / "out.mp4", wanted)
            rows.append(dict(try_video(request, ignore, workers=workers).rows()))
    finally:
        torch.set_num_threads(before)
    said = "long shots are split at 3 places: 8 more frames are dreamed (66.7%)"
    assert rows[0]["split"] == rows[1]["split"] == said and "split" not in rows[2]
    assert [row["disk"].partition("warm-ups ")[2][:6] for row in rows] == ["0.2 MB", "0.3 MB", ""]
    assert "workers" not in rows[0]["total"] and rows[1]["total"].endswith(" for 2 workers")


def test_a_dry_run_does_not_read_a_long_film_for_its_plan(tmp_path: Path) -> None:
    told: list[Progress] = []
    film_forecast(tmp_path, told.append, motion={"split_every": 3})
    assert [event.done for event in told if event.task == "looking"] == list(range(1, 13))
