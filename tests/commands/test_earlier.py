"""Frames of an earlier run with other settings are defended before a network is loaded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tiny import dream_tiny, texture

from dreamvid.commands import preflight
from dreamvid.commands.video import dream_video
from dreamvid.commands.zoom import dream_zoom
from dreamvid.errors import Interrupted, OutputExists
from dreamvid.image import save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.sequence import folder
from dreamvid.sequence.progress import Progress
from dreamvid.settings.models import VideoSettings, ZoomSettings

QUICK = {"dream": {"iterations": 2, "octaves": 2}}
FRAMES, PART, STOP, RATE = 6, 2, 5, Fraction(10)


def interrupt(progress: Progress) -> None:
    if progress.task == "frames" and progress.done == STOP:
        raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.setattr(folder, "PART_FRAMES", PART)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path, info = tmp_path / "film.mkv", FilmInfo.plain(64, 48, RATE, FRAMES)
    with VideoWriter(path, like=info, codec="ffv1") as out:
        for k in range(FRAMES):
            out.write(to_image(texture(0)[:48, :64]), k / RATE)
    return path


def check(film: Path, values: dict[str, Any], *, overwrite: bool = False) -> None:
    settings = VideoSettings.checked(values)
    out = film.parent / "out.mkv"
    preflight.check_video(film, out, settings, overwrite=overwrite).reader.close()


@pytest.fixture
def stopped(film: Path) -> Path:
    with pytest.raises(Interrupted):
        settings = VideoSettings.checked(QUICK)
        dream_video(film, film.parent / "out.mkv", settings, on_progress=interrupt)
    return film


@pytest.mark.parametrize(
    ("table", "values", "named"),
    [
        ("dream", {"strength": 2}, "strength"),
        ("dream", {"iterations": 3}, "iterations"),
        ("dream", {"octaves": 3}, "octaves"),
        ("dream", {"layer": ["textures"]}, "layer"),
        ("dream", {"label": "owl"}, "label"),
        ("motion", {"stability": 0.5, "loop": True}, "loop, stability"),
        ("network", {"model": "bestiary"}, "model"),
        ("output", {"crf": 3}, "crf"),
    ],
)
def test_surely_other_settings_are_refused_at_once(
    stopped: Path, table: str, values: dict[str, Any], named: str
) -> None:
    changed = QUICK | {table: {**QUICK.get(table, {}), **values}}
    said = rf"out.mkv: {FRAMES - PART} frames are already dreamed, .* settings \({named}\); use"
    with pytest.raises(OutputExists, match=said):
        check(stopped, changed)
    check(stopped, changed, overwrite=True)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("dream", {}),
        ("network", {"device": "cpu", "precision": "fp32"}),
        ("film", {"dream_size": "full"}),
        ("dream", {"layer": [], "step": None}),
    ],
)
def test_what_depends_on_network_and_machine_is_not(
    stopped: Path, table: str, values: dict[str, Any]
) -> None:
    check(stopped, QUICK | {table: {**QUICK.get(table, {}), **values}})


def test_nothing_is_refused_without_dreamed_frames(stopped: Path) -> None:
    parts = folder.folder_of(stopped.parent / "out.mkv")
    for part in parts.glob("part-*"):
        part.unlink()
    check(stopped, QUICK | {"dream": {"strength": 2}})
    folder.record_in(parts).write_text("not [ TOML")
    check(stopped, QUICK | {"dream": {"strength": 2}})


def test_the_frames_of_a_zoom_are_defended_too(tmp_path: Path) -> None:
    start, out = tmp_path / "start.png", tmp_path / "out.mkv"
    save_image(start, to_image(texture(0)))
    short = QUICK | {"clip": {"seconds": FRAMES / 10, "fps": 10}}
    with pytest.raises(Interrupted):
        dream_zoom(start, out, ZoomSettings.checked(short), on_progress=interrupt)
    preflight.check_zoom(start, out, ZoomSettings.checked(short))
    faster = ZoomSettings.checked(short | {"camera": {"zoom": 2}})
    with pytest.raises(OutputExists, match=r"other settings \(zoom\)"):
        preflight.check_zoom(start, out, faster)
