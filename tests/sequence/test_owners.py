"""Owners of shots: one process each, until it ends, however it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from dreamvid.errors import DreamvidError
from dreamvid.media.target import Busy
from dreamvid.sequence.owners import check_unowned, is_owned, locked, owned

OWN = """
import sys
from pathlib import Path
from filelock import FileLock
lock = FileLock(Path(sys.argv[1]) / "shot-000000007.lock")
lock.acquire()
print("mine", flush=True)
sys.stdin.read()
"""


def test_a_shot_has_one_owner_at_a_time(tmp_path: Path) -> None:
    assert not is_owned(tmp_path, 7)
    with owned(tmp_path, 7) as first:
        assert first and is_owned(tmp_path, 7) and not is_owned(tmp_path, 8)
        with owned(tmp_path, 7) as second, owned(tmp_path, 8) as other:
            assert (second, other) == (False, True)
    assert not is_owned(tmp_path, 7)


def test_asking_leaves_no_file(tmp_path: Path) -> None:
    assert not is_owned(tmp_path, 7)
    assert not list(tmp_path.iterdir())


def test_the_shot_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWN, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"mine"
        assert is_owned(tmp_path, 7)
        with pytest.raises(Busy, match="workers are dreaming this film; wait"):
            check_unowned(tmp_path, tmp_path / "out.mp4", "")
        with pytest.raises(Busy, match=r"with other settings \(seed\); wait"):
            check_unowned(tmp_path, tmp_path / "out.mp4", "seed")
        process.kill()
    assert not is_owned(tmp_path, 7)
    check_unowned(tmp_path, tmp_path / "out.mp4", "")


@pytest.mark.parametrize("error", [OSError(38, "not implemented"), NotImplementedError("no flock")])
def test_where_files_cannot_be_locked_it_says_so(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: FileLock, **options: float) -> None:
        raise error

    monkeypatch.setattr(FileLock, "acquire", broken)
    said = r"its files cannot be locked \(.*no.*\); use a local folder"
    with pytest.raises(DreamvidError, match=said), owned(tmp_path, 7):
        pass


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    with locked(tmp_path / "plan.lock") as first, locked(tmp_path / "plan.lock", timeout=0) as two:
        assert (first, two) == (True, False)
    with locked(tmp_path / "plan.lock", timeout=0) as again:
        assert again
