"""Objectives: a few steps raise each of them; they add, scale and are read from text."""

from __future__ import annotations

import math
from itertools import islice

import pytest
import torch
from tiny import texture, tiny_dreamer, tiny_network

from dreamvid.dream import objectives
from dreamvid.dream.dreamer import jitter
from dreamvid.dream.guides import guide
from dreamvid.dream.objectives import Objective, source_of
from dreamvid.errors import UsageError
from dreamvid.image import to_image

NETWORK = tiny_network()
IMAGE = to_image(texture())
LIVE = int(NETWORK.trunk(["one"])(IMAGE[None])["one"][0, :, 24, 32].argmax())
"""A channel of the first layer that is not silent at the middle of the picture."""


def guide_of(*layers: str, match: str = "dot") -> Objective:
    with torch.no_grad():
        return guide(NETWORK.trunk(layers)(to_image(texture(7, width=40))[None]), match=match)


EVERY = {
    "layer": objectives.layer("two"),
    "channel": objectives.channel("two", 3),
    "neuron": objectives.neuron("one", LIVE),
    "neuron at a place": objectives.neuron("one", LIVE, (1.0, 0.0)),
    "mean": objectives.mean("two"),
    "log energy": objectives.energy("two"),
    "norm": objectives.norm("two", 4.0),
    "strongest channels": objectives.extremes("two", 3, strongest=True),
    "weakest channels": objectives.extremes("two", 3, strongest=False),
    "direction": objectives.direction("two", torch.arange(12.0) - 4),
    "anchored": objectives.anchored("two"),
    "anchored at another layer": objectives.anchored("one", 0.5) + objectives.layer("two"),
    "label": objectives.label("logits", 2),
    "label as a channel": objectives.channel("logits", 2),
    "label as a neuron": objectives.neuron("logits", 2),
    "direction of labels": objectives.direction("logits", torch.tensor([0.0, 1, 0, -1, 0])),
    "guide": guide_of("two"),
    "guide by likeness": guide_of("two", match="cosine"),
    "guide as a whole": guide_of("one", match="gram"),
    "guide by two layers": guide_of("one", "two"),
    "guide without places": guide_of("logits"),
    "sum": objectives.layer("one") + objectives.channel("two", 1),
    "scaled": 0.5 * objectives.layer("two"),
    "lowered": objectives.channel("two", 1) * -2.0,
}


def reached(objective: Objective, image: torch.Tensor, source: torch.Tensor = IMAGE) -> float:
    with torch.no_grad():
        now, before = (NETWORK.trunk(objective.layers)(x[None]) for x in (image, source))
        return float(objective(now | {source_of(name): seen for name, seen in before.items()}))


@pytest.mark.parametrize("name", EVERY)
def test_a_few_steps_raise_every_objective(name: str) -> None:
    objective = EVERY[name]
    dream = tiny_dreamer(objective, octaves=1, iterations=5, step=0.02)
    shifts = list(islice(jitter(dream.seed), 5))  # what a neuron looks at moves with them

    def mean(image: torch.Tensor) -> float:
        rolled = [(image.roll(shift, (1, 2)), IMAGE.roll(shift, (1, 2))) for shift in shifts]
        return sum(reached(objective, now, source) for now, source in rolled) / 5

    before, after = mean(IMAGE), mean(dream(IMAGE))
    assert after > before + 0.005 * abs(before)


@pytest.mark.parametrize("name", EVERY)
def test_every_objective_is_one_number_of_float32(name: str) -> None:
    objective = EVERY[name]
    half = {k: v.bfloat16() for k, v in NETWORK.trunk(objective.layers)(IMAGE[None]).items()}
    half |= {source_of(name): seen for name, seen in half.items()}
    value = objective(half)
    assert value.shape == () and value.dtype == torch.float32


def test_objectives_add_and_scale() -> None:
    one, two = objectives.layer("one"), objectives.layer("two")
    total = one + 0.25 * two
    assert total.layers == ("one", "two")
    expected = reached(one, IMAGE) + 0.25 * reached(two, IMAGE)
    assert reached(total, IMAGE) == pytest.approx(expected)
    assert (one + one).layers == ("one",)


def test_a_neuron_is_raised_at_the_middle_alone() -> None:
    objective = objectives.neuron("one", LIVE)
    image = IMAGE[None].clone().requires_grad_()
    objective(NETWORK.trunk(["one"])(image)).backward()
    assert image.grad is not None
    touched = image.grad.abs().sum(dim=(0, 1)).nonzero()
    middle = torch.tensor([24, 32])
    assert len(touched) and (touched - middle).abs().max() <= 2


def test_a_neuron_is_raised_at_its_place() -> None:
    plane = NETWORK.trunk(["one"])(IMAGE[None])["one"][0]
    loud = int(plane[:, plane.shape[1] * 3 // 4, plane.shape[2] // 4].argmax())
    objective = objectives.neuron("one", loud, (0.25, 0.75))
    image = IMAGE[None].clone().requires_grad_()
    objective(NETWORK.trunk(["one"])(image)).backward()
    assert image.grad is not None
    touched = image.grad.abs().sum(dim=(0, 1)).nonzero()
    assert (touched - torch.tensor([36, 16])).abs().max() <= 2


def test_the_strongest_channels_of_an_image_are_raised_and_the_weakest() -> None:
    planes = NETWORK.trunk(["two"])(IMAGE[None])["two"]
    sizes = planes.square().mean(dim=(0, 2, 3)).sort().values
    strong, weak = (objectives.extremes("two", 4, strongest=s) for s in (True, False))
    assert reached(strong, IMAGE) == pytest.approx(float(sizes[-4:].mean()))
    assert reached(weak, IMAGE) == pytest.approx(float(sizes[:4].mean()), abs=1e-7)
    with pytest.raises(UsageError, match="layer 'two' has no 13 channels; use 1 to 12"):
        reached(objectives.extremes("two", 13, strongest=True), IMAGE)


def test_a_norm_of_a_higher_power_counts_peaks() -> None:
    planes = NETWORK.trunk(["two"])(IMAGE[None])["two"]
    assert reached(objectives.norm("two", 2.0), IMAGE) == pytest.approx(
        float(planes.square().mean().sqrt())
    )
    high = reached(objectives.norm("two", 40.0), IMAGE)
    assert 0.7 * float(planes.abs().max()) < high < float(planes.abs().max())
    blank = torch.zeros(1, 3, 4, 4, requires_grad=True)
    objectives.norm("x", 4.0)({"x": blank}).backward()
    assert blank.grad is not None and blank.grad.isfinite().all()


def test_a_label_is_the_log_of_its_chance() -> None:
    logits = NETWORK.trunk(["logits"])(IMAGE[None])["logits"][0]
    chances = (logits / objectives.HEAT).softmax(0)
    told = [reached(objectives.label("logits", index), IMAGE) for index in range(5)]
    assert told == pytest.approx((objectives.HEAT * chances.log()).tolist())


def test_kinds_of_one_thing_add_up_their_chances() -> None:
    logits = NETWORK.trunk(["logits"])(IMAGE[None])["logits"][0]
    chances = (logits / objectives.HEAT).softmax(0)
    both = reached(objectives.label("logits", 1, 3), IMAGE)
    assert both == pytest.approx(float(objectives.HEAT * (chances[1] + chances[3]).log()))


@pytest.mark.parametrize("index", [-1, 12])
@pytest.mark.parametrize("make", [objectives.channel, objectives.neuron])
def test_a_channel_that_is_not_there_is_named(make, index: int) -> None:
    with pytest.raises(UsageError, match=rf"layer 'two' has no channel {index}; use 0 to 11"):
        reached(make("two", index), IMAGE)


def test_a_direction_of_another_length_is_refused() -> None:
    with pytest.raises(UsageError, match="has 12 channels, the direction has 5"):
        reached(objectives.direction("two", torch.ones(5)), IMAGE)


def test_an_anchored_objective_asks_for_what_is_there() -> None:
    first, second = torch.zeros(1, 2, 1, 1), torch.zeros(1, 2, 1, 1)
    first[0, 0], second[0, 1] = 1.0, 1.0
    objective = objectives.anchored("x", 2.0)

    def value(now: torch.Tensor, source: torch.Tensor) -> float:
        return float(objective({"x": now, source_of("x"): source}))

    assert value(first, first) == pytest.approx(0.5)  # the mean over two channels
    assert value(3 * first, first) == pytest.approx(1.5)
    assert value(second, first) == 0
    aside = first + second
    assert value(aside, first) == pytest.approx(0.5 * 0.5)  # cosine 0.71, squared
    assert float(objectives.anchored("x", 0.0)({"x": aside, source_of("x"): first})) == 0.5


def test_sums_and_fades_with_an_anchored_objective_are_anchored() -> None:
    plain, more = objectives.layer("one"), objectives.anchored("two")
    assert more.anchored and not plain.anchored
    assert (plain + more).anchored and (more + plain).anchored and (2 * more).anchored
    assert objectives.fade([(plain, 0.5), (more, 0.5)]).anchored
    assert not objectives.fade([(plain, 0.5), (plain * 2, 0.5)]).anchored


def test_the_log_energy_is_that_of_each_image_and_always_finite() -> None:
    batch = torch.stack([torch.zeros(12, 3, 4), torch.full((12, 3, 4), 3.0)])
    found = objectives.log_energy(batch)
    assert found.tolist() == pytest.approx([math.log(1e-8), math.log(9.0)])
    assert objectives.energy("x")({"x": batch[1:]}) == found[1]
