"""--dry-run and --force, as a user gives them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_kit import QUICK, dreamvid
from tiny import dream_tiny, texture

from dreamvid.image import save_image, to_image

CLIP = ("--size", "64x48", "--seconds", "1", "--fps", "8")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.chdir(tmp_path)
    save_image("in.png", to_image(texture()))


def test_a_dry_run_prints_what_a_run_takes_and_writes_nothing(film: Path) -> None:
    for line in (("video", film), ("zoom", "in.png", *CLIP), ("loop", "in.png", *CLIP)):
        told = dreamvid(*line, "-o", "out.mp4", *QUICK, "--dry-run")
        assert told.code == 0, told.err
        rows = dict(row.split(maxsplit=1) for row in told.out.splitlines())
        assert {"shots", "parts", "frames", "a", "total", "memory", "disk"} == set(rows)
        assert rows["frames"] == "8" and "free" in rows["disk"]
    assert [path.name for path in Path().iterdir()] == ["in.png"]


def test_a_dry_run_says_whose_time_it_tells(film: Path) -> None:
    line = ("video", film, "-o", "out.mp4", *QUICK, "--dry-run", "--device", "cpu")
    for flags, said in (
        (("--together", "auto"), ", one shot at a time"),
        (("--part", "1/2"), ", for all parts, one after the other"),
        (("--ray", "auto"), ", by one process here"),
        (("--workers", "2"), " for 2 workers"),
        ((), ""),
    ):
        told = dreamvid(*line, *flags)
        total = next(row for row in told.out.splitlines() if row.startswith("total"))
        assert re.fullmatch(rf"total +\d+ s{said}", total), told.err
    told = dreamvid(*line, "--together", "2")
    assert told.code == 2 and "are for a CUDA GPU; use --workers 2" in told.line


def test_a_disk_that_is_too_small_is_refused_unless_forced(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    for line in (("video", film), ("zoom", "in.png", *CLIP), ("loop", "in.png", *CLIP)):
        told = dreamvid(*line, "-o", "out.mp4", *QUICK)
        assert told.code == 7 and "0.0 MB are free; make room" in told.line
        told = dreamvid(*line, "-o", "out.mp4", *QUICK, "--dry-run", "-q")
        assert told.code == 7 and told.out.startswith("shots") and "are free" in told.line
        assert not Path("out.mp4").exists()
        assert dreamvid(*line, "-o", "out.mp4", *QUICK, "--dry-run", "--force").code == 0
        assert dreamvid(*line, "-o", "out.mp4", *QUICK, "--force", "-q").code == 0
        Path("out.mp4").unlink()


def test_the_refusal_needs_no_torch() -> None:
    check = (
        "import sys, shutil, types\n"
        "shutil.disk_usage = lambda _: types.SimpleNamespace(free=10)\n"
        "from dreamvid.cli.app import run\n"
        "code = run(['zoom', 'in.png', '-o', 'out.mp4', '-q'])\n"
        "print(code, 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert told.stdout.strip() == "7 False", told.stderr
