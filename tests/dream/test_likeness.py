"""Likeness: how alike two sets of activations are, and dreams drawn towards an exemplar."""

from __future__ import annotations

import pytest
import torch
from tiny import tiny_network, with_exemplars
from torch import Tensor

from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Gauge, Scale
from dreamvid.dream.likeness import (
    COLOUR_WEIGHT,
    Exemplar,
    colour_step,
    exemplar_of,
    laid_over,
    side_by_side,
    with_likeness,
)
from dreamvid.dream.objectives import Objective, alike, label, likeness, source_of
from dreamvid.dream.shaping import Shape
from dreamvid.dream.towards import Towards
from dreamvid.networks.registry import describe, load_network

SIDE = 48


def exemplar() -> Exemplar:
    """A red disc."""
    at = torch.linspace(-1, 1, SIDE)
    disc = (at[:, None].square() + at.square() < 0.3).float()
    return Exemplar(torch.stack((disc, 0 * disc, 0 * disc, disc)), COLOUR_WEIGHT)


def test_activations_are_alike_whatever_their_size_but_not_elsewhere() -> None:
    one, other = torch.rand(2, 5, 4, 6), torch.rand(2, 5, 4, 6)
    assert torch.allclose(likeness(one, 3 * one), torch.ones(2), atol=1e-5)
    assert (likeness(one, other) < 0.98).all()
    assert (likeness(one, one.roll(1, dims=3)) < 0.98).all()
    found = {"two": one[:1], source_of("two"): other[:1]}
    assert float(alike("two")(found)) == pytest.approx(float(likeness(one, other)[0]))


def test_an_exemplar_lies_over_the_image_where_it_is_opaque() -> None:
    image = torch.full((3, SIDE, SIDE), 0.4)
    seen = laid_over(image, exemplar().picture)
    assert torch.equal(seen[:, 24, 24], torch.tensor([1.0, 0.0, 0.0]))
    assert torch.equal(seen[:, 0, 0], image[:, 0, 0])


def test_colours_go_to_those_that_are_wanted_and_lightness_stays() -> None:
    image = torch.full((3, SIDE, SIDE), 0.4)
    step = colour_step(image, laid_over(image, exemplar().picture))
    assert step[0, 24, 24] > 0.3 and (step[1:, 24, 24] < 0).all()
    assert step.mean(0).abs().max() < 1e-5 and step[:, 0, 0].abs().max() < 0.05
    assert colour_step(image, image + 0.2).abs().max() < 1e-5


def objective() -> Objective:
    return with_likeness(tiny_network(), label("logits", 2))


def test_a_dream_is_drawn_towards_its_exemplar() -> None:
    def cosine(image: Tensor) -> float:
        with torch.no_grad():
            one, other = (trunk(x[None])["two"] for x in (image, wanted))
        return float(likeness(one, other).mean())

    network, ground = tiny_network(), torch.full((3, SIDE, SIDE), 0.5)
    trunk, wanted = network.trunk(["two"]), laid_over(ground, exemplar().picture)
    dose = Dose((12,), 0.02)
    plain = Dreamer(network, label("logits", 2)).ascend(ground, dose, gauge=Gauge())
    drawn = Dreamer(network, objective()).with_gradient(lambda whole: Towards(whole, exemplar()))
    dreamed = drawn.ascend(ground, dose, gauge=Gauge())
    assert cosine(dreamed) > cosine(plain) + 0.02
    reddened = (dreamed[0] - dreamed[2])[20:28, 20:28].mean()
    assert reddened > 0.1 + (plain[0] - plain[2])[20:28, 20:28].mean().abs()


@pytest.mark.parametrize("colours", [0.0, 0.5, 1.0, 3.0])
def test_a_grey_dream_takes_no_colours(colours: float) -> None:
    class Still:
        def ground(self, image: Tensor, shift: tuple[int, int], scale: object) -> Tensor:
            return torch.zeros_like(image[:3])

    towards, image = Towards(Still(), exemplar()), torch.full((3, SIDE, SIDE), 0.4)  # type: ignore[arg-type]
    step = towards.ground(image, (0, 0), Scale(Shape(colours=colours), Gauge(), ""))
    whole = COLOUR_WEIGHT * colour_step(image, laid_over(image, exemplar().picture))
    assert torch.allclose(step, min(1.0, colours) * whole)


def test_the_exemplar_is_laid_over_the_image_at_its_size() -> None:
    class Watching:
        seen: Tensor

        def ground(self, image: Tensor, shift: tuple[int, int], scale: object) -> Tensor:
            self.seen = image
            return torch.zeros_like(image[:3])

        def value(self, image: Tensor) -> float:
            self.seen = image
            return 7.0

    watching, image = Watching(), torch.rand(6, 30, 40)
    towards = Towards(watching, exemplar())  # type: ignore[arg-type]
    towards.ground(image, (0, 0), Scale(None, Gauge(), ""))
    assert watching.seen.shape == (6, 30, 40) and torch.equal(watching.seen[:3], image[:3])
    assert watching.seen[3, 15, 20] == pytest.approx(1, abs=0.05)
    assert torch.allclose(watching.seen[3:, 0, 0], image[:3, 0, 0], atol=0.02)
    assert towards.value(image[:3]) == 7.0 and watching.seen.shape == (6, 30, 40)


@pytest.mark.parametrize(
    ("height", "width", "count"), [(40, 54, 1), (40, 90, 2), (90, 30, 3), (1, 4, 4), (30, 30, 1)]
)
def test_an_exemplar_stands_side_by_side_as_often_as_it_fits(
    height: int, width: int, count: int
) -> None:
    square = torch.ones(4, 16, 16)
    shown = side_by_side(square, (height, width))[3]
    assert shown.shape == (height, width)
    assert float(shown.sum()) == pytest.approx(count * min(height, width) ** 2)  # not stretched
    assert torch.allclose(shown, shown.flip(0, 1))  # spread evenly


def test_labels_of_imagenet_have_exemplars_without_colours_and_those_of_users_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = tiny_network()
    assert exemplar_of(network, 3) is None
    with_exemplars(monkeypatch)
    dog, bestiary = exemplar_of(network, 3), load_network("bestiary")
    owl = exemplar_of(bestiary, bestiary.labels.index("owl/flying"))
    assert dog is not None and dog.colour == 0 and dog.picture.shape == (4, 128, 128)
    assert owl is not None and owl.colour == COLOUR_WEIGHT
    assert exemplar_of(network, 4) is None and exemplar_of(network, 0, 1) is None


@pytest.mark.parametrize(
    ("word", "one"), [("fox", "red fox"), ("dog", "Pekinese"), ("bird", "robin"), ("cat", "tabby")]
)
def test_several_labels_have_the_exemplar_of_most_of_them(word: str, one: str) -> None:
    network = describe("efficientnet_lite0")
    several = network.labelled(word)
    found, wanted = exemplar_of(network, *several), exemplar_of(network, *network.labelled(one))
    assert len(several) > 3 and found is not None and wanted is not None
    assert torch.equal(found.picture, wanted.picture)
