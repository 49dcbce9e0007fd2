"""The tables of settings: values that depend on others, and what is derived from them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from dreamvid.errors import UsageError
from dreamvid.settings.base import Settings
from dreamvid.settings.tables import (
    AudioSettings,
    CameraSettings,
    ClipSettings,
    DreamSettings,
    FilmSettings,
    LengthSettings,
    MotionSettings,
    NetworkSettings,
    OutputSettings,
    PictureSettings,
    SizeSettings,
    SoundSettings,
    SteadySettings,
    ZoomCameraSettings,
)
from dreamvid.settings.values import BOUNDS, MOST_FRAMES

TABLES: tuple[type[Settings], ...] = (
    NetworkSettings,
    DreamSettings,
    SteadySettings,
    MotionSettings,
    SizeSettings,
    FilmSettings,
    OutputSettings,
    LengthSettings,
    ClipSettings,
    AudioSettings,
    SoundSettings,
    ZoomCameraSettings,
    CameraSettings,
    PictureSettings,
)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_valid_defaults_and_refuses_other_names(table: type[Settings]) -> None:
    assert table.checked({}) == table()
    with pytest.raises(UsageError, match="nosuch = 1: unknown setting"):
        table.checked({"nosuch": 1})


@pytest.mark.parametrize("table", TABLES)
def test_descriptions_are_sentences(table: type[Settings]) -> None:
    for name, field in table.model_fields.items():
        text = field.description
        assert text, name
        assert text[0].isupper() or text[0] in "'", name
        assert text.endswith("."), name


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_every_bounded_dial_is_a_setting(name: str) -> None:
    owner = next(table for table in TABLES if name in table.model_fields)
    with pytest.raises(UsageError, match=f"{name} = "):
        owner.checked({name: BOUNDS[name].high * 2})
    assert getattr(owner.checked({name: BOUNDS[name].low}), name) == BOUNDS[name].low


@pytest.mark.parametrize(
    ("values", "width", "height"),
    [
        ({}, None, None),
        ({"width": 320}, 320, None),
        ({"height": 240}, None, 240),
        ({"width": 320, "height": 20}, 320, 20),
        ({"size": "64x48"}, 64, 48),
    ],
)
def test_a_size_is_given_in_one_way_or_the_other(
    values: dict[str, Any], width: int | None, height: int | None
) -> None:
    for table in (SizeSettings, FilmSettings, PictureSettings):
        found = table.checked(values)
        assert (found.target_width, found.target_height) == (width, height)


@pytest.mark.parametrize("side", ["width", "height"])
def test_a_size_excludes_its_sides(side: str) -> None:
    with pytest.raises(UsageError, match=f"size and {side}: give only one of them"):
        SizeSettings.checked({"size": "64x48", side: 64})


@pytest.mark.parametrize(
    ("size", "picture", "expected"),
    [
        (None, None, (1280, 720)),
        (None, (640, 480), (640, 480)),
        (None, (2560, 1440), (1280, 720)),
        (None, (1440, 2560), (720, 1280)),
        (None, (1281, 3), (1280, 3)),
        (None, (100_000, 10), (1280, 2)),
        ("64x48", (640, 480), (64, 48)),
        ("64x48", None, (64, 48)),
    ],
)
def test_a_clip_takes_the_size_of_its_picture_up_to_a_limit(
    size: str | None, picture: tuple[int, int] | None, expected: tuple[int, int]
) -> None:
    assert LengthSettings(size=size).size_for(picture) == expected


@pytest.mark.parametrize(
    ("values", "length", "frames"),
    [
        ({}, 10, 300),
        ({"seconds": 2}, 2, 60),
        ({"seconds": "0.001"}, Fraction(1, 1000), 1),
        ({"seconds": 2, "fps": "24000/1001"}, 2, 48),
        ({"seconds": "1/60", "fps": 60}, Fraction(1, 60), 1),
    ],
)
def test_the_frames_of_a_clip_follow_from_length_and_rate(
    values: dict[str, Any], length: object, frames: int
) -> None:
    clip = ClipSettings.checked(values)
    assert clip.length == length and clip.frames == frames


def test_a_clip_has_an_end() -> None:
    assert ClipSettings.checked({"seconds": 10_000, "fps": 1000}).frames == MOST_FRAMES
    with pytest.raises(UsageError, match="10,001,000 frames are more than 10,000,000: give fewer"):
        ClipSettings.checked({"seconds": 10_001, "fps": 1000})


@pytest.mark.parametrize(
    ("given", "taken"),
    [("parts", ("parts",)), (["a", "b*0.5"], ("a", "b*0.5")), ([], ()), (("a",), ("a",))],
)
def test_layers_are_one_or_several(given: object, taken: tuple[str, ...]) -> None:
    assert DreamSettings.checked({"layer": given}).layer == taken


@pytest.mark.parametrize("other", [{"layer": "parts"}, {"guide": "a.png"}])
def test_a_label_is_raised_alone(other: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"label and \w+: give only one of them"):
        DreamSettings.checked({"label": "owl"} | other)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (NetworkSettings, {"device": "tpu"}),
        (NetworkSettings, {"precision": "fp8"}),
        (MotionSettings, {"flow": "guess"}),
        (DreamSettings, {"gradient": "smooth"}),
        (DreamSettings, {"seed": -1}),
        (DreamSettings, {"seed": 2**63}),
        (DreamSettings, {"tile": 127}),
        (FilmSettings, {"frames": 0}),
        (FilmSettings, {"start": -1}),
        (FilmSettings, {"rate": 0}),
        (OutputSettings, {"crf": 64}),
        (OutputSettings, {"repeat_to": 0}),
        (OutputSettings, {"alpha": "source"}),
        (ClipSettings, {"seconds": 0}),
        (ClipSettings, {"seconds": 360_001}),
        (SoundSettings, {"bpm": 0}),
        (CameraSettings, {"rates": "per-beat"}),
        (CameraSettings, {"edges": "black"}),
        (SizeSettings, {"background": "whitish"}),
        (LengthSettings, {"background": "12"}),
    ],
)
def test_a_value_that_no_table_has_is_refused_by_name(
    table: type[Settings], values: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match=f"^{next(iter(values))} = "):
        table.checked(values)


@pytest.mark.parametrize("table", [FilmSettings, PictureSettings, LengthSettings, ClipSettings])
def test_all_that_reads_a_picture_has_a_background(table: type[Any]) -> None:
    assert table().background is None
    assert table.checked({"background": "WHITE"}).background == "white"
