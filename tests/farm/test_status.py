"""The status: read from the folder alone, at any moment."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from farm_kit import FIRSTS, FRAMES, SHOTS, request_for

from dreamvid.commands.video import run_video
from dreamvid.errors import DreamvidError, UnreadableInput
from dreamvid.farm.remote import RemoteJob
from dreamvid.farm.share import dream_part
from dreamvid.farm.status import status_of, stored_status
from dreamvid.farm.storage import storage_at
from dreamvid.sequence.digests import digests_of
from dreamvid.sequence.folder import folder_of, part_at
from dreamvid.sequence.owners import owned
from dreamvid.sequence.progress import Progress, ignore


def test_shots_and_frames_are_counted(shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    dream_part(request_for(shots, path), 1, 3, ignore)
    found = status_of(path)
    assert (found.output, found.complete) == (str(path), False)
    assert (found.shots, found.shots_done, found.running, found.missing) == (6, 2, 0, 4)
    assert (found.frames, found.frames_done) == (FRAMES, SHOTS[0] + SHOTS[3])
    assert found.seconds_a_frame is not None and found.seconds_a_frame > 0
    assert (found.seconds_left, found.newest) == (None, None)


def test_pace_and_time_left_are_those_of_the_workers(shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    dream_part(request_for(shots, path), 1, 3, ignore)
    folder = folder_of(path)
    for part in folder.glob("part-*.film"):
        digests = json.loads(digests_of(part).read_text())
        digests_of(part).write_text(json.dumps(digests | {"seconds": 6.0}))
    pace = 6.0 * 5 / (SHOTS[0] + SHOTS[3])  # five parts
    assert status_of(path).seconds_a_frame == pytest.approx(pace)
    with owned(folder, FIRSTS[1]), owned(folder, FIRSTS[2]):
        found = status_of(path)
    assert (found.running, found.missing) == (2, 2)
    left = FRAMES - SHOTS[0] - SHOTS[3]
    assert found.seconds_left == pytest.approx(left * pace / 2)


def test_a_shot_that_is_being_dreamed_runs(shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    running: list[tuple[int | None, int]] = []

    def look(event: Progress) -> None:
        if event.task == "frames":
            found = status_of(path)
            running.append((found.running, found.frames_done))

    dream_part(request_for(shots, path), 1, 6, look)
    assert running == [(1, 0), (1, 0), (1, 2), (1, 2), (1, 4)]


def test_a_film_of_one_process_has_no_plan(shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"

    def stop(event: Progress) -> None:
        if event.done == 5:
            raise DreamvidError("no more")

    with pytest.raises(DreamvidError):
        run_video(request_for(shots, path), stop)
    found = status_of(path)
    assert (found.shots, found.frames, found.frames_done) == (None, None, 4)
    part_at(folder_of(path), 2).with_suffix(".film.times").write_text("{")
    assert status_of(path).frames_done == 2


def test_a_picture_of_the_newest_frame_is_named(tmp_path: Path) -> None:
    folder_of(tmp_path / "out.mp4").mkdir()
    assert status_of(tmp_path / "out.mp4").newest is None
    (tmp_path / "out.mp4.preview.jpg").touch()
    assert status_of(tmp_path / "out.mp4").newest == str(tmp_path / "out.mp4.preview.jpg")


def test_a_storage_shows_whole_shots(shots: Path, tmp_path: Path) -> None:
    """And no owners: its machines know which shots they dream, and how fast."""
    store, path = storage_at(str(tmp_path / "store"), "out.mp4"), tmp_path / "out.mp4"
    with pytest.raises(UnreadableInput, match=r"store.out\.mp4: nothing is dreamed here"):
        stored_status(path, store)
    dream_part(request_for(shots, path), 1, 3, ignore, store)
    shutil.rmtree(folder_of(path))
    found = stored_status(path, store)
    assert (found.output, found.complete) == (str(path), False)
    assert (found.shots, found.shots_done, found.running, found.missing) == (6, 2, None, None)
    assert (found.frames, found.frames_done) == (FRAMES, SHOTS[0] + SHOTS[3])
    store.remove(["plan.json"])
    assert (found := stored_status(path, store)).frames is None and found.frames_done == 0
    RemoteJob(store, folder_of(path)).clear()
    path.touch()
    assert stored_status(path, store).complete


def test_complete_films_and_none_at_all(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="nothing is dreamed here"):
        status_of(tmp_path / "out.mp4")
    (tmp_path / "out.mp4").touch()
    assert status_of(tmp_path / "out.mp4").complete
