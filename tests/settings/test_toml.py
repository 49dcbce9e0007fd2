"""Settings files: merged, compared, and told in a line when they cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreamvid.errors import UnreadableInput
from dreamvid.settings.toml import UNREADABLE, differing, merge, read_toml, write_toml


@pytest.mark.parametrize(
    ("layers", "merged"),
    [
        (({"a": 1}, {"a": 2}), {"a": 2}),
        (({"t": {"a": 1, "b": 2}}, {"t": {"b": 3}}), {"t": {"a": 1, "b": 3}}),
        (({"dream": {"label": "owl"}}, {"dream": {"layer": ["4c"]}}), {"dream": {"layer": ["4c"]}}),
        (({"dream": {"layer": ["4c"]}}, {"dream": {"label": "owl"}}), {"dream": {"label": "owl"}}),
        (({"film": {"size": "9x9"}}, {"film": {"width": 5}}), {"film": {"width": 5}}),
        (
            ({"film": {"width": 5, "height": 4}}, {"film": {"size": "9x9"}}),
            {"film": {"size": "9x9"}},
        ),
        (({"t": 1}, {"t": {"a": 1}}), {"t": {"a": 1}}),
        (({}, {}), {}),
    ],
)
def test_later_layers_win_also_over_what_they_exclude(
    layers: tuple[dict, ...], merged: dict
) -> None:
    assert merge(*layers) == merged


def test_layers_are_left_as_they_were() -> None:
    below = {"t": {"a": 1}}
    merge(below, {"t": {"a": 2}})
    assert below == {"t": {"a": 1}}


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("a = 1\n[t]\nb = 2", "a = 1\n[t]\nb = 3", "b"),
        ("a = 1", "a = 1\nz = 2\nc = 3", "c, z"),
        ("\n".join(f"k{n} = 1" for n in range(6)), "", "k0, k1, k2, k3, k4, k5"),
        ("\n".join(f"k{n} = 1" for n in range(7)), "", "many settings"),
        ("a = 1", "a =  1", "many settings"),  # equal, but for the writing
        ("a = [", "a = 1", UNREADABLE),
    ],
)
def test_what_differs_is_named(one: str, other: str, told: str) -> None:
    assert differing(one, other) == told


def test_names_of_files_that_are_no_text_come_back(tmp_path: Path) -> None:
    name = b"caf\xe9.mp4".decode("utf-8", "surrogateescape")
    path = tmp_path / "a.toml"
    path.write_text(write_toml({"source": name, "n": 3}), encoding="utf-8")
    assert read_toml(path) == {"source": name, "n": 3}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a = ", "not a readable settings file ("),
        (b"\xff\xfe", "not a readable settings file ('utf-8'"),
        (b"a = " + b"[" * 20_000, "not a readable settings file (nested too deeply)"),
        (b"a = " + b"9" * 10_000, "not a readable settings file (Exceeds the limit"),
        (None, "no such file"),
    ],
)
def test_what_is_no_toml_is_told_in_a_short_line(
    tmp_path: Path, data: bytes | None, told: str
) -> None:
    path = tmp_path / "a.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UnreadableInput) as caught:
        read_toml(path)
    assert told in str(caught.value) and len(str(caught.value)) < 400 + len(str(tmp_path))
