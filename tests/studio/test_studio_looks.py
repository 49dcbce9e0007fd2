"""Looks: checked, as text and back, with files by their ids."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.studio import look_files
from dreamvid.studio.look_files import files_of, mapped, with_ids, with_paths
from dreamvid.studio.looks import Look, faults, read_look
from dreamvid.studio.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    root = tmp_path / "root"
    root.mkdir()
    for name in ("a.png", "b c.png", "song.wav", "c.csv", "n.safetensors"):
        (root / name).write_bytes(b"x")
    (tmp_path / "outside.png").write_bytes(b"x")
    return Places((root,), tmp_path / "ids")


def token(places: Places, name: str) -> str:
    return f"@{places.id_of(places.roots[0] / name)}"


def every_file(places: Places) -> dict[str, Any]:
    a, b, song, c = (token(places, name) for name in ("a.png", "b c.png", "song.wav", "c.csv"))
    return {
        "network": {"model": ["bestiary", token(places, "n.safetensors")]},
        "dream": {"guide": f"0:({a}), 2s:({b})", "palette": a, "strength": f"curve('{c}')"},
        "sound": {"audio": song},
        "region": [{"mask": f"!{b}", "guide": a}, {"mask": "moving"}],
    }


def test_ids_become_paths_and_come_back(places: Places) -> None:
    values = every_file(places)
    look = Look.of(places, "video", values)
    root = places.roots[0]
    found = {field for field, _ in files_of(look.settings)}
    assert {path.parent for _, path in files_of(look.settings)} == {root}
    assert found >= {"network.model", "sound.audio", "region.0.mask", "region.0.guide"}
    assert look.stated["dream"]["guide"] == f"0:({root / 'a.png'}), 2s:({root / 'b c.png'})"
    assert with_ids(places, look.settings, look.stated) == values


def test_an_unknown_id_names_its_field(places: Places) -> None:
    with pytest.raises(UsageError) as error:
        with_paths(places, {"region": [{"mask": "@" + "0" * 20}]})
    assert error.value.where == "region.mask"


def test_what_is_wrong_is_told_at_its_field(places: Places) -> None:
    values = {"dream": {"strength": 99, "layer": ["0:(a"], "nix": 1}}
    found = {fault["field"]: fault["text"] for fault in faults(places, "video", values)}
    assert found.keys() == {"dream.strength", "dream.layer.0", "dream.nix"}
    assert "must be 0 to 10" in found["dream.strength"]
    assert all("\n" not in text for text in found.values())


@pytest.mark.parametrize(
    ("command", "values", "field"),
    [
        ("paint", {}, "command"),
        ("video", [], "settings"),
        ("video", {"dream": {"label": "owl", "layer": ["parts"]}}, "dream"),
        ("video", {"dream": {"guide": "outside.png"}}, "dream.guide"),
        ("loop", {"loop": {"kind": "pan"}, "camera": {"zoom": 2}}, "camera.zoom"),
        ("loop", {"loop": {"kind": "spiral"}}, "loop.kind"),
        ("video", {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}, "settings"),
    ],
)
def test_faults_of_the_whole(
    places: Places, command: str, values: Any, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(places.roots[0].parent)
    (fault,) = faults(places, command, values)
    assert fault["field"] == field


def test_no_faults(places: Places) -> None:
    assert faults(places, "video", {"dream": {"strength": 0.5}}) == []
    assert faults(places, "loop", {"loop": {"kind": "film"}}) == []


def test_the_settings_file_has_what_was_given(places: Places) -> None:
    look = Look.of(places, "zoom", {"dream": {"strength": 0.5}, "clip": {"fps": "24"}})
    assert look.toml.startswith("# dreamvid zoom\n")
    assert tomllib.loads(look.toml) == {"dream": {"strength": 0.5}, "clip": {"fps": "24"}}
    again = read_look(places, look.toml)
    assert again["command"] == "zoom" and again["settings"] == {
        "dream": {"strength": 0.5}, "clip": {"fps": "24"},
    }  # fmt: skip


def test_a_shared_look_has_neither_files_nor_sizes(places: Places) -> None:
    values = every_file(places) | {"film": {"width": 320}, "motion": {"stability": 0.5}}
    del values["region"]
    shared = tomllib.loads(Look.of(places, "video", values).shared)
    assert shared.keys() == {"dream", "motion"}
    assert "guide" not in shared["dream"] and str(places.roots[0].name) not in str(shared["motion"])
    assert read_look(places, Look.of(places, "video", {"film": {"width": 320}}).shared) == {
        "command": "video", "settings": {}, "left_out": [], "media": None,
    }  # fmt: skip


def test_the_command_line_says_the_same(places: Places) -> None:
    from dreamvid.settings.models import VideoSettings

    values = {"dream": {"layer": ["parts*0.5", "0:(a b)"], "keep_colours": True, "seed": 3},
              "motion": {"cuts": False, "loop": False}}  # fmt: skip
    look = Look.of(places, "video", values)
    words = shlex.split(look.command_line(Path("/f/my film.mp4"), Path("/o.mp4")))
    assert words[:5] == ["dreamvid", "video", "/f/my film.mp4", "-o", "/o.mp4"]
    flags = "--layer parts*0.5 --layer '0:(a b)' --keep-colours --seed 3 --no-cuts"
    assert words[5:] == shlex.split(flags)
    assert look.flags_say_all and isinstance(look.settings, VideoSettings)
    assert not Look.of(places, "video", {"region": [{"mask": "moving"}]}).flags_say_all
    assert not Look.of(places, "video", {"signals": {"beat": {"gain": 2}}}).flags_say_all


def test_the_flags_are_those_of_the_command_line(places: Places) -> None:
    """Every flag that is written is one that the command takes."""
    from dreamvid.cli.app import build

    for command, values in {
        "video": {"motion": {"cuts": False, "flow": "none"}, "film": {"dream_size": "full"}},
        "zoom": {"camera": {"pan_x": 1}, "clip": {"from_noise": True, "fps": "24"}},
        "loop": {"loop": {"kind": "film", "ping_pong": True}},
        "image": {"dream": {"keep_colours": True}, "mask": {"mask": "inside:0,0,1,0.5"}},
    }.items():
        line = Look.of(places, command, values).command_line(Path("/a.png"), Path("/o.mp4"))
        build(command).parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)


def test_a_sidecar_comes_back_as_what_differs(places: Places) -> None:
    source = places.roots[0] / "a.png"
    text = f"""
[made]
source_absolute = "{source}"
[network]
model = ["bestiary"]
device = "cpu"
precision = "fp32"
[dream]
strength = 1.0
detail = 0.7
guide = "{places.roots[0].parent / "outside.png"}"
[film]
width = 320
"""
    found = read_look(places, text)
    assert found["command"] == "video" and found["left_out"] == ["dream.guide"]
    assert found["settings"] == {
        "network": {"model": ["bestiary"]}, "dream": {"detail": 0.7}, "film": {"width": 320},
    }  # fmt: skip
    assert found["media"] == token(places, "a.png")[1:]


def test_a_loop_keeps_its_kind(places: Places) -> None:
    found = read_look(places, '[loop]\nkind = "pan"\n[clip]\nseconds = 3\n')
    assert found["command"] == "loop" and found["settings"]["loop"] == {"kind": "pan"}


def test_a_region_whose_mask_is_lost_takes_all_regions_with_it(places: Places) -> None:
    text = '[[region]]\nmask = "gone.png"\n[film]\n'
    found = read_look(places, text)
    assert found["left_out"] == ["region.0.mask"] and "region" not in found["settings"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x" * 200_000, UnreadableInput),
        ("= 3", UnreadableInput),
        ("a = " + "[" * 5000 + "]" * 5000, UnreadableInput),
        ("a = " + "9" * 5000, UnreadableInput),
        ("[dream]\nstrength = 99", UsageError),
        ("[unknown]\na = 1", UsageError),
        ("dream = 3", UsageError),
        ("made = 3\n[dream]\nfoo = 1", UsageError),
    ],
)
def test_texts_that_are_no_look(places: Places, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_look(places, text)


def test_settings_may_not_be_too_deep() -> None:
    deep: Any = "x"
    for _ in range(look_files.DEEPEST + 1):
        deep = [deep]
    with pytest.raises(UsageError, match="nested too deeply"):
        mapped(deep, lambda text, field: text)
