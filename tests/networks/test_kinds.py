"""Words for groups of classes."""

from __future__ import annotations

import pytest

from dreamvid.networks.kinds import ANIMAL, RENDERS, VIEWS, group, telling
from dreamvid.networks.known import labels

IMAGENET = labels("googlenet")
BESTIARY = labels("bestiary")


def test_an_animal_of_imagenet_is_an_animal() -> None:
    names = {IMAGENET[index] for index in group(IMAGENET, ANIMAL)}
    assert {"tench", "goldfish", "tiger"} <= names
    assert not {"airliner", "teapot", "volcano"} & names


@pytest.mark.parametrize(
    ("word", "inside", "outside"),
    [("fish", "goldfish", "tiger"), ("bird", "robin", "goldfish"), ("insect", "ant", "robin")],
)
def test_a_group_of_imagenet_has_its_own(word: str, inside: str, outside: str) -> None:
    names = {IMAGENET[index] for index in group(IMAGENET, word)}
    assert inside in names and outside not in names
    assert set(group(IMAGENET, word)) <= set(group(IMAGENET, ANIMAL))


def test_indices_rise_and_are_within_the_labels() -> None:
    for names in (IMAGENET, BESTIARY):
        for word in (ANIMAL, *RENDERS):
            found = group(names, word)
            assert list(found) == sorted(set(found)) and found[-1] < len(names)


def test_classes_of_renders_are_found_whatever_follows_a_slash() -> None:
    assert group(("owl", "owl/face", "castle", "cat"), "bird") == (0, 1)
    assert group(("owls", "castle"), "bird") == ()


def test_without_any_animal_all_classes_are_taken_for_animals_only() -> None:
    assert group(("castle", "gear"), ANIMAL) == (0, 1)
    assert group(("castle", "gear"), "fish") == ()
    assert group(("castle", "gear"), "nosuch") == ()
    assert group((), ANIMAL) == ()


def test_no_class_is_in_two_groups_of_renders() -> None:
    groups = [set(RENDERS[word].split()) for word in ("fish", "bird", "insect")]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    assert set().union(*groups) <= set(RENDERS[ANIMAL].split())


def test_a_class_is_shown_by_its_telling_view_or_its_first_label() -> None:
    assert {f"{name}/{view}" for name, view in VIEWS.items()} <= set(BESTIARY)
    for name in VIEWS:  # else it would not have to be named
        first = next(label for label in BESTIARY if label.startswith(f"{name}/"))
        assert first != f"{name}/{VIEWS[name]}"
    assert telling(("camel/front", "camel/body")) == "camel/body"
    assert telling(("camel/front", "camel/back")) == "camel/front"
    assert telling(("camel",)) == "camel"
