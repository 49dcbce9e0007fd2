"""Files that appear whole, and only once their bytes are on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dreamvid.saving import settle, write_whole


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
