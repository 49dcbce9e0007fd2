"""The models of loops: one for each kind, told apart by `loop.kind`."""

from __future__ import annotations

from typing import Any

import pytest

from dreamvid.errors import UsageError
from dreamvid.settings.loops import (
    LOOPS,
    FeedbackLoop,
    FilmLoop,
    LoopSettings,
    PanLoop,
    ShapeSettings,
    ZoomLoop,
    loop_model,
)

KINDS: dict[str, type[LoopSettings]] = {
    "zoom": ZoomLoop,
    "pan": PanLoop,
    "film": FilmLoop,
    "feedback": FeedbackLoop,
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_chooses_the_model(kind: str) -> None:
    assert loop_model({"loop": {"kind": kind}}) is KINDS[kind]
    assert KINDS[kind]().loop.kind == kind
    assert KINDS[kind].checked({"loop": {"kind": kind}}).loop.kind == kind


@pytest.mark.parametrize("tables", [{}, {"loop": {}}, {"loop": {"evolve": 2}}, {"loop": "zoom"}])
def test_without_a_kind_it_is_a_zoom(tables: dict[str, Any]) -> None:
    assert loop_model(tables) is ZoomLoop


def test_an_unknown_kind_is_refused_where_it_is_written() -> None:
    with pytest.raises(UsageError, match=r"a\.toml: loop\.kind = 'spin': .*'zoom'"):
        loop_model({"loop": {"kind": "spin"}}, "a.toml")


@pytest.mark.parametrize(
    ("model", "values", "says"),
    [
        (ZoomLoop, {"loop": {"fade": 3}}, "fade: .* kind zoom; .* use --kind film or feedback"),
        (ZoomLoop, {"loop": {"direction": "up"}}, "direction: .* or use --kind pan"),
        (PanLoop, {"camera": {"zoom": 2}}, "zoom: .* kind pan; .* use --kind zoom or feedback"),
        (PanLoop, {"loop": {"twist": 1}}, "twist: .* or use --kind zoom"),
        (FilmLoop, {"dream": {"strength": 2}}, "strength: .* leave it out; dreamvid video dreams"),
        (FilmLoop, {"network": {"model": "a"}}, "model: .* kind film; .* dreamvid video dreams"),
        (FilmLoop, {"clip": {"fps": 25}}, "fps: .* use --kind zoom or pan or feedback"),
        (FilmLoop, {"loop": {"evolve": 2}}, "evolve: .* use --kind zoom or pan"),
        (FeedbackLoop, {"loop": {"ping_pong": True}}, "ping_pong: .* or use --kind film"),
        (FeedbackLoop, {"loop": {"symmetry": 2}}, "symmetry: .* or use --kind zoom"),
        (ZoomLoop, {"camera": {"pan_x": 1}}, "pan_x: .* or use --kind feedback"),
        (ZoomLoop, {"motion": {"stability": 1}}, "stability: .* or use --kind feedback"),
    ],
)
def test_a_setting_of_another_kind_is_refused_with_the_kinds_that_have_it(
    model: type[LoopSettings], values: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        model.checked(values)


@pytest.mark.parametrize("model", LOOPS)
def test_a_setting_that_no_kind_has_is_unknown(model: type[LoopSettings]) -> None:
    with pytest.raises(UsageError, match=r"loop\.nosuch = 1: unknown setting"):
        model.checked({"loop": {"nosuch": 1}})


def test_of_an_earlier_run_only_what_the_kind_has_is_taken_over() -> None:
    values = {
        "network": {"model": "bestiary"},
        "loop": {"fade": 3, "evolve": 2},
        "motion": {"stability": 0.5},
        "clip": {"fps": 25, "seconds": 4},
    }
    assert ZoomLoop.inherited(values) == {
        "network": {"model": "bestiary"},
        "loop": {"evolve": 2},
        "clip": {"fps": 25, "seconds": 4},
    }
    assert FilmLoop.inherited(values) == {"loop": {"fade": 3}, "clip": {"seconds": 4}}
    assert FeedbackLoop.inherited(values)["motion"] == {"stability": 0.5}
    assert values["loop"] == {"fade": 3, "evolve": 2}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"loop": {"ping_pong": True, "fade": 3}}, "fade: ping-pong needs no fade; leave it out"),
        ({"loop": {"ping_pong": True}, "clip": {"seconds": 4}}, "ping-pong plays the whole film"),
        ({"loop": {"fade": 0}}, "loop.fade = 0"),
        ({"loop": {"fade": 1001}}, "loop.fade = 1001"),
    ],
)
def test_what_cannot_be_together_in_a_film(values: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        FilmLoop.checked(values)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("evolve", 1, 64), ("symmetry", 1, 64), ("twist", -16, 16)]
)
def test_the_shape_of_a_zoom_has_limits(name: str, low: int, high: int) -> None:
    for value in (low, high):
        assert getattr(ZoomLoop.checked({"loop": {name: value}}).loop, name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(UsageError, match=rf"loop\.{name} = {value}"):
            ZoomLoop.checked({"loop": {name: value}})


def test_the_flags_have_the_fields_of_all_kinds() -> None:
    fields = {name for model in LOOPS for name in model.tables()["loop"].model_fields}
    assert set(ShapeSettings.model_fields) == fields


@pytest.mark.parametrize("model", LOOPS)
def test_fields_of_one_name_agree_in_all_kinds(model: type[LoopSettings]) -> None:
    for name, field in model.tables()["loop"].model_fields.items():
        if name != "kind":
            assert ShapeSettings.model_fields[name].default == field.default
            assert ShapeSettings.model_fields[name].description == field.description
