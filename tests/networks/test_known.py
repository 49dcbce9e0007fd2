"""What is known of networks by name, without torch: layers, labels, files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.networks import known
from dreamvid.networks.known import (
    DEFAULT,
    EMBEDDED,
    STAGES,
    check_layer,
    check_model,
    default_layer,
    find_label,
    labels,
)
from dreamvid.networks.registry import describe

ANIMALS = ("great grey owl", "barn owl", "fox/front", "fox/side", "Egyptian cat", "owlet moth")


def described(path: Path, about: object) -> str:
    save_file({"a": np.zeros(1, np.float32)}, path, {"description": json.dumps(about)})
    return str(path)


@pytest.mark.parametrize("name", STAGES)
def test_the_stages_are_those_that_the_layers_begin_with(name: str) -> None:
    layers = describe(name).layers
    assert STAGES[name].split() == list(dict.fromkeys(layer.partition(".")[0] for layer in layers))
    for layer in (*layers, *known.aliases_of(name), "creatures"):
        check_layer(name, layer)


@pytest.mark.parametrize("name", known.NUMBERED)
def test_the_numbered_parts_of_a_stage_are_counted(name: str) -> None:
    layers = set(describe(name).layers)
    for stage, count in known.NUMBERED[name].items():
        numbers = {layer.split(".")[1] for layer in layers if layer.startswith(f"{stage}.")}
        assert f"{count}" not in numbers and max(map(int, numbers)) < count
        assert len(numbers) > count / 3  # others only fold into their neighbours


@pytest.mark.parametrize(
    ("model", "layer", "says"),
    [
        ("googlenet", "inception4g", "has no layer 'inception4g'; did you mean inception4"),
        ("vgg16", "part", "did you mean parts"),
        (EMBEDDED, "6a", "bestiary has no layer '6a'; .* .dreamvid layers bestiary"),
        (DEFAULT, "", "has no layer ''; try textures, patterns, parts, objects"),
        (DEFAULT, "conv", "try textures"),
        ("vgg16", "features.99", r"no layer 'features.99'; did you mean features\.9"),
        ("resnet50", "layer1.3", r"no layer 'layer1.3'; did you mean layer1"),
        ("squeezenet1_1", "features.x", "no layer 'features.x'"),
        ("squeezenet1_1", "features.03", "no layer 'features.03'"),
    ],
)
def test_a_layer_that_cannot_be_there_gets_suggestions(model: str, layer: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_layer(model, layer)


def test_any_layer_may_be_in_a_network_file(tmp_path: Path) -> None:
    check_layer(described(tmp_path / "a.safetensors", {}), "any")
    check_layer("gone.safetensors", "any")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("fox", (2, 3)),
        ("fox/side", (3,)),
        ("owl", (0, 1)),  # a whole word: no moth
        ("Owls", (0, 1)),
        ("barn owl", (1,)),
        ("CAT", (4,)),
    ],
)
def test_a_word_finds_its_labels(word: str, found: tuple[int, ...]) -> None:
    assert find_label(word, ANIMALS, model="m") == found


def test_a_label_with_capitals_is_found_without_them() -> None:
    found = labels("googlenet")
    assert find_label("arctic fox", found, model="m") == (found.index("Arctic fox"),)
    assert find_label("Arctic Fox", found, model="m") == (found.index("Arctic fox"),)


def test_a_group_goes_before_labels_that_contain_its_word() -> None:
    found = labels("googlenet")
    named = {found[k] for k in find_label("bird", found, model="googlenet")}
    assert {"robin", "ostrich", "pelican"} <= named and "bird house" not in named
    of_renders = labels(EMBEDDED)
    assert {of_renders[k].partition("/")[0] for k in find_label("insects", of_renders, model="m")} \
        >= {"ant", "bee", "wasp"}  # fmt: skip


def test_an_unknown_label_gets_those_that_contain_it_or_sound_like_it() -> None:
    for word, near in (
        ("owle", "owlet moth"),
        ("foxfront", "fox/front"),
        ("xyz", "great grey owl"),
    ):
        with pytest.raises(UsageError, match=rf"unknown label '{word}'; try .*{near}.*labels m"):
            find_label(word, ANIMALS, model="m")
    with pytest.raises(UsageError, match="m has no labels; name one of its layers"):
        find_label("owl", (), model="m")


def test_the_labels_and_the_layer_of_a_file_are_read_from_its_description(tmp_path: Path) -> None:
    model = described(tmp_path / "a.safetensors", {"labels": ["a", "b"], "default_layer": "4c"})
    assert labels(model) == ("a", "b") and default_layer(model) == "4c"
    assert len(labels(EMBEDDED)) == 393 and len(labels("vgg16")) == 1000


@pytest.mark.parametrize("about", [[1], "text", None])
def test_a_file_with_another_description_has_no_labels(tmp_path: Path, about: object) -> None:
    model = described(tmp_path / "a.safetensors", about)
    assert labels(model) == () and default_layer(model) == ""
    (tmp_path / "b.safetensors").write_bytes(b"no safetensors")
    assert labels(str(tmp_path / "b.safetensors")) == labels(str(tmp_path / "gone")) == ()


def test_models_and_weights_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    file.touch()
    check_model("vgg16", file)
    check_model(str(file))
    with pytest.raises(UsageError, match="a network file contains its weights"):
        check_model(str(file), file)
    with pytest.raises(UnreadableInput, match="no such weights file"):
        check_model("vgg16", tmp_path)  # a folder
    with pytest.raises(UnreadableInput, match="no such file"):
        check_model("gone.safetensors")
    with pytest.raises(UsageError, match="unknown network 'resnet5'; did you mean resnet50"):
        check_model("resnet5")
