"""Ctrl-C and its kin: a partial film that plays, and a command that goes on where it was."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from cli_kit import HELD, dreamvid, environment, frames_of, write_film

from dreamvid.cli import app

CUT, FRAMES = 8, 20
OPTIONS = ("--iterations", "1", "--octaves", "2")


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two shots, with sound."""
    path = tmp_path_factory.mktemp("long") / "film.mp4"
    return write_film(path, frames=FRAMES, cut=CUT, size=(64, 48), sound=True)


@pytest.fixture(scope="module")
def uninterrupted(long_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its dream, made in one go."""
    out = tmp_path_factory.mktemp("whole") / "out.mp4"
    told = dreamvid("video", long_film, "-o", out, *OPTIONS)
    assert told.code == 0, told.err
    return out


def stop(
    command: list[object],
    number: int,
    after: str,
    *,
    within: Sequence[str] = (),
    times: int = 1,
    waits_at: int = FRAMES - 1,
) -> tuple[int, list[str]]:
    """Run dreamvid, send it a signal once it says `after`; its exit code and what it said."""
    with subprocess.Popen(
        [*within, sys.executable, "-c", HELD, str(waits_at), *map(str, command)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # nohup ignores it
    ) as process:
        said = []
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line.strip())
            if line.startswith(after):
                process.send_signal(number)
                for _ in range(times - 1):
                    time.sleep(0.1)
                    process.send_signal(number)
                after = "never again"
        return process.wait(timeout=60), said


def test_stopped_and_gone_on_with(long_film, uninterrupted, tmp_path):
    out, partial = tmp_path / "out.mp4", tmp_path / "out.partial.mp4"
    command = ["video", long_film, "-o", out, *OPTIONS]

    code, said = stop([*command, "-v"], signal.SIGINT, f"shot 2: {CUT + 4} of")
    assert code == 130, said
    assert said[-1].startswith(f"dreamvid: {out}: stopped; ")
    assert f"frames are in {partial}; repeat the command to resume after" in said[-1]
    assert not any("Traceback" in line for line in said)
    assert CUT + 4 <= frames_of(partial) < FRAMES
    assert f"{frames_of(partial)} frames" in said[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".out.mp4.parts",
        "out.mp4.preview.jpg",
        partial.name,
    ]

    told = dreamvid(*command, "-v")
    assert told.code == 0, told.err
    assert f"shot 1: {CUT + 1} of {FRAMES}" in told.err.replace("shot 2", "shot 1")
    assert "shot 1: 1 of" not in told.err, "the first shot was dreamed again"
    assert out.read_bytes() == uninterrupted.read_bytes()
    assert not (tmp_path / ".out.mp4.parts").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ended_in_its_first_part(long_film, uninterrupted, tmp_path, number):
    out = tmp_path / "out.mp4"
    command = ["video", long_film, "-o", out, *OPTIONS]
    code, said = stop([*command, "-v"], number, "shot 1: 3 of")
    assert code == 130, said
    assert frames_of(tmp_path / "out.partial.mp4") >= 3
    assert dreamvid(*command).code == 0
    assert out.read_bytes() == uninterrupted.read_bytes()


def test_a_signal_sent_twice_at_once_stops_once(long_film, tmp_path):
    out = tmp_path / "out.mp4"
    command = ["video", long_film, "-o", out, *OPTIONS, "-v"]
    code, said = stop(command, signal.SIGTERM, "shot 1: 3 of", times=4)
    assert code == 130, said
    assert not any("Traceback" in line for line in said)
    assert said[-1].startswith(f"dreamvid: {out}: stopped; ")
    assert frames_of(tmp_path / "out.partial.mp4") >= 3


def test_signals_that_follow_at_once_do_not_interrupt_the_tidying_up(monkeypatch):
    now = 100.0
    monkeypatch.setattr(app, "_last_stop", -math.inf)
    monkeypatch.setattr(app.time, "monotonic", lambda: now)
    try:
        with pytest.raises(KeyboardInterrupt):
            app._stop(signal.SIGTERM, None)
        now = 100.9
        app._stop(signal.SIGTERM, None)
        now = 101.5  # whoever insists is heard
        with pytest.raises(KeyboardInterrupt):
            app._stop(signal.SIGTERM, None)
    finally:
        app._stopped.clear()


def test_what_ignores_a_hangup_is_not_stopped_by_it(long_film, tmp_path):
    ignore = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]
    command = ["video", long_film, "-o", tmp_path / "out.mp4", *OPTIONS, "-v"]
    code, said = stop(command, signal.SIGHUP, "shot 1: 3 of", within=ignore, waits_at=0)
    assert (code, frames_of(tmp_path / "out.mp4")) == (0, FRAMES), said


def test_stopped_while_modules_are_imported(tmp_path):
    (tmp_path / "cyclopts.py").write_text("raise KeyboardInterrupt")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from dreamvid import cli; cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    told = "dreamvid: stopped; run the same command again\n"
    assert (done.returncode, done.stderr) == (130, told)


def test_other_settings_restart_with_overwrite(long_film, uninterrupted, tmp_path):
    out = tmp_path / "out.mp4"
    code, said = stop(
        ["video", long_film, "-o", out, *OPTIONS, "-v", "--seed", 7], signal.SIGINT, "shot 2: 12 of"
    )
    assert code == 130, said
    told = dreamvid("video", long_film, "-o", out, *OPTIONS)
    assert told.code == 4
    assert f"{CUT} frames are already dreamed, by a run with other settings (seed)" in told.err
    assert dreamvid("video", long_film, "-o", out, *OPTIONS, "-y").code == 0
    assert out.read_bytes() == uninterrupted.read_bytes()


def test_killed_outright_it_goes_on_as_well(long_film, uninterrupted, tmp_path):
    out = tmp_path / "out.mp4"
    command = ["video", long_film, "-o", out, *OPTIONS]
    code, said = stop([*command, "-v"], signal.SIGKILL, "shot 2: 12 of")
    assert code == -signal.SIGKILL, said
    assert not out.exists()
    assert dreamvid(*command).code == 0
    assert out.read_bytes() == uninterrupted.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
