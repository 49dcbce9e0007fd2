"""Hostile tests that take minutes; run them with `pytest -n 0 tests/farm/hostile.py`."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from farm_kit import SHOTS, Hired, request_for, write_shots
from ray_kit import TESTS, dreaming, kill, tiny_cluster

from dreamvid.commands.result import Result
from dreamvid.commands.video import run_video
from dreamvid.farm.crew import dream_by_workers
from dreamvid.farm.scattering import dream_by_ray
from dreamvid.sequence.progress import Progress, ignore

KILLS = 30
LONG = tuple(6 * count for count in SHOTS)
SPLIT = {"motion": {"split_every": 40}}
"""The last shot is split."""
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "1").split()]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_shots(tmp_path / "film.mkv", LONG)


@pytest.fixture
def expected(film: Path, tmp_path: Path) -> bytes:
    run_video(request_for(film, tmp_path / "one.mp4", **SPLIT), ignore)
    return (tmp_path / "one.mp4").read_bytes()


def killing(seed: int, one: Callable[[random.Random], bool]) -> Callable[[Progress], None]:
    """Kill one worker at each of so many numbers of frames, drawn by chance."""
    dice = random.Random(seed)
    when = set(dice.sample(range(1, sum(LONG)), KILLS))

    def on_progress(event: Progress) -> None:
        if event.task == "frames" and event.done in when:
            until = time.monotonic() + 30
            while not one(dice) and time.monotonic() < until:
                time.sleep(0.1)
            on_progress.killed += 1

    on_progress.killed = 0
    return on_progress


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_of_local_workers(seed: int, film: Path, expected: bytes, tmp_path: Path) -> None:
    hired = Hired()

    def one(dice: random.Random) -> bool:
        hired.all[-1 - dice.randrange(2)].kill()
        return True

    kills = killing(seed, one)
    made = dream_by_workers(request_for(film, tmp_path / "out.mp4", **SPLIT), 2, kills, hired)
    assert isinstance(made, Result) and kills.killed == KILLS
    assert (tmp_path / "out.mp4").read_bytes() == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_of_ray_workers(seed: int, film: Path, expected: bytes, tmp_path: Path) -> None:
    def one(dice: random.Random) -> bool:
        there = dreaming()
        return bool(there) and kill(dice.choice(there))

    kills = killing(seed, one)
    with tiny_cluster(seconds_a_frame=0.05):
        made = dream_by_ray(request_for(film, tmp_path / "out.mp4", **SPLIT), "auto", kills)
    assert isinstance(made, Result) and kills.killed == KILLS
    assert (tmp_path / "out.mp4").read_bytes() == expected


def test_a_raylet_killed_while_its_piece_is_dreamed(
    film: Path, expected: bytes, tmp_path: Path
) -> None:
    from ray_kit import tiny_environment

    with tiny_environment(0.1):
        from ray.cluster_utils import Cluster

        size = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
        cluster = Cluster(initialize_head=True, head_node_args=size | {"include_dashboard": False})
        nodes = [cluster.add_node(**size) for _ in range(2)]
        killed: list[str] = []

        def on_progress(event: Progress) -> None:
            if event.task == "frames" and event.done > 30 and not killed:
                killed.append(nodes[0].node_id)
                cluster.remove_node(nodes[0], allow_graceful=False)

        try:
            with tiny_cluster(0.1, address=cluster.address):
                made = dream_by_ray(
                    request_for(film, tmp_path / "out.mp4", **SPLIT), "auto", on_progress
                )
        finally:
            cluster.shutdown()
    assert isinstance(made, Result) and killed
    assert (tmp_path / "out.mp4").read_bytes() == expected


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@contextmanager
def other_machine() -> Iterator[str]:
    """A network namespace that sees this machine as 10.77.0.1, itself as 10.77.0.2."""
    name = f"dv{os.getpid()}"
    ip("netns", "add", name)
    try:
        ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        ip("addr", "add", "10.77.0.1/24", "dev", f"{name}a")
        ip("link", "set", f"{name}a", "up")
        for words in (
            ("addr", "add", "10.77.0.2/24", "dev", f"{name}b"),
            ("link", "set", f"{name}b", "up"),
            ("link", "set", "lo", "up"),
        ):
            ip("netns", "exec", name, "ip", *words)
        yield name
    finally:
        ip("netns", "del", name)


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("ip"), reason="needs root, and the program ip"
)
def test_a_machine_cut_off_for_20_seconds(film: Path, expected: bytes, tmp_path: Path) -> None:
    from ray_kit import tiny_environment

    with ExitStack() as stack:
        stack.enter_context(tiny_environment(0.3, cluster="1"))
        name = stack.enter_context(other_machine())
        size = ["--num-cpus=1", "--object-store-memory=83886080", "--disable-usage-stats"]
        head = ["--head", "--node-ip-address=10.77.0.1", "--port=6399", "--include-dashboard=false"]
        ray_program = str(Path(sys.executable).with_name("ray"))
        folder = Path("/tmp") / f"dvray{os.getpid()}"
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        for words in (
            [ray_program, "start", "--block", *head, *size, f"--temp-dir={folder}/a"],
            ["ip", "netns", "exec", name, ray_program, "start", "--block",
             "--address=10.77.0.1:6399", "--node-ip-address=10.77.0.2", *size],
        ):  # fmt: skip
            node = subprocess.Popen(words, cwd=TESTS, start_new_session=True)
            stack.callback(node.wait)
            stack.callback(os.killpg, node.pid, 9)
            time.sleep(10)
        cut: list[float] = []

        def cut_off() -> None:
            ip("link", "set", f"{name}a", "down")
            time.sleep(20)
            ip("link", "set", f"{name}a", "up")
            cut.append(time.monotonic())

        def on_progress(event: Progress) -> None:
            if event.task == "frames" and event.done == 30:
                threads.append(threading.Thread(target=cut_off))
                threads[0].start()

        threads: list[threading.Thread] = []
        with tiny_cluster(0.3, cluster="1", address="10.77.0.1:6399") as ray:
            before: set[str] = set()
            until = time.monotonic() + 90
            while len(before) < 2 and time.monotonic() < until:
                before = {node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
                time.sleep(1)
            made: Any = dream_by_ray(
                request_for(film, tmp_path / "out.mp4", **SPLIT), "auto", on_progress
            )
    assert before == {"10.77.0.1", "10.77.0.2"}
    assert isinstance(made, Result) and cut
    assert (tmp_path / "out.mp4").read_bytes() == expected
