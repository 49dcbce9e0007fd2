"""Layer aliases, computed from strides, depths and receptive fields.

Candidates are the layers that everything passes through: blocks, not their branches. Each has a
place between the picture, 0, and the last block, 1: on a scale of the logarithm of the stride, with
the blocks of equal stride evenly between; in a network of few strides on one of the logarithm of
the receptive field. The aliases are the candidates nearest to fixed places. These were chosen so
that VGG, ResNet, GoogLeNet, Inception, MobileNet, EfficientNet and ConvNeXt get the layers that
were once chosen for them by eye, or their neighbours.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from dreamvid.errors import UsageError
from dreamvid.networks.graph import Traced

PLACES = {"textures": 0.5, "patterns": 0.66, "parts": 0.78, "objects": 0.9}
"""Where each alias lies between the picture, 0, and the last block, 1."""

_PROBE = 1024, 1280  # not square: the two axes of a map can be told apart
_NORMS = "LayerNorm", "GroupNorm"
_SMALLEST = (32, 48, 64, 80, 96, 128, 160, 224)


@dataclass(frozen=True)
class Block:
    """A candidate: its name, stride, and receptive field in pixels of height."""

    name: str
    stride: int
    field: int


@dataclass(frozen=True)
class Landmarks:
    """Aliases of layers, strides of all layers, and the smallest side that the aliases can process.

    `strides` holds no layers without a map, such as those of the head.
    """

    aliases: dict[str, str]
    strides: dict[str, int]
    minimum_size: int


def landmarks(traced: Traced, *, name: str) -> Landmarks:
    """The landmarks of a network; UsageError if pictures of any size cannot be seen by it."""
    model = weightless(traced.model)
    shapes = _shapes(model, traced.graph, _PROBE)
    if not shapes:
        raise not_cut(name, "it does not take pictures of any size")
    found = _blocks(traced, shapes)
    if len(found) < len(PLACES):
        raise not_cut(name, "its features are no maps, or it has too few layers")
    aliases = _aliases(found)
    maps = {layer: node for layer, node in traced.layers.items() if _is_map(node, shapes)}
    strides = {layer: _stride(shapes[node]) for layer, node in maps.items()}
    body = traced.cut(aliases.values(), of=model)
    return Landmarks(aliases, strides, _smallest(body, name))


def weightless(model: nn.Module) -> nn.Module:
    """A copy whose weights are on the meta device: only shapes are computed."""
    memo: dict[int, Any] = {}
    for value in model.parameters():
        memo[id(value)] = nn.Parameter(value.to("meta"), requires_grad=False)
    for buffer in model.buffers():
        memo[id(buffer)] = buffer.to("meta")
    return copy.deepcopy(model, memo)


class _Shapes(fx.Interpreter):
    """Records the shape of the tensor at every node."""

    def __init__(self, model: nn.Module, graph: fx.Graph) -> None:
        super().__init__(model, graph=graph)
        self.found: dict[fx.Node, torch.Size] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, Tensor):
            self.found[n] = value.shape
        return value


def _shapes(model: nn.Module, graph: fx.Graph, size: tuple[int, int]) -> dict[fx.Node, torch.Size]:
    """The shape at every node for a picture of a size; none if it cannot be processed."""
    shapes = _Shapes(model, graph)
    try:
        with torch.no_grad():
            shapes.run(torch.zeros(1, 3, *size, device="meta"))
    except Exception:  # whatever the code of any network raises for this size
        return {}
    return shapes.found


def _is_map(node: fx.Node, shapes: dict[fx.Node, torch.Size]) -> bool:
    """Whether a node is [1, C, H, W], with H and W a share of those of the picture."""
    shape = shapes.get(node, torch.Size())
    if len(shape) != 4:
        return False
    height, width = shape[2:]
    return 1 < height < width and abs(height * _PROBE[1] / _PROBE[0] - width) < 2


def _is_whole(node: fx.Node, shapes: dict[fx.Node, torch.Size]) -> bool:
    """Whether a node has one number for each channel, of the whole picture."""
    return node in shapes and sum(side > 1 for side in shapes[node]) <= 1


def _stride(shape: torch.Size) -> int:
    return max(1, round((_PROBE[1] - _PROBE[0]) / (shape[3] - shape[2])))


def _blocks(traced: Traced, shapes: dict[fx.Node, torch.Size]) -> list[Block]:
    """The candidates, in order of depth: of nodes with equal stride and field, the one of the
    outermost module; the last of several."""
    fields = _fields(traced, shapes)
    names = {node: name for name, node in traced.layers.items()}  # the outermost module's
    found: list[Block] = []
    for node in _passages(traced.graph):
        if node not in names or not _is_map(node, shapes):
            continue
        if _only_scales(node, _kind(traced, str(node.target)), _kind(traced, names[node])):
            continue
        block = Block(names[node], _stride(shapes[node]), fields[node])
        last = found[-1] if found else None
        if last is None or (block.stride, block.field) != (last.stride, last.field):
            found.append(block)
        elif block.name.count(".") <= last.name.count("."):
            found[-1] = block
    return found


def _passages(graph: fx.Graph) -> list[fx.Node]:
    """The nodes that everything passes through on its way from the picture to the result."""
    order = {node: k for k, node in enumerate(graph.nodes)}
    picture = next(iter(graph.nodes))
    fed = {picture}  # weights are no part of the way
    found, reach = [], 0
    for node in graph.nodes:
        if node is not picture and not fed.intersection(node.all_input_nodes):
            continue
        fed.add(node)
        if order[node] >= reach and node.op.startswith("call"):
            found.append(node)
        reach = max([reach, *(order[user] for user in node.users)])
    return found


def _only_scales(node: fx.Node, kind: str, layer: str) -> bool:
    """Whether an operation only pools, or is the normalisation before a block."""
    return "Pool" in kind or "pool" in str(node.target) or layer.startswith(_NORMS)


def _kind(traced: Traced, path: str) -> str:
    """The class of a module; empty if there is none at a path."""
    try:
        return type(traced.model.get_submodule(path)).__name__
    except AttributeError:
        return ""


def _fields(traced: Traced, shapes: dict[fx.Node, torch.Size]) -> dict[fx.Node, int]:
    """The receptive field of every node: the height in pixels that one activation depends on.

    What depends on the whole picture, such as the gate of a channel, counts as 1.
    """
    fields: dict[fx.Node, int] = {}
    for node in traced.graph.nodes:
        field = max((fields[parent] for parent in node.all_input_nodes), default=1)
        before = next((p for p in node.all_input_nodes if _is_map(p, shapes)), None)
        if before is not None:
            field += _stride(shapes[before]) * _reach(traced, node)
        fields[node] = 1 if _is_whole(node, shapes) else field
    return fields


def _reach(traced: Traced, node: fx.Node) -> int:
    """How many more rows of its input an operation sees than one."""
    if node.op == "call_function":
        options = {"kernel_size": node.args[1] if len(node.args) > 1 else 1, **node.kwargs}
        name = getattr(node.target, "__name__", "")
        return _rows(options["kernel_size"]) - 1 if name.endswith("_pool2d") else 0
    if node.op != "call_module":
        return 0
    return sum(
        (_rows(part.kernel_size) - 1) * _rows(getattr(part, "dilation", 1))
        for part in traced.model.get_submodule(str(node.target)).modules()
        if isinstance(part, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d)
    )


def _rows(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple | list) else value)


def _aliases(blocks: list[Block]) -> dict[str, str]:
    """The blocks nearest to the places: different ones, in order of depth."""
    scale = _scale(blocks)
    found: dict[str, str] = {}
    first = 0
    for left, (alias, place) in zip((3, 2, 1, 0), PLACES.items(), strict=True):
        away = [abs(at - place) for at in scale[first : len(blocks) - left]]
        best = first + away.index(min(away))
        found[alias] = blocks[best].name
        first = best + 1
    return found


def _scale(blocks: list[Block]) -> list[float]:
    """The place of each block."""
    sharing, seen = Counter(block.stride for block in blocks), Counter[int]()
    if len(sharing) < len(PLACES):
        fields = [math.log2(block.field) for block in blocks]
        return [field / max(*fields, 1.0) for field in fields]
    depths = []
    for block in blocks:
        seen[block.stride] += 1
        depths.append(math.log2(block.stride) + seen[block.stride] / sharing[block.stride])
    return [depth / max(depths) for depth in depths]


def _smallest(body: fx.GraphModule, name: str) -> int:
    """The smallest side of a picture that a trunk can process."""
    for side in _SMALLEST:
        shapes = _shapes(body, body.graph, (side, side))
        if shapes and all(min(shape[2:]) >= 1 for shape in shapes.values() if len(shape) == 4):
            return side
    raise not_cut(name, "it takes no small pictures")


def not_cut(name: str, why: str) -> UsageError:
    """The error for a network that cannot be used."""
    return UsageError(
        f"{name} cannot be cut: {why}", remedy="use a convolutional network (dreamvid models)"
    )
