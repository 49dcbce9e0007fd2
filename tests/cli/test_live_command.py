"""`dreamvid live` on the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from tiny import dream_tiny, moved, read, texture

from dreamvid.cli.app import run
from dreamvid.image import save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter

QUICK = ["--octaves", "1", "--iterations", "1", "--device", "cpu", "--precision", "fp32"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dream_tiny(monkeypatch)
    save_image("in.png", to_image(texture()))
    with VideoWriter("clip.mkv", like=FilmInfo.plain(64, 48, Fraction(25)), codec="ffv1") as film:
        for array in moved(10):
            film.write(array)


def test_a_film_is_shown_into_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["live", "--input", "clip.mkv", "--output", "wall.mkv", "--seconds", "1", *QUICK]
    assert run(line) == 0
    assert read(Path("wall.mkv"))
    told = capsys.readouterr()
    assert "live, into wall.mkv" in told.err and "fps" in told.err and not told.out


def test_settings_files_and_presets_work(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wall.toml").write_text(
        '[live]\ninput = "clip.mkv"\noutput = "wall.mkv"\nseconds = 0.2\n'
        '[midi]\ncc = {7 = "strength 0..2"}\n[camera]\nzoom = 1.1\n'
    )
    assert run(["live", "--settings", "wall.toml", "--preset", "gentle", *QUICK]) == 0
    assert Path("wall.mkv").is_file()
    Path("wall.toml").write_text('[midi]\ncc = {7 = "speed"}\n')
    assert run(["live", "--settings", "wall.toml"]) == 2
    assert "is not a dial" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (["--camera", "71", "--output", "x.mp4"], 3, "camera 71: cannot be opened"),
        (["--output", "x.mp4"], 2, "nothing to show"),
        (["--camera", "0", "--input", "clip.mkv"], 2, "camera and input: give only one"),
        (["--input", "clip.mkv", "--output", "ndi:"], 2, "write ndi:NAME"),
        (["--input", "clip.mkv", "--output", "x.mp4", "--strength", "0:(0), 9:(1)"], 2,
         "no schedules"),
        (["--input", "clip.mkv", "--output", "x.mp4", "--latency", "fast"], 2, "20ms"),
        (["--input", "clip.mkv", "-o", "x.mp4"], 2, "use --output"),
        (["--input", "clip.mkv", "--output", "x.mp4", "--model", "nosuch"], 2, "nosuch"),
    ],
)  # fmt: skip
def test_errors_take_one_line(
    given: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["live", *given]) == code
    told = capsys.readouterr().err
    assert message in told and told.splitlines()[-1].startswith("dreamvid: ")
    assert not Path("x.mp4").exists()


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_closes_the_recording_whole(number: int) -> None:
    line = [sys.executable, "-m", "dreamvid", "live", "--input", "clip.mkv", "--output", "wall.mp4",
            "--model", "bestiary", "--dream-size", "64x48", *QUICK]  # fmt: skip
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, env=env)
    assert process.stderr is not None
    while "fps" not in (told := process.stderr.readline()):
        assert told, "it ended by itself"
    process.send_signal(number)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 0 and rest.splitlines()[-1] == "wall.mp4"
    assert read(Path("wall.mp4"))[0].shape == (48, 64, 3)


def test_the_help_and_a_refusal_need_no_torch() -> None:
    check = """
import sys
from dreamvid.cli.app import run
run(["live", "--camera", "0", "--zoom", "in.png"])
run(["live", "--zoom", "nosuch.png"])
run(["live", "--zoom", "noise", "--output", "w.mkv", "--osc", "abc"])
run(["live", "--help"])
print([module for module in ("torch", "cv2") if module in sys.modules])
"""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, env=env)
    assert told.stdout.splitlines()[-1] == "[]"
