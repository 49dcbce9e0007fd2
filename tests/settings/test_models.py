"""Settings: every default once, exact seconds, TOML there and back, one line for what is wrong."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from pydantic import ValidationError

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.schedules.parse import parse_schedule
from dreamvid.schedules.schedule import Clock
from dreamvid.settings.base import Settings
from dreamvid.settings.models import VideoSettings
from dreamvid.settings.regions import RegionSettings
from dreamvid.settings.tables import (
    CameraSettings,
    ClipSettings,
    DreamSettings,
    FilmSettings,
    NetworkSettings,
)
from dreamvid.settings.toml import UNREADABLE, differing, merge, read_toml, to_toml, write_toml
from dreamvid.settings.values import BOUNDS

TABLES = [*VideoSettings.tables().values(), RegionSettings]


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        DreamSettings().octaves = 3  # type: ignore[misc]


@pytest.mark.parametrize("model", [DreamSettings, *TABLES], ids=lambda model: model.__name__)
def test_every_setting_has_a_default_and_a_description(model: type[Settings]) -> None:
    model()
    for name, field in model.model_fields.items():
        assert field.description and field.description.endswith("."), name


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("12", 12),
        (" 1.5 ", Fraction(3, 2)),
        ("1:02.5", Fraction(125, 2)),
        ("1:00:00", 3600),
        ("1001/24000", Fraction(1001, 24000)),
        (0.1, Fraction(1, 10)),
        (3, 3),
        (Fraction(1, 3), Fraction(1, 3)),
    ],
)
def test_seconds_are_exact(text: object, seconds: Fraction | int) -> None:
    assert FilmSettings.checked({"start": text}).start == seconds


@pytest.mark.parametrize(
    "text", ["", "x", "1:", "1::2", "-1", "1/0", "nan", "inf", "1e999999999", "-0:01", None, True]
)
def test_what_is_no_time_is_refused_at_once(text: object) -> None:
    if text is None:
        assert FilmSettings.checked({"start": text}).start is None
        return
    with pytest.raises(UsageError, match=r"^start = "):
        FilmSettings.checked({"start": text})


@pytest.mark.parametrize("text", ["00:01:00:12", "00:01:00;12", "1:2:3:4"])
def test_a_timecode_is_not_read_as_something_else(text: str) -> None:
    with pytest.raises(UsageError, match=rf"^start = '{text}': is a timecode; give seconds"):
        FilmSettings.checked({"start": text})


@pytest.mark.parametrize(
    "value, read",
    [("960", "960"), (960, "960"), ("960x540", "960x540"), (" 960X540 ", "960x540"),
     ("Full", "full")],
)  # fmt: skip
def test_a_dream_size_is_a_width_a_size_or_a_word(value: object, read: str) -> None:
    assert FilmSettings.checked({"dream_size": value}).dream_size == read


@pytest.mark.parametrize("value", ["", "x", "960x", "x540", "960x540x3", "9.5", "half", 9.5, True])
def test_what_is_no_dream_size_is_pointed_at(value: object) -> None:
    says = "must be a width such as 960, a size such as 960x540, or full"
    with pytest.raises(UsageError, match=f"^dream_size = {value!r}: {says}"):
        FilmSettings.checked({"dream_size": value})
    with pytest.raises(UsageError, match="dream_size = '960x8': sides must be 16 to 16384"):
        FilmSettings.checked({"dream_size": "960x8"})


@pytest.mark.parametrize(
    "values, says",
    [
        ({"seconds": True}, r"seconds = True: must be seconds such as 12"),
        ({"fps": True}, r"fps = True: must be frames per second such as 25"),
        ({"fps": "0.0000001"}, r"must be 0\.001 to 1000 frames per second"),
        ({"fps": "9" * 400}, r"must be 0\.001 to 1000 frames per second"),
        ({"seconds": "100:00:00", "fps": 1000}, "360,000,000 frames are more than 10,000,000"),
    ],
)
def test_a_clip_has_a_length_that_can_be(values: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ClipSettings.checked(values)
    assert ClipSettings.checked({"fps": "1/1000", "seconds": 5000}).frames == 5


@pytest.mark.parametrize("name", ["rotate", "pan_x", "pan_y", "shear_x", "center_x", "center_y"])
def test_a_camera_does_not_leave_the_numbers_of_its_matrices(name: str) -> None:
    for value in (1e300, "-1e300"):
        with pytest.raises(UsageError, match=f"{name} = .*: must be -"):
            CameraSettings.checked({name: value})
    CameraSettings.checked({name: -720})
    bounds = BOUNDS[name]
    with pytest.raises(UsageError, match="the value at frame 1 is 1e\\+300, not in"):
        parse_schedule("t*1e300").on(Clock(Fraction(30), 9), low=bounds.low, high=bounds.high)


@pytest.mark.parametrize("name", ["start", "end"])
def test_times_are_bounded_and_reported_in_a_short_line(name: str) -> None:
    with pytest.raises(UsageError, match="must be at most 1000000000") as caught:
        FilmSettings.checked({name: "9" * 400})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["strength", "octave_scale", "step"])
def test_what_is_no_number_is_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        DreamSettings.checked({name: value})


@pytest.mark.parametrize(
    "table, values",
    [
        ("dream", {"octaves": 0}),
        ("dream", {"octaves": 2.5}),
        ("dream", {"octave_scale": 1.0}),
        ("dream", {"iterations": -1}),
        ("dream", {"seed": -1}),
        ("dream", {"seed": 2**63}),
        ("dream", {"strength": -0.1}),
        ("dream", {"step": 0}),
        ("dream", {"tile": 1}),
        ("motion", {"stability": 1.01}),
        ("motion", {"stability": -0.01}),
        ("motion", {"flow": "guess"}),
        ("film", {"frames": 0}),
        ("film", {"width": 0}),
        ("film", {"height": 10**6}),
        ("film", {"size": "640"}),
        ("film", {"size": "0x0"}),
        ("film", {"size": "99999x99999"}),
        ("film", {"size": "640x480x2"}),
        ("film", {"rate": 0}),
        ("film", {"end": -1}),
        ("output", {"crf": -1}),
        ("network", {"device": "quantum"}),
        ("network", {"precision": "fp8"}),
        ("dream", {"dose": 3}),
    ],
)
def test_what_is_out_of_range_is_named_with_its_value(table: str, values: dict[str, Any]) -> None:
    ((name, value),) = values.items()
    with pytest.raises(UsageError) as caught:
        VideoSettings.checked({table: values}, where="my.toml")
    assert str(caught.value).startswith(f"my.toml: {table}.{name} = {value!r}: ")
    assert "\n" not in str(caught.value)


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(UsageError, match="moton"):
        VideoSettings.checked({"moton": {}})


def test_the_size_gives_width_and_height() -> None:
    film = FilmSettings(size="640x360")
    assert (film.target_width, film.target_height) == (640, 360)
    assert FilmSettings(width=640).target_width == 640
    assert FilmSettings(width=640).target_height is None


@tries(max_examples=30, deadline=None)
@given(
    st.builds(
        VideoSettings,
        dream=st.builds(
            DreamSettings,
            layer=st.lists(
                st.text(st.characters(exclude_characters=":"), min_size=1, max_size=9), max_size=3
            ).map(tuple),
            octaves=st.integers(1, 12),
            strength=st.floats(0, 10),
            step=st.none() | st.floats(0.001, 1),
            seed=st.integers(0, 2**63 - 1),
            guide=st.none() | st.just(Path('a "b"/ü.png')),
        ),
        film=st.builds(
            FilmSettings,
            start=st.none() | st.fractions(0, 1000),
            rate=st.none() | st.just(Fraction(24000, 1001)),
        ),
        network=st.builds(NetworkSettings, weights=st.none() | st.just(Path("w.pth"))),
    )
)
def test_settings_survive_the_way_through_a_file(settings: VideoSettings) -> None:
    text = write_toml(to_toml(settings))
    assert VideoSettings.checked(tomllib.loads(text)) == settings


def test_one_layer_needs_no_list() -> None:
    assert VideoSettings.checked({"dream": {"layer": "parts"}}).dream.layer == ("parts",)


def test_what_differs_is_named() -> None:
    one = '[dream]\nseed = 1\nlayer = [\n    "4c",\n]\n[made.versions]\ntorch = "2"\n'
    assert differing(one, one.replace("4c", "5a").replace('"2"', '"3"')) == "layer, torch"
    many = "".join(f"a{n} = {n}\n" for n in range(9))
    assert differing(one, one + many) == "many settings"
    assert differing(one, "garbage") == UNREADABLE


def test_later_settings_win_table_by_table() -> None:
    below = {"dream": {"octaves": 3, "seed": 1}, "network": {"model": "a"}}
    above = {"dream": {"seed": 2}, "film": {"frames": 5}}
    assert merge(below, above) == {
        "dream": {"octaves": 3, "seed": 2},
        "network": {"model": "a"},
        "film": {"frames": 5},
    }
    assert below == {"dream": {"octaves": 3, "seed": 1}, "network": {"model": "a"}}
    assert merge() == {}
    assert merge({"dream": {"layer": ["a", "b"]}}, {"dream": {"layer": ["c"]}}) == {
        "dream": {"layer": ["c"]}
    }


def test_a_file_that_is_no_toml_is_reported_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    for content in (b"= 3", b"\xff\xfe", b"a = 1\na = 2"):
        path.write_bytes(content)
        with pytest.raises(UnreadableInput, match=r"my\.toml: not a readable settings file"):
            read_toml(path)
    with pytest.raises(UnreadableInput, match=r"gone\.toml: no such file; check the path"):
        read_toml(tmp_path / "gone.toml")
    path.write_text('[dream]\nlayer = ["ü"]\n', "utf-8")
    assert read_toml(path) == {"dream": {"layer": ["ü"]}}
