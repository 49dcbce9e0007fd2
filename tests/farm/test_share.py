"""Parts of a film: in any order, on any machine, twice at once, damaged, or of another version."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from farm_kit import FIRSTS, FRAMES, SHOTS, Fork, names, parts_in, request_for
from waiting import wait_for

from dreamvid.commands import sidecar
from dreamvid.commands.result import Result
from dreamvid.commands.video import run_video
from dreamvid.errors import (
    DiskFull,
    DreamvidError,
    Interrupted,
    OutputExists,
    UnreadableInput,
    UsageError,
)
from dreamvid.farm.joining import join_film
from dreamvid.farm.left import Left
from dreamvid.farm.share import dream_part
from dreamvid.farm.work import Worker, threads_of
from dreamvid.sequence import folder as parts_folder
from dreamvid.sequence import stretch as stretches
from dreamvid.sequence.digests import memory_of, write_digests
from dreamvid.sequence.folder import folder_of, part_at
from dreamvid.sequence.job import Job
from dreamvid.sequence.owners import owned
from dreamvid.sequence.plan import Plan
from dreamvid.sequence.progress import OnProgress, Progress, ignore

DONE = ["out.mp4", "out.mp4.dreamvid.toml"]
Dream = Callable[..., Result | Left]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.mp4"


@pytest.fixture
def dream(shots: Path, path: Path) -> Dream:
    """Dream a part of the film."""

    def dream(part: int, of: int, on_progress: OnProgress = ignore, **options) -> Result | Left:
        return dream_part(request_for(shots, path, **options), part, of, on_progress)

    return dream


@pytest.mark.parametrize("of", [1, 2, 7])
def test_parts_in_any_order_give_the_bytes_of_one_process(
    of: int, dream: Dream, path: Path, whole: bytes
) -> None:
    order = list(range(1, of + 1))
    random.Random(of).shuffle(order)
    made = [dream(part, of) for part in order]
    last = next(found for found in made if isinstance(found, Result))
    assert (last.frames, last.damage) == (FRAMES, None)
    assert all(isinstance(found, Left) for found in made[: made.index(last)])
    assert path.read_bytes() == whole
    assert names(path.parent) == DONE


@pytest.mark.parametrize("of", [1, 2, 7])
def test_two_parts_twice_at_once_give_the_same_bytes(
    of: int,
    dream: Dream,
    path: Path,
    whole: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None joins the film before all have begun, because a late one would find it complete."""
    begun, team, join = tmp_path_factory.mktemp("begun"), Worker.team, Worker.join

    def begin(self: Worker, *args: Any) -> list[Worker]:
        (begun / str(os.getpid())).touch()
        return team(self, *args)

    def join_then(self: Worker) -> Result | Left | None:
        wait_for(lambda: len(list(begun.iterdir())) >= 4)
        return join(self)

    monkeypatch.setattr(Worker, "team", begin)
    monkeypatch.setattr(Worker, "join", join_then)
    order = random.Random(-of).sample(range(1, of + 1), of)
    twice = (order * 2)[:2]
    forks = [Fork(lambda part=part: dream(part, of)) for part in (*twice, *twice)]
    assert [fork.wait() for fork in forks].count(0) >= 2
    for part in order:
        if not path.exists():
            dream(part, of)
    if not path.exists():  # the last to end has seen a shot of another that was not finished yet
        dream(1, 1)
    assert path.read_bytes() == whole
    assert names(path.parent) == DONE


def test_a_full_disk_loses_no_part_that_is_finished(
    dream: Dream, path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def full(part: Path, *, seconds: float) -> None:
        nonlocal written
        written += 1
        if written > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_digests(part, seconds=seconds)

    with monkeypatch.context() as patch:
        patch.setattr(stretches, "write_digests", full)
        with pytest.raises(DiskFull, match="make room and start again"):
            dream(1, 1)
    told: list[Progress] = []
    dream(1, 1, told.append)
    frames = [event.done for event in told if event.task == "frames"]
    assert frames[0] == SHOTS[0] + 2 and len(frames) == FRAMES - SHOTS[0] - 1
    assert path.read_bytes() == whole


def test_parts_are_those_of_one_process(dream: Dream, shots: Path, path: Path) -> None:
    """The same names and bytes, whoever makes them."""
    dream(1, 2)
    with pytest.raises(Stopped):
        dream(2, 2, stop_at(6))
    found = parts_in(folder_of(path))
    other = path.with_name("other.mp4")
    kept: dict[str, bytes] = {}

    def keep(event: Progress) -> None:
        if event.task == "frames" and event.done == FRAMES:
            kept.update(parts_in(folder_of(other)))

    run_video(request_for(shots, other), keep)
    assert len(found) > 12 and found.items() <= kept.items()


def stop_at(count: int) -> OnProgress:
    """Ends the run at the frame that is dreamed as the `count`-th."""

    def stop(event: Progress) -> None:
        if event.task == "frames" and event.done == count:
            raise Stopped("no more")

    return stop


class Stopped(DreamvidError):
    """A run that ends without an end."""


def test_a_part_goes_on_inside_a_shot(dream: Dream, path: Path, whole: bytes) -> None:
    with pytest.raises(Stopped):
        dream(3, 6, stop_at(5))  # 6 frames in parts of 2
    told: list[Progress] = []
    left = dream(3, 6, told.append)
    assert isinstance(left, Left) and left.missing == (1, 2, 4, 5, 6) and not left.mine
    frames = [event for event in told if event.task == "frames"]
    assert [event.done for event in frames] == [4, 5, 6]
    assert {event.total for event in frames} == {SHOTS[2]}
    assert {event.text for event in frames} == {"part 3 of 6"}
    dream(1, 1)
    assert path.read_bytes() == whole


def test_one_process_goes_on_with_what_parts_have_made(
    dream: Dream, shots: Path, path: Path, whole: bytes
) -> None:
    dream(1, 2)
    told: list[Progress] = []
    run_video(request_for(shots, path), told.append)
    assert next(event.done for event in told if event.task == "frames") == SHOTS[0] + 1
    assert path.read_bytes() == whole


def test_parts_go_on_with_what_one_process_has_made(
    dream: Dream, shots: Path, path: Path, whole: bytes
) -> None:
    with pytest.raises(Stopped):
        run_video(request_for(shots, path), stop_at(FIRSTS[2] + 3))
    told: list[Progress] = []
    dream(1, 1, told.append)
    assert next(event.done for event in told if event.task == "frames") == FIRSTS[2] + 2
    assert path.read_bytes() == whole


def test_a_part_damaged_behind_our_back_is_dreamed_again(
    dream: Dream, path: Path, whole: bytes
) -> None:
    dream(1, 2)
    part = part_at(folder_of(path), FIRSTS[2] + 2)
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 255
    part.write_bytes(data)
    memory_of(part_at(folder_of(path), FIRSTS[2])).unlink()
    left = dream(2, 2)
    assert isinstance(left, Left) and left.missing == (3,)
    assert "shot 3 of 6 missing" in left.text
    result = dream(1, 2)
    assert isinstance(result, Result)
    assert path.read_bytes() == whole


def test_a_missing_table_is_a_missing_part(dream: Dream, path: Path, whole: bytes) -> None:
    dream(1, 2)
    table = part_at(folder_of(path), FIRSTS[2]).with_suffix(".film.times")
    table.write_text("{")
    dream(2, 2)
    dream(1, 2)
    assert path.read_bytes() == whole


def test_two_joins_at_once_are_harmless(
    dream: Dream, shots: Path, path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them joins; the other, which comes while it does or later, says so."""
    said: list[object] = []
    complete = Job.complete

    def slow(self: Job, parts: list[Path]) -> None:
        try:
            join_film(request_for(shots, path))
        except UsageError as error:
            said.append(str(error))
        monkeypatch.setattr(Job, "complete", complete)
        complete(self, parts)

    monkeypatch.setattr(Job, "complete", slow)
    assert isinstance(dream(1, 1), Result)
    assert said == [f"{path}: another run is writing this file; wait for it, or use another name"]
    assert path.read_bytes() == whole
    with pytest.raises(OutputExists):
        request_for(shots, path)
    with pytest.raises(UnreadableInput, match="no shots to join"):
        join_film(request_for(shots, path, overwrite=True))
    assert path.read_bytes() == whole


def test_another_version_is_refused(
    dream: Dream, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dream(1, 2)
    before = parts_in(folder_of(path))
    found = sidecar.versions()
    monkeypatch.setattr(sidecar, "versions", lambda: found | {"dreamvid": "9"})
    with pytest.raises(
        OutputExists, match="13 frames are already dreamed, by another version of dreamvid"
    ):
        dream(2, 2)
    assert parts_in(folder_of(path)) == before


def test_other_settings_are_refused_while_a_shot_is_dreamed(
    dream: Dream, shots: Path, path: Path
) -> None:
    """Also with -y, which would delete what others are dreaming; and one process is refused too."""
    told: list[str] = []

    def meanwhile(event: Progress) -> None:
        if event.task == "frames" and not told:
            for options in ({}, {"overwrite": True}):
                fork = Fork(lambda options=options: refused(options))
                told.append(str(fork.wait()))

    def refused(options: dict[str, bool]) -> None:
        other = request_for(shots, path, dream={"octaves": 2, "iterations": 2}, **options)
        said = r"workers are dreaming this film with other settings \(iterations, octaves\)"
        with pytest.raises(UsageError, match=said):
            dream_part(other, 1, 2, ignore)
        with pytest.raises(UsageError, match="workers are dreaming this film; wait"):
            run_video(request_for(shots, path, **options), ignore)

    dream(1, 2, meanwhile)
    assert told == ["0", "0"]


def test_a_shot_of_another_process_is_left_to_it(dream: Dream, path: Path, whole: bytes) -> None:
    dream(1, 6)
    with owned(folder_of(path), FIRSTS[3]) as mine:
        assert mine
        left = dream(4, 6)
        assert left == Left(6, (2, 3, 4, 5, 6), (4,))
        left = dream(1, 1)
        assert left == Left(6, (4,), (4,))
        assert left.text == (
            "shot 4 of 6 missing; another process dreams shot 4; "
            "whoever dreams the last one joins the film"
        )
    dream(4, 6)
    assert path.read_bytes() == whole


def test_a_film_that_is_started_over_is_noticed(dream: Dream, path: Path) -> None:
    def replaced(event: Progress) -> None:
        if event.task == "frames" and event.done == 1:
            (folder_of(path) / "job.toml").write_text("other")

    with pytest.raises(DreamvidError, match="another run has started this film over"):
        dream(1, 1, replaced)


def test_stopped_it_says_how_to_go_on(dream: Dream, path: Path) -> None:
    def stop(event: Progress) -> None:
        if event.task == "frames" and event.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"part 1 of 2 stopped; repeat the command to resume"):
        dream(1, 2, stop)
    assert not list(folder_of(path).glob("*.draft"))
    assert part_at(folder_of(path), 0).exists()


def test_later_parts_compute_with_the_threads_of_the_first(dream: Dream, path: Path) -> None:
    dream(1, 2)
    assert threads_of(path) == 1
    torch.set_num_threads(2)
    try:
        assert isinstance(dream(2, 2), Result)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(1)


def test_without_cuts_a_film_is_one_shot(dream: Dream, shots: Path, path: Path) -> None:
    left = dream(2, 2, motion={"cuts": False})
    assert left == Left(1, (1,), ())
    plan = Plan.read(folder_of(path))
    assert plan is not None and plan.frames == FRAMES
    assert isinstance(dream(1, 2, motion={"cuts": False}), Result)
    run_video(request_for(shots, path.with_name("one.mp4"), motion={"cuts": False}), ignore)
    assert path.read_bytes() == path.with_name("one.mp4").read_bytes()


def test_large_films_are_dreamed_small_as_by_one_process(
    dream: Dream, shots: Path, path: Path
) -> None:
    options = {"film": {"dream_size": "48x36"}}
    for part in (2, 1):
        dream(part, 2, **options)
    run_video(request_for(shots, path.with_name("one.mp4"), **options), ignore)
    assert path.read_bytes() == path.with_name("one.mp4").read_bytes()


def test_schedules_and_masks_that_follow_motion_are_those_of_one_process(
    dream: Dream, shots: Path, path: Path
) -> None:
    options = {
        "dream": {"octaves": 1, "iterations": 1, "strength": "0.2+2*motion"},
        "mask": {"mask": "moving"},
    }
    for part in (3, 1, 2):
        dream(part, 3, **options)
    run_video(request_for(shots, path.with_name("one.mp4"), **options), ignore)
    assert path.read_bytes() == path.with_name("one.mp4").read_bytes()


def test_parts_end_where_those_of_one_process_end(path: Path, dream: Dream) -> None:
    dream(6, 6)
    starts = sorted(int(name[5:14]) for name in parts_in(folder_of(path)) if name.endswith("film"))
    assert starts == list(range(FIRSTS[5], FRAMES, parts_folder.PART_FRAMES))
