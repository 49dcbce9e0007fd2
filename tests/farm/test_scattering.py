"""Films on a Ray cluster: the bytes of one process, whatever dies, and errors in one line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from farm_kit import FIRSTS, FRAMES, names, parts_in, request_for, write_shots
from ray_kit import dreaming, kill, listeners, tiny_cluster
from waiting import wait_for

from dreamvid.commands import sidecar
from dreamvid.commands.result import Result
from dreamvid.commands.video import run_video
from dreamvid.errors import Interrupted, OutputExists
from dreamvid.farm.board import Board
from dreamvid.farm.cluster import offers
from dreamvid.farm.left import Left
from dreamvid.farm.scattering import _Run, dream_by_ray
from dreamvid.farm.share import dream_part
from dreamvid.image import load_image
from dreamvid.media.newest import NewestFrame
from dreamvid.media.state import state_of
from dreamvid.sequence.folder import folder_of, part_at
from dreamvid.sequence.progress import Progress, ignore

if not find_spec("ray"):  # importing it here would let it listen on all addresses
    pytest.skip("ray is not installed", allow_module_level=True)

DONE = ["out.mp4", "out.mp4.dreamvid.toml"]


@pytest.fixture(scope="module")
def hold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """While this file is there, the tasks wait after each frame."""
    return tmp_path_factory.mktemp("hold") / "hold"


@pytest.fixture(scope="module", autouse=True)
def cluster(hold: Path) -> Iterator[Any]:
    with tiny_cluster(seconds_a_frame=0.05, hold=hold) as ray:
        yield ray


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.mp4"


def test_killed_tasks_give_the_bytes_of_one_process(
    shots: Path, whole: bytes, path: Path, tmp_path: Path, hold: Path
) -> None:
    """The first is killed for sure; a busy machine may bring the news of later frames too late."""
    dice, when, told = random.Random(3), [1, 11, 18], []
    hold.touch()

    def on_progress(event: Progress) -> None:
        told.append(event)
        if event.task == "frames" and when and (event.done or 0) >= when[0]:
            running = dreaming()
            if running and kill(dice.choice(running)):
                when.pop(0)
                hold.unlink(missing_ok=True)

    live = NewestFrame(tmp_path / "live.jpg")
    try:
        result = dream_by_ray(request_for(shots, path), "auto", on_progress, newest=live)
    finally:
        hold.unlink(missing_ok=True)
    assert isinstance(result, Result) and result.frames == FRAMES
    assert path.read_bytes() == whole
    assert len(when) < 3
    counts = [event.done for event in told if event.task == "frames"]
    assert counts == sorted(counts) and {e.total for e in told if e.task == "frames"} == {FRAMES}
    assert {event.text for event in told if event.task == "frames"} == {"2 tasks"}
    assert len([event for event in told if event.task == "sidecar"]) == 1
    assert load_image(live.path).shape == (3, 48, 64)
    live.remove()
    assert names(tmp_path) == DONE


def test_stopped_it_is_resumed_by_others_and_resumes_what_others_began(
    shots: Path, whole: bytes, path: Path
) -> None:
    dream_part(request_for(shots, path), 1, 3, ignore)

    def stop(event: Progress) -> None:
        if event.task == "frames" and event.done > 14:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"stopped; .* repeat the command"):
        dream_by_ray(request_for(shots, path), "auto", stop)
    wait_for(lambda: not dreaming())
    told: list[int] = []
    made = dream_part(
        request_for(shots, path), 1, 1, lambda event: told.append(event.done or FRAMES)
    )
    assert isinstance(made, Result)
    assert path.read_bytes() == whole


def test_a_damaged_part_is_dreamed_again_before_the_film_is_joined(
    shots: Path, whole: bytes, path: Path
) -> None:
    dream_part(request_for(shots, path), 1, 2, ignore)
    part = part_at(folder_of(path), FIRSTS[2] + 2)
    part.write_bytes(part.read_bytes()[::-1])
    result = dream_by_ray(request_for(shots, path), "auto", ignore)
    assert isinstance(result, Result)
    assert path.read_bytes() == whole


def test_without_a_common_folder_the_parts_go_through_a_storage(
    shots: Path, whole: bytes, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    result = dream_by_ray(request_for(shots, path), "auto", ignore, storage=str(store))
    assert isinstance(result, Result)
    assert path.read_bytes() == whole
    assert names(tmp_path) == [*DONE, "store"] and not names(store)


@pytest.mark.parametrize("stored", [False, True])
def test_a_shot_that_is_split_has_the_bytes_of_one_process(
    stored: bool, path: Path, tmp_path: Path
) -> None:
    film = write_shots(tmp_path / "film.mkv", (4, 15, 5))
    split = {"motion": {"split_every": 5}}
    run_video(request_for(film, tmp_path / "one.mp4", **split), ignore)
    told: list[Progress] = []
    store = str(tmp_path / "store") if stored else None
    request = request_for(film, path, **split)
    result = dream_by_ray(request, "auto", told.append, storage=store, keep=True)
    assert isinstance(result, Result) and result.frames == 24
    assert path.read_bytes() == (tmp_path / "one.mp4").read_bytes()
    assert state_of(path).exists()
    assert len([event for event in told if event.text.startswith("long shots are split")]) == 1
    assert not [event for event in told if event.task == "lead-in"]  # of two tasks at once


def test_an_error_of_the_request_ends_the_run_at_once(
    shots: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sidecar.versions()
    with monkeypatch.context() as patch:
        patch.setattr(sidecar, "versions", lambda: found | {"dreamvid": "9"})
        dream_part(request_for(shots, path), 1, 3, ignore)
    before = parts_in(folder_of(path))
    with pytest.raises(OutputExists, match="9 frames are already dreamed, by another version"):
        dream_by_ray(request_for(shots, path), "auto", ignore)
    assert parts_in(folder_of(path)) == before
    wait_for(lambda: not dreaming())


def test_a_film_that_others_have_joined_meanwhile_is_theirs(shots: Path, path: Path) -> None:
    def join(event: Progress) -> None:
        if event.task == "frames" and not path.exists():
            while not isinstance(dream_part(request_for(shots, path), 1, 1, ignore), Result):
                pass

    assert dream_by_ray(request_for(shots, path), "auto", join) == Left()


def test_what_a_slow_board_takes_out_is_heard_later(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its process starts on a busy machine: what it took was thrown away."""
    answers = iter([False, True])

    class Slow:
        exceptions = cluster.exceptions

        def get(self, task: Any, timeout: float) -> Any:
            if not next(answers):
                raise cluster.exceptions.GetTimeoutError("busy")
            return cluster.get(task)

    run, heard = object.__new__(_Run), list[Any]()
    monkeypatch.setattr(_Run, "_hear", lambda self, message: heard.append(message))
    run._ray, run._taken = Slow(), None
    run._board = cluster.remote(num_cpus=0)(Board).remote()
    cluster.get(run._board.tell.remote({"newest": b""}))
    run._listen()
    assert not heard
    run._listen()
    assert heard == [{"newest": b""}]


def test_a_cluster_says_what_it_offers_and_listens_on_loopback_only(cluster: Any) -> None:
    (node,) = offers(cluster)
    listening = {address for address in listeners() if address != "127.0.0.1"}
    assert not listening
    assert (node.cpus, node.address) == (2, "127.0.0.1") and node.memory > 2**28
    assert (node.dreamvid, node.problem) == (version("dreamvid"), "")
