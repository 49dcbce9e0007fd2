"""Crews of workers: the bytes of one process, whoever is killed, stopped or replaced."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import IO, Any

import pytest
from farm_kit import FRAMES, Fork, Forked, Hired, names, request_for
from tiny import read

from dreamvid.commands.result import Result
from dreamvid.errors import DreamvidError, Interrupted, OutOfMemory, OutputExists, UsageError
from dreamvid.farm import crew
from dreamvid.farm.crew import dream_by_workers
from dreamvid.farm.left import Left
from dreamvid.farm.messages import Order, result_fields
from dreamvid.media.target import exclusive_lock
from dreamvid.sequence.folder import folder_of
from dreamvid.sequence.progress import Progress, ignore

DONE = ["out.mp4", "out.mp4.dreamvid.toml"]


@pytest.mark.usefixtures("in_step")
def test_two_workers_give_the_bytes_of_one_process(
    shots: Path, whole: bytes, tmp_path: Path
) -> None:
    told: list[Progress] = []
    result = dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 2, told.append, Forked)
    assert isinstance(result, Result)
    assert (result.frames, result.damage) == (FRAMES, None)
    assert (tmp_path / "out.mp4").read_bytes() == whole
    assert [event.done for event in told if event.task == "frames"] == list(range(1, FRAMES + 1))
    assert {event.total for event in told if event.task == "frames"} == {FRAMES}
    assert len([event for event in told if event.task == "sidecar"]) == 1
    assert names(tmp_path) == DONE


@pytest.mark.usefixtures("in_step")
def test_workers_killed_again_and_again_give_the_same_bytes(
    shots: Path, whole: bytes, tmp_path: Path
) -> None:
    dice, hired = random.Random(7), Hired()
    when = sorted(dice.sample(range(1, FRAMES), 10))
    killed = 0

    def kill(event: Progress) -> None:
        nonlocal killed
        if event.task == "frames" and event.done in when:
            hired.all[-1 - dice.randrange(2)].kill()
            killed += 1

    result = dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 2, kill, hired)
    assert isinstance(result, Result) and result.frames == FRAMES
    assert killed == 10 and len(hired.all) > 2
    assert (tmp_path / "out.mp4").read_bytes() == whole
    assert names(tmp_path) == DONE


@pytest.mark.usefixtures("in_step")
@pytest.mark.parametrize("stop", [2, 13])
def test_a_stopped_crew_leaves_what_can_be_resumed(
    stop: int, shots: Path, whole: bytes, tmp_path: Path
) -> None:
    path, hired = tmp_path / "out.mp4", Hired()

    def stopped(event: Progress) -> None:
        if event.task == "frames" and event.done == stop:
            raise KeyboardInterrupt

    said = "stopped before a part was finished" if stop == 2 else "repeat the command to resume"
    with pytest.raises(Interrupted, match=rf"out\.mp4: stopped.*{said[8:]}"):
        dream_by_workers(request_for(shots, path), 2, stopped, hired)
    assert all(child.wait() for child in hired.all)
    partial = tmp_path / "out.partial.mp4"
    if partial.exists():
        assert len(read(partial)) in range(1, FRAMES)
    told: list[Progress] = []
    dream_by_workers(request_for(shots, path), 3, told.append, Forked)
    assert path.read_bytes() == whole
    assert names(tmp_path) == DONE
    if stop == 13:
        assert next(event.done for event in told if event.task == "frames") > 1


@pytest.mark.usefixtures("in_step")
def test_a_crew_stopped_before_its_first_frame_leaves_nothing_to_say(
    shots: Path, tmp_path: Path
) -> None:
    def stopped(event: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"stopped before (the first frame|a part was finished)"):
        dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 1, stopped, Forked)


def test_an_error_of_one_worker_ends_all(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise UsageError("no such layer", where="layer", remedy="use another")

    monkeypatch.setattr("dreamvid.farm.work.prepare", broken)
    hired = Hired()
    with pytest.raises(UsageError, match="layer: no such layer; use another"):
        dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 2, ignore, hired)
    assert len(hired.all) == 2
    for child in hired.all:
        child.wait()


def test_another_error_of_a_worker_comes_with_its_trace(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oh no")

    monkeypatch.setattr("dreamvid.farm.work.prepare", broken)
    with pytest.raises(RuntimeError, match="ZeroDivisionError: oh no") as caught:
        dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 1, ignore, Forked)
    assert "in broken" in caught.value.__notes__[0]


class Dying:
    """A worker that dies at once."""

    def __init__(self, code: int) -> None:
        self.stdout = io.StringIO('{"progress": {"ta')
        self._code = code

    def kill(self) -> None:
        pass

    def wait(self) -> int:
        return self._code


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [(-9, OutOfMemory, "by SIGKILL; .*fewer workers"), (3, DreamvidError, "code 3; leave out")],
)
def test_workers_that_keep_dying_are_reported(
    code: int, error: type[DreamvidError], said: str, shots: Path, tmp_path: Path
) -> None:
    started: list[Order] = []

    def start(order: Order) -> Dying:
        started.append(order)
        return Dying(code)

    with pytest.raises(error, match=f"7 workers have died without finishing a part, {said}"):
        dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 2, ignore, start)
    assert len(started) == 2 + 2 * crew.DEATHS


def test_a_worker_that_comes_when_the_film_is_joined_starts_nothing(
    shots: Path, whole: bytes, tmp_path: Path
) -> None:
    """The last of three begins only once the others have joined the film."""
    hired = Hired()

    class Late(Forked):
        def __init__(self, order: Order) -> None:
            hired.all[0].wait()
            super().__init__(order)

    def start(order: Order) -> Forked:
        return Late(order) if len(hired.all) == 1 else hired(order)

    result = dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 2, ignore, start)
    assert isinstance(result, Result)
    assert (tmp_path / "out.mp4").read_bytes() == whole
    assert names(tmp_path) == DONE


class Holding(Fork):
    """A worker that tells a result, not its last frames, and holds the lock until it is killed."""

    def __init__(self, order: Order) -> None:
        reads, writes = os.pipe()

        def task() -> None:
            with exclusive_lock(order.target), os.fdopen(writes, "w") as out:
                result = result_fields(Result(order.target, FRAMES))
                for message in (
                    {"begun": {"frames": FRAMES, "done": [(0, 3)]}},
                    {"result": result},
                ):
                    out.write(json.dumps(message) + "\n")
                out.flush()
                time.sleep(60)

        super().__init__(task)
        os.close(writes)
        self.stdout: IO[str] | None = os.fdopen(reads, encoding="utf-8")


def test_a_worker_that_is_killed_with_the_lock_leaves_no_file_of_it(
    shots: Path, tmp_path: Path
) -> None:
    told: list[Progress] = []
    dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 1, told.append, Holding)
    assert names(tmp_path) == []
    assert [event.done for event in told] == [3, FRAMES]


def test_a_worker_that_dies_once_it_has_joined_the_film_is_not_replaced(
    shots: Path, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(result: Result) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    monkeypatch.setattr("dreamvid.farm.messages.result_fields", dying)
    hired = Hired()
    made = dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 1, ignore, hired)
    assert made == Left() and len(hired.all) == 1
    assert (tmp_path / "out.mp4").read_bytes() == whole
    assert names(tmp_path) == DONE


def test_threads_are_shared_out_and_kept(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[Order] = []

    def start(order: Order) -> Dying:
        orders.append(order)
        return Dying(1)

    monkeypatch.setattr(crew.os, "cpu_count", lambda: 16)
    for workers in (4, 40):
        with pytest.raises(DreamvidError):
            dream_by_workers(request_for(shots, tmp_path / "out.mp4"), workers, ignore, start)
    folder = folder_of(tmp_path / "out.mp4")
    folder.mkdir()
    (folder / "job.toml").write_text("[made]\nthreads = 3\n")
    with pytest.raises(DreamvidError):
        dream_by_workers(request_for(shots, tmp_path / "out.mp4"), 4, ignore, start)
    assert list(dict.fromkeys(order.threads for order in orders)) == [4, 1, 3]
    assert not (tmp_path / "out.mp4").exists()


def test_an_output_that_exists_is_kept(shots: Path, tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"precious")
    with pytest.raises(OutputExists):
        request_for(shots, tmp_path / "out.mp4")
    request = request_for(shots, tmp_path / "out.mp4", overwrite=True)
    dream_by_workers(request, 2, ignore, Forked)
    assert (tmp_path / "out.mp4").read_bytes() != b"precious"
    assert names(tmp_path) == DONE


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"motion": {"loop": True}}, "loop: a loop is dreamed by one process"),
        ({"output": {"max_flash": 3}}, "max_flash: flashes are counted across cuts"),
    ],
)
def test_films_whose_shots_depend_on_each_other_are_refused(
    tables: dict[str, Any], said: str, shots: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        dream_by_workers(request_for(shots, tmp_path / "out.mp4", **tables), 2, ignore, Forked)
    assert names(tmp_path) == []


def test_one_worker_shows_its_newest_frame_also_when_it_is_replaced(
    shots: Path, tmp_path: Path
) -> None:
    orders: list[Order] = []

    def start(order: Order) -> Dying:
        orders.append(order)
        return Dying(1)

    live = tmp_path / "live.jpg"
    request = request_for(shots, tmp_path / "out.mp4")
    with pytest.raises(DreamvidError):
        dream_by_workers(request, 3, ignore, start, newest=live)
    assert [order.newest for order in orders[:3]] == [live, None, None]
    assert len(orders) == 3 + 3 * crew.DEATHS
    assert {order.newest for order in orders[3:]} <= {live, None}
