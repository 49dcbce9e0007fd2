"""Dreams on a GPU: those of the CPU, the same bits every time, whatever is recorded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from dreamvid.bench.chance import random_network
from dreamvid.device.cuda_graph import CALLS_BEFORE_CAPTURE, CudaGraphed
from dreamvid.dream import objectives
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.guides import guide
from dreamvid.dream.objectives import Objective
from dreamvid.motion.warp import BRIEF, CRISP, warp
from dreamvid.networks.registry import load_network

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")

PICTURE = torch.rand(3, 96, 120, generator=torch.Generator().manual_seed(0))
LAYER = "3a"


def guided() -> Objective:
    return guide(load_network("bestiary").trunk([LAYER])(PICTURE.flip(1)[None].cpu()))


OBJECTIVES: dict[str, Callable[[], Objective]] = {
    "layer": lambda: objectives.layer(LAYER),
    "channel": lambda: objectives.channel(LAYER, 3),
    "neuron": lambda: objectives.neuron(LAYER, 3),
    "sum": lambda: objectives.layer(LAYER) + 0.5 * objectives.layer("conv2"),
    "direction": lambda: objectives.direction("conv2", torch.arange(48.0)),
    "label": lambda: objectives.label("logits", 3, 4, 5),
    "guide": guided,
    "fade": lambda: objectives.fade([(objectives.layer(LAYER), 0.3), (guided(), 0.7)]),
}


def near(a: torch.Tensor, b: torch.Tensor) -> float:
    """Length of the difference, as a share of the length."""
    a, b = a.cpu().double(), b.cpu().double()
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_a_recording_gives_the_bits_of_what_it_records(kind: str) -> None:
    dream = Dreamer("bestiary", OBJECTIVES[kind](), device="cuda")
    images = [torch.rand(3, 64, 80).cuda() for _ in range(3)]
    before = [dream.slope(image) for image in images]
    for image in images * CALLS_BEFORE_CAPTURE:
        dream.gradient.climb(image)
    assert None not in dream.gradient.climb._graphs.values()  # type: ignore[attr-defined]
    assert len(dream.gradient.climb._graphs) == 1  # type: ignore[attr-defined]
    for image, (value, gradient) in zip(images, before, strict=True):
        played = dream.gradient.climb(image)
        assert torch.equal(played[1], gradient)
        assert torch.equal(played[0], value)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize(
    "name",
    [
        "bestiary",
        "squeezenet1_0",
        "googlenet",
        "vgg16",
        "resnet50",
        "mobilenet_v3_large",
        "efficientnet_b0",
        "convnext_tiny",
    ],
)
def test_gradients_are_those_of_the_cpu_and_the_same_every_time(name: str, precision: str) -> None:
    network = random_network(name) if name != "bestiary" else load_network(name)
    cpu = Dreamer(network, device="cpu", precision="fp32").slope(PICTURE)
    dream = Dreamer(network, device="cuda", precision=precision)
    image = PICTURE.cuda()
    first = dream.slope(image)
    assert near(first[1], cpu[1]) < {"fp32": 0.05, "fp16": 0.15, "bf16": 0.4}[precision]
    for _ in range(5):
        assert torch.equal(dream.slope(image)[1], first[1])


def test_a_dream_is_that_of_the_cpu_and_the_same_every_time() -> None:
    one, two = (Dreamer("bestiary", device="cuda", seed=1)(PICTURE).cpu() for _ in range(2))
    cpu = Dreamer("bestiary", device="cpu", seed=1)(PICTURE)
    assert torch.equal(one, two)
    assert near(one - PICTURE, cpu - PICTURE) < 0.5


def test_a_large_picture_is_dreamed_in_tiles() -> None:
    image = torch.rand(3, 300, 400)
    whole, tiled = (
        Dreamer("bestiary", device="cuda", precision="fp32", tile=t, octaves=1, iterations=2)(image)
        for t in (512, 256)
    )
    assert near(tiled - image.cuda(), whole - image.cuda()) < 0.5


def test_the_warp_is_that_of_the_cpu() -> None:
    planes = torch.rand(7, 60, 80)
    flow = np.round(np.random.default_rng(0).uniform(-9, 9, (60, 80, 2)) * 32) / 32
    shares = (*[CRISP] * 3, *[BRIEF] * 4)
    there = warp(planes.cuda(), flow.astype(np.float32), lanczos=shares)
    here = warp(planes, flow.astype(np.float32), lanczos=shares)
    assert (there.cpu() - here).abs().max() < 2e-3


def test_graphs_that_come_and_go_leave_the_others_right() -> None:
    kept = Dreamer("bestiary", OBJECTIVES["label"](), device="cuda")
    image = torch.rand(3, 64, 80).cuda()
    before = kept.slope(image)
    for _ in range(CALLS_BEFORE_CAPTURE + 1):
        kept.gradient.climb(image)
    for count in range(40):
        dream = Dreamer("bestiary", objectives.label("logits", count), device="cuda")
        for _ in range(CALLS_BEFORE_CAPTURE + 1):
            dream.gradient.climb(image)
    played = kept.gradient.climb(image)
    assert all(map(torch.equal, played, before))


def test_graphs_share_their_memory() -> None:
    def reserved(*sides: int) -> int:
        dream = Dreamer("bestiary", device="cuda")
        for side in sides:
            for _ in range(CALLS_BEFORE_CAPTURE + 1):
                dream.gradient.climb(torch.rand(3, side, side).cuda())
        torch.cuda.empty_cache()
        return int(torch.cuda.memory_reserved())

    one = reserved(512)
    assert reserved(512, 448, 384, 320) < 2 * one


def test_a_recording_that_fails_leaves_the_stream_as_it_was() -> None:
    def waits(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.tensor(float(image.sum())).cuda(), image * 2

    here = torch.cuda.current_stream()
    recorded = CudaGraphed(waits)
    image = torch.rand(3, 8, 8).cuda()
    for _ in range(CALLS_BEFORE_CAPTURE + 3):
        assert torch.equal(recorded(image)[1], image * 2)
    assert recorded._graphs == {(image.shape,): None}
    assert torch.cuda.current_stream() == here
    assert bool(Dreamer("bestiary", device="cuda")(PICTURE).isfinite().all())


def test_one_network_dreams_here_and_there() -> None:
    network = load_network("bestiary")
    here = Dreamer(network, device="cpu", precision="fp32").slope(PICTURE)[1]
    Dreamer(network, device="cuda", precision="fp32").slope(PICTURE.cuda())
    assert torch.equal(Dreamer(network, device="cpu", precision="fp32").slope(PICTURE)[1], here)
