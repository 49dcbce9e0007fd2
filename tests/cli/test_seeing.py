"""What shows a network: an atlas to browse, and what it sees in a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import dreamvid
from PIL import Image
from tiny import dream_tiny, tiny_network

from dreamvid.bestiary import atlas as drawing
from dreamvid.networks import known, registry


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny network takes the place of the default one, and pictures are small."""
    dream_tiny(monkeypatch)
    network = tiny_network()
    network.name = known.DEFAULT
    monkeypatch.setattr(registry, "load_network", lambda *_, **__: network)
    monkeypatch.setattr(drawing, "PATTERN_SIDE", 32)
    monkeypatch.setattr(drawing, "PATTERN_ITERATIONS", 2)
    monkeypatch.setattr("dreamvid.bestiary.sight_sheet.BOX", (90, 120))
    monkeypatch.setattr("dreamvid.bestiary.sight_sheet.NARROWEST", 40)


ATLAS = ("atlas", known.DEFAULT, "--layers", "two", "--channels", "3")


def test_an_atlas_in_a_folder(tmp_path: Path) -> None:
    told = dreamvid(*ATLAS, "-o", f"{tmp_path}/a.d/")
    assert told.code == 0, told.err
    lines = told.err.splitlines()
    assert lines[0].startswith("4 pictures; about ")
    assert "drawing the atlas: 4 of 4 about 1 s left" in lines
    assert lines[-1] == f"{tmp_path}/a.d/index.html: 4 pictures"
    assert len(list((tmp_path / "a.d" / "layers" / "two").glob("*.webp"))) == 4
    again = dreamvid(*ATLAS, "-o", tmp_path / "a.d")
    assert again.code == 0 and again.err.startswith("4 pictures, 4 of them drawn before; ")


def test_a_stopped_atlas_says_how_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, calls = drawing.pattern, []

    def stopped(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return draw(*arguments)

    monkeypatch.setattr("dreamvid.commands.atlas.pattern", stopped)
    told = dreamvid(*ATLAS, "-o", tmp_path / "a")
    assert told.code == 130 and told.err.splitlines()[-1].endswith("run the same command again")
    told = dreamvid(*ATLAS, "-o", tmp_path / "a")
    assert told.code == 0 and told.err.startswith("4 pictures, 2 of them drawn before; about ")


def test_quiet_says_nothing(tmp_path: Path) -> None:
    assert dreamvid(*ATLAS, "-o", tmp_path / "a", "-q").err == ""


def test_a_picture_explained(tmp_path: Path) -> None:
    Image.effect_noise((64, 48), 60).convert("RGB").save(tmp_path / "in.png")
    out = tmp_path / "out.png"
    told = dreamvid("explain", tmp_path / "in.png", "-o", out, "--layer", "two", "--channels", "2")
    assert told.code == 0, told.err
    first, *_, last = told.err.splitlines()
    assert first == f"{tmp_path}/in.png: 64x48; seen by {known.DEFAULT}, layer two"
    assert last == f"{out} is ready"
    with Image.open(out) as sheet:
        assert sheet.width > 200 and sheet.height > 200
    again = dreamvid("explain", tmp_path / "in.png", "-o", out)
    assert again.code == 4 and "already exists" in again.line
