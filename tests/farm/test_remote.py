"""Machines without a common folder: each dreams into its own, the parts meet in a storage."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from farm_kit import FIRSTS, FRAMES, Forked, names, request_for

from dreamvid.commands.result import Result
from dreamvid.errors import DreamvidError, OutputExists, UnreadableInput
from dreamvid.farm import remote
from dreamvid.farm import storage as storages
from dreamvid.farm.crew import dream_by_workers
from dreamvid.farm.joining import join_film, try_join
from dreamvid.farm.left import Left
from dreamvid.farm.remote import RemoteJob, placeless
from dreamvid.farm.share import dream_part
from dreamvid.farm.storage import FolderStorage, Storage, storage_at
from dreamvid.sequence.digests import digests_of, memory_of
from dreamvid.sequence.folder import folder_of, part_at
from dreamvid.sequence.plan import Shot
from dreamvid.sequence.progress import OnProgress, Progress, ignore

DONE = ["out.mp4", "out.mp4.dreamvid.toml"]
Dream = Callable[..., Result | Left]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def dream(shots: Path, tmp_path: Path, store: Path) -> Dream:
    """Dream a part on a machine, whose film lies in a place of its own."""

    def dream(
        machine: str, part: int, of: int, on_progress: OnProgress = ignore, **options
    ) -> Result | Left:
        folder = tmp_path / machine / "films"
        folder.mkdir(parents=True, exist_ok=True)
        source = shutil.copy(shots, folder / "film.mkv")
        request = request_for(source, tmp_path / machine / "out.mp4", **options)
        return dream_part(request, part, of, on_progress, storage_at(str(store), "out.mp4"))

    return dream


@pytest.fixture
def storage(store: Path) -> Storage:
    return storage_at(str(store), "out.mp4")


def join_on(tmp_path: Path, shots: Path, storage: Storage) -> Result:
    (tmp_path / "home").mkdir(exist_ok=True)
    return join_film(request_for(shots, tmp_path / "home" / "out.mp4"), storage)


@pytest.mark.parametrize("of", [2, 7])
def test_parts_of_many_machines_are_joined_on_another(
    of: int, dream: Dream, shots: Path, storage: Storage, whole: bytes, tmp_path: Path
) -> None:
    order = list(range(1, of + 1))
    random.Random(of).shuffle(order)
    made = [dream(f"machine {part}", part, of) for part in [*order, order[0]]]
    assert all(isinstance(left, Left) for left in made)
    assert made[-1].text == "all shots are dreamed; dreamvid join makes the film of them"
    assert "dreamvid join joins them all" in made[0].text
    assert "out.mp4" not in names(tmp_path / "machine 1")
    result = join_on(tmp_path, shots, storage)
    assert result.frames == FRAMES
    assert (tmp_path / "home" / "out.mp4").read_bytes() == whole
    assert names(tmp_path / "home") == DONE and not storage.names()


class Stopped(DreamvidError):
    """A run that ends without an end."""


def stop_at(count: int) -> OnProgress:
    def stop(event: Progress) -> None:
        if event.task == "frames" and event.done == count:
            raise Stopped("no more")

    return stop


def test_another_machine_goes_on_inside_a_shot(
    dream: Dream,
    shots: Path,
    storage: Storage,
    whole: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "MEMORY_EVERY", 0.0)
    with pytest.raises(Stopped):
        dream("a", 3, 6, stop_at(5))  # 6 frames in parts of 2
    kept = [name for name in storage.names() if name.endswith(".memory")]
    assert kept == [memory_of(part_at(tmp_path, FIRSTS[2] + 2)).name]
    told: list[int] = []

    def on_progress(event: Progress) -> None:
        if event.task == "frames":
            told.append(event.done)

    dream("b", 3, 6, on_progress)
    assert told == [1, 2]  # the last two of the six frames
    assert not [name for name in storage.names() if name.endswith(".memory")]
    dream("c", 1, 1)
    join_on(tmp_path, shots, storage)
    assert (tmp_path / "home" / "out.mp4").read_bytes() == whole


def test_memories_are_sent_now_and_then_only(dream: Dream, storage: Storage) -> None:
    with pytest.raises(Stopped):
        dream("a", 3, 6, stop_at(5))
    assert not [name for name in storage.names() if name.endswith(".memory")]
    assert len([name for name in storage.names() if name.endswith(".sha256")]) == 2


def test_workers_with_a_storage_join_the_film(
    shots: Path, storage: Storage, store: Path, whole: bytes, tmp_path: Path
) -> None:
    request = request_for(shots, tmp_path / "out.mp4")
    assert isinstance(dream_by_workers(request, 2, ignore, Forked, storage=str(store)), Result)
    assert (tmp_path / "out.mp4").read_bytes() == whole
    assert names(tmp_path) == [*DONE, "store"] and not storage.names()


def test_damage_in_the_storage_is_noticed_and_dreamed_again(
    dream: Dream, shots: Path, storage: Storage, store: Path, whole: bytes, tmp_path: Path
) -> None:
    dream("a", 1, 1)
    part = part_at(store / "out.mp4", FIRSTS[2] + 2)
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(DreamvidError, match="shot 3 of 6 missing; repeat the commands"):
        join_on(tmp_path, shots, storage)
    left = dream("b", 1, 1)
    assert isinstance(left, Left) and not left.missing
    join_on(tmp_path, shots, storage)
    assert (tmp_path / "home" / "out.mp4").read_bytes() == whole


def test_a_storage_that_goes_away_ends_in_an_error_from_which_to_resume(
    dream: Dream,
    shots: Path,
    storage: Storage,
    store: Path,
    whole: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []

    def gone(*_: object) -> None:
        raise ConnectionError("no route to host")

    def go(event: Progress) -> None:
        if event.task == "frames" and event.done == 9:
            patch.setattr(FolderStorage, "send", gone)

    with monkeypatch.context() as patch:
        patch.setattr(storages.time, "sleep", waited.append)
        with pytest.raises(DreamvidError, match=r"the storage cannot be reached .*repeat"):
            dream("a", 1, 1, go)
    assert sum(waited) >= 30
    told: list[int] = []

    def on_progress(event: Progress) -> None:
        if event.task == "frames":
            told.append(event.done)

    dream("a", 1, 1, on_progress)
    assert told[0] > 6
    join_on(tmp_path, shots, storage)
    assert (tmp_path / "home" / "out.mp4").read_bytes() == whole


def test_times_decide_nothing(
    dream: Dream, shots: Path, storage: Storage, store: Path, whole: bytes, tmp_path: Path
) -> None:
    """The clocks of two machines are an hour apart, and that of the storage is another hour off."""
    now = time.time()
    dream("a", 1, 3)
    dream("b", 2, 3)
    for place, hours in ((tmp_path / "a", -1), (tmp_path / "b", 1), (store, 2)):
        for file in place.rglob("*"):
            os.utime(file, (now + 3600 * hours,) * 2)
    dream("b", 3, 3)
    dream("a", 1, 1)
    join_on(tmp_path, shots, storage)
    assert (tmp_path / "home" / "out.mp4").read_bytes() == whole


def test_other_settings_are_refused_and_y_starts_over(
    dream: Dream, shots: Path, storage: Storage, tmp_path: Path
) -> None:
    dream("a", 1, 3)
    before = storage.names()
    other = {"dream": {"octaves": 2, "iterations": 2}}
    with pytest.raises(OutputExists, match=r"with other settings \(dream.iterations|\(iterations"):
        dream("b", 1, 3, **other)
    assert storage.names() == before
    dream("b", 2, 3, overwrite=True, **other)
    assert part_at(tmp_path, FIRSTS[1]).name in storage.names()
    assert part_at(tmp_path, FIRSTS[0]).name not in storage.names()


def test_another_film_of_that_name_is_not_joined(
    dream: Dream, storage: Storage, tmp_path: Path, picture: Path
) -> None:
    from farm_kit import write_shots

    with pytest.raises(UnreadableInput, match="no film is dreamed there"):
        join_on(tmp_path, write_shots(tmp_path / "a.mkv", (3, 2)), storage)
    dream("a", 1, 3)
    with pytest.raises(UnreadableInput, match="is not the film that was dreamed"):
        join_on(tmp_path, write_shots(tmp_path / "b.mkv", (3, 2)), storage)


def test_a_record_is_compared_without_its_places() -> None:
    one = '[made]\nsource = "a"\nsource_absolute = "/a"\nsource_sha256 = "1"\n'
    assert placeless(one) == {"made": {"source_sha256": "1"}}
    with pytest.raises(DreamvidError, match="the record of the job is damaged"):
        placeless("made = 3")


def test_what_was_not_sent_as_a_whole_is_sent_on_resume(
    dream: Dream, storage: Storage, tmp_path: Path
) -> None:
    dream("a", 1, 6)
    shot = Shot(0, 5)
    job = RemoteJob(storage, folder_of(tmp_path / "a" / "out.mp4"))
    assert job.done() == {0}
    job.forget(shot)
    digests = digests_of(part_at(tmp_path, 2)).name
    storage.remove([digests])
    dream("a", 1, 6)
    assert job.done() == {0} and digests in storage.names()


def test_the_copy_of_a_job_on_this_machine_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path))
    folder = remote.local_copy("s3://jobs/out.mp4")
    assert folder.is_dir() and folder != remote.local_copy("s3://jobs/other.mp4")
    remote.forget_copy("s3://jobs/out.mp4")
    assert not folder.exists()


def test_shots_that_are_missing_are_left(dream: Dream, shots: Path, storage: Storage, tmp_path):
    dream("a", 1, 3)
    (tmp_path / "home").mkdir()
    left = try_join(request_for(shots, tmp_path / "home" / "out.mp4"), storage)
    assert left == Left(6, (2, 3, 5, 6), ())
