"""The operations of a trunk as they run on a CPU, each with its own gradient: see `fused`.

Values are channels_last; `kept` carries what a gradient needs besides inputs and output.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

_LAST = torch.channels_last
_ATEN = torch.ops.aten
# Not every torch is built with oneDNN: those for Apple's processors are not.
_CONV: Any = getattr(torch.ops.mkldnn, "_convolution_pointwise", None)
_ONTO: Any = getattr(torch.ops.mkldnn, "_convolution_pointwise_", None)
_CONV_ONTO: Any = getattr(_ONTO, "binary", None)
_PACK: Any = getattr(torch._C._nn, "mkldnn_reorder_conv2d_weight", None)
_ONE = (1, 1)

Values = dict[fx.Node, Any]

Ceiling = float | None
"""The largest value a ReLU lets through: infinity, 6 for ReLU6; None where there is no ReLU."""


class Gradients:
    """Gradients of values, summed as they arrive; only those that are our own are written over."""

    def __init__(self) -> None:
        self._held: dict[fx.Node, tuple[Tensor, bool]] = {}

    def take(self, node: fx.Node) -> tuple[Tensor | None, bool]:
        """The finished gradient of `node`, and whether it is our own."""
        return self._held.pop(node, (None, False))

    def buffer(self, node: fx.Node) -> Tensor | None:
        """What is there already, to be added onto in place; None when there is nothing yet."""
        held, own = self._held.get(node, (None, False))
        if held is not None and not (own and held.is_contiguous(memory_format=_LAST)):
            held = held.clone(memory_format=_LAST)
            self._held[node] = held, True
        return held

    def add(self, node: fx.Node, gradient: Tensor, *, own: bool = True) -> None:
        """Add a gradient; it is our `own` when nobody else will read it."""
        held = self.buffer(node)
        self._held[node] = (gradient, own) if held is None else (held.add_(gradient), True)


class Step(ABC):
    """One operation of the trunk: the value of `node`, out of the values of `sources`.

    `masked` says that the gradient must be masked first, where the value is 0 or this ceiling.
    """

    masked: Ceiling = None

    def __init__(self, node: fx.Node, sources: Sequence[fx.Node]) -> None:
        self.node = node
        self.sources = tuple(sources)

    @abstractmethod
    def forward(self, values: Values, kept: Values) -> Any:
        """The value; what the gradient will need besides goes to `kept[self.node]`."""

    @abstractmethod
    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        """Hand our own or a borrowed `gradient` on to the sources."""

    def mask(self, gradient: Tensor, own: bool, values: Values) -> tuple[Tensor, bool]:
        """The gradient in front of the ReLU, and whether it is our own."""
        if self.masked is None:
            return gradient, own
        y = values[self.node]
        fits = own and gradient.is_contiguous(memory_format=_LAST)
        target = gradient if fits else torch.empty_like(y)
        if math.isinf(self.masked):
            _ATEN.threshold_backward.grad_input(gradient, y, 0, grad_input=target)
        else:
            _ATEN.hardtanh_backward.grad_input(gradient, y, 0, self.masked, grad_input=target)
        return target, True


class Kernel:
    """The weights of one convolution, in the order in which oneDNN reads them fastest.

    That order depends on the size of the input, and weights in the order of another size cost
    milliseconds. Each size that keeps coming back gets its own copy; the bytes of the result are
    the same either way. On many pixels reordering costs nothing beside the convolution itself.
    """

    few_pixels = 4096
    patience = 4  # sightings before a size gets its copy
    room = 8  # copies

    def __init__(
        self, weight: Tensor, *, padding: tuple[int, int], stride: tuple[int, ...], groups: int
    ) -> None:
        self.weight = weight.contiguous(memory_format=_LAST)
        self.shape = padding, stride, _ONE, groups
        self._seen: Counter[tuple[int, ...]] = Counter()
        self._packed: dict[tuple[int, ...], Tensor] = {}

    def __call__(self, x: Tensor, bias: Tensor | None = None, *, relu: Ceiling = None) -> Tensor:
        """The convolution of `x`, with the ReLU behind it."""
        if relu is None or math.isinf(relu):
            attribute, bounds = "none" if relu is None else "relu", []
        else:
            attribute, bounds = "hardtanh", [0.0, relu]
        y: Tensor = _CONV(x, self._for(x), bias, *self.shape, attribute, bounds, "")
        return y

    def add(self, x: Tensor, onto: Tensor) -> None:
        """Add the convolution of `x` to `onto`, in place."""
        _CONV_ONTO(onto, x, self._for(x), None, *self.shape, "add", 1.0, None, [], None)

    def _for(self, x: Tensor) -> Tensor:
        size = tuple(x.shape)
        packed = self._packed.get(size)
        if packed is not None or size[2] * size[3] > self.few_pixels:
            return self.weight if packed is None else packed
        self._seen[size] += 1
        if self._seen[size] < self.patience:
            return self.weight
        if len(self._packed) == self.room:
            oldest = next(iter(self._packed))
            del self._packed[oldest], self._seen[oldest]
        self._packed[size] = _PACK(self.weight.contiguous().to_mkldnn(), *self.shape, size)
        return self._packed[size]


class Convolution(Step):
    """Convolution, with or without the ReLU behind it."""

    def __init__(
        self, node: fx.Node, sources: Sequence[fx.Node], conv: nn.Conv2d, *, relu: Ceiling
    ) -> None:
        super().__init__(node, sources)
        self.weight, self.bias = conv.weight.detach(), conv.bias
        self.padding, self.stride, self.groups = _pair(conv.padding), conv.stride, conv.groups
        self.relu = relu
        self.kernel = Kernel(
            self.weight, padding=self.padding, stride=self.stride, groups=self.groups
        )
        height, width = conv.kernel_size
        edge = height - 1 - self.padding[0], width - 1 - self.padding[1]
        self.turned: Kernel | None = None
        if self.stride == _ONE and min(edge) >= 0:
            turned = _turn(self.weight, self.groups)
            self.turned = Kernel(turned, padding=edge, stride=_ONE, groups=self.groups)

    def forward(self, values: Values, kept: Values) -> Tensor:
        return self.kernel(values[self.sources[0]], self.bias, relu=self.relu)

    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        (source,) = self.sources
        if self.turned is None:
            out.add(source, self.strided(gradient, values[source]))
        elif (held := out.buffer(source)) is None:
            out.add(source, self.turned(gradient))
        else:
            self.turned.add(gradient, held)

    def strided(self, gradient: Tensor, x: Tensor) -> Tensor:
        """The gradient where turning the kernel is not enough."""
        shape = self.stride, self.padding, _ONE, False, (0, 0), self.groups
        back = _ATEN.convolution_backward
        result: Tensor = back(gradient, x, self.weight, None, *shape, (True, False, False))[0]
        return result


class Stem(Convolution):
    """A strided convolution of few channels, whose gradient is computed phase by phase.

    With j = i + padding = s q + r, the gradient of pixel i is the sum over t of
    gradient[q - t] * weight[s t + r]: for each r a convolution without stride.
    """

    def __init__(
        self, node: fx.Node, sources: Sequence[fx.Node], conv: nn.Conv2d, *, relu: Ceiling
    ) -> None:
        super().__init__(node, sources, conv, relu=relu)
        s, size = conv.stride[0], conv.kernel_size[0]
        o, i = self.weight.shape[:2]
        taps = -(-size // s)
        extra = taps * s - size
        wide = F.pad(self.weight, (0, extra, 0, extra)).view(o, i, taps, s, taps, s)
        phases = wide.permute(1, 3, 5, 0, 2, 4).flip(4, 5).reshape(i * s * s, o, taps, taps)
        self.phases = Kernel(phases, padding=(taps - 1, taps - 1), stride=_ONE, groups=1)

    def strided(self, gradient: Tensor, x: Tensor) -> Tensor:
        result = torch.empty(x.shape, dtype=x.dtype)  # contiguous, as pictures are
        phases = self.phases(gradient)
        planes = phases.view(len(phases), -1, self.stride[0] ** 2, *phases.shape[2:]).unbind(2)
        _interleave(planes, self.stride[0], self.padding, result)
        return result


class Depthwise(Convolution):
    """A strided convolution of each channel by itself, with a gradient phase by phase as in Stem.

    For bfloat16: there oneDNN takes 15 times as long for this gradient as in float32, or more.
    """

    def __init__(
        self, node: fx.Node, sources: Sequence[fx.Node], conv: nn.Conv2d, *, relu: Ceiling
    ) -> None:
        super().__init__(node, sources, conv, relu=relu)
        weight, s = self.weight, conv.stride[0]
        self.start = self.padding
        if not (weight[:, :, 0].any() or weight[:, :, :, 0].any()) and min(self.padding):
            # Zeros that are there for the padding only, as in EfficientNetLite0.
            weight, self.start = weight[:, :, 1:, 1:], (self.padding[0] - 1, self.padding[1] - 1)
        self.phases = []
        for k in range(s * s):
            part = weight[:, :, k // s :: s, k % s :: s].flip(2, 3)
            full = part.shape[2] - 1, part.shape[3] - 1
            self.phases.append(Kernel(part, padding=full, stride=_ONE, groups=self.groups))

    def strided(self, gradient: Tensor, x: Tensor) -> Tensor:
        result = torch.empty_like(x, memory_format=_LAST)
        planes = (phase(gradient) for phase in self.phases)
        _interleave(planes, self.stride[0], self.start, result)
        return result


class MaxPool(Step):
    """Max-pooling; masked when the ReLU in front of it left that to be done on fewer pixels."""

    def __init__(
        self, node: fx.Node, sources: Sequence[fx.Node], options: Mapping[str, Any]
    ) -> None:
        super().__init__(node, sources)
        size = options["kernel_size"]
        shape = size, options.get("stride") or size, options["padding"], options["dilation"]
        self.shape = (*map(_pair, shape), options["ceil_mode"])

    def forward(self, values: Values, kept: Values) -> Tensor:
        y: Tensor
        y, kept[self.node] = _ATEN.max_pool2d_with_indices(values[self.sources[0]], *self.shape)
        return y

    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        (source,) = self.sources
        back = _ATEN.max_pool2d_with_indices_backward
        out.add(source, back(gradient, values[source], *self.shape, kept[self.node]))


class Concatenation(Step):
    """Values side by side along the channels."""

    def forward(self, values: Values, kept: Values) -> Tensor:
        return torch.cat([values[source] for source in self.sources], 1)

    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        widths = [values[source].shape[1] for source in self.sources]
        for source, piece in zip(self.sources, torch.split(gradient, widths, 1), strict=True):
            out.add(source, piece, own=False)


class Sum(Step):
    """Two values of one shape added, with or without the ReLU behind it."""

    def __init__(self, node: fx.Node, sources: Sequence[fx.Node], *, relu: Ceiling) -> None:
        super().__init__(node, sources)
        self.relu = relu

    def forward(self, values: Values, kept: Values) -> Tensor:
        a, b = self.sources
        total: Tensor = values[a] + values[b]
        return total if self.relu is None else total.clamp_(0, self.relu)

    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        for source in self.sources:
            out.add(source, gradient, own=False)


class Relu(Step):
    """A ReLU that stands alone."""

    def __init__(self, node: fx.Node, sources: Sequence[fx.Node], *, relu: Ceiling) -> None:
        super().__init__(node, sources)
        self.relu = relu

    def forward(self, values: Values, kept: Values) -> Tensor:
        x: Tensor = values[self.sources[0]]
        return x.clamp(0, self.relu)

    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        out.add(self.sources[0], gradient, own=self.masked is not None)


class Eager(Step):
    """Any other operation, as it is; its gradient is left to autograd."""

    def __init__(self, node: fx.Node, sources: Sequence[fx.Node], call: Callable[..., Any]) -> None:
        super().__init__(node, sources)
        self.call = call

    def forward(self, values: Values, kept: Values) -> Any:
        inputs = {source: _leaf(source, values[source]) for source in self.sources}
        args = fx.map_arg(self.node.args, inputs.__getitem__)
        options = fx.map_arg(self.node.kwargs, inputs.__getitem__)
        with torch.enable_grad():
            y = self.call(*args, **options)
        kept[self.node] = inputs, y
        return y.detach() if isinstance(y, Tensor) else y

    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        inputs, y = kept[self.node]
        wanted = {n: v for n, v in inputs.items() if isinstance(v, Tensor) and v.requires_grad}
        results = torch.autograd.grad(y, list(wanted.values()), gradient, retain_graph=True)
        for source, result in zip(wanted, results, strict=True):
            out.add(source, result, own=False)


def _leaf(node: fx.Node, value: Any) -> Any:
    """`value` as the start of a piece of autograd graph; constants and sizes stay as they are."""
    if node.op == "get_attr" or not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    return value.detach().requires_grad_()


def _turn(weight: Tensor, groups: int) -> Tensor:
    """The kernel whose forward convolution is the gradient of the one with `weight`."""
    o, i, *size = weight.shape
    grouped = weight.reshape(groups, o // groups, i, *size).transpose(1, 2).flip(3, 4)
    return grouped.reshape(groups * i, o // groups, *size)


def _interleave(planes: Iterable[Tensor], s: int, padding: tuple[int, int], result: Tensor) -> None:
    """Fill `result` with its phases, row by row of a stride's square.

    Slices copied one by one take a third of the time of pixel_shuffle on channels_last. Pixels
    that no window reaches become 0.
    """
    for k, plane in enumerate(planes):
        row, column = divmod(k, s)
        top, left = (row - padding[0]) % s, (column - padding[1]) % s
        target = result[:, :, top::s, left::s]
        skip = (padding[0] - row + top) // s, (padding[1] - column + left) // s
        source = plane[:, :, skip[0] :, skip[1] :]
        h, w = map(min, target.shape[2:], source.shape[2:])
        target[:, :, :h, :w] = source[:, :, :h, :w]
        target[:, :, h:] = 0
        target[:, :, :h, w:] = 0


def _pair(value: Any) -> tuple[int, int]:
    height, width = value if isinstance(value, tuple | list) else (value, value)
    return int(height), int(width)
