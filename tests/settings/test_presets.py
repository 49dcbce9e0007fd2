"""Presets: every one fits every command and every network, and says what it looks like."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
import torch
from tiny import HEIGHT, WIDTH, texture, tiny_network

from dreamvid.bestiary.atlas import GAP
from dreamvid.commands import preset_sheet
from dreamvid.commands.dreams import Dreams
from dreamvid.commands.preset_sheet import LETTERS
from dreamvid.dream.dreamer import Dose
from dreamvid.dream.octaves import OCTAVE_SCALE, resize
from dreamvid.errors import UsageError
from dreamvid.image import to_image
from dreamvid.networks import registry
from dreamvid.networks.kinds import CREATURES
from dreamvid.networks.known import DESCRIPTIONS, aliases_of, names
from dreamvid.networks.network import Network
from dreamvid.schedules.schedule import Clock
from dreamvid.settings import presets
from dreamvid.settings.base import Settings
from dreamvid.settings.loops import FeedbackLoop, PanLoop, ZoomLoop
from dreamvid.settings.models import ImageSettings, VideoSettings, ZoomSettings
from dreamvid.settings.tables import DreamSettings, NetworkSettings

COMMANDS: tuple[type[Settings], ...] = (
    ImageSettings, VideoSettings, ZoomSettings, ZoomLoop, PanLoop, FeedbackLoop
)  # fmt: skip
WANTED = {
    "classic", "strokes", "fur", "eyes", "creatures", "cathedral", "ink", "pastel",
    "stained-glass", "deep-sea", "gentle", "wild",
}  # fmt: skip
ALIASES = {"textures", "patterns", "parts", "objects"}


def test_the_presets_that_are_promised_are_there() -> None:
    assert set(presets.names()) >= WANTED
    assert list(presets.names()) == sorted(presets.names())


@pytest.mark.parametrize("name", presets.names())
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_a_preset_fits_a_command_and_changes_it(name: str, command: type[Settings]) -> None:
    values = presets.fitting(presets.preset(name), command)
    assert command.checked(values) != command()


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_says_only_what_a_film_has(name: str) -> None:
    VideoSettings.checked(presets.preset(name))  # nothing is misspelt and left out in silence


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_names_no_network_but_what_all_have(name: str) -> None:
    values = presets.preset(name)
    assert values.keys() <= {"dream", "motion"}  # so that none needs weights of its own
    pairs = [layer.partition("*") for layer in values["dream"]["layer"]]
    assert {alias for alias, _, _ in pairs} <= ALIASES
    # The layers of some networks outweigh others by far: taken away, they would be all there is.
    assert all(float(weight or 1) > 0 for _, _, weight in pairs)
    assert not values["dream"].keys() & {"label", "guide"}


def test_a_preset_with_the_name_of_a_layer_says_that_it_is_another() -> None:
    assert CREATURES in presets.names() and f"the layer {CREATURES} " in presets.about(CREATURES)


def test_all_networks_have_the_aliases() -> None:
    told = [about.aliases.keys() for about in DESCRIPTIONS.values() if about.aliases]
    assert all(aliases == ALIASES for aliases in told)
    assert all(set(aliases_of(name)) == ALIASES for name in names())


@pytest.mark.parametrize("model", [registry.DEFAULT, registry.EMBEDDED])
@pytest.mark.parametrize("name", presets.names())
def test_a_preset_dreams_with_the_networks_that_are_installed(name: str, model: str) -> None:
    network, picture = installed(model), to_image(texture())
    dream = DreamSettings.checked(presets.preset(name)["dream"])
    clock, how = Clock(Fraction(1), 1, 0), NetworkSettings(device="cpu", precision="fp32")
    dreamer = Dreams((network,), how, dream, clock, size=(HEIGHT, WIDTH))(0)
    dreamed = dreamer.with_dose(Dose((1,), dreamer.dose.step), OCTAVE_SCALE, dreamer.shape)(picture)
    assert 0.001 < float((dreamed - picture).abs().mean()) < 0.1


@cache
def installed(model: str) -> Network:
    return registry.load_network(model, offline=True)


def test_the_classic_is_the_method_of_the_paper() -> None:
    dream = DreamSettings.checked(presets.preset("classic")["dream"])
    assert dream.gradient == "plain"
    assert (dream.octaves, dream.octave_scale, dream.iterations) == (4, 1.4, 10)
    assert dream.step == pytest.approx(1.5 / 255, rel=0.03)
    assert dream.strength == 1


def test_no_two_presets_are_alike() -> None:
    told = [repr(sorted(presets.preset(name)["dream"].items())) for name in presets.names()]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("name", presets.names())
def test_a_preset_says_in_a_sentence_what_it_looks_like(name: str) -> None:
    said = presets.about(name)
    assert said.endswith(".") and said[0].isupper() and len(said) < 95


def test_what_a_command_has_not_is_left_out() -> None:
    values = {"motion": {"flow": "none", "stability": 0.5}, "camera": {"zoom": 2}, "film": {}}
    assert presets.fitting(values, ZoomSettings) == {
        "motion": {"stability": 0.5},
        "camera": {"zoom": 2},
    }
    assert presets.fitting(values, VideoSettings) == {"motion": values["motion"]}
    assert presets.fitting(values, ZoomLoop) == {"camera": {"zoom": 2}}
    assert presets.fitting({"motion": {"flow": "none"}}, ZoomSettings) == {}


def test_an_unknown_preset_is_answered_with_near_misses_and_all() -> None:
    told = r"unknown preset 'clasic'; did you mean classic\? use one of .*, wild"
    with pytest.raises(UsageError, match=told):
        presets.preset("clasic")
    with pytest.raises(UsageError, match=r"unknown preset '\.\./wild'"):
        presets.about("../wild")
    with pytest.raises(UsageError, match="unknown preset 'xyz'; use one of"):
        presets.preset("xyz")


def test_the_files_are_packaged() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert "settings/presets/*.toml" in project["tool"]["setuptools"]["package-data"]["dreamvid"]


# --- the sheet -------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw on small pictures, with a tiny network."""
    monkeypatch.setattr(preset_sheet, "SIDE", 64)
    monkeypatch.setattr(preset_sheet, "CELL", 48)
    monkeypatch.setattr(preset_sheet, "load_all", lambda network, on_progress: (tiny_network(),))


def test_a_sheet_shows_the_source_and_all_presets(small: None) -> None:
    picture, drawn = to_image(texture()), []
    sheet = preset_sheet.preset_sheet(
        picture,
        NetworkSettings(device="cpu"),
        on_progress=lambda event: drawn.append((event.done, event.total)),
    )
    count, high = len(presets.names()), 36 + LETTERS + 6 + GAP
    assert drawn == [(k, count) for k in range(1, count + 1)]
    assert sheet.shape == (3, 4 * high + GAP, 4 * (48 + GAP) + GAP)
    cells = [
        sheet[:, GAP + row * high :, GAP + column * (48 + GAP) :][:, :36, :48]
        for row in range(4)
        for column in range(4)
        if row > 1 or column > 1
    ]
    assert all(float(cell.std()) > 0.05 for cell in cells)
    assert not any(torch.equal(one, other) for one, other in combinations(cells, 2))
    source = sheet[:, GAP : GAP + 75, GAP : GAP + 100]  # two cells wide, with the gap between
    assert float((source - resize(picture, (75, 100))).abs().max()) < 0.05


@pytest.mark.parametrize(("count", "rows"), [(1, 2), (4, 2), (5, 3), (12, 4), (13, 5)])
@pytest.mark.parametrize("size", [(12, 40), (90, 10)])
def test_pictures_go_round_the_source(count: int, rows: int, size: tuple[int, int]) -> None:
    images = {str(k): torch.full((3, *size), 0.5) for k in range(count)}
    sheet = preset_sheet.laid_out(torch.ones(3, *size), images)
    high, wide = size[0] + LETTERS + 6, size[1]
    assert sheet.shape == (3, rows * (high + GAP) + GAP, 4 * (wide + GAP) + GAP)
    corner = sheet[:, GAP : GAP + 2 * high + GAP, GAP : GAP + 2 * wide + GAP]
    assert int((sheet == 0.5).sum()) >= 3 * count * size[0] * size[1]
    assert int((corner == 1).sum()) > 2 * 3 * size[0] * size[1]  # and nothing stands on another
    assert int((sheet == 1).sum()) == int((corner == 1).sum())


def test_the_landscape_is_the_same_for_ever() -> None:
    land = preset_sheet.landscape()
    assert land.shape == (3, preset_sheet.SIDE, preset_sheet.SIDE)
    assert torch.equal(land, preset_sheet.landscape())
    assert float(land.std()) > 0.1 and torch.equal(land, to_image(_levels(land)))


def _levels(image: torch.Tensor):
    return (image * 255).round().permute(1, 2, 0).to(torch.uint8).numpy()
