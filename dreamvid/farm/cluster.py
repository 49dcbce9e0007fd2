"""Ray clusters: connect to one, or start one on this machine, and say what it offers."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dreamvid.errors import DreamvidError, MissingDependency
from dreamvid.farm.check import check_address
from dreamvid.farm.piecework import versions_here

STORE: Final = 80 * 2**20
"""Bytes of the object store of a cluster that is started here: only small messages are sent."""

ANSWER: Final = 60.0
"""Seconds in which a machine of a cluster has to say what it would dream with."""

QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Sends nothing anywhere, and leaves the GPUs of tasks without one as they are."""

LOOPBACK: Final = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Makes Ray listen on 127.0.0.1 only; it is read when ray is imported."""

CURRENT: Final = "ray/ray_current_cluster"
"""The file in which `ray start` leaves the address of the cluster on this machine."""


@dataclass(frozen=True)
class Node:
    """A machine of a cluster: its resources, memory in bytes, and what it would dream with.

    `dreamvid` is its version there; None if it cannot be imported, which `problem` tells.
    """

    address: str
    cpus: float
    gpus: float
    memory: int
    dreamvid: str | None
    problem: str = ""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Connect to a cluster; yields the module ray.

    `auto` is the one that runs on this machine, or that RAY_ADDRESS names; otherwise one is started
    here, without a dashboard, on loopback only, and ended. Raises MissingDependency without ray,
    DreamvidError if the cluster does not answer.
    """
    check_address(address)
    start = address == "auto" and not ("RAY_ADDRESS" in os.environ or _runs_here())
    with _environment(QUIET | (LOOPBACK if start else {})):
        ray = _ray()
        if ray.is_initialized():  # by the caller, who ends it
            yield ray
            return
        folder = tempfile.mkdtemp(prefix="dreamvid-ray-") if start else None
        try:
            _begin(ray, address, folder)
            yield ray
        finally:
            try:
                ray.shutdown()
            finally:  # also after a Ctrl-C meanwhile
                if folder is not None:
                    shutil.rmtree(folder, ignore_errors=True)


def offers(ray: Any) -> list[Node]:
    """The machines of a cluster; each is asked whether it can import dreamvid."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=0)(versions_here)
    alive = [node for node in ray.nodes() if node["Alive"]]
    asked = [
        task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))
        for node in alive
    ]
    answers = [one.remote() for one in asked]
    return [_node(ray, node, answer) for node, answer in zip(alive, answers, strict=True)]


def _node(ray: Any, node: Mapping[str, Any], answer: Any) -> Node:
    has = node["Resources"]
    version, problem = None, ""
    try:
        version = ray.get(answer, timeout=ANSWER)["dreamvid"]
    except Exception as error:  # it cannot import it, does not answer, or has just gone
        problem = next(iter(reversed(str(error).strip().splitlines())), type(error).__name__)
    sizes = has.get("CPU", 0.0), has.get("GPU", 0.0), int(has.get("memory", 0))
    return Node(node["NodeManagerAddress"], *sizes, version, problem)


def _runs_here() -> bool:
    """Whether a cluster runs on this machine, whose files lie where Ray puts them."""
    place = os.environ.get("RAY_TMPDIR")
    if place is None and sys.platform == "linux":
        place = os.environ.get("TMPDIR")
    return (Path(place or "/tmp") / CURRENT).exists()


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        remedy = "pip install 'dreamvid[ray]'"
        raise MissingDependency("ray is not installed", where="--ray", remedy=remedy) from None
    return ray


def _begin(ray: Any, address: str, folder: str | None) -> None:
    """Connect, or start a cluster whose files are in a folder."""
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    how: dict[str, Any] = {"address": address}
    if folder is not None:
        how = {
            "address": "local",
            "include_dashboard": False,
            "object_store_memory": STORE,
            "_temp_dir": folder,
        }
    try:
        ray.init(**how, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        what = f"no Ray cluster answers ({str(error).strip().splitlines()[0][:200]})"
        remedy = "check the address, and that the versions of ray and Python are the same there"
        raise DreamvidError(what, where=f"--ray {address}", remedy=remedy) from error


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment that are not set, for a while."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
