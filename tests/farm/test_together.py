"""Several shots at once in one process: the bytes of one at a time, and one end for all.

On a machine with a CUDA GPU these dream on it, each thread on a stream of its own.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from farm_kit import FRAMES, SHOTS, names, request_for
from waiting import wait_for

from dreamvid.commands.ready import Ready
from dreamvid.commands.result import Result
from dreamvid.commands.video import run_video
from dreamvid.device import numbers
from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import DreamvidError, Interrupted, UsageError
from dreamvid.farm.check import check_gpu
from dreamvid.farm.left import Left
from dreamvid.farm.share import dream_part, dream_together
from dreamvid.farm.storage import FolderStorage
from dreamvid.farm.together import MOST, Together, shots_at_once
from dreamvid.farm.work import Worker
from dreamvid.sequence.folder import folder_of
from dreamvid.sequence.progress import OnProgress, Progress, ignore
from dreamvid.sequence.stretch import Stretch

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
DONE = ["out.mp4", "out.mp4.dreamvid.toml"]


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets each of so many threads begin its first shot only once all of them do."""

    def meet(count: int) -> None:
        first, run = threading.Barrier(count, timeout=60), Stretch.run
        met: set[int] = set()

        def together(self: Stretch, *args: Any, **options: Any) -> None:
            if threading.get_ident() not in met:
                met.add(threading.get_ident())
                first.wait()
            run(self, *args, **options)

        monkeypatch.setattr(Stretch, "run", together)

    return meet


def test_shots_dreamed_together_give_the_bytes_of_one_process(
    shots: Path, whole: bytes, tmp_path: Path, meeting: Callable[[int], None]
) -> None:
    meeting(3)
    told: list[Progress] = []
    result = dream_together(request_for(shots, tmp_path / "out.mp4"), 3, told.append)
    assert isinstance(result, Result)
    assert (result.frames, result.damage) == (FRAMES, None)
    assert (tmp_path / "out.mp4").read_bytes() == whole
    assert [event.done for event in told if event.task == "frames"] == list(range(1, FRAMES + 1))
    assert {event.total for event in told if event.task == "frames"} == {FRAMES}
    assert [event.text for event in told if event.task == "note"] == ["3 shots at once"]
    assert len([event for event in told if event.task == "sidecar"]) == 1
    assert names(tmp_path) == DONE


def test_more_threads_than_shots_are_not_begun(shots: Path, whole: bytes, tmp_path: Path) -> None:
    told: list[Progress] = []
    dream_together(request_for(shots, tmp_path / "out.mp4"), 20, told.append)
    assert f"{len(SHOTS)} shots at once" in [event.text for event in told]
    assert (tmp_path / "out.mp4").read_bytes() == whole


def test_a_device_whose_numbers_stay_gives_the_same_bytes_together(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meeting: Callable[[int], None]
) -> None:
    """The loop of a GPU: dreams and motion run ahead in threads of each worker."""
    monkeypatch.setattr(numbers, "AT_ONCE", set())
    run_video(request_for(shots, tmp_path / "one.mp4"), ignore)
    meeting(3)
    dream_together(request_for(shots, tmp_path / "out.mp4"), 3, ignore)
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("again", range(3))
def test_graphs_of_several_threads_give_the_same_bytes(
    again: int, shots: Path, tmp_path: Path, meeting: Callable[[int], None]
) -> None:
    """So many iterations that gradients are captured, in all threads at about the same time."""
    options: dict[str, Any] = {"dream": {"octaves": 2, "iterations": 12}}
    options["network"] = {"device": "cuda"}
    run_video(request_for(shots, tmp_path / "one.mp4", **options), ignore)
    meeting(4)
    dream_together(request_for(shots, tmp_path / "out.mp4", **options), 4, ignore)
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()


def test_schedules_masks_and_seams_are_those_of_one_process(shots: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "dream": {
            "octaves": 1,
            "iterations": 1,
            "strength": "0.2+2*motion",
            "layer": "0:(two), 9:(one)",
        },
        "mask": {"mask": "moving"},
        "motion": {"split_every": 4, "cuts": False},
    }
    told: list[Progress] = []
    run_video(request_for(shots, tmp_path / "one.mp4", **options), ignore)
    dream_together(request_for(shots, tmp_path / "out.mp4", **options), 3, told.append)
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()
    assert "lead-in" not in {event.task for event in told}


def test_threads_compute_with_the_threads_of_the_job(
    shots: Path, tmp_path: Path, meeting: Callable[[int], None]
) -> None:
    found: set[int] = set()
    torch.set_num_threads(2)
    try:
        run_video(request_for(shots, tmp_path / "one.mp4"), ignore)
        dream_part(request_for(shots, tmp_path / "out.mp4"), 6, 6, ignore)
        torch.set_num_threads(1)
        meeting(2)
        dream_together(
            request_for(shots, tmp_path / "out.mp4"),
            2,
            lambda event: found.add(torch.get_num_threads()) if event.task == "frames" else None,
        )
    finally:
        torch.set_num_threads(1)
    assert found == {2}
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()


@pytest.mark.parametrize("stored", [False, True])
def test_a_part_is_dreamed_together_as_well(
    stored: bool, shots: Path, whole: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "out.mp4"
    storage = FolderStorage(tmp_path / "store") if stored else None
    told: list[Progress] = []
    left = dream_part(request_for(shots, path), 1, 2, told.append, storage, together=2)
    assert isinstance(left, Left) and left.missing == (2, 4, 6) and not left.mine
    assert {event.text for event in told if event.task == "frames"} == {"part 1 of 2"}
    made = dream_part(request_for(shots, path), 2, 2, ignore, storage, together=2)
    if stored:
        assert made == Left(len(SHOTS), stored=True)
        made = dream_part(request_for(shots, path), 1, 1, ignore)
    assert isinstance(made, Result)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("stop", [2, 13])
def test_stopped_it_leaves_what_can_be_resumed(
    stop: int, shots: Path, whole: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "out.mp4"

    def stopped(event: Progress) -> None:
        if event.task == "frames" and event.done == stop:
            raise KeyboardInterrupt

    said = r"stopped.*(before a part was finished|repeat the command to resume)"
    with pytest.raises(Interrupted, match=rf"out\.mp4: {said}"):
        dream_together(request_for(shots, path), 2, stopped)
    assert not any(thread.name.startswith("shot") for thread in threading.enumerate())
    assert not list(tmp_path.rglob("*.draft"))
    dream_together(request_for(shots, path), 3, ignore)
    assert path.read_bytes() == whole
    assert names(tmp_path) == DONE


def test_the_first_error_ends_all_and_is_told_once(
    shots: Path, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, frames, made = tmp_path / "out.mp4", 0, list[Together]()
    ascend, begin = Dreamer.ascend, Together.__init__

    def begun(self: Together, on_progress: OnProgress) -> None:
        begin(self, on_progress)
        made.append(self)

    def broken(self: Dreamer, *args: Any, **options: Any) -> torch.Tensor:
        nonlocal frames
        frames += 1
        if frames == 6:
            raise DreamvidError("oh no")
        if frames > 6:  # who notices the error may be late
            wait_for(lambda: made[0]._ends)
        return ascend(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Together, "__init__", begun)
        patch.setattr(Dreamer, "ascend", broken)
        with pytest.raises(DreamvidError, match="oh no"):
            dream_together(request_for(shots, path), 3, ignore)
    assert frames <= 6 + 2 * 2  # one frame of each of the others, and what it is measured by
    dream_together(request_for(shots, path), 3, ignore)
    assert path.read_bytes() == whole


def test_threads_share_nothing_that_a_dream_changes(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what each of them notes is told."""
    twin, pairs = Worker._twin, list[tuple[Ready, Ready]]()

    def watched(self: Worker, here: Any) -> Worker:
        other = twin(self, here)
        other.note("said by another")
        pairs.append((self._ready, other._ready))
        return other

    monkeypatch.setattr(Worker, "_twin", watched)
    result = dream_together(request_for(shots, tmp_path / "out.mp4"), 2, ignore)
    ((one, other),) = pairs
    assert one.dreams(0).network is not other.dreams(0).network
    assert one.flow is not other.flow and type(one.flow) is type(other.flow)
    assert isinstance(result, Result) and "said by another" in result.notes


def test_each_thread_but_the_first_dreams_on_a_stream_of_its_own(
    shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meeting: Callable[[int], None]
) -> None:
    meeting(3)
    local, run = threading.local(), Stretch.run
    found: dict[int, set[int | None]] = {}

    def own_stream(device: torch.device) -> Callable[[], AbstractContextManager[None]]:
        @contextmanager
        def here() -> Iterator[None]:
            local.stream = id(here)
            yield
            local.stream = None

        return here

    def watched(self: Stretch, *args: Any, **options: Any) -> None:
        streams = found.setdefault(threading.get_ident(), set())
        streams.add(getattr(local, "stream", None))
        run(self, *args, **options)

    monkeypatch.setattr("dreamvid.farm.work.own_stream", own_stream)
    monkeypatch.setattr(Stretch, "run", watched)
    dream_together(request_for(shots, tmp_path / "out.mp4"), 3, ignore)
    streams = [stream for streams in found.values() for stream in streams]
    assert len(found) == len(streams) == len(set(streams)) == 3 and None in streams


def test_ctrl_c_ends_the_threads_at_their_next_event() -> None:
    threads = Together(ignore)
    main, begun = threading.main_thread().ident, threading.Barrier(2)
    assert main is not None

    def work() -> None:
        begun.wait(60)
        tell()

    def tell() -> None:
        while True:
            threads.tell(Progress("frames"))
            time.sleep(0.01)

    def interrupt() -> None:
        begun.wait(60)
        timer = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))
        timer.start()
        tell()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        with pytest.raises(KeyboardInterrupt):
            threads.run([interrupt, work])
    finally:
        signal.signal(signal.SIGINT, before)
    assert not any(thread.name.startswith("shot") for thread in threading.enumerate())


def test_convolutions_stay_deterministic_while_others_leave() -> None:
    """The setting is one of the process: who leaves must not undo it for those who go on."""
    seen: list[bool] = []
    threads = Together(ignore)
    tasks = [lambda: seen.append(torch.backends.cudnn.deterministic)] * 2
    threads.run(tasks)
    assert seen == [True, True]
    assert not torch.backends.cudnn.deterministic
    threads.run(tasks[:1])
    assert seen == [True, True, False]


@pytest.mark.parametrize(
    ("width", "height", "count"), [(1920, 1080, 1), (3840, 2160, 1), (1280, 720, 2), (640, 360, 8)]
)
def test_auto_is_what_fills_a_gpu(width: int, height: int, count: int) -> None:
    size = height, width
    assert shots_at_once("auto", size, 100, CUDA) == count
    assert shots_at_once("auto", size, 100, CPU) == 1
    assert shots_at_once("auto", size, 1, CUDA) == shots_at_once("auto", size, 0, CUDA) == 1
    assert shots_at_once(MOST + 2, size, 100, CUDA) == MOST + 2
    assert shots_at_once(MOST, size, 3, CPU) == 3


def test_several_at_once_need_a_gpu() -> None:
    said = r"--together: several shots at once .* for a CUDA GPU; use --workers 3"
    with pytest.raises(UsageError, match=said):
        check_gpu(3, "cpu")
    check_gpu(1, "cpu")


def test_auto_on_a_cpu_is_one_shot_at_a_time(shots: Path, whole: bytes, tmp_path: Path) -> None:
    told: list[Progress] = []
    request = request_for(shots, tmp_path / "out.mp4", network={"device": "cpu"})
    dream_together(request, "auto", told.append)
    assert "one shot at a time" in [event.text for event in told if event.task == "note"]
    assert not folder_of(tmp_path / "out.mp4").exists()
