"""What a run repeats: the sidecar, the command that wrote it, its source, and what changed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dreamvid.cli.request import (
    check_command,
    command_that_wrote,
    find_source,
    raise_if_damaged,
    read_sidecar,
    report_differences,
    sidecar_path,
)
from dreamvid.commands.result import Result
from dreamvid.commands.sidecar import origin
from dreamvid.errors import DamagedInput, UnreadableInput, UsageError
from dreamvid.settings.loops import LOOPS
from dreamvid.settings.models import VideoSettings, ZoomSettings
from dreamvid.settings.toml import to_toml, write_toml


@pytest.mark.parametrize(
    ("model", "name"),
    [(VideoSettings, "video"), (ZoomSettings, "zoom"), *((loop, "loop") for loop in LOOPS)],
)
def test_a_sidecar_tells_its_command_by_its_tables(model: Any, name: str) -> None:
    tables = to_toml(model())
    assert command_that_wrote(tables) == name
    check_command(model.model_fields, tables, Path("a.toml"))
    other = ZoomSettings if name != "zoom" else VideoSettings
    with pytest.raises(UsageError, match=rf"made by dreamvid {name}; use dreamvid {name} --from a"):
        check_command(other.model_fields, tables, Path("a.toml"))


def test_tables_of_no_command_are_left_to_the_settings() -> None:
    assert command_that_wrote({"dream": {}}) is None
    check_command(VideoSettings.model_fields, {"dream": {}}, Path("a.toml"))


@pytest.mark.parametrize(
    ("film", "sidecar"),
    [("a/b.mp4", "a/b.mp4.dreamvid.toml"), ("b.mp4.dreamvid.toml", "b.mp4.dreamvid.toml")],
)
def test_a_sidecar_is_named_by_itself_or_by_its_film(film: str, sidecar: str) -> None:
    assert sidecar_path(Path(film)) == Path(sidecar)


@pytest.mark.parametrize("text", ["made = 3", "[made]\nversions = 3"])
def test_what_is_no_sidecar_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(UnreadableInput, match="not a sidecar"):
        read_sidecar(tmp_path / "a.toml")


def test_how_it_was_made_is_kept_apart_from_the_settings(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[made]\nsource = "a.mp4"\n[dream]\nseed = 3\n')
    made, tables = read_sidecar(tmp_path / "a.toml")
    assert (made, tables) == ({"source": "a.mp4"}, {"dream": {"seed": 3}})


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """A source in one folder, its output in another, and what the sidecar says of the source."""
    for folder in ("in", "out", "moved"):
        (tmp_path / folder).mkdir()
    (tmp_path / "in" / "film.mp4").write_bytes(b"film")
    return {"in": tmp_path / "in/film.mp4", "out": tmp_path / "out/dream.mp4", "root": tmp_path}


def test_the_source_is_recorded_relative_to_the_sidecar_and_absolute(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(places["root"])
    made = origin(Path("in/film.mp4"), Path("out/dream.mp4"))
    assert made["source"] == "../in/film.mp4"
    assert Path(made["source_absolute"]) == places["in"].resolve()
    assert made == origin(places["in"], places["out"])


def test_the_source_is_found_where_it_was_where_both_went_or_beside(
    places: dict[str, Path],
) -> None:
    made, root = origin(places["in"], places["out"]), places["root"]
    assert find_source(made, root / "out/dream.mp4.dreamvid.toml").samefile(places["in"])
    assert find_source(made, root / "moved/dream.mp4.dreamvid.toml").samefile(places["in"])
    (root / "both").mkdir()
    (root / "in").rename(root / "both/in")
    (root / "out").rename(root / "both/out")
    there = root / "both/in/film.mp4"
    assert find_source(made, root / "both/out/dream.mp4.dreamvid.toml").samefile(there)
    beside = there.rename(root / "moved/film.mp4")
    assert find_source(made, root / "moved/dream.mp4.dreamvid.toml") == beside
    with pytest.raises(UnreadableInput, match=r"its source \.\./in/film\.mp4 is not there; give"):
        find_source(made, root / "both/out/dream.mp4.dreamvid.toml")


def test_a_row_of_pictures_is_a_source_by_its_pattern_or_its_folder(tmp_path: Path) -> None:
    (tmp_path / "f_007.png").touch()
    sidecar = tmp_path / "a.mp4.dreamvid.toml"
    for source in (tmp_path / "f_%03d.png", tmp_path):
        made = origin(source, tmp_path / "a.mp4")
        found = find_source(made, sidecar)
        assert found is not None and found.resolve() == source.resolve()
    (tmp_path / "f_007.png").unlink()
    with pytest.raises(UnreadableInput, match="is not there"):
        find_source({"source": "f_%03d.png"}, sidecar)


@pytest.mark.parametrize("made", [{}, {"source": 3}, {"weights_sha256": ""}])
def test_a_film_from_noise_has_no_source(made: dict[str, Any]) -> None:
    assert find_source(made, Path("a.toml")) is None


MADE = {
    "source_sha256": "aa",
    "weights_sha256": "bb",
    "threads": 2,
    "versions": {"torch": "2.7", "av": "15"},
}
NETWORK = {"device": "cpu", "precision": "fp32"}


@pytest.mark.parametrize(
    ("made", "network", "told"),
    [
        ({}, {}, None),
        ({"source_sha256": "cc"}, {}, "the source"),
        ({"weights_sha256": "cc", "threads": 1}, {}, "the weights, the number of threads"),
        ({"guide_sha256": "cc"}, {}, "the guide"),
        ({"versions": {"torch": "2.8", "av": "15"}}, {}, "the version of torch"),
        ({}, {"device": "cuda", "precision": "bf16"}, "the device, the precision"),
    ],
)
def test_what_may_change_the_bytes_is_told(
    made: dict[str, Any], network: dict[str, str], told: str | None
) -> None:
    now = write_toml({"made": MADE | made, "network": NETWORK | network, "dream": {"seed": 9}})
    said: list[str] = []
    before = {"made": MADE, "network": NETWORK, "dream": {"seed": 1}}
    report_differences(before, said.append, now)
    words = "the output may differ from the earlier run; changed: "
    assert said == ([] if told is None else [words + told])
    assert tomllib.loads(now)["dream"]["seed"] == 9  # what the user changed is not told


def test_a_first_run_repeats_nothing() -> None:
    said: list[str] = []
    report_differences({"made": {}}, said.append, write_toml({"made": MADE, "network": NETWORK}))
    assert said == []


def test_damage_is_raised_with_the_film_that_was_made() -> None:
    raise_if_damaged(Result(Path("out.mp4"), 3), Path("in.mp4"))
    with pytest.raises(DamagedInput) as caught:
        raise_if_damaged(Result(Path("out.mp4"), 3, damage="1 frame is missing"), Path("in.mp4"))
    assert str(caught.value) == (
        "in.mp4: 1 frame is missing; out.mp4 holds the frames that could be read"
    )
