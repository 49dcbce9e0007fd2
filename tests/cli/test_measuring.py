"""The command `measure`: what it reads from sidecars, and what it refuses first."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dreamvid.cli import measuring
from dreamvid.cli.flags import NO_FILM
from dreamvid.errors import DamagedInput, UnreadableInput, UsageError
from dreamvid.measures import files
from dreamvid.measures.film import Measures
from dreamvid.measures.standalone import StandaloneMeasures
from dreamvid.networks import registry
from dreamvid.settings.tables import DreamSettings, FilmSettings, NetworkSettings

MEASURES = Measures(*range(len(Measures.__dataclass_fields__)))
LONE = StandaloneMeasures(*range(len(StandaloneMeasures.__dataclass_fields__)))


class Called(dict[str, Any]):
    """The arguments of the functions that measure, by the name of the film."""


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Called:
    """Measures nothing: the files are not read, and no network is loaded."""
    calls = Called()
    judge = SimpleNamespace(
        name="judge", default_layer="usual", resolve=lambda name: f"resolved {name}"
    )

    def load(model: str, **options: object) -> object:
        calls["model"] = model
        return judge

    def films(source: Path, dreamed: Path, **options: object) -> Measures:
        calls[dreamed.name] = options | {"source": source}
        return replace(MEASURES, damage=calls.get("damage"))

    def lone(path: Path, **options: object) -> StandaloneMeasures:
        calls[path.name] = options
        return replace(LONE, damage=None)

    monkeypatch.setattr(registry, "load_network", load)
    monkeypatch.setattr(files, "measure_films", films)
    monkeypatch.setattr(files, "measure_standalone_film", lone)
    return calls


@pytest.fixture
def film(tmp_path: Path) -> Path:
    for name in ("in.mp4", "dream.mp4", "alone.mp4"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path / "dream.mp4"


def sidecar(film: Path, text: str) -> None:
    film.with_name(film.name + ".dreamvid.toml").write_text(text)


VIDEO = """
[made]
source = "in.mp4"
[network]
model = "googlenet"
[dream]
layer = ["parts:3*0.5", "objects"]
[motion]
stability = 0.9
[film]
start = "2"
frames = 9
width = 320
background = "white"
"""


def test_a_film_and_its_source_are_measured(called: Called, film: Path) -> None:
    measuring.measure(film.with_name("in.mp4"), film)
    told = called["dream.mp4"]
    assert told["source"] == film.with_name("in.mp4")
    assert (told["layer"], told["device"], told["loop"]) == ("resolved usual", "auto", False)
    assert called["model"] == "efficientnet_lite0" and told["film"] == FilmSettings()


def test_what_is_not_given_is_read_from_the_sidecar(called: Called, film: Path) -> None:
    sidecar(film, VIDEO)
    measuring.measure(film)
    told = called["dream.mp4"]
    assert told["source"].name == "in.mp4" and called["model"] == "googlenet"
    assert told["layer"] == "resolved parts"
    assert told["film"] == FilmSettings(start=Fraction(2), frames=9, background="white")


def test_flags_come_before_the_sidecar(called: Called, film: Path) -> None:
    sidecar(film, VIDEO)
    measuring.measure(film, film=FilmSettings(frames=4), layer="2b", loop=True)
    told = called["dream.mp4"]
    assert told["film"] == FilmSettings(start=Fraction(2), frames=4, background="white")
    assert told["layer"] == "resolved 2b" and told["loop"]
    network = NetworkSettings(model="bestiary")
    measuring.measure(film, network=network)
    assert called["model"] == "bestiary" and called["dream.mp4"]["layer"] == "resolved usual"


def test_a_zoom_is_measured_by_its_own_motion(called: Called, film: Path) -> None:
    sidecar(film, "[made]\n[camera]\nzoom = 2.0\n[clip]\nseconds = '1'\n[motion]\nstability = 0.5")
    measuring.measure(film)
    moves = called["dream.mp4"]["moves"](64, 48)
    assert moves(0) is None and moves(1).backward.shape == (48, 64, 2) and moves(30) is None


def test_a_film_without_sidecar_is_measured_alone(called: Called, film: Path) -> None:
    measuring.measure(film)
    assert called["dream.mp4"]["moves"] is None and "source" not in called["dream.mp4"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"film": {"size": "64x48"}}, "size: the source is measured at the size of the dreamed"),
        ({"film": {"width": 64}}, "width: the source is measured at the size"),
        ({"film": {"dream_size": "64"}}, "dream_size: the source is measured at the size"),
        ({"film": {"start": 1}}, "start: needs a dream that has a source; leave it out, or use"),
        ({"film": {"end": 1}}, "end: needs a dream that has a source"),
        ({"film": {"rate": 25}}, "rate: applies only to image sequences"),
        ({"independent": "alone.mp4"}, "independent: needs a dream that has a source"),
    ],
)
def test_flags_that_do_not_apply_are_refused_before_a_network_is_loaded(
    called: Called, film: Path, options: dict[str, Any], says: str
) -> None:
    options = dict(options)
    if "independent" in options:
        options["independent"] = film.with_name(options["independent"])
    options["film"] = FilmSettings.checked(options.get("film", {}))
    with pytest.raises(UsageError, match=says):
        measuring.measure(film, **options)
    assert called == {}


def test_a_missing_film_is_refused_first(called: Called, film: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"gone\.mp4: no such file"):
        measuring.measure(film, film.with_name("gone.mp4"))
    with pytest.raises(UsageError, match="unknown network"):
        measuring.measure(film, network=NetworkSettings(model="nosuch"))
    assert called == {}


def test_damage_is_told_after_the_measures(
    called: Called, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    called["damage"] = "in.mp4: 1 frame is missing"
    with pytest.raises(DamagedInput, match="1 frame is missing; only the readable frames were"):
        measuring.measure(film.with_name("in.mp4"), film)
    assert "e_warp" in capsys.readouterr().out


def test_the_table_has_a_row_for_each_measure(
    called: Called, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = film.with_name("in.mp4")
    measuring.measure(source, film)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["measure", "dreamed", "meaning"]
    assert [line.split()[0] for line in lines[1:]] == list(measuring.MEANINGS)
    measuring.measure(source, film, independent=film.with_name("alone.mp4"))
    head = capsys.readouterr().out.splitlines()[0]
    assert head.split() == ["measure", "dreamed", "independent", "ratio", "meaning"]


def test_json_holds_all_that_the_table_does(
    called: Called, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measuring.measure(film.with_name("in.mp4"), film, json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["judge"] == {"model": "judge", "layer": "resolved usual"}
    assert found["source"].endswith("in.mp4") and "ratio" not in found
    assert set(measuring.MEANINGS) <= set(found["dreamed"])
    measuring.measure(film, json=True)
    lone = json.loads(capsys.readouterr().out)
    assert lone["source"] is None and set(measuring.LONE_MEANINGS) <= set(lone["dreamed"])


def test_every_measure_has_a_meaning() -> None:
    assert set(measuring.MEANINGS) == set(Measures.__dataclass_fields__) - {"damage"}
    assert set(measuring.LONE_MEANINGS) == set(StandaloneMeasures.__dataclass_fields__) - {"damage"}


@pytest.mark.parametrize(
    ("dream", "layer"),
    [
        ({}, None),
        ({"layer": ("parts",)}, "parts"),
        ({"layer": ("parts:3*0.5", "b")}, "parts"),
        ({"layer": ("creatures", "b*2")}, "b"),
        ({"layer": ("creatures:owl",)}, None),
        ({"layer": ("0:(a:1), 9:(b)",)}, "a"),
        ({"label": "owl"}, None),
    ],
)
def test_the_judge_looks_where_the_dream_was_raised(
    dream: dict[str, Any], layer: str | None
) -> None:
    assert measuring._raised(DreamSettings(**dream)) == layer


def test_a_sidecar_of_another_kind_has_no_source(film: Path) -> None:
    sidecar(film, "[made]\nsource = 'in.mp4'\n[loop]\nkind = 'film'\n[clip]\n")
    made = measuring._made(film)
    assert made.command == "loop" and made.source is None
    assert made.film(film) == NO_FILM
