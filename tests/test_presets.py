"""Presets: every one fits every command and every network, and says what it looks like."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import torch
from tiny import tiny_network

from dreamvid import preset_sheet, presets
from dreamvid.errors import MissingDependency, UsageError
from dreamvid.image import to_image
from dreamvid.networks import zoo
from dreamvid.settings import (
    CameraSettings,
    ImageSettings,
    LoopSettings,
    MotionSettings,
    Settings,
    SteadySettings,
    VideoSettings,
    ZoomSettings,
)

COMMANDS: tuple[type[Settings], ...] = (ImageSettings, VideoSettings, ZoomSettings, LoopSettings)
WANTED = {
    "classic", "strokes", "fur", "eyes", "creatures", "cathedral", "ink", "pastel",
    "stained-glass", "deep-sea", "gentle", "wild",
}  # fmt: skip
ALIASES = {"textures", "patterns", "parts", "objects"}


def tables_of(command: type[Settings]) -> dict[str, type[Settings]]:
    return {name: type(table) for name, table in command() if isinstance(table, Settings)}


def test_the_presets_that_are_promised_are_there() -> None:
    assert set(presets.names()) >= WANTED
    assert list(presets.names()) == sorted(presets.names())


@pytest.mark.parametrize("name", presets.names())
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_a_preset_fits_a_command_and_changes_it(name: str, command: type[Settings]) -> None:
    values = presets.fitting(presets.preset(name), tables_of(command))
    assert command.checked(values) != command()


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_says_only_what_a_film_has(name: str) -> None:
    VideoSettings.checked(presets.preset(name))  # nothing is misspelt and left out in silence


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_goes_with_every_network_or_names_its_own(name: str) -> None:
    values = presets.preset(name)
    if "model" in values.get("network", {}):
        return
    layers = values["dream"].get("layer", [])
    assert {layer.partition("*")[0] for layer in layers} <= ALIASES
    assert all(about.aliases.keys() == ALIASES for about in zoo.DESCRIPTIONS.values())


def test_the_classic_is_the_one_of_the_paper() -> None:
    classic = presets.preset("classic")
    assert (classic["network"]["model"], classic["dream"]["layer"]) == (
        "googlenet",
        ["inception4c"],
    )


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_says_in_a_sentence_what_it_looks_like(name: str) -> None:
    said = presets.about(name)
    assert said.endswith(".") and said[0].isupper() and len(said) < 95


def test_what_a_command_has_not_is_left_out() -> None:
    values = {"motion": {"flow": "none", "stability": 0.5}, "camera": {"zoom": 2}, "film": {}}
    assert presets.fitting(values, {"motion": SteadySettings, "camera": CameraSettings}) == {
        "motion": {"stability": 0.5},
        "camera": {"zoom": 2},
    }
    assert presets.fitting(values, {"motion": MotionSettings}) == {"motion": values["motion"]}
    assert presets.fitting({"motion": {"flow": "none"}}, {"motion": SteadySettings}) == {}


def test_an_unknown_preset_is_answered_with_near_misses_and_all() -> None:
    told = r"no preset 'clasic'; did you mean classic\? choose one of .*, wild"
    with pytest.raises(UsageError, match=told):
        presets.preset("clasic")
    with pytest.raises(UsageError, match=r"no preset '\.\./wild'"):
        presets.about("../wild")
    with pytest.raises(UsageError, match="no preset 'xyz'; choose one of"):
        presets.preset("xyz")


def test_the_files_are_packaged() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    assert "presets/*.toml" in project["tool"]["setuptools"]["package-data"]["dreamvid"]


# --- the sheet -------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw on small pictures, with a tiny network in the place of all but GoogLeNet."""

    def load(model: str, **options: object) -> object:
        if model == "googlenet":
            raise MissingDependency("no weights")
        return tiny_network()

    monkeypatch.setattr(preset_sheet, "SIDE", 48)
    monkeypatch.setattr(preset_sheet, "load_network", load)


def test_a_sheet_shows_all_presets_and_tells_which_it_cannot(small: None) -> None:
    left, drawn = [], []
    sheet = preset_sheet.preset_sheet(
        torch.rand(3, 64, 96),
        {"device": "cpu"},
        drawn=lambda done, total: drawn.append((done, total)),
        left_out=lambda name, why: left.append((name, str(why))),
    )
    count = len(presets.names())
    assert left == [("classic", "no weights")]
    assert drawn == [(k, count) for k in range(1, count + 1)]
    assert sheet.shape == (3, 3 * (32 + 20 + 4) + 4, 4 * (48 + 4) + 4)
    rows, columns = slice(4, 36), [slice(4 + 52 * k, 52 + 52 * k) for k in range(4)]
    first = [sheet[:, rows, column] for column in columns]
    assert not any(torch.equal(first[0], other) for other in first[1:])


def test_without_a_single_preset_there_is_no_sheet(small: None) -> None:
    with pytest.raises(MissingDependency, match="no weights"):
        preset_sheet.preset_sheet(None, {"model": "googlenet"})


def test_the_landscape_is_the_same_for_ever() -> None:
    land = preset_sheet.landscape()
    assert land.shape == (3, 256, 256)
    assert torch.equal(land, preset_sheet.landscape())
    assert float(land.std()) > 0.1 and torch.equal(land, to_image(_levels(land)))


def _levels(image: torch.Tensor):
    return (image * 255).round().permute(1, 2, 0).to(torch.uint8).numpy()
