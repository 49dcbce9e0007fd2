"""Steps of a trunk, one by one: values and gradients are those of autograd."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, fx, nn

from dreamvid.networks import fused
from dreamvid.networks.steps import (
    Concatenation,
    Convolution,
    Eager,
    Gradients,
    MaxPool,
    Relu,
    Step,
    Sum,
)

needs_onednn = pytest.mark.skipif(not fused.available(), reason="no oneDNN here")


def nodes(count: int) -> list[fx.Node]:
    """Nodes of a graph, to name values by."""
    graph = fx.Graph()
    return [graph.placeholder(f"x{k}") for k in range(count)]


def image(seed: int, channels: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    batch = torch.rand(1, channels, 9, 12, generator=generator) - 0.5
    return batch.contiguous(memory_format=torch.channels_last)


def check(
    make: Callable[[fx.Node, list[fx.Node]], Step],
    wanted: Callable[..., Tensor],
    inputs: list[Tensor],
) -> None:
    """Compare a step's value and gradients, all ones behind it, with autograd's."""
    *sources, node = nodes(len(inputs) + 1)
    step = make(node, sources)
    values = dict(zip(sources, inputs, strict=True))
    kept: dict[fx.Node, object] = {}
    values[node] = step.forward(values, kept)
    leaves = [value.clone().requires_grad_() for value in inputs]
    result = wanted(*leaves)
    assert torch.allclose(values[node], result, atol=1e-6)
    step.masked = getattr(step, "relu", None)  # nothing behind it does it
    out = Gradients()
    ones = torch.ones_like(values[node])
    gradient, _ = step.mask(ones, False, values)
    step.backward(gradient, values, kept, out)
    for source, expected in zip(sources, torch.autograd.grad(result.sum(), leaves), strict=True):
        found, _ = out.take(source)
        assert found is not None and torch.allclose(found, expected, atol=1e-5)


@needs_onednn
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("relu", [None, math.inf])
def test_a_convolution(stride: int, relu: float | None) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(4, 6, 3, stride, 1).requires_grad_(False)
    check(
        lambda node, sources: Convolution(node, sources, conv, relu=relu),
        lambda x: conv(x) if relu is None else conv(x).relu(),
        [image(1)],
    )


def test_a_pooling() -> None:
    pool = nn.MaxPool2d(3, 2, 1)
    check(lambda node, sources: MaxPool(node, sources, vars(pool)), pool, [image(2)])


def test_a_concatenation() -> None:
    inputs = [image(3), image(4, 3)]
    check(Concatenation, lambda a, b: torch.cat([a, b], 1), inputs)


@pytest.mark.parametrize("relu", [None, math.inf, 6.0])
def test_a_sum(relu: float | None) -> None:
    inputs = [10 * image(5), 10 * image(6)]
    check(
        lambda node, sources: Sum(node, sources, relu=relu),
        lambda a, b: a + b if relu is None else (a + b).clamp(0, relu),
        inputs,
    )


@pytest.mark.parametrize("ceiling", [math.inf, 6.0])
def test_a_relu(ceiling: float) -> None:
    check(
        lambda node, sources: Relu(node, sources, relu=ceiling),
        lambda x: x.clamp(0, ceiling),
        [20 * image(7)],
    )


def test_any_other_operation_and_a_part_of_one() -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    whole = graph.call_function(torch.chunk, (x, 2), {"dim": 1})
    part = graph.call_function(lambda pieces: pieces[1], (whole,))
    step = Eager(part, lambda *a, **k: torch.chunk(*a, **k)[1], origin=whole)
    assert list(step.sources) == [x]
    batch, kept = image(8), {}  # type: ignore[var-annotated]
    value = step.forward({x: batch}, kept)
    assert torch.equal(value, batch[:, 2:])
    out = Gradients()
    step.backward(torch.ones_like(value), {x: batch}, kept, out)
    found, _ = out.take(x)
    assert found is not None and found[:, :2].abs().max() == 0 and found[:, 2:].min() == 1


def test_gradients_add_up_and_leave_what_others_read() -> None:
    (node,) = nodes(1)
    out, first = Gradients(), image(9)
    before = first.clone()
    out.add(node, first, own=False)
    out.add(node, image(10))
    total, own = out.take(node)
    assert own and torch.allclose(total, before + image(10))  # type: ignore[arg-type]
    assert torch.equal(first, before)
    assert out.take(node) == (None, False)
