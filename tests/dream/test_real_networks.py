"""Objectives on networks with ImageNet weights: each raises its own measure."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.guides import guide
from dreamvid.dream.octaves import shrink
from dreamvid.dream.terms import parse
from dreamvid.image import load_image
from dreamvid.networks.network import Network
from dreamvid.networks.registry import load_network

SQUEEZENET = Path(__file__).parents[3] / "shared" / "weights" / "squeezenet1_0_imagenet.pth"
SAMPLES = Path(__file__).parents[2] / "samples"
NETWORKS = ("efficientnet_lite0", "squeezenet1_0")
TERMS = (
    "parts", "objects:mean", "parts:p4", "objects:7", "patterns:top5",
    "patterns:bottom5", "parts:anchored", "label:koala",
)  # fmt: skip


@cache
def network(name: str) -> Network:
    if name == NETWORKS[0]:
        return load_network(name)
    if not SQUEEZENET.exists():
        pytest.skip("needs the weights of SqueezeNet")
    return load_network(name, weights=SQUEEZENET)


def picture(name: str) -> Tensor:
    return shrink(load_image(SAMPLES / name), 160)


def dreamer(name: str, objective) -> Dreamer:
    return Dreamer(
        network(name), objective, octaves=1, iterations=12, device="cpu", precision="fp32"
    )


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("name", NETWORKS)
def test_an_objective_raises_its_own_measure(name: str, term: str) -> None:
    dream, image = dreamer(name, parse(term, network(name))), picture("valley.png")
    before = dream.rate(image, image)
    assert dream.rate(dream(image), image) > before + 0.02 * abs(before)


@pytest.mark.parametrize("layer", ["patterns", "parts", "objects"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_guided_dream_becomes_like_its_guide(name: str, layer: str) -> None:
    """By at least half of what dreaming its own features reaches, and an unguided one by less."""
    with torch.no_grad():
        seen = network(name).trunk([layer])(picture("dusk.png")[None])
    features = {layer: seen[network(name).resolve(layer)]}
    objective = guide(features, match="cosine")
    guided, plain = dreamer(name, objective), dreamer(name, parse(layer, network(name)))
    image, own = picture("valley.png"), picture("dusk.png")
    before = guided.rate(image)
    reached = guided.rate(guided(image)) - before
    assert reached > 0.5 * (guided.rate(guided(own)) - before)
    assert guided.rate(plain(image)) - before < 0.5 * reached
