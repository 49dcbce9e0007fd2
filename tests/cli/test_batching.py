"""dreamvid batch, as a user gives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_kit import HELD, QUICK, child, dreamvid, environment, frames_of, write_film
from tiny import dream_tiny, texture

from dreamvid.cli import batching
from dreamvid.commands import shared
from dreamvid.image import save_image, to_image

LINE = ("batch", "src", "-o", "out", *QUICK)


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder with a film, a picture, and a film that is none."""
    dream_tiny(monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path("src/sub").mkdir(parents=True)
    write_film(Path("src/sub/b.mp4"), frames=3)
    save_image("src/c.png", to_image(texture()))
    Path("src/a.mp4").write_text("no film")


def table(out: str) -> dict[str, list[str]]:
    head, *rows = (row.split(maxsplit=4) for row in out.splitlines())
    assert head == ["file", "result", "frames", "seconds", "error"]
    return {row[0]: row[1:] for row in rows}


def test_all_are_dreamed_after_an_error_that_is_told_at_the_end() -> None:
    told = dreamvid(*LINE)
    assert told.code == 5, told.err
    rows = table(told.out)
    assert {name: row[0] for name, row in rows.items()} == {
        "src/a.mp4": "failed",
        "src/c.png": "dreamed",
        "src/sub/b.mp4": "dreamed",
    }
    assert rows["src/a.mp4"][3].startswith("not a readable film")
    assert "1 of 3 files failed, first src/a.mp4" in told.err.splitlines()[-1]
    assert frames_of(Path("out/sub/b.mp4")) == 3 and Path("out/c.png").exists()
    assert not list(Path("out").rglob("*.preview.jpg"))


def test_what_is_done_is_skipped_and_what_is_missing_is_dreamed() -> None:
    dreamvid(*LINE, "-q")
    Path("src/a.mp4").unlink()
    Path("out/c.png").unlink()
    before = Path("out/sub/b.mp4").stat().st_mtime_ns
    told = dreamvid(*LINE)
    assert told.code == 0, told.err
    assert [row.split()[:2] for row in told.out.splitlines()[1:]] == [
        ["src/c.png", "dreamed"],
        ["src/sub/b.mp4", "there"],
    ]
    assert Path("out/sub/b.mp4").stat().st_mtime_ns == before
    assert dreamvid(*LINE, "-q") == dreamvid(*LINE, "-q")
    assert dreamvid(*LINE, "-q").out == ""


def test_other_settings_need_another_folder_or_overwriting() -> None:
    Path("src/a.mp4").unlink()
    dreamvid(*LINE, "-q")
    told = dreamvid(*LINE, "--strength", "2")
    assert told.code == 5 and "was dreamed otherwise (dream.strength)" in told.out
    assert dreamvid(*LINE, "--strength", "2", "-y", "-q").code == 0
    assert dreamvid(*LINE, "--strength", "2", "-q").code == 0


def test_each_gives_the_same_bytes_as_alone_with_one_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("src/a.mp4").unlink()
    write_film(Path("src/d.mp4"), frames=4)
    Path("look.toml").write_text("[dream]\niterations = 1\noctaves = 1\nlayer = ['one']\n")
    Path("src/sub/b.mp4.toml").write_text("[dream]\nlayer = ['two']\n")
    loaded = []
    load = shared.load_network
    monkeypatch.setattr(shared, "load_network", lambda *a, **b: loaded.append(a) or load(*a, **b))
    told = dreamvid("batch", "src/**/*", "-o", "out", "--settings", "look.toml", "-q")
    assert (told.code, told.err, len(loaded)) == (0, "", 1)
    for name, layer in (("d.mp4", "one"), ("sub/b.mp4", "two")):
        line = ("video", f"src/{name}", "-o", "alone.mp4", *QUICK, "--layer", layer, "-q", "-y")
        assert dreamvid(*line).code == 0
        assert Path("alone.mp4").read_bytes() == Path(f"out/{name}").read_bytes()
    assert dreamvid("image", "src/c.png", "-o", "c.png", *QUICK, "--layer", "one").code == 0
    assert Path("c.png").read_bytes() == Path("out/c.png").read_bytes()


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("batch -o out", 2, "no folder given"),
        ("batch src -o src", 2, "folder of the sources"),
        ("batch gone -o out", 3, "gone: no such file"),
        ("batch 'src/*.mkv' -o out", 3, "no films or pictures"),
        ("batch src -o out --settings gone.toml", 3, "gone.toml: no such file"),
        ("batch src -o out --preset nosuch", 2, "unknown preset"),
        ("batch src -o out --strength -1", 2, "strength"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_dreamed(
    line: str, code: int, says: str
) -> None:
    import shlex

    told = dreamvid(*shlex.split(line))
    assert told.code == code and says in told.line
    assert not Path("out").exists()


def test_a_batch_that_is_done_needs_no_torch() -> None:
    Path("src/a.mp4").unlink()
    dreamvid(*LINE, "-q")
    check = (
        "import sys\nfrom dreamvid.cli.app import run\n"
        f"print(run({[*LINE, '-q']!r}), 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert told.stdout.strip() == "0 False", told.stderr


def test_files_that_come_while_it_watches_are_taken_when_they_are_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    growing = Path("src/e.png")
    whole = Path("src/c.png").read_bytes()
    passed: list[float] = []

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        passed.append(clock[0])
        if clock[0] == 8:
            growing.write_bytes(whole[:100])
        if clock[0] == 12:
            assert not Path("out/e.png").exists()
            growing.write_bytes(whole)
        if clock[0] == 14:
            assert not Path("out/e.png").exists(), "taken before it was settled"
        if clock[0] == 30:
            raise KeyboardInterrupt

    watch = SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep)
    monkeypatch.setattr(batching, "time", watch)
    told = dreamvid(*LINE, "--watch")
    assert told.code == 130 and "stopped; 4 files are done" in told.err
    rows = table(told.out)
    assert rows["src/e.png"][0] == "dreamed" and rows["src/a.mp4"][0] == "failed"
    assert len(rows) == 4 and len(told.out.splitlines()) == 5, "nothing is tried twice"


def test_stopped_in_a_film_it_goes_on_with_the_same_command() -> None:
    Path("src/a.mp4").unlink()
    write_film(Path("src/long.mp4"), frames=20, cut=10)
    command = ["batch", "src", "-o", "out", "--iterations", "1", "--octaves", "2", "-v"]
    held = [sys.executable, "-c", HELD, "19", *command]
    with subprocess.Popen(held, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env=environment()) as process:  # fmt: skip
        assert process.stderr is not None
        for row in process.stderr:
            if row.startswith("shot 2: 14"):
                os.kill(process.pid, signal.SIGINT)
                break
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "src/c.png" in out and "repeat the command to go on" in err.splitlines()[-1]
    assert not Path("out/long.mp4").exists()
    told = child(*command)
    assert told.code == 0, told.err
    assert "shot 2: 11 of 20" in told.err and "shot 1: 1 of 20" not in told.err
    assert frames_of(Path("out/long.mp4")) == 20
