"""Files that appear whole, and only once their bytes are on the disk; the cache folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from dreamvid.files import cache_folder, settle, write_whole


def test_a_file_gets_its_name_once_its_bytes_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(number: int) -> None:
        nonlocal done
        open_now = os.fstat(number)
        known = (tmp_path, *tmp_path.iterdir())
        done += [f"sync {path.name}" for path in known if os.path.samestat(path.stat(), open_now)]
        fsync(number)

    def replaced(draft: Path, path: Path) -> None:
        done.append("replace")
        replace(draft, path)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    (tmp_path / "draft").write_bytes(b"new")
    (tmp_path / "file").write_bytes(b"old")
    settle(tmp_path / "draft", tmp_path / "file")
    assert done == ["sync draft", "replace", f"sync {tmp_path.name}"]
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(number: int) -> None:
        raise OSError(28, os.strerror(28))

    write_whole(tmp_path / "file", b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_the_folder_that_is_asked_for_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMVID_CACHE", "/chosen")
    assert cache_folder() == Path("/chosen")


def test_without_one_it_lies_in_the_cache_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DREAMVID_CACHE", raising=False)
    assert cache_folder() == Path(platformdirs.user_cache_dir()) / "dreamvid"
