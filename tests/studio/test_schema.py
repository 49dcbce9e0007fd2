"""The dials: each of the settings models, with what they say of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dreamvid.settings.loops import LOOPS
from dreamvid.settings.models import ImageSettings, VideoSettings, ZoomSettings
from dreamvid.settings.regions import RegionSettings
from dreamvid.studio.schema import SHOWN, schema

MODELS = {"video": VideoSettings, "image": ImageSettings, "zoom": ZoomSettings}


def dials_of(command: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {dial["field"]: dial for table in command["tables"] for dial in table["dials"]}


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(schema()))
    return found


def test_every_setting_of_every_command_is_a_dial(whole: dict[str, Any]) -> None:
    for name, model in MODELS.items():
        fields = {
            f"{table}.{field}" for table, kind in model.tables().items()
            for field in kind.model_fields
        }  # fmt: skip
        assert set(dials_of(whole["commands"][name])) == fields
    assert len(whole["commands"]["loop"]["kinds"]) == len(LOOPS)
    assert {dial["name"] for dial in whole["region"]["dials"]} == set(RegionSettings.model_fields)


def test_what_matters_comes_first(whole: dict[str, Any]) -> None:
    for name in MODELS:
        command = whole["commands"][name]
        assert len(command["first"]) == SHOWN
        assert set(command["first"]) <= set(dials_of(command))
    assert whole["commands"]["video"]["first"][1] == "dream.strength"


def test_a_number(whole: dict[str, Any]) -> None:
    dial = dials_of(whole["commands"]["video"])["dream.strength"]
    field = VideoSettings.tables()["dream"].model_fields["strength"]
    assert dial["help"] == field.description and dial["default"] == field.default == 1.0
    assert dial["kind"] == "number" and dial["schedule"] and not dial["optional"]
    assert (dial["min"], dial["max"], dial["flag"]) == (0, 10, "--strength")
    assert dial["label"] == "Strength"


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("dream.octaves", {"kind": "integer", "default": None, "optional": True, "max": 12}),
        ("dream.layer", {"kind": "text", "many": True, "default": [], "schedule": True}),
        ("dream.keep_colours", {"kind": "switch", "label": "Keep colours", "default": False}),
        ("dream.guide", {"file": "film", "optional": True}),
        ("dream.guide_match", {"kind": "choice", "choices": ["dot", "cosine", "gram"]}),
        ("dream.tile", {"kind": "integer", "min": 128, "max": 16384}),
        ("motion.cuts", {"kind": "switch", "default": True}),
        ("film.start", {"kind": "time", "optional": True, "min": 0}),
        ("film.width", {"kind": "integer", "min": 16, "max": 16384}),
        ("sound.audio", {"kind": "file", "file": "sound"}),
        ("output.alpha", {"kind": "choice", "choices": ["dream"], "optional": True}),
        ("mask.feather", {"kind": "number", "min": 0, "max": 0.5, "schedule": False}),
        ("signals.beat", {"kind": "table"}),
    ],
)
def test_dials_of_each_kind(whole: dict[str, Any], field: str, wanted: dict[str, Any]) -> None:
    dial = dials_of(whole["commands"]["video"])[field]
    assert {name: dial.get(name) for name in wanted} == wanted


def test_a_rate_that_is_exact(whole: dict[str, Any]) -> None:
    assert dials_of(whole["commands"]["zoom"])["clip.fps"]["default"] == "30"


def test_dials_without_bounds_have_none(whole: dict[str, Any]) -> None:
    assert "max" not in dials_of(whole["commands"]["video"])["film.frames"]
