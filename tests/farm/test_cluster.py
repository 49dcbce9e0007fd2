"""Clusters are found, started and refused; a fake of ray keeps these tests quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from dreamvid.errors import DreamvidError, MissingDependency, UsageError
from dreamvid.farm.check import check_address
from dreamvid.farm.cluster import connected


class Fake:
    """What `connected` needs of ray."""

    def __init__(self) -> None:
        self.begun: list[dict[str, Any]] = []
        self.environment: dict[str, str] = {}
        self.running, self.error = False, ""

    def is_initialized(self) -> bool:
        return self.running

    def init(self, **how: Any) -> None:
        if self.error:
            raise ConnectionError(self.error)
        self.begun.append(how)
        self.environment = dict(os.environ)
        if "_temp_dir" in how:
            assert Path(how["_temp_dir"]).is_dir()

    def shutdown(self) -> None:
        self.running = False


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    fake = Fake()
    monkeypatch.setitem(sys.modules, "ray", fake)
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    return fake


@pytest.mark.parametrize("address", ["auto", "ray://host:10001", "10.0.0.1:6379", "[::1]:6379"])
def test_addresses_are_read(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize("address", ["", "host", "ray://host", "http://host:1", "a b:1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="is no address of a cluster; give auto, HOST:PORT"):
        check_address(address)


def test_a_cluster_of_its_own_is_quiet_small_and_leaves_nothing(ray: Fake) -> None:
    with connected("auto") as found:
        assert found is ray
        (how,) = ray.begun
        assert how["address"] == "local" and how["include_dashboard"] is False
        assert how["object_store_memory"] <= 100 * 2**20
        assert ray.environment["RAY_USAGE_STATS_ENABLED"] == "0"
        assert ray.environment["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0"
    assert not Path(how["_temp_dir"]).exists()
    assert "RAY_USAGE_STATS_ENABLED" not in os.environ


def test_a_running_cluster_is_taken(ray: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected("ray://host:10001"):
        pass
    monkeypatch.setenv("RAY_ADDRESS", "host:6379")
    with connected("auto"):
        pass
    assert [how["address"] for how in ray.begun] == ["ray://host:10001", "auto"]
    assert not any("_temp_dir" in how for how in ray.begun)
    assert "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" not in ray.environment


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Ray heeds it on Linux alone")


@pytest.mark.parametrize("name", ["RAY_TMPDIR", pytest.param("TMPDIR", marks=LINUX)])
def test_a_cluster_is_found_where_ray_puts_its_files(
    name: str, ray: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_TMPDIR")
    monkeypatch.setenv(name, str(tmp_path))
    place = tmp_path / "ray" / "ray_current_cluster"
    place.parent.mkdir()
    place.touch()
    with connected("auto"):
        pass
    place.unlink()
    with connected("auto"):
        pass
    assert [how["address"] for how in ray.begun] == ["auto", "local"]


def test_a_connection_of_the_caller_is_kept(ray: Fake) -> None:
    ray.running = True
    with connected("auto"):
        assert not ray.begun
    assert ray.running


def test_no_answer_and_no_ray_are_one_line(ray: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    ray.error = "nobody there\nand much more"
    with pytest.raises(DreamvidError, match=r"--ray h:1: no Ray cluster answers \(nobody there\);"):
        connected("h:1").__enter__()
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency, match=r"pip install 'dreamvid\[ray\]'") as caught:
        connected("auto").__enter__()
    assert caught.value.exit_code == 6
