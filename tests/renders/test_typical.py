"""The typical render of each label: one for each, the same each time, and known for what it is."""

from __future__ import annotations

import numpy as np
import torch

from dreamvid.dream.likeness import render_of
from dreamvid.networks.known import imagenet_labels
from dreamvid.networks.registry import describe, load_network
from dreamvid.renders import classes, labels, render
from dreamvid.renders.palettes import natural_colours
from dreamvid.renders.typical import (
    ALSO,
    CHOSEN,
    OTHERWISE,
    SEED,
    SIDE,
    is_rendered,
    render_like,
    telling_views,
    typical,
)


def test_every_class_has_one_in_its_telling_view() -> None:
    assert tuple(CHOSEN) == classes()
    views = telling_views()
    assert [view.partition("/")[0] for view in views.values()] == list(views) == list(classes())
    assert views["giraffe"] == "giraffe/body" and set(views.values()) <= set(labels())


def test_it_is_the_render_that_was_chosen_and_of_other_views_the_first() -> None:
    for label, number in (("fox/front", CHOSEN["fox"]), ("fox/side", 0)):
        with natural_colours():
            wanted = render(label, seed=(SEED, labels().index(label), number), size=SIDE)
        assert np.array_equal(typical(label), wanted)


def test_the_bestiary_knows_them() -> None:
    network = load_network("bestiary")
    told = 0
    for label in list(telling_views().values())[::4]:
        layer = torch.tensor(typical(label)).permute(2, 0, 1) / 255
        image = 0.5 * (1 - layer[3:]) + layer[:3]
        row = network.trunk(["logits"])(image[None])["logits"][0]
        told += network.labels[int(row.argmax())].split("/")[0] == label.split("/")[0]
    assert told >= 36  # of 39


def test_only_all_labels_in_their_order_are_those_of_renders() -> None:
    assert is_rendered(labels()) and is_rendered(load_network("bestiary").labels)
    assert not is_rendered(()) and not is_rendered(labels()[:-1])
    assert not is_rendered(labels()[::-1])


def test_labels_of_imagenet_look_like_the_class_with_which_their_names_end() -> None:
    views = telling_views()
    for name, known in (
        ("red fox", "fox/front"), ("great white shark", views["shark"]), ("tench", views["perch"]),
        ("Granny Smith", "fruit/apple"), ("Komodo dragon", views["lizard"]),
        ("zebra", "zebra/body"),
        ("sea lion", None), ("guinea pig", None), ("abacus", None), ("mousetrap", None),
    ):  # fmt: skip
        assert render_like(name) == known, name


def test_the_table_of_looks_names_labels_of_imagenet_and_of_the_renders() -> None:
    known = {name.lower() for name in imagenet_labels()}
    assert set(ALSO) | OTHERWISE <= known
    assert all(render_like(name) in labels() for name in ALSO)
    assert all(render_like(name) is None for name in OTHERWISE)
    network = describe("efficientnet_lite0")
    assert 325 < sum(render_of(network, index) is not None for index in range(1000)) < 345
    assert render_of(network, network.labels.index("Pekinese")) == "dog/front"
