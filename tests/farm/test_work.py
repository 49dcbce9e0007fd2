"""What a worker does alone: it reads forward, waits briefly, and finds the threads of a job."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch
from farm_kit import FIRSTS, FRAMES, SHOTS, request_for, write_shots

from dreamvid.commands import planning
from dreamvid.commands.planning import make_plan
from dreamvid.commands.ready import prepare
from dreamvid.commands.result import Result
from dreamvid.dream.dreamer import Dreamer
from dreamvid.farm import work as working
from dreamvid.farm.reading import Source
from dreamvid.farm.work import briefly_locked, threads_of, work
from dreamvid.media.target import Busy, exclusive_lock
from dreamvid.sequence.folder import folder_of, listed_frames
from dreamvid.sequence.progress import Progress, ignore


def test_shots_are_read_forward_with_the_frame_before_each(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = 0
    reopened = planning.reopened

    def counted(ready):
        nonlocal opened
        opened += 1
        return reopened(ready)

    request = request_for(shots, tmp_path / "out.mp4")
    with ExitStack() as films, request.reader:
        ready = prepare(request, films, ignore)
        plan = make_plan(ready, ignore)
        monkeypatch.setattr(planning, "reopened", counted)
        source = films.enter_context(Source(ready, plan, films))

        def read(first: int, end: int) -> list[int]:
            return [frame.index for frame in source.frames(first, end)]

        assert read(0, 5) == [0, 1, 2, 3, 4]
        assert read(5, 8) == [4, 5, 6, 7]  # the frame before was the last one read
        assert read(14, 16) == [13, 14, 15]
        assert (opened, source.position) == (1, 16)
        assert read(15, 17) == [14, 15, 16]
        assert opened == 2
        assert read(0, 2) == [0, 1]
        assert opened == 3
        assert read(25, FRAMES + 9) == [24, 25, 26]


def test_a_worker_that_finds_an_early_shot_free_goes_back(
    shots: Path, whole: bytes, tmp_path: Path
) -> None:
    """The owner of the first shot ends while the second is dreamed."""
    path = tmp_path / "out.mp4"
    with ExitStack() as others:
        folder = folder_of(path)
        told: list[int] = []

        def watch(event: Progress) -> None:
            if event.task == "looking" and event.done == FRAMES:
                assert others.enter_context(working.owned(folder, 0))
            if event.task == "frames":
                told.append(event.done - 1)
                others.close()

        result = work(request_for(shots, path), watch, lambda total, done: None)
    assert told == [*range(FIRSTS[1], FRAMES), *range(SHOTS[0])]
    assert path.read_bytes() == whole and result is not None


def test_it_tells_what_is_done_before_it_begins(shots: Path, tmp_path: Path) -> None:
    begun: list[object] = []
    for part in (1, 1, 2):
        request = request_for(shots, tmp_path / "out.mp4")
        work(request, ignore, lambda total, done: begun.append((total, done)), part=part, of=6)
    assert begun == [(SHOTS[0], []), (SHOTS[0], [(0, SHOTS[0])]), (SHOTS[1], [])]


def test_a_lock_is_waited_for_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.mp4"
    with ExitStack() as other:
        other.enter_context(exclusive_lock(path))
        monkeypatch.setattr(working, "PATIENCE", 0.0)
        with pytest.raises(Busy), briefly_locked(path):
            pass
        monkeypatch.setattr(working, "PATIENCE", 60.0)
        monkeypatch.setattr(working.time, "sleep", lambda seconds: other.close())
        with briefly_locked(path), pytest.raises(Busy), exclusive_lock(path):
            pass


@pytest.mark.parametrize(
    ("text", "threads"),
    [
        ("[made]\nthreads = 3\n", 3),
        ("[made]\nthreads = 0\n", None),
        ("[made]\nthreads = 'x'\n", None),
        ("[made]\n", None),
        ("made = 3\n", None),
        ("\0", None),
    ],
)
def test_threads_are_those_in_the_record(text: str, threads: int | None, tmp_path: Path) -> None:
    assert threads_of(tmp_path / "out.mp4") is None
    folder_of(tmp_path / "out.mp4").mkdir()
    (folder_of(tmp_path / "out.mp4") / "job.toml").write_text(text)
    assert threads_of(tmp_path / "out.mp4") == threads


@pytest.mark.parametrize("most", [144, 100])
def test_a_dream_that_runs_out_of_memory_goes_on_with_smaller_tiles(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the fourth frame on there is no memory for tiles above `most`; 128 is the least."""
    ascend, asked = Dreamer.ascend, 0

    def short_of_memory(self: Dreamer, *args: Any, **options: Any) -> torch.Tensor:
        nonlocal asked
        asked += 1
        if asked > 3 and self.tile > most:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return ascend(self, *args, **options)

    monkeypatch.setattr(Dreamer, "ascend", short_of_memory)
    film = write_shots(tmp_path / "film.mkv", (6, 2), width=288)
    request = request_for(film, tmp_path / "out.mp4")
    if most < 128:
        with pytest.raises(RuntimeError, match="out of memory"):
            work(request, ignore, lambda total, done: None)
        assert listed_frames(folder_of(tmp_path / "out.mp4"), 0, 6) == 2
        return
    told: list[int] = []

    def on_progress(event: Progress) -> None:
        if event.task == "frames":
            told.append(event.done)

    result = work(request, on_progress, lambda total, done: None)
    assert isinstance(result, Result) and result.frames == 8
    assert told == [1, 2, 3, 3, 4, 5, 6, 7, 8]
    assert "dreamed on tiles of 144 pixels, because memory ran out" in result.notes
