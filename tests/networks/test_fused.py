"""Fused steps against ordinary autograd: same activations, same gradient, any size."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from dreamvid.bench.chance import random_network
from dreamvid.networks import fused
from dreamvid.networks.network import Description, Network, Trunk
from dreamvid.networks.registry import load_network
from dreamvid.networks.steps import Convolution, Eager, Kernel, MaxPool, Stem, Step


def of(model: nn.Module) -> Network:
    """A network around `model` with some random weights."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return Network(model, Description(name="test", aliases={}, default_layer="0"))


def both(network: Network, layers: list[str], size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Gradients of an objective over `layers`: of the fused trunk, and of the plain one.

    The objective has a slope where activations are 0: a ReLU that is not undone shows.
    """
    trunk = network.trunk(layers)
    batch = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1)).requires_grad_()
    gradients = []
    for call in (trunk, trunk.plain):
        total = sum(((a.square() + a).sum() for a in call(batch).values()), torch.zeros(()))
        gradients.append(torch.autograd.grad(total, batch)[0])
    return gradients[0], gradients[1]


def steps_of(trunk: Trunk) -> list[Step]:
    """The fused steps of a trunk."""
    return fused.Fused(trunk.body).steps


def differ(a: Tensor, b: Tensor) -> float:
    """Length of the difference, as a share of the length."""
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize("size", [(64, 96), (69, 83)])
@pytest.mark.parametrize("layers", [["4c"], ["stem"], ["conv2", "3b", "pool3"], ["3a.a.conv"]])
def test_the_embedded_network(layers: list[str], size: tuple[int, int]) -> None:
    assert differ(*both(load_network("bestiary"), layers, size)) < 1e-5


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("googlenet", "inception4c"),
        ("squeezenet1_0", "features.10"),
        ("vgg16", "features.9"),
        ("resnet50", "layer2"),
        ("inception_v3", "Mixed_6a"),
        ("mobilenet_v3_large", "features.7"),
        ("efficientnet_b0", "features.3"),
        ("convnext_tiny", "features.3"),
    ],
)
def test_torchvision_networks(name: str, layer: str) -> None:
    # A rounding that turns a ReLU over changes the gradient by one pixel's share: hence not 1e-5.
    assert differ(*both(random_network(name), [layer], (99, 86))) < 3e-3


@pytest.mark.parametrize("size", [(64, 96), (67, 81)])
@pytest.mark.parametrize("layer", ["2b", "5a", "5c", "logits"])
def test_the_default_network(layer: str, size: tuple[int, int]) -> None:
    network = load_network("efficientnet_lite0", offline=True)
    # Here, too, a rounding may turn a ReLU6 over.
    assert differ(*both(network, [layer], size)) < 1e-3


BFLOAT16 = pytest.mark.skipif(not fused.available(torch.bfloat16), reason="no bfloat16 on this CPU")


def bottleneck(kernel: int, stride: int, padding: int) -> nn.Sequential:
    """A convolution and one of each channel by itself, both with ReLU6, some of it at 6."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 1),
        nn.ReLU6(),
        nn.Conv2d(8, 8, kernel, stride, padding, groups=8),
        nn.ReLU6(),
    )


SHAPES = [(3, 1, 1), (5, 1, 2), (4, 2, 1), (6, 2, 2), (3, 2, 1), (3, 2, 0), (5, 3, 2), (1, 2, 0)]


@pytest.mark.parametrize("size", [(20, 23), (21, 30)])
@pytest.mark.parametrize("shape", SHAPES)
def test_units_of_any_shape(shape: tuple[int, int, int], size: tuple[int, int]) -> None:
    network = of(bottleneck(*shape))
    for parameter in network.trunk(["3"]).parameters():
        parameter.mul_(8)
    assert differ(*both(network, ["3"], size)) < 1e-5


@BFLOAT16
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("size", [(20, 23), (21, 30)])
@pytest.mark.parametrize("shape", SHAPES)
def test_strided_units_in_half_precision(
    shape: tuple[int, int, int], size: tuple[int, int], zeros: bool
) -> None:
    conv = nn.Conv2d(8, 8, *shape, groups=8).requires_grad_(False)
    if zeros:
        conv.weight[:, :, 0] = conv.weight[:, :, :, 0] = 0
    graph = fx.Graph()
    graph.output({"y": graph.call_module("conv", (graph.placeholder("x"),))})
    trunk = fx.GraphModule(nn.ModuleDict({"conv": conv}), graph).to(torch.bfloat16)
    x = torch.randn(1, 8, *size, dtype=torch.bfloat16, requires_grad=True)
    y = fused.Fused(trunk)(x)["y"]
    lent = torch.randn_like(y)
    (gradient,) = torch.autograd.grad(y, x, lent)
    (plain,) = torch.autograd.grad(conv.float()(x.float()), x, lent.float())
    assert (gradient - plain).norm() <= 4e-3 * plain.norm()


class Ceilings(nn.Module):
    """ReLUs of both kinds, alone, behind sums, and in front of poolings, together and apart."""

    def __init__(self) -> None:
        super().__init__()
        self.low, self.high = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
        self.mixed, self.alike = nn.MaxPool2d(2), nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        low, high = functional.relu6(self.low(x)), torch.relu(self.high(x))
        total = functional.relu6(self.low(x) + self.high(x))
        mixed = self.mixed(torch.cat([low, high], 1))
        return mixed + self.alike(torch.cat([total, functional.relu6(total.square())], 1))


def test_ceilings_behind_poolings() -> None:
    network, layers = of(Ceilings()), ["mixed", "alike"]
    trunk = network.trunk(layers)
    for parameter in trunk.parameters():
        parameter.mul_(8)
    assert differ(*both(network, layers, (20, 22))) < 1e-5
    kinds = [step.masked for step in steps_of(trunk) if isinstance(step, MaxPool)]
    assert kinds == [None, 6.0]


@pytest.mark.parametrize("size", [(20, 23), (21, 30), (33, 17)])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [(7, 2, 3), (7, 2, 0), (3, 2, 1), (4, 4, 0), (5, 3, 2), (3, 1, 1)],
)
def test_first_convolutions_of_any_shape(
    kernel: int, stride: int, padding: int, size: tuple[int, int]
) -> None:
    model = nn.Sequential(nn.Conv2d(3, 5, kernel, stride, padding), nn.ReLU())
    network = of(model)
    assert differ(*both(network, ["1"], size)) < 1e-5
    trunk = network.trunk(["1"])
    assert isinstance(steps_of(trunk)[0], Stem if stride > 1 else Convolution)


def test_a_picture_that_no_convolution_reads_is_divided_all_the_same() -> None:
    network = of(nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(3, 5, 3), nn.ReLU()))
    assert differ(*both(network, ["2"], (20, 22))) < 1e-5


class Branches(nn.Module):
    """Convolutions of every kind that networks have, pooled, joined and added."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.groups = nn.Conv2d(8, 8, 3, padding=1, groups=4)
        self.strided = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.wide = nn.Conv2d(8, 8, 1, padding=2)
        self.holes = nn.Conv2d(8, 8, 3, padding=2, dilation=2)
        self.pool = nn.MaxPool2d(2)
        self.last = nn.Conv2d(16, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        y = torch.relu(self.groups(x) + self.holes(x))
        joined = torch.cat([self.pool(y), torch.relu(self.strided(x))[:, :, :10, :11]], 1)
        return torch.tanh(self.wide(self.pool(joined)[:, :8])) + 0 * self.last(joined).mean()


@pytest.mark.parametrize("layer", ["first", "groups", "strided", "pool", "wide", "last"])
def test_operations_of_every_kind(layer: str) -> None:
    assert differ(*both(of(Branches()), [layer], (20, 22))) < 1e-5


class Pieces(nn.Module):
    """Splits, a kernel that depends on other weights alone, and padding by name."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding="same")
        self.kernel = nn.Parameter(torch.rand(8, 4, 1, 1, generator=torch.Generator()))
        self.last = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, b = self.first(x).chunk(2, dim=1)
        c, d = torch.split(a * b, 2, 1)
        kernel = self.kernel / self.kernel.sum((1, 2, 3), keepdim=True)
        return self.last(nn.functional.conv2d(torch.cat([c, d], 1), kernel))


def test_splits_and_computed_kernels() -> None:
    torch.manual_seed(0)
    description = Description(name="p", aliases={}, default_layer="last", minimum_size=1)
    trunk = Network(Pieces(), description).trunk(["last"])
    batch = torch.rand(1, 3, 9, 11, requires_grad=True)
    one, two = (
        torch.autograd.grad(run(batch)["last"].square().mean(), batch)[0]
        for run in (trunk, trunk.plain)
    )
    assert torch.allclose(one, two, atol=1e-6) and one.abs().max() > 0
    calls = [node.target for node in trunk.body.graph.nodes if node.op == "call_method"]
    assert "sum" not in calls  # the kernel was computed once


def test_equal_values_in_a_pool_give_one_gradient() -> None:
    network = of(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1)))
    trunk = network.trunk(["2"])
    flat = torch.full((1, 3, 9, 9), 0.5, requires_grad=True)
    fused, plain = (torch.autograd.grad(f(flat)["2"].sum(), flat)[0] for f in (trunk, trunk.plain))
    assert torch.allclose(fused, plain, atol=1e-6)


def test_nothing_of_the_usual_networks_is_left_to_autograd() -> None:
    for name in ("bestiary", "efficientnet_lite0", "googlenet"):
        network = random_network(name) if name == "googlenet" else load_network(name)
        trunk = network.trunk(["objects"])
        assert not any(isinstance(step, Eager) for step in steps_of(trunk))


@pytest.mark.parametrize(
    ("name", "layer", "dtype"),
    [
        ("bestiary", "4c", torch.float32),
        ("efficientnet_lite0", "5a", torch.float32),
        pytest.param("efficientnet_lite0", "5a", torch.bfloat16, marks=BFLOAT16),
    ],
)
def test_the_number_of_threads_does_not_change_a_bit(
    name: str, layer: str, dtype: torch.dtype
) -> None:
    trunk = load_network(name).trunk([layer])
    batch = torch.rand(1, 3, 180, 240, requires_grad=True)
    before = torch.get_num_threads()
    gradients = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            activations = trunk(batch, dtype)[layer].float()
            gradients.append(torch.autograd.grad(activations.square().sum(), batch)[0])
    finally:
        torch.set_num_threads(before)
    assert torch.equal(gradients[0], gradients[1]) and torch.equal(gradients[0], gradients[2])


def test_a_kernel_packs_sizes_that_come_back_and_gives_the_same_bytes() -> None:
    kernel = Kernel(torch.randn(48, 32, 3, 3), padding=(1, 1), stride=(1, 1), groups=1)
    x = torch.randn(1, 32, 12, 14).to(memory_format=torch.channels_last)
    results = [kernel(x) for _ in range(Kernel.patience + 1)]
    assert list(kernel._packed) == [(1, 32, 12, 14)]
    assert all(torch.equal(results[0], result) for result in results)
    for width in range(1, 3 * Kernel.room):
        for _ in range(Kernel.patience):
            kernel(x[..., :width])
    assert len(kernel._packed) == Kernel.room


def test_a_gradient_of_somebody_else_is_not_written_over() -> None:
    trunk = load_network("bestiary").trunk(["conv2"])
    batch = torch.rand(1, 3, 32, 32, requires_grad=True)
    result = trunk(batch)["conv2"]
    lent = torch.ones_like(result)
    torch.autograd.grad(result, batch, lent)
    assert (lent == 1).all() and (result == 0).any()


def test_results_are_freed() -> None:
    import gc
    import weakref

    trunk = load_network("bestiary").trunk(["3a"])
    result = trunk(torch.rand(1, 3, 32, 32, requires_grad=True))["3a"]
    gone = weakref.ref(result)
    gc.disable()  # a cycle would need the collector
    try:
        del result
        assert gone() is None
    finally:
        gc.enable()


def test_two_results_give_the_sum_of_their_gradients() -> None:
    trunk = load_network("bestiary").trunk(["3a", "4a"])
    batch = torch.rand(1, 3, 64, 64, requires_grad=True)
    pieces = []
    for names in (["3a"], ["4a"], ["3a", "4a"]):
        activations = trunk(batch)
        total = sum((activations[name].sum() for name in names), torch.zeros(()))
        pieces.append(torch.autograd.grad(total, batch)[0])
    assert torch.allclose(pieces[0] + pieces[1], pieces[2], rtol=1e-4, atol=1e-4)


@BFLOAT16
@pytest.mark.parametrize(
    ("name", "layer"),
    [("bestiary", "4c"), ("bestiary", "logits"), ("efficientnet_lite0", "5c")],
)
def test_half_precision_only_when_asked(name: str, layer: str) -> None:
    trunk = load_network(name, offline=True).trunk([layer])
    batch = torch.rand(1, 3, 96, 96, requires_grad=True)
    full = trunk(batch)[layer]
    half = trunk(batch, torch.bfloat16)[layer]
    assert full.dtype == torch.float32 and half.dtype == torch.bfloat16
    gradients = [torch.autograd.grad(y.float().square().sum(), batch)[0] for y in (half, full)]
    assert gradients[0].dtype == torch.float32 and 0 < differ(*gradients) < 0.4


def test_without_the_primitives_a_trunk_runs_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "available", lambda dtype=None: False)
    monkeypatch.setattr(fused, "Fused", None)
    trunk = load_network("bestiary").trunk(["3a"])
    batch = torch.rand(1, 3, 40, 40)
    assert torch.equal(trunk(batch)["3a"], trunk.plain(batch)["3a"])


def test_a_torch_without_onednn_dreams_too() -> None:
    program = """
import types, torch
torch.ops.mkldnn = types.SimpleNamespace()
from dreamvid.networks.registry import load_network
trunk = load_network("bestiary").trunk(["3a"])
assert trunk(torch.rand(1, 3, 40, 40))["3a"].isfinite().all()
"""
    subprocess.run([sys.executable, "-c", program], check=True)
