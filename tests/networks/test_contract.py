"""What every network must do: each alias dreams, and small steps raise its objective.

It is compared at the shifts of the jitter, where the gradients were taken.
"""

from __future__ import annotations

import functools
from itertools import islice

import pytest
import torch
from tiny import texture

from dreamvid.bench.chance import random_network
from dreamvid.dream import objectives
from dreamvid.dream.dreamer import Dreamer, jitter
from dreamvid.image import to_image
from dreamvid.networks.installed import has_timm
from dreamvid.networks.known import ALIASES, DEFAULT, EMBEDDED, TIMM
from dreamvid.networks.network import Network
from dreamvid.networks.registry import load_network

OF_TORCHVISION = (
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3",
    "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "resnet18",
    "shufflenet_v2_x0_5", "squeezenet1_0", "squeezenet1_1", "vgg11",
)  # fmt: skip
"""The smallest of each kind."""
OF_TIMM = (
    "test_resnet", "test_efficientnet", "test_convnext", "test_byobnet", "test_nfnet",
    "tf_efficientnet_lite0", "regnetx_002", "convmixer_768_32", "lcnet_035", "resnetv2_50",
)  # fmt: skip
NETWORKS = (DEFAULT, EMBEDDED, *OF_TORCHVISION, *(TIMM + name for name in OF_TIMM))


ITERATIONS = 3


@functools.lru_cache(maxsize=1)
def network_of(name: str) -> Network:
    if name.startswith(TIMM) and not has_timm():
        pytest.skip("timm is not installed")
    if name in (DEFAULT, EMBEDDED):
        return load_network(name, offline=True)
    return random_network(name, seed=1)


@pytest.mark.parametrize("alias", ALIASES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_alias_dreams_and_raises_its_objective(name: str, alias: str) -> None:
    network = network_of(name)
    height, width = max(64, network.minimum_size), max(80, network.minimum_size)
    picture = to_image(texture(3, height=height, width=width))
    dream = Dreamer(
        network,
        objectives.layer(alias),
        octaves=1,
        iterations=ITERATIONS,
        step=0.001,  # random networks are steeper and rougher than trained ones
        device="cpu",
        precision="fp32",
    )
    dreamed = dream(picture)
    assert dreamed.shape == picture.shape and dreamed.isfinite().all()
    assert float((dreamed - picture).abs().mean()) > 0.0003
    assert rate(dream, dreamed) > rate(dream, picture)


def rate(dream: Dreamer, image: torch.Tensor) -> float:
    """The objective at the shifts of the jitter at which gradients were taken."""
    shifts = islice(jitter(dream.seed), ITERATIONS)
    return sum(dream.rate(torch.roll(image, shift, (-2, -1))) for shift in shifts)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_names_its_layers(name: str) -> None:
    network = network_of(name)
    assert tuple(network.aliases) == ALIASES
    depths = [network.layers.index(layer) for layer in network.aliases.values()]
    assert depths == sorted(set(depths))
    strides = [network.stride(alias) for alias in ALIASES]
    assert strides == sorted(strides) and strides[-1] <= 32
    assert network.default_layer in network.layers and network.label_layer in network.layers


@pytest.mark.parametrize("name", NETWORKS)
def test_the_fused_gradient_is_that_of_autograd(name: str) -> None:
    network = network_of(name)
    side = max(64, network.minimum_size)
    trunk = network.trunk(["textures", "objects"])
    batch = to_image(texture(5, height=side, width=side))[None].requires_grad_()
    gradients = []
    for run in (trunk, trunk.plain):
        value = torch.stack([maps.square().mean().log() for maps in run(batch).values()]).sum()
        gradients += torch.autograd.grad(value, batch)
    error = (gradients[0] - gradients[1]).abs().max()
    assert error < 1e-2 * gradients[1].abs().max()
