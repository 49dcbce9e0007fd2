"""Several networks dream one image together."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny import texture, tiny_network
from torch import Tensor

from dreamvid.dream import objectives
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Gauge, Scale
from dreamvid.dream.mixture import MixedGradient, mixed
from dreamvid.dream.objectives import Objective
from dreamvid.image import to_image

IMAGE = to_image(texture())
NETWORKS = tiny_network(), tiny_network(seed=1)
QUICK: dict[str, Any] = {"octaves": 2, "iterations": 4, "step": 0.02, "device": "cpu"}


def dreamer(which: int, objective: Objective | None = None, **options: Any) -> Dreamer:
    return Dreamer(NETWORKS[which], objective, precision="fp32", **QUICK | options)


def gradient(dream: Dreamer) -> Tensor:
    return dream.gradient.ground(IMAGE, (0, 0), Scale(None, Gauge(), "1.0"))


def alike(one: Tensor, other: Tensor) -> float:
    return float(torch.cosine_similarity(one.flatten(), other.flatten(), dim=0))


def test_one_network_alone_is_no_mixture() -> None:
    alone = dreamer(0)
    assert mixed([alone], [0.3]) is alone


def test_each_network_has_its_share_however_large_its_gradient_is() -> None:
    loud = dreamer(1, 1e6 * objectives.layer("two"))
    first, second = gradient(dreamer(0)), gradient(loud)
    both = gradient(mixed([dreamer(0), loud], [1.0, 1.0]))
    assert alike(both, first + second) > 0.9999
    assert float(both.abs().mean()) == pytest.approx(1, rel=1e-3)
    uneven = gradient(mixed([dreamer(0), loud], [3.0, 1.0]))
    assert alike(uneven, 3 * first + second) > 0.9999


def test_the_ratio_of_the_weights_counts_alone() -> None:
    parts = [dreamer(0), dreamer(1)]
    one, other = (mixed(parts, weights)(IMAGE) for weights in ([1.0, 2.0], [5.0, 10.0]))
    assert torch.allclose(one, other, atol=1e-5)


def test_a_mixture_raises_what_both_raise() -> None:
    parts = [dreamer(0), dreamer(1)]
    dreamed = mixed(parts, [1.0, 1.0])(IMAGE)
    for part in parts:
        assert part.rate(dreamed) > 1.1 * part.rate(IMAGE)


def test_the_value_is_the_geometric_mean_while_it_can_be() -> None:
    parts = [dreamer(0), dreamer(1)]
    values = [part.rate(IMAGE) for part in parts]
    expected = (values[0] ** 3 * values[1]) ** 0.25
    assert mixed(parts, [3.0, 1.0]).rate(IMAGE) == pytest.approx(expected)
    below = dreamer(1, objectives.layer("two") * -1.0)
    total = mixed([parts[0], below], [2.0, 1.0]).rate(IMAGE)
    assert total == pytest.approx(2 * values[0] - values[1])


def test_the_gauge_holds_one_value_for_each_update() -> None:
    gauge, dream = Gauge(), mixed([dreamer(0), dreamer(1)], [1.0, 1.0])
    dream.ascend(IMAGE, Dose((3,), 0.01), gauge=gauge)
    assert len(gauge.objective_values) == 3
    assert gauge.objective_values == sorted(gauge.objective_values)


def test_a_mixture_knows_its_networks() -> None:
    dream = mixed([dreamer(0), dreamer(1, objectives.layer("one"))], [1.0, 3.0])
    assert dream.networks == NETWORKS and dream.layers == ("tiny.two", "tiny.one")
    steps = [network.default_step for network in NETWORKS]
    assert dream.default_step == pytest.approx((steps[0] + 3 * steps[1]) / 4)
    assert mixed([dreamer(0), dreamer(1, objectives.anchored("one"))], [1.0, 1.0]).anchored


def test_beings_are_those_of_the_network_that_has_some() -> None:
    beings = objectives.layer("two") + objectives.creatures("cat")
    dream = mixed([dreamer(0), dreamer(1, beings)], [1.0, 1.0])
    assert isinstance(dream.gradient, MixedGradient) and dream.gradient.host == 1
    assert dream.beings is not None


def test_an_anchored_part_sees_the_source() -> None:
    parts = [dreamer(0), dreamer(1, objectives.anchored("two"))]
    source = to_image(texture(9))
    one, other = (
        mixed(parts, [1.0, 1.0]).ascend(IMAGE, Dose((3,), 0.02), gauge=Gauge(), source=given)
        for given in (source, IMAGE)
    )
    assert not torch.equal(one, other)
    plain = [
        mixed([dreamer(0), dreamer(1)], [1.0, 1.0]).ascend(
            IMAGE, Dose((3,), 0.02), gauge=Gauge(), source=given
        )
        for given in (source, IMAGE)
    ]
    assert torch.equal(*plain)
