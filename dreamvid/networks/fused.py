"""A whole trunk as one differentiable function, used for dreaming on a CPU.

With autograd over standard layers, half of a dream step is spent on overhead other than arithmetic.
Here the trunk is a list of steps with hand-written gradients, with respect to the image only:

* a convolution and the following ReLU or ReLU6 are one oneDNN primitive; in the backward pass the
  gradient is masked in place and goes through a *forward* convolution with the flipped, transposed
  kernel, which accumulates onto an existing gradient;
* the mask of a ReLU before a max-pooling is applied after the pooling, on a quarter of the pixels:
  the two commute;
* the gradient of a strided convolution of the image is computed with one phase of the stride per
  output channel (a 7x7/2 on 3 channels becomes a 4x4 on 12), so that vector lanes are full; a
  strided depthwise convolution in bfloat16 uses one convolution per phase.

All other operations than convolution, ReLU, max-pooling, concatenation and sum run under autograd.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, TypeGuard

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from dreamvid.networks.steps import (
    Ceiling,
    Concatenation,
    Convolution,
    Depthwise,
    Eager,
    Gradients,
    MaxPool,
    Relu,
    Stem,
    Step,
    Sum,
    Values,
)


def available(dtype: torch.dtype = torch.float32) -> bool:
    """Whether torch and the CPU support the oneDNN primitives that the steps use."""
    return (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_convolution_pointwise_")
        and hasattr(torch._C._nn, "mkldnn_reorder_conv2d_weight")
        and (dtype == torch.float32 or (dtype == torch.bfloat16 and _has_bfloat16()))
    )


def _has_bfloat16() -> bool:
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return supported is not None and bool(supported())


class Fused:
    """A cut, folded network on the CPU: `fused(x)` returns its named outputs.

    `x` is [N, 3, H, W] in the trunk's precision; the gradient with respect to `x` equals that of
    the unfused network within rounding.
    """

    def __init__(self, trunk: fx.GraphModule) -> None:
        nodes = list(trunk.graph.nodes)
        self.steps = _plan(trunk)
        self.picture: fx.Node = nodes[0]
        self.results: dict[str, fx.Node] = dict(nodes[-1].args[0])
        self.constants: Values = {
            node: operator.attrgetter(str(node.target))(trunk)
            for node in nodes
            if node.op == "get_attr"
        }

    def __call__(self, x: Tensor) -> dict[str, Tensor]:
        results = _Run.apply(x, self)
        return dict(zip(self.results, results, strict=True))


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, fused: Fused) -> tuple[Tensor, ...]:
        last = x.contiguous(memory_format=torch.channels_last)
        values: Values = {**fused.constants, fused.picture: last}
        kept: Values = {}
        for step in fused.steps:
            values[step.node] = step.forward(values, kept)
        ctx.fused, ctx.values, ctx.kept = fused, values, kept
        # Detached aliases avoid a reference cycle between the results and this context.
        return tuple(values[node].detach() for node in fused.results.values())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None]:
        fused: Fused = ctx.fused
        out = Gradients()
        for node, gradient in zip(fused.results.values(), gradients, strict=True):
            out.add(node, gradient, own=False)
        for step in reversed(fused.steps):
            arrived, own = out.take(step.node)
            if arrived is not None:
                arrived, own = step.mask(arrived, own, ctx.values)
                step.backward(arrived, ctx.values, ctx.kept, out)
        total, _ = out.take(fused.picture)
        return None if total is None else total.contiguous(), None


def _plan(trunk: fx.GraphModule) -> list[Step]:
    """The steps of a cut, folded network, in order, with each mask where it is cheapest."""
    made: dict[fx.Node, Step] = {}
    fused_nodes: set[fx.Node] = set()
    for node in trunk.graph.nodes:
        if node.op.startswith("call") and node not in fused_nodes and not _splits(node):
            relu = _only_relu(trunk, node)
            step = _step(trunk, node, relu)
            fused_nodes.add(step.node)
            made[step.node] = step
    _place_masks(made)
    return list(made.values())


def _step(trunk: fx.GraphModule, node: fx.Node, relu: fx.Node | None) -> Step:
    call, sources = _callable(trunk, node), node.all_input_nodes
    ceiling = None if relu is None else _ceiling(_callable(trunk, relu))
    if _is_plain(call):
        return _convolution(call)(relu or node, sources, call, relu=ceiling)
    if (bound := _ceiling(call)) is not None:
        return Relu(node, sources, relu=bound)
    if type(call) is nn.MaxPool2d:
        return MaxPool(node, sources, vars(call))
    if call is F.max_pool2d and (named := node.normalized_arguments(trunk, None, None, True)):
        return MaxPool(node, sources, named.kwargs)
    if call is torch.cat and 1 in (*node.args[1:], node.kwargs.get("dim")):
        return Concatenation(node, sources)
    if call in (operator.add, operator.iadd, torch.add) and len(sources) == 2:
        return Sum(relu or node, sources, relu=ceiling)
    if call is operator.getitem and isinstance(node.args[0], fx.Node) and _splits(node.args[0]):
        return _piece(trunk, node, node.args[0])
    return Eager(node, call)


def _splits(node: fx.Node) -> bool:
    """Whether an operation only cuts a tensor into pieces."""
    return getattr(node.target, "__name__", node.target) in ("chunk", "split", "unbind")


def _piece(trunk: fx.GraphModule, node: fx.Node, whole: fx.Node) -> Eager:
    """One piece of a split, computed from what is split: steps have no tuples between them."""
    split, index = _callable(trunk, whole), node.args[1]
    return Eager(node, lambda *args, **options: split(*args, **options)[index], origin=whole)


def _is_plain(call: Callable[..., Any]) -> TypeGuard[nn.Conv2d]:
    """Whether this is a convolution that the steps can do; subclasses do more than one."""
    return (
        type(call) is nn.Conv2d
        and call.padding_mode == "zeros"
        and call.dilation == (1, 1)
        and not isinstance(call.padding, str)
    )


def _convolution(conv: nn.Conv2d) -> type[Convolution]:
    (a, b), (h, w) = conv.stride, conv.kernel_size
    if a == b > 1 and h == w:
        if conv.in_channels <= 4 and conv.groups == 1:
            return Stem
        each = conv.groups == conv.in_channels == conv.out_channels and h >= a
        if each and conv.weight.dtype == torch.bfloat16:
            return Depthwise
    return Convolution


def _place_masks(made: dict[fx.Node, Step]) -> None:
    """Mask a gradient at its ReLU, or at the poolings if they are the only users of the value.

    The graph's output is also a user of a result, but not a step.
    """

    def ceiling(node: fx.Node) -> Ceiling:
        match made.get(node):
            case Convolution(relu=relu) | Sum(relu=relu) | Relu(relu=relu):
                return relu
            case MaxPool() | Concatenation() as step:
                kinds = set(map(ceiling, step.sources))
                return kinds.pop() if len(kinds) == 1 else None
        return None

    def masked_by_poolings(node: fx.Node) -> bool:
        users = [made.get(user) for user in node.users]
        return ceiling(node) is not None and all(
            isinstance(step, MaxPool)
            or (isinstance(step, Concatenation) and masked_by_poolings(step.node))
            for step in users
        )

    for node, step in made.items():
        if isinstance(step, Convolution | Sum | Relu) and not masked_by_poolings(node):
            step.masked = step.relu
        elif isinstance(step, MaxPool) and masked_by_poolings(step.sources[0]):
            step.masked = ceiling(step.sources[0])


def _callable(trunk: fx.GraphModule, node: fx.Node) -> Callable[..., Any]:
    if node.op == "call_module":
        return trunk.get_submodule(str(node.target))
    if node.op == "call_method":
        name = str(node.target)
        return lambda value, *args, **options: getattr(value, name)(*args, **options)
    assert callable(node.target)
    return node.target


def _only_relu(trunk: fx.GraphModule, node: fx.Node) -> fx.Node | None:
    """The ReLU after `node`, if it is the only user."""
    users = list(node.users)
    single = len(users) == 1 and users[0].op.startswith("call")
    found = _ceiling(_callable(trunk, users[0])) if single else None
    return None if found is None else users[0]


def _ceiling(call: Callable[..., Any]) -> Ceiling:
    if isinstance(call, nn.ReLU6) or call is F.relu6:
        return 6.0
    return math.inf if isinstance(call, nn.ReLU) or call in (F.relu, torch.relu) else None
