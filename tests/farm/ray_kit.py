"""A small Ray cluster on this machine, whose processes dream with the tiny network of the tests."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
SLOW = "DREAMVID_TEST_SECONDS_A_FRAME"
HOLD = "DREAMVID_TEST_HOLD"
"""The name of a file: while it is there, who has dreamed a frame waits."""


def make_tiny() -> None:
    """Once a process of the cluster is to dream, let it do so as `_dream_tiny` says.

    Those that only hold a board import no torch, which takes seconds.
    """
    dreams = importlib.util.find_spec("dreamvid.farm.piecework")
    assert dreams is not None and dreams.loader is not None
    execute = dreams.loader.exec_module

    def executed(module: ModuleType) -> None:
        execute(module)
        _dream_tiny()

    class Found(MetaPathFinder):
        def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
            return dreams if name == dreams.name else None

    dreams.loader.exec_module = executed  # type: ignore[method-assign]
    sys.meta_path.insert(0, Found())


def _dream_tiny() -> None:
    """What `tiny_and_short` does, where each frame takes a while."""
    from tiny import dream_tiny
    from waiting import wait_for

    from dreamvid.farm import piecework
    from dreamvid.sequence import folder

    patch = pytest.MonkeyPatch()
    dream_tiny(patch)
    patch.setattr(folder, "PART_FRAMES", 2)
    listening, pause = piecework._listening, float(os.environ.get(SLOW, "0"))
    hold = os.environ.get(HOLD)

    def slowly(*args: Any) -> Any:
        told = listening(*args)

        def on_progress(event: Any) -> None:
            time.sleep(pause if event.task == "frames" else 0)
            told(event)
            if hold and event.task == "frames":
                wait_for(lambda: not Path(hold).exists())

        return on_progress

    patch.setattr(piecework, "_listening", slowly)


@contextmanager
def tiny_environment(
    seconds_a_frame: float = 0.0, cluster: str = "0", hold: Path | None = None
) -> Iterator[None]:
    """The environment of a cluster whose processes can import what they dream with.

    A `cluster` of "1" is one of several machines, which does not listen on loopback only.
    """
    with pytest.MonkeyPatch.context() as patch:
        paths = [str(TESTS), str(TESTS / "farm"), str(TESTS.parent), os.environ.get("PYTHONPATH")]
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        patch.setenv(SLOW, str(seconds_a_frame))
        patch.setenv(HOLD, str(hold or ""))
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", cluster)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")  # else its tasks starve beside other tests
        patch.setenv("RAY_AUTH_MODE", "disabled")  # else it leaves a token in the user's folder
        yield


@contextmanager
def tiny_cluster(
    seconds_a_frame: float = 0.0, cluster: str = "0", hold: Path | None = None, **how: Any
) -> Iterator[Any]:
    """Start a cluster as `--ray auto` does, or connect to one; yields ray."""
    with tiny_environment(seconds_a_frame, cluster, hold):
        import ray

        quiet = {"log_to_driver": False, "logging_level": "ERROR"}
        new = {"address": "local", "include_dashboard": False, "num_cpus": 2}
        new |= {"object_store_memory": 80 * 2**20}
        try:
            ray.init(**quiet | (how or new), runtime_env={"worker_process_setup_hook": make_tiny})
            yield ray
        finally:
            ray.shutdown()


def dreaming() -> list[int]:
    """The processes on this machine that dream a piece for a cluster of this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "cmdline").read_bytes()
            ours = f"{SLOW}=".encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        if ours and name.startswith(b"ray::dream_piece"):
            found.append(int(folder.name))
    return found


def listeners() -> set[str]:
    """The addresses on which processes of clusters of the tests listen."""
    sockets = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{SLOW}=".encode() in (folder / "environ").read_bytes():
                sockets |= {os.readlink(file) for file in (folder / "fd").iterdir()}
        except OSError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add(_address(fields[1].partition(":")[0]))
    return found


def _address(digits: str) -> str:
    if len(digits) == 8:
        return socket.inet_ntop(socket.AF_INET, bytes.fromhex(digits)[::-1])
    words = [bytes.fromhex(digits[n : n + 8])[::-1] for n in range(0, 32, 8)]
    return socket.inet_ntop(socket.AF_INET6, b"".join(words)).removeprefix("::ffff:")


def kill(pid: int) -> bool:
    """Kill a process; whether it was still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
