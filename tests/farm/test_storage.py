"""One contract for every storage: files by name, whole or not there, and patience with all."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dreamvid.errors import DreamvidError, MissingDependency, UsageError
from dreamvid.farm import storage as storages
from dreamvid.farm.storage import FolderStorage, FsspecStorage, PatientStorage, Storage, storage_at


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3 server in this process."""
    pytest.importorskip("s3fs")
    moto = pytest.importorskip("moto.server")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def of_folder(tmp_path: Path, _: Callable[[str], Any]) -> Storage:
    return FolderStorage(tmp_path / "store" / "out.mp4")


def of_files(tmp_path: Path, _: Callable[[str], Any]) -> Storage:
    pytest.importorskip("fsspec")
    return FsspecStorage(f"file://{tmp_path}/store/out.mp4")


def of_memory(tmp_path: Path, _: Callable[[str], Any]) -> Storage:
    pytest.importorskip("fsspec")
    return FsspecStorage(f"memory://{tmp_path.name}/out.mp4")


def of_s3(tmp_path: Path, wanted: Callable[[str], Any]) -> Storage:
    import boto3

    url, patch = wanted("server"), wanted("monkeypatch")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
    }.items():
        patch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="jobs")
    return FsspecStorage(f"s3://jobs/{tmp_path.name}/out.mp4")


@pytest.fixture(params=[of_folder, of_files, of_memory, of_s3])
def storage(tmp_path: Path, request: pytest.FixtureRequest) -> Storage:
    store: Storage = request.param(tmp_path, request.getfixturevalue)
    return store


@pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")
def test_it_keeps_whole_files_by_name(storage: Storage, tmp_path: Path) -> None:
    assert storage.names() == set()
    with pytest.raises(FileNotFoundError):
        storage.fetch("part", tmp_path / "here")
    for name, data in {"part-1": b"one", "part-2": b"two", "plan": b"", "part-1 ": b"1"}.items():
        (tmp_path / name).write_bytes(data)
        storage.send(tmp_path / name)
    (tmp_path / "part-2").write_bytes(b"longer than before")
    storage.send(tmp_path / "part-2")
    assert storage.names("part-") == {"part-1", "part-2", "part-1 "}
    storage.fetch("part-2", tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == b"longer than before"
    storage.remove(["part-1", "nothing", "plan"])
    assert storage.names() == {"part-2", "part-1 "}
    storage.remove(["part-2", "part-1 "])
    assert storage.names() == set()
    assert not list(tmp_path.glob(".*.draft"))


@pytest.mark.parametrize("make", [of_folder, of_files])
def test_half_a_file_is_never_seen(
    make: Callable[..., Storage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = make(tmp_path, lambda name: None)
    (tmp_path / "part").write_bytes(b"first")
    storage.send(tmp_path / "part")

    def cut_off(*args: Any, **_: Any) -> None:
        Path(str(args[-1])).write_bytes(b"ha")
        raise OSError(errno.EIO, "cut off")

    if isinstance(storage, FsspecStorage):
        monkeypatch.setattr(storage._files, "put_file", cut_off)
    else:
        monkeypatch.setattr(storages.shutil, "copyfile", cut_off)
    with pytest.raises(OSError, match="cut off"):
        storage.send(tmp_path / "part")
    monkeypatch.undo()
    assert storage.names() == {"part"}
    storage.fetch("part", tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == b"first"


class Gone:
    """A storage that does not answer so many times."""

    place = "s3://jobs/out.mp4"

    def __init__(self, times: int) -> None:
        self.left = times

    def names(self, prefix: str = "") -> set[str]:
        self.left -= 1
        if self.left >= 0:
            raise ConnectionError("no route to host")
        return {prefix}


def test_a_storage_that_is_gone_for_a_while_is_waited_for_and_then_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(storages.time, "sleep", waited.append)
    assert PatientStorage(Gone(6)).names("x") == {"x"}  # type: ignore[arg-type]
    assert sum(waited) > 30
    with pytest.raises(
        DreamvidError, match=r"s3://jobs/out\.mp4: the storage cannot be reached .*repeat"
    ):
        PatientStorage(Gone(9)).names()  # type: ignore[arg-type]


def test_what_is_no_storage_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(UsageError, match=r"nothing://x/out\.mp4: .*give s3://"):
        storage_at("nothing://x/", "out.mp4")
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(MissingDependency, match=r"pip install 'dreamvid\[cloud\]'"):
        storage_at("s3://x", "out.mp4")


def test_two_senders_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "store")
    for machine in "ab":
        (tmp_path / machine).mkdir()
        (tmp_path / machine / "part").write_bytes(machine.encode() * 100_000)
    threads = [
        threading.Thread(target=lambda m=m: [storage.send(tmp_path / m / "part") for _ in range(9)])
        for m in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    storage.fetch("part", tmp_path / "here")
    assert (tmp_path / "here").read_bytes() in (b"a" * 100_000, b"b" * 100_000)
    assert storage.names() == {"part"}
