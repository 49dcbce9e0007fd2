"""Where a film may be written: one run at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dreamvid.errors import OutputExists, UsageError
from dreamvid.media.target import alone, check_new


def test_only_one_run_at_a_time_makes_a_file(tmp_path: Path) -> None:
    with alone(tmp_path / "a.mp4"):
        with pytest.raises(UsageError, match=r"a\.mp4: another run is making it"):
            alone(tmp_path / "." / "a.mp4").__enter__()
        with alone(tmp_path / "b.mp4"):
            pass
    with alone(tmp_path / "a.mp4"):
        pass


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    code = f"""
import os
from pathlib import Path
from dreamvid.media.target import alone
alone(Path({str(target)!r})).__enter__()
os._exit(3)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 3
    with alone(target):
        pass


def test_a_new_file_takes_no_other_s_place(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    check_new(target, overwrite=False)
    target.touch()
    check_new(target, overwrite=True)
    with pytest.raises(OutputExists, match="-y"):
        check_new(target, overwrite=False)
