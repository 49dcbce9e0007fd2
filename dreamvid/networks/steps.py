"""The CPU operations of a trunk, each with a hand-written gradient: see `fused`.

Values are channels_last; `kept` stores what the backward pass needs besides inputs and output.
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
# Not every build of torch has oneDNN: those for Apple silicon do not.
_CONV: Any = getattr(torch.ops.mkldnn, "_convolution_pointwise", None)
_ONTO: Any = getattr(torch.ops.mkldnn, "_convolution_pointwise_", None)
_CONV_ONTO: Any = getattr(_ONTO, "binary", None)
_PACK: Any = getattr(torch._C._nn, "mkldnn_reorder_conv2d_weight", None)
_ONE = (1, 1)

Values = dict[fx.Node, Any]

Ceiling = float | None
"""Upper bound of a ReLU: infinity, or 6 for ReLU6; None without ReLU."""


class Gradients:
    """Accumulates the gradients of values; writes in place only to tensors that it owns."""

    def __init__(self) -> None:
        self._held: dict[fx.Node, tuple[Tensor, bool]] = {}

    def take(self, node: fx.Node) -> tuple[Tensor | None, bool]:
        """The accumulated gradient of `node`, and whether it may be overwritten."""
        return self._held.pop(node, (None, False))

    def buffer(self, node: fx.Node) -> Tensor | None:
        """The partial sum for `node`, for in-place accumulation; None if there is none yet."""
        held, own = self._held.get(node, (None, False))
        if held is not None and not (own and held.is_contiguous(memory_format=_LAST)):
            held = held.clone(memory_format=_LAST)
            self._held[node] = held, True
        return held

    def add(self, node: fx.Node, gradient: Tensor, *, own: bool = True) -> None:
        """Add a gradient; `own` means that nothing else reads it, so it may be overwritten."""
        held = self.buffer(node)
        self._held[node] = (gradient, own) if held is None else (held.add_(gradient), True)


class Step(ABC):
    """One operation of the trunk: computes the value of `node` from the values of `sources`.

    If `masked` is set, the gradient is first masked where the value is 0 or this ceiling.
    """

    masked: Ceiling = None

    def __init__(self, node: fx.Node, sources: Sequence[fx.Node]) -> None:
        self.node = node
        self.sources = tuple(sources)

    @abstractmethod
    def forward(self, values: Values, kept: Values) -> Any:
        """Compute the value; data for the backward pass is stored in `kept[self.node]`."""

    @abstractmethod
    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        """Propagate `gradient` to the sources."""

    def mask(self, gradient: Tensor, own: bool, values: Values) -> tuple[Tensor, bool]:
        """The gradient before the ReLU, and whether it may be overwritten."""
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
    """The weights of one convolution, in the memory layout that oneDNN prefers.

    That layout depends on the input size, and reordering on every call costs milliseconds. Each
    recurring size gets its own copy; the result is bit-identical either way. For many pixels the
    cost of reordering is negligible.
    """

    few_pixels = 4096
    patience = 4  # calls with a size before it gets its own copy
    room = 8  # maximum number of copies

    def __init__(
        self, weight: Tensor, *, padding: tuple[int, int], stride: tuple[int, ...], groups: int
    ) -> None:
        self.weight = weight.contiguous(memory_format=_LAST)
        self.shape = padding, stride, _ONE, groups
        self._seen: Counter[tuple[int, ...]] = Counter()
        self._packed: dict[tuple[int, ...], Tensor] = {}

    def __call__(self, x: Tensor, bias: Tensor | None = None, *, relu: Ceiling = None) -> Tensor:
        """The convolution of `x`, followed by the ReLU, if any."""
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
    """Convolution, optionally followed by a ReLU."""

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
        """The input gradient of a strided convolution."""
        shape = self.stride, self.padding, _ONE, False, (0, 0), self.groups
        back = _ATEN.convolution_backward
        result: Tensor = back(gradient, x, self.weight, None, *shape, (True, False, False))[0]
        return result


class Stem(Convolution):
    """A strided convolution of few channels; its gradient is computed per phase of the stride.

    With j = i + padding = s q + r, the gradient of pixel i is the sum over t of
    gradient[q - t] * weight[s t + r]: a convolution without stride for each r.
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
        result = torch.empty(x.shape, dtype=x.dtype)  # contiguous, like images
        phases = self.phases(gradient)
        planes = phases.view(len(phases), -1, self.stride[0] ** 2, *phases.shape[2:]).unbind(2)
        _interleave(planes, self.stride[0], self.padding, result)
        return result


class Depthwise(Convolution):
    """A strided depthwise convolution, with a gradient per phase of the stride as in Stem.

    Used for bfloat16, where oneDNN takes at least 15 times as long for this gradient as in float32.
    """

    def __init__(
        self, node: fx.Node, sources: Sequence[fx.Node], conv: nn.Conv2d, *, relu: Ceiling
    ) -> None:
        super().__init__(node, sources, conv, relu=relu)
        weight, s = self.weight, conv.stride[0]
        self.start = self.padding
        if not (weight[:, :, 0].any() or weight[:, :, :, 0].any()) and min(self.padding):
            # Zeros that serve only as padding, as in EfficientNetLite0.
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
    """Max-pooling; masks its gradient for the preceding ReLU, since it has fewer pixels."""

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
    """Concatenation along the channels."""

    def forward(self, values: Values, kept: Values) -> Tensor:
        return torch.cat([values[source] for source in self.sources], 1)

    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        widths = [values[source].shape[1] for source in self.sources]
        for source, piece in zip(self.sources, torch.split(gradient, widths, 1), strict=True):
            out.add(source, piece, own=False)


class Sum(Step):
    """Sum of two values of the same shape, optionally followed by a ReLU."""

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
    """A ReLU that is not fused with another operation."""

    def __init__(self, node: fx.Node, sources: Sequence[fx.Node], *, relu: Ceiling) -> None:
        super().__init__(node, sources)
        self.relu = relu

    def forward(self, values: Values, kept: Values) -> Tensor:
        x: Tensor = values[self.sources[0]]
        return x.clamp(0, self.relu)

    def backward(self, gradient: Tensor, values: Values, kept: Values, out: Gradients) -> None:
        out.add(self.sources[0], gradient, own=self.masked is not None)


class Eager(Step):
    """Any other operation, unchanged; autograd computes its gradient.

    The call gets the arguments of `origin`: another node if its result is a part of that one's.
    """

    def __init__(
        self, node: fx.Node, call: Callable[..., Any], *, origin: fx.Node | None = None
    ) -> None:
        self.origin = origin or node
        super().__init__(node, self.origin.all_input_nodes)
        self.call = call

    def forward(self, values: Values, kept: Values) -> Any:
        inputs = {source: _leaf(source, values[source]) for source in self.sources}
        args = fx.map_arg(self.origin.args, inputs.__getitem__)
        options = fx.map_arg(self.origin.kwargs, inputs.__getitem__)
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
    """`value` as a leaf of a new autograd graph; constants and sizes are returned unchanged."""
    if node.op == "get_attr" or not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    return value.detach().requires_grad_()


def _turn(weight: Tensor, groups: int) -> Tensor:
    """The flipped, transposed kernel whose convolution is the input gradient of `weight`."""
    o, i, *size = weight.shape
    grouped = weight.reshape(groups, o // groups, i, *size).transpose(1, 2).flip(3, 4)
    return grouped.reshape(groups * i, o // groups, *size)


def _interleave(planes: Iterable[Tensor], s: int, padding: tuple[int, int], result: Tensor) -> None:
    """Fill `result` from its s * s phases, in row-major order.

    Copying slices takes a third of the time of pixel_shuffle on channels_last. Pixels that no
    window covers become 0.
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
