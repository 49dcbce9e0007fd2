"""The commands that grow clips, as a user gives them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_kit import QUICK, dreamvid, frames_of, write_film, write_sound
from tiny import dream_tiny, texture

from dreamvid.commands.chart import COLOURS, LEFT, WIDTH
from dreamvid.image import load_image, save_image, to_array, to_image

CLIP = ("--size", "64x48", "--seconds", "0.5", "--fps", "8", "-q")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.chdir(tmp_path)
    save_image("in.png", to_image(texture()))


def test_a_zoom_takes_numbers_and_schedules() -> None:
    told = dreamvid(
        *("zoom", "in.png", "-o", "out.mp4", *QUICK, *CLIP, "--rotate", "-4"),
        *("--zoom", "0:(1.4), 3s:(2.2, ease-in-out)", "--layer", "0:(one), 2:(two)"),
    )
    assert (told.code, told.err) == (0, "")
    assert frames_of(Path("out.mp4")) == 4


def test_a_settings_file_and_a_sidecar_make_zooms() -> None:
    Path("my.toml").write_text("[camera]\nzoom = 1.3\n[clip]\nfrom_noise = true\n")
    assert dreamvid("zoom", "-o", "a.mp4", "--settings", "my.toml", *QUICK, *CLIP).code == 0
    assert dreamvid("zoom", "-o", "b.mp4", "--from", "a.mp4", "-q").code == 0
    assert Path("a.mp4").read_bytes() == Path("b.mp4").read_bytes()


def test_the_preview_is_a_flag() -> None:
    told = dreamvid("zoom", "in.png", "--motion-preview", "-o", "p.mp4", "--seconds", "0.2")
    assert told.code == 0 and "p.mp4: 6 frames" in told.err
    assert sorted(path.name for path in Path().iterdir()) == ["in.png", "p.mp4"]


def test_loops_tell_their_seam() -> None:
    for kind in ("zoom", "pan", "feedback"):
        told = dreamvid("loop", "in.png", "-o", f"{kind}.mp4", "--kind", kind, *QUICK, *CLIP[:-1])
        assert told.code == 0 and "seam: " in told.err, told.err
        assert frames_of(Path(f"{kind}.mp4")) == 4


def test_a_loop_is_repeated_for_players_that_cannot() -> None:
    told = dreamvid("loop", "-o", "out.mov", *QUICK, *CLIP, "--codec", "hap-q",
                    "--repeat-to", "1.2")  # fmt: skip
    assert (told.code, told.err) == (0, "")
    assert frames_of(Path("out.mov")) == 12


def test_schedules_are_plotted() -> None:
    Path("my.toml").write_text("[camera]\nzoom = '0:(1.3), 1s:(2)'\n[film]\nframes = 3\n")
    assert dreamvid("plot", "my.toml", "-o", "curves.png", "--seconds", "2").code == 0
    off = np.abs(to_array(load_image("curves.png")).astype(int) - COLOURS[0]).sum(axis=2)
    curves = off < 60
    assert curves[:, LEFT + 10].any() and curves[:, WIDTH - 30].any()


def test_the_film_of_a_sidecar_is_found_and_its_signals_are_plotted() -> None:
    write_film(Path("film.mp4"), frames=5)
    line = ("film.mp4", "-o", "out.mp4", "--strength", "1+motion", "--release", "0.1")
    assert dreamvid("video", *line, "--octaves", "1", "--iterations", "1").code == 0
    told = dreamvid("plot", "out.mp4.dreamvid.toml", "-o", "curves.png", "-q")
    assert (told.code, told.err) == (0, "")
    found = dreamvid("plot", "out.mp4.dreamvid.toml", "film.mp4", "-o", "same.png", "-q")
    assert (found.code, found.err) == (0, "")
    assert Path("same.png").read_bytes() == Path("curves.png").read_bytes()
    told = dreamvid("plot", "out.mp4.dreamvid.toml", "gone.mkv", "-o", "other.png")
    assert told.code == 3 and told.err.startswith("dreamvid: gone.mkv: no such file")


def test_an_unreadable_schedule_gets_a_caret() -> None:
    told = dreamvid("zoom", "in.png", "-o", "out.mp4", "--zoom", "0:(1.4), 3s:(2.2, bogus)")
    first, text, caret = told.err.rstrip("\n").split("\n")
    assert told.code == 2
    assert first.startswith("dreamvid: zoom: not an easing") or "camera.zoom" in first
    assert text[caret.index("^") :].startswith("bogus")


@pytest.mark.parametrize(
    "line, code, says",
    [
        ("zoom in.png -o out.mp4 --zoom 0", 2, "zoom = '0'"),
        ("zoom in.png -o out.mp4 --zoom nan", 2, "zoom = 'nan'"),
        ("zoom in.png -o out.mp4 --fps 0", 2, "fps"),
        ("zoom in.png -o out.mp4 --seconds 0", 2, "seconds"),
        ("zoom in.png -o out.mp4 --size 4x4", 2, "size"),
        ("zoom -o out.mp4", 2, "--from-noise"),
        ("zoom in.png -o out.mov --codec dnxhr --size 64x48", 2, "256x120"),
        ("zoom in.png -o out.mp4 --audio in.png", 3, "no audio track"),
        ("zoom in.png -o out.mp4 --audio gone.wav", 3, "no such file"),
        ("zoom gone.png -o out.mp4", 3, "no such file"),
        ("zoom in.png -o in.png", 2, "in.png"),
        ("loop -o out.mp4 --seconds 1.01", 2, "give 1"),
        ("loop -o out.mp4 --kind square", 2, "kind"),
        ("loop in.png -o out.mp4 --kind film", 2, "too few"),
        ("plot gone.toml -o out.png", 3, "gone.toml"),
        ("plot my.toml -o out.xyz", 2, "out.xyz"),
    ],
)
def test_what_cannot_be_is_reported_in_a_line(line: str, code: int, says: str) -> None:
    Path("my.toml").write_text("")
    before = sorted(Path().iterdir())
    told = dreamvid(*line.split())
    assert told.code == code, told.err
    assert says in told.line
    assert sorted(Path().iterdir()) == before


def test_sound_can_be_used_by_every_dial() -> None:
    write_sound(Path("song.m4a"))
    told = dreamvid(*("zoom", "in.png", "-o", "out.mp4", *QUICK, *CLIP), "--audio", "song.m4a",
                    *("--zoom", "1.2+rms", "--strength", "1+bass"))  # fmt: skip
    assert (told.code, told.err) == (0, "")
