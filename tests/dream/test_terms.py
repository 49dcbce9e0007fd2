"""Terms: objectives are read from text, for one network."""

from __future__ import annotations

import pytest
import torch
from tiny import texture, tiny_network

from dreamvid.dream import objectives
from dreamvid.dream.objectives import Objective, source_of
from dreamvid.dream.terms import is_whole, parse
from dreamvid.errors import UsageError
from dreamvid.image import to_image

NETWORK = tiny_network()
IMAGE, SOURCE = to_image(texture()), to_image(texture(4))


def reached(objective: Objective) -> float:
    with torch.no_grad():
        now = NETWORK.trunk(objective.layers)(IMAGE[None])
        before = NETWORK.trunk(objective.layers)(SOURCE[None])
    return float(objective(now | {source_of(name): seen for name, seen in before.items()}))


@pytest.mark.parametrize(
    "text, value",
    [
        ("two", objectives.layer("two")),
        ("objects", objectives.layer("two")),
        (" two : 3 ", objectives.channel("two", 3)),
        ("two*0.5", 0.5 * objectives.layer("two")),
        ("two:3@0.25x1", objectives.neuron("two", 3, (0.25, 1.0))),
        ("two:mean", objectives.mean("two")),
        ("two:p4*2", 2 * objectives.norm("two", 4)),
        ("two:p2.5", objectives.norm("two", 2.5)),
        ("two:top5", objectives.extremes("two", 5, strongest=True)),
        ("two:bottom12", objectives.extremes("two", 12, strongest=False)),
        ("two:3 * -2", -2.0 * objectives.channel("two", 3)),
        ("two:anchored", objectives.anchored("two", 0.5)),
        ("parts:anchored2.5*3", 3 * objectives.anchored("two", 2.5)),
        ("label:cat", objectives.label("logits", 2)),
        ("label : 4 * 0.5", 0.5 * objectives.label("logits", 4)),
    ],
)
def test_text_is_read_as_an_objective(text: str, value: Objective) -> None:
    parsed = parse(text, NETWORK)
    assert parsed.layers == value.layers
    assert reached(parsed) == pytest.approx(reached(value))


@pytest.mark.parametrize(
    "text",
    [
        "two:",
        "two:x",
        "two:1:2",
        "two*",
        "two*nan",
        "two*x",
        "two:top",
        "two:top0",
        "two:p0",
        "two:3@",
        "two:3@2x0.5",
        "two:3@0.5",
        "two:3@nanx0",
        "two:means",
        "two:anchored*",
        "two:anchoredx",
        "two:anchored12",
    ],
)
def test_text_that_cannot_be_read_is_answered_with_the_form(text: str) -> None:
    with pytest.raises(UsageError, match=r"cannot read layer .* NAME:CHANNEL"):
        parse(text, NETWORK)


def test_an_unknown_layer_gets_near_misses() -> None:
    with pytest.raises(UsageError, match=r"no layer 'tow'; did you mean two"):
        parse("tow", NETWORK)


def test_an_unknown_class_gets_near_misses() -> None:
    with pytest.raises(UsageError, match=r"unknown label 'catt'; try cat"):
        parse("label:catt", NETWORK)
    with pytest.raises(UsageError, match=r"unknown label '5'"):  # there are five
        parse("label:5", NETWORK)


def test_beings_and_classes_are_no_layers() -> None:
    assert parse("creatures:cat,dog*2", NETWORK).kinds == (("cat", 2.0), ("dog", 2.0))
    assert parse("label:cat", NETWORK).layers == ("logits",)


@pytest.mark.parametrize("term", ["creatures:", "creatures:cat,*2", "creatures:,", "creatures: "])
def test_creatures_without_a_word_are_refused(term: str) -> None:
    with pytest.raises(UsageError, match=r"layer: a word is missing in 'creatures:.*; write crea"):
        parse(term, NETWORK)


@pytest.mark.parametrize("term", ["objects", "features.3", " parts *0.5", "one*-2"])
def test_a_name_alone_is_a_whole_layer(term: str) -> None:
    assert is_whole(term)


@pytest.mark.parametrize(
    "term", ["objects:7", "one:anchored*2", "label:owl", "creatures", "creatures*2"]
)
def test_a_part_of_a_layer_a_class_and_creatures_are_not(term: str) -> None:
    assert not is_whole(term)
