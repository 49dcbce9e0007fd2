"""Guides: what is raised of an image, given the features of other pictures."""

from __future__ import annotations

import pytest
import torch
from tiny import texture, tiny_dreamer, tiny_network
from torch import Tensor
from torch.nn import functional

from dreamvid.dream import guides, objectives
from dreamvid.dream.guides import guide
from dreamvid.dream.objectives import Objective
from dreamvid.image import to_image

NETWORK = tiny_network()
IMAGE, OTHER = to_image(texture()), to_image(texture(7, width=40))
MATCHES = ("dot", "cosine", "gram")


def seen(image: Tensor, layer: str = "two") -> Tensor:
    with torch.no_grad():
        return NETWORK.trunk([layer])(image[None])[layer]


def value(objective: Objective, image: Tensor = IMAGE) -> float:
    return float(objective({name: seen(image, name) for name in objective.layers}))


def test_a_guide_is_met_at_the_place_that_fits_best() -> None:
    known, own = seen(OTHER).flatten(2)[0], seen(IMAGE).flatten(2)[0]
    best = (own.T @ known).max(dim=1).values
    assert value(guide({"two": seen(OTHER)})) == pytest.approx(float(best.sum()) / own.numel())


def test_likeness_does_not_depend_on_strength() -> None:
    known, own = (functional.normalize(seen(x).flatten(2)[0], dim=0) for x in (OTHER, IMAGE))
    alike = float((own.T @ known).max(dim=1).values.mean())
    assert value(guide({"two": seen(OTHER)}, match="cosine")) == pytest.approx(alike)
    assert value(guide({"two": 5 * seen(OTHER)}, match="cosine")) == pytest.approx(alike)
    assert value(guide({"two": seen(IMAGE)}, match="cosine")) == pytest.approx(1, abs=1e-3)


def test_a_style_does_not_depend_on_places() -> None:
    moved = seen(OTHER).flip(3).roll(5, 2)
    one, other = (guide({"two": a}, match="gram") for a in (seen(OTHER), moved))
    assert value(one) == pytest.approx(value(other), rel=1e-5)
    own = seen(IMAGE).flatten(2)[0]
    gram = own @ own.T
    product = float((gram * gram).sum() / gram.norm()) / own.numel()
    assert value(guide({"two": seen(IMAGE)}, match="gram")) == pytest.approx(product, rel=1e-4)


@pytest.mark.parametrize("match", ["dot", "cosine"])
def test_of_several_guides_the_best_one_counts_at_every_place(match: str) -> None:
    third = to_image(texture(2, width=50))
    alone = [value(guide({"two": seen(x)}, match=match)) for x in (OTHER, third)]
    both = value(guide({"two": seen(OTHER)}, {"two": seen(third)}, match=match))
    assert both > max(alone)


@pytest.mark.parametrize("match", MATCHES)
def test_a_guided_dream_becomes_like_its_guide_and_another_does_not(match: str) -> None:
    """At least half of what dreaming on the guide itself reaches."""
    objective = guide({"two": seen(OTHER)}, match=match)
    options = {"octaves": 1, "iterations": 12, "step": 0.03}
    before = value(objective)
    guided = value(objective, tiny_dreamer(objective, **options)(IMAGE)) - before
    whole = value(objective, tiny_dreamer(objective, **options)(OTHER)) - before
    channel = objectives.channel("two", int(seen(OTHER).mean(dim=(0, 2, 3)).argmin()))
    other = value(objective, tiny_dreamer(channel, **options)(IMAGE)) - before
    assert guided > 0.5 * whole and other < 0.5 * guided


def test_large_guides_are_sampled_and_small_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    objective = guide({"two": seen(OTHER)})
    whole = value(objective)
    monkeypatch.setattr(guides, "PAIRS", 1)
    assert value(objective) < whole  # LEAST of its positions
    monkeypatch.setattr(guides, "LEAST", seen(OTHER)[0, 0].numel())
    assert value(objective) == whole


def test_a_sample_does_not_depend_on_the_run() -> None:
    features = torch.arange(1000.0)[None]
    first = guides._shuffled(features)
    torch.manual_seed(5)
    assert torch.equal(guides._shuffled(features), first)
    assert not torch.equal(first, features)
    assert torch.equal(first.sort(dim=1).values, features)
