"""The typical render of each label: one for each, the same each time, and known for what it is."""

from __future__ import annotations

import numpy as np
import torch

from dreamvid.networks.registry import load_network
from dreamvid.renders import classes, labels, render
from dreamvid.renders.palettes import natural_colours
from dreamvid.renders.typical import CHOSEN, SEED, SIDE, is_rendered, telling_views, typical


def test_every_class_has_one_in_its_telling_view() -> None:
    assert tuple(CHOSEN) == classes()
    views = telling_views()
    assert [view.partition("/")[0] for view in views] == list(classes())
    assert "giraffe/body" in views and set(views) <= set(labels())


def test_it_is_the_render_that_was_chosen_and_of_other_views_the_first() -> None:
    for label, number in (("fox/front", CHOSEN["fox"]), ("fox/side", 0)):
        with natural_colours():
            wanted = render(label, seed=(SEED, labels().index(label), number), size=SIDE)
        assert np.array_equal(typical(label), wanted)


def test_the_bestiary_knows_them() -> None:
    network = load_network("bestiary")
    told = 0
    for label in telling_views()[::4]:
        layer = torch.tensor(typical(label)).permute(2, 0, 1) / 255
        image = 0.5 * (1 - layer[3:]) + layer[:3]
        row = network.trunk(["logits"])(image[None])["logits"][0]
        told += network.labels[int(row.argmax())].split("/")[0] == label.split("/")[0]
    assert told >= 36  # of 39


def test_only_all_labels_in_their_order_are_those_of_renders() -> None:
    assert is_rendered(labels()) and is_rendered(load_network("bestiary").labels)
    assert not is_rendered(()) and not is_rendered(labels()[:-1])
    assert not is_rendered(labels()[::-1])
