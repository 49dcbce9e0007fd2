"""--more and --keep-state, as a user gives them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli_kit import QUICK, dreamvid, frames_of, write_film
from tiny import dream_tiny, texture

from dreamvid.image import save_image, to_image
from dreamvid.sequence import folder as parts_folder

CLIP = ("--size", "64x48", "--fps", "8", "-q")
STATE = Path("a.mp4.dreamvid.state")


@pytest.fixture(autouse=True)
def zoom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A zoom of two parts, with its state."""
    dream_tiny(monkeypatch)
    monkeypatch.setattr(parts_folder, "PART_FRAMES", 6)
    monkeypatch.chdir(tmp_path)
    save_image("in.png", to_image(texture()))
    line = ("zoom", "in.png", "-o", "a.mp4", *QUICK, *CLIP, "--seconds", "1")
    assert dreamvid(*line).code == 0


def test_a_zoom_is_lengthened_to_the_same_bytes() -> None:
    told = dreamvid("zoom", "--more", "1", "a.mp4", "-o", "b.mp4", "-v")
    assert told.code == 0, told.err
    assert "the first 6 frames are those of a.mp4" in told.err
    assert "shot 1: 7 of 16" in told.err and "shot 1: 6 of" not in told.err
    line = ("zoom", "in.png", "-o", "c.mp4", *QUICK, *CLIP, "--seconds", "2")
    assert dreamvid(*line).code == 0
    assert Path("b.mp4").read_bytes() == Path("c.mp4").read_bytes()
    assert dreamvid("zoom", "b.mp4", "--more", "0.5", "-q").code == 0
    assert frames_of(Path("b.longer.mp4")) == 20


def test_the_state_can_be_left_out_and_never_is_that_of_another_film() -> None:
    assert STATE.exists()
    line = ("zoom", "in.png", "-o", "a.mp4", *QUICK, *CLIP, "-y", "--seconds", "2")
    assert dreamvid(*line, "--no-keep-state").code == 0
    assert not STATE.exists()
    told = dreamvid("zoom", "--more", "1", "a.mp4", "-o", "b.mp4")
    assert told.code == 3 and "has no state beside it" in told.line
    assert dreamvid("zoom", "in.png", "-o", "a.gif", *QUICK, *CLIP, "--seconds", "1").code == 0
    assert not Path("a.gif.dreamvid.state").exists()


def test_a_dry_run_counts_the_frames_that_are_left() -> None:
    told = dreamvid("zoom", "--more", "1", "a.mp4", "-o", "b.mp4", "--dry-run", "-q")
    assert told.code == 0, told.err
    assert "frames   10\n" in told.out
    assert not Path("b.mp4").exists() and not Path(".b.mp4.parts").exists()


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("--more 1 -o b.mp4", 2, "no zoom given"),
        ("--more 1 gone.mp4 -o b.mp4", 3, "gone.mp4: no such file"),
        ("--more 1 in.png -o b.mp4", 3, "in.png.dreamvid.toml: no such file"),
        ("--more x a.mp4 -o b.mp4", 2, "more: "),
        ("--more 1 a.mp4 -o b.mp4 --strength 2", 2, "repeats the settings of the zoom"),
        ("--more 1 a.mp4 -o b.mp4 --preset fur", 2, "repeats the settings of the zoom"),
        ("--more 1 a.mp4 -o b.mp4 --from a.mp4", 2, "repeats the settings of the zoom"),
        ("--more 1 a.mp4 -o b.mp4 --motion-preview", 2, "repeats the settings of the zoom"),
        ("--more 1 a.mp4 -o a.mp4 -y", 2, "is the zoom itself"),
        ("--more 1 a.mp4 -o a.mp4", 4, "already exists"),
    ],
)
def test_what_cannot_be_lengthened_is_refused(line: str, code: int, says: str) -> None:
    before = Path("a.mp4").read_bytes(), STATE.read_bytes()
    told = dreamvid("zoom", *line.split())
    assert told.code == code and says in told.line
    assert (Path("a.mp4").read_bytes(), STATE.read_bytes()) == before
    assert not Path("b.mp4").exists()


def test_a_film_has_another_command_and_a_changed_zoom_is_refused() -> None:
    write_film(Path("film.mp4"), frames=3)
    assert dreamvid("video", "film.mp4", "-o", "d.mp4", *QUICK, "-q").code == 0
    told = dreamvid("zoom", "--more", "1", "d.mp4", "-o", "b.mp4")
    assert told.code == 2 and "was made by dreamvid video" in told.line
    Path("a.mp4").write_bytes(Path("a.mp4").read_bytes() + b"x")
    told = dreamvid("zoom", "--more", "1", "a.mp4", "-o", "b.mp4")
    assert told.code == 3 and "a.mp4: has changed since it was dreamed" in told.line


def test_a_zoom_that_depends_on_its_length_is_refused_without_torch() -> None:
    line = ("zoom", "in.png", "-o", "e.mp4", *QUICK, *CLIP, "--seconds", "1")
    assert dreamvid(*line, "--zoom", "1.2+progress").code == 0
    check = (
        "import sys\nfrom dreamvid.cli.app import run\n"
        "code = run(['zoom', '--more', '1', 'e.mp4', '-o', 'b.mp4'])\n"
        "print(code, 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert told.stdout.strip() == "2 False", told.stderr
    assert "zoom, which reads progress, depends on the length" in told.stderr
