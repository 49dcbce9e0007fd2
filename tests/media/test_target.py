"""Where a film may be written: one run at a time."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dreamvid.errors import OutputExists, UsageError
from dreamvid.media.output import Output
from dreamvid.media.target import check_kept, check_new, exclusive_lock


def test_only_one_run_at_a_time_makes_a_file(tmp_path: Path) -> None:
    with exclusive_lock(tmp_path / "a.mp4"):
        with pytest.raises(UsageError, match=r"a\.mp4: another run is writing this file"):
            exclusive_lock(tmp_path / "." / "a.mp4").__enter__()
        with exclusive_lock(tmp_path / "b.mp4"):
            pass
    with exclusive_lock(tmp_path / "a.mp4"):
        pass


def test_runs_that_come_and_go_leave_one_lock_file_and_never_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    inside, met = 0, []

    def come_and_go(_: int) -> None:
        nonlocal inside
        for _ in range(50):
            with contextlib.suppress(UsageError), exclusive_lock(tmp_path / "a.mp4"):
                inside += 1
                time.sleep(0.001)
                met.append(inside)
                inside -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(come_and_go, range(4)))
    assert set(met) == {1}
    with exclusive_lock(tmp_path / "b.mp4"):
        pass
    assert len(list(tmp_path.iterdir())) == 1


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    code = f"""
import os
from pathlib import Path
from dreamvid.media.target import exclusive_lock
exclusive_lock(Path({str(target)!r})).__enter__()
os._exit(3)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 3
    with exclusive_lock(target):
        pass


def test_runs_with_other_folders_for_temporary_files_see_one_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "one"))
    with exclusive_lock(tmp_path / "a.mp4"):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "two"))
        with pytest.raises(UsageError, match="another run is writing this file"):
            exclusive_lock(tmp_path / "a.mp4").__enter__()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


@pytest.mark.parametrize("name", ["a", "100%d", "long" * 20, "[a]"])
def test_what_a_killed_run_left_goes_with_the_next_run_of_the_same_output(
    name: str, tmp_path: Path
) -> None:
    others = (f"{name}.mkv", f"{name}2.mkv", "other.mkv")
    with contextlib.ExitStack() as begun:
        folders = [begun.enter_context(Output(tmp_path / n, "ffv1").staging_dir()) for n in others]
        (folders[0] / "draft").write_bytes(b"begun")
        with exclusive_lock(tmp_path / f"{name}.mkv"):
            pass
        assert [folder.exists() for folder in folders] == [False, True, True]


def test_a_new_file_takes_no_other_s_place(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    check_new(target, overwrite=False)
    target.touch()
    check_new(target, overwrite=True)
    with pytest.raises(OutputExists, match="-y"):
        check_new(target, overwrite=False)


def refused(path: Path, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        check_new(path, overwrite=True)


def test_what_is_no_plain_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    refused(tmp_path / "pipe.mp4", r"pipe\.mp4: the output is not a regular file")
    refused(tmp_path, "is a folder")


def test_a_link_that_leads_nowhere_is_there_already(tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputExists, match="already exists"):
        check_new(tmp_path / "link.mp4", overwrite=False)


def test_a_write_protected_file_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.mp4").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may do anything
    refused(tmp_path / "a.mp4", "is write-protected")


def test_a_name_must_leave_room_for_its_draft(tmp_path: Path) -> None:
    check_new(tmp_path / ("a" * 244 + ".mp4"), overwrite=False)
    refused(tmp_path / ("a" * 245 + ".mp4"), "the file name is too long")
    refused(tmp_path / ("é" * 200 + ".mp4"), "the file name is too long")


@pytest.mark.parametrize("given", ["in/guide.png", "in"])
def test_an_input_is_not_written_over(tmp_path: Path, given: str) -> None:
    guide = tmp_path / "in" / "guide.png"
    guide.parent.mkdir()
    check_kept(guide, [tmp_path / given], "guide")
    guide.touch()
    check_kept(tmp_path / "a.png", [tmp_path / given], "guide")
    with pytest.raises(UsageError, match=r"guide\.png: the output is a guide file"):
        check_kept(guide, [tmp_path / "a", tmp_path / given], "guide")
