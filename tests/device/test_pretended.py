"""The tests on the pretended device pass, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pretend
import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.skipif(not pretend.possible(), reason="needs a newer torch")
def test_the_tests_on_the_pretended_device() -> None:
    files = [path for path in TESTS.rglob("test_*.py") if "pretended" in path.read_text("utf-8")]
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", *files]
    apart = os.environ | {"DREAMVID_TEST_PRETENDED": "1"}
    done = subprocess.run(command, env=apart, capture_output=True, text=True, cwd=TESTS.parent)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout and "skipped" not in done.stdout
