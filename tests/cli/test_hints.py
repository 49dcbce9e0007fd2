"""Hints for flags and commands of other tools: each leads to something that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dreamvid.cli import hints
from dreamvid.cli.app import COMMANDS
from dreamvid.settings.live import LiveSettings
from dreamvid.settings.loops import ShapeSettings
from dreamvid.settings.models import ImageSettings, VideoSettings, ZoomSettings

KNOWN = {name for commands in COMMANDS.values() for name, *_ in commands}
FIELDS = {
    field.replace("_", "-")
    for model in (ImageSettings, VideoSettings, ZoomSettings, LiveSettings)
    for table in model.tables().values()
    for field in table.model_fields
} | {field.replace("_", "-") for field in ShapeSettings.model_fields}
OTHERS = {"settings", "motion-preview"}
"""Flags that are no settings."""

ALL = [hints.FLAGS, *hints.OF.values()]


@pytest.mark.parametrize("text", sorted({text for table in ALL for text in table.values()}))
def test_a_remedy_names_flags_and_commands_that_exist(text: str) -> None:
    for flag in re.findall(r"--([a-z-]+)", text):
        assert flag in FIELDS | OTHERS
    for command in re.findall(r"dreamvid ([a-z]+)", text):
        assert command in KNOWN


@pytest.mark.parametrize("table", ALL)
def test_no_hint_is_for_a_flag_of_every_command(table: dict[str, str]) -> None:
    shared = set.intersection(
        *(
            {field for table in model.tables().values() for field in table.model_fields}
            for model in (ImageSettings, VideoSettings, ZoomSettings)
        )
    )
    assert not {f"--{field.replace('_', '-')}" for field in shared} & set(table)


@pytest.mark.parametrize(
    ("name", "command", "says"),
    [
        ("--fps", "video", "a film keeps its frame rate"),
        ("--fps", "image", "a picture has no frame rate"),
        ("--frames", "zoom", "use --seconds and --fps"),
        ("--frames", "loop", "use --seconds and --fps"),
        ("--gpu", "video", "use --device cuda"),
        ("--output", "image", "use -o"),
        ("--gpu", "doctor", ""),
        ("--nosuch", "video", ""),
        ("", "", ""),
    ],
)
def test_the_remedy_of_a_command_comes_first(name: str, command: str, says: str) -> None:
    found = hints.flag(name, command)
    assert found.startswith(says) if says in ("", found) else says in found
    assert bool(found) == bool(says)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("networks", "dreamvid models"),
        ("photo", "dreamvid image"),
        ("clip.mp4", "dreamvid video clip.mp4"),
        ("CLIP.MOV", "dreamvid video CLIP.MOV"),
        ("ball.gif", "dreamvid video ball.gif"),
        ("photo.JPG", "dreamvid image photo.JPG"),
        ("frame_%05d.png", "dreamvid video frame_%05d.png"),
        (".", "dreamvid video ."),
        ("nonsense", ""),
        ("notes.txt", ""),
    ],
)
def test_a_file_in_place_of_a_command_says_which_one(word: str, meant: str) -> None:
    assert hints.command(word) == meant


def test_every_word_for_a_command_leads_to_one() -> None:
    assert set(hints.COMMANDS.values()) <= KNOWN and not set(hints.COMMANDS) & KNOWN
    assert set(hints.OF) == {*hints.DREAMING, "live"} <= KNOWN


def test_an_unquoted_pattern_is_told_from_other_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        Path(name).touch()
    what, remedy = hints.unexpected(["a.png", "b.png"])
    assert what == "2 unexpected files, starting with a.png" and "quoted pattern" in remedy
    assert hints.unexpected(["a.png"]) == ("unexpected argument 'a.png'", "")
    assert hints.unexpected(["a.png", "gone"]) == ("unexpected argument 'a.png' 'gone'", "")
    assert len(hints.unexpected(["x" * 500])[0]) < 110
