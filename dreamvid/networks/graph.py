"""A network as a graph of operations: its layer names, and cutting it after the deepest layer.

Cutting a traced graph, unlike hooking a module, leaves no state on the network: operations after
the deepest layer are not part of the trunk.
"""

from __future__ import annotations

import copy
import operator
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_STRIDED = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)


class _Tracer(fx.Tracer):
    """Traces all but the modules and functions of timm that cannot be traced: they stay whole."""

    def __init__(self) -> None:
        self._whole: tuple[type[nn.Module], ...] = ()
        functions: tuple[Callable[..., Any], ...] = ()
        if "timm" in sys.modules:  # no network of timm is built before
            from timm import layers

            self._whole = tuple(layers.get_notrace_modules())
            functions = tuple(layers.get_notrace_functions())
        super().__init__(autowrap_functions=functions)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return type(m) in self._whole or super().is_leaf_module(m, module_qualified_name)


class Traced:
    """The traced graph of `model`, with the output node of each named layer.

    `layers` maps the name of every module (a leaf such as `inception4c.branch1.conv` or a block
    such as `inception4c`) to its output node, in order of depth.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model.eval()
        self.graph = _Tracer().trace(model)
        self.layers = _layer_nodes(self.graph)
        self._strides = _strides(self.graph, model)

    def stride(self, layer: str) -> int:
        """The stride of `layer`: image pixels between neighbouring activations."""
        return self._strides[self.layers[layer]]

    def cut(self, layers: Iterable[str], *, of: nn.Module | None = None) -> fx.GraphModule:
        """The subgraph that computes `layers`; it returns a dict from name to activations.

        `of` is a copy of the model whose weights it takes.
        """
        graph = fx.Graph()
        copies: dict[fx.Node, fx.Node] = {}
        wanted = {name: self.layers[name] for name in layers}
        needed = _ancestors(wanted.values())
        modules = dict(self.model.named_modules())
        for node in self.graph.nodes:
            if isinstance(modules.get(str(node.target)), nn.Identity | nn.Dropout):
                copies[node] = copies.get(node.args[0], node)
            elif node in needed or node.op == "placeholder":
                copies[node] = graph.node_copy(node, lambda n: copies[n])
        graph.output({name: copies[node] for name, node in wanted.items()})
        trunk = fx.GraphModule(of or self.model, graph)
        _never_in_place(trunk)
        return trunk


def _layer_nodes(graph: fx.Graph) -> dict[str, fx.Node]:
    """Map each module to its output: the last operation traced inside it."""
    found: dict[str, fx.Node] = {}
    order = {node: i for i, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        for path, _ in (node.meta.get("nn_module_stack") or {}).values():
            if path and node.op.startswith("call"):
                found[path] = node
    # A block and its last leaf share a node; the leaf is listed first.
    by_depth = sorted(found, key=lambda name: (order[found[name]], -name.count(".")))
    return {name: found[name] for name in by_depth}


def _strides(graph: fx.Graph, model: nn.Module) -> dict[fx.Node, int]:
    strides: dict[fx.Node, int] = {}
    modules = dict(model.named_modules())
    for node in graph.nodes:
        here = max((strides[parent] for parent in node.all_input_nodes), default=1)
        module = modules.get(str(node.target)) if node.op == "call_module" else None
        if isinstance(module, _STRIDED):
            own = module.stride
            here *= own[0] if isinstance(own, tuple) else own
        elif node.op == "call_function" and "pool2d" in getattr(node.target, "__name__", ""):
            here *= int(node.kwargs.get("stride") or (node.args[2:3] or (1,))[0])
        strides[node] = here
    return strides


def _ancestors(nodes: Iterable[fx.Node]) -> set[fx.Node]:
    seen: set[fx.Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += node.all_input_nodes
    return seen


def _never_in_place(trunk: fx.GraphModule) -> None:
    """Disable in-place operations, which would overwrite the activations of requested layers."""
    for node in trunk.graph.nodes:
        if node.kwargs.get("inplace"):
            node.kwargs = {**node.kwargs, "inplace": False}
        elif node.op == "call_module":
            module = trunk.get_submodule(str(node.target))
            if getattr(module, "inplace", False):
                copied = copy.copy(module)
                vars(copied)["inplace"] = False
                replace_module(trunk, node, copied)
    trunk.recompile()


def batch_norms(graph: fx.Graph, modules: Mapping[str, nn.Module]) -> list[tuple[fx.Node, fx.Node]]:
    """Pairs of a convolution and the batch norm that is its only user."""
    found = []
    for node in graph.nodes:
        norm = modules.get(str(node.target)) if node.op == "call_module" else None
        if type(norm) is not nn.BatchNorm2d:  # those of timm also activate
            continue
        before = node.args[0]
        conv = modules.get(str(before.target)) if before.op == "call_module" else None
        if type(conv) is nn.Conv2d and len(before.users) == 1:
            found.append((before, node))
    return found


def fold_batch_norm(trunk: fx.GraphModule) -> None:
    """Merge every batch norm into the convolution before it, in place on `trunk`'s graph.

    A convolution whose output is itself requested is not changed. The modules of the network are
    not modified: folded convolutions are copies.
    """
    modules = dict(trunk.named_modules())
    for before, node in batch_norms(trunk.graph, modules):
        conv, norm = modules[str(before.target)], modules[str(node.target)]
        replace_module(trunk, before, fuse_conv_bn_eval(conv, norm))
        node.replace_all_uses_with(before)
        trunk.graph.erase_node(node)
    trunk.delete_all_unused_submodules()
    trunk.recompile()


def fold_constants(trunk: fx.GraphModule) -> None:
    """Compute what depends on weights alone once, such as a standardised kernel."""
    constant: dict[fx.Node, Any] = {}
    for node in list(trunk.graph.nodes):
        inputs = node.all_input_nodes
        if node.op == "get_attr":
            constant[node] = operator.attrgetter(str(node.target))(trunk)
        elif (
            node.op in ("call_function", "call_method") and inputs and constant.keys() >= {*inputs}
        ):
            constant[node] = _computed(node, constant)
            if isinstance(constant[node], Tensor):
                _become_constant(trunk, node, constant)
    trunk.graph.eliminate_dead_code()
    trunk.recompile()


_PURE = "call_function", "call_method"


def _computed(node: fx.Node, known: Mapping[fx.Node, Any]) -> Any:
    args, options = fx.map_arg((node.args, node.kwargs), known.__getitem__)
    if node.op == "call_method":
        return getattr(args[0], str(node.target))(*args[1:], **options)
    return node.target(*args, **options)  # type: ignore[operator]


def _become_constant(trunk: fx.GraphModule, node: fx.Node, constant: dict[fx.Node, Any]) -> None:
    name = f"_constant{len(constant)}"
    trunk.register_buffer(name, constant[node].detach())
    with trunk.graph.inserting_before(node):
        stored = trunk.graph.get_attr(name)
    node.replace_all_uses_with(stored)
    constant[stored] = constant[node]


def fold_scale(trunk: fx.GraphModule, scale: Tensor) -> bool:
    """Fold a multiplication of the image by `scale` [3] into the convolutions that read it.

    Returns False without changes if any other operation reads the image.
    """
    picture = next(iter(trunk.graph.nodes))
    readers = list(picture.users)
    convs = [trunk.get_submodule(str(n.target)) for n in readers if n.op == "call_module"]
    if len(convs) < len(readers) or not all(isinstance(conv, nn.Conv2d) for conv in convs):
        return False
    for node, conv in zip(readers, convs, strict=True):
        scaled = copy.copy(conv)
        scaled._parameters = dict(conv._parameters)
        scaled.weight = nn.Parameter(conv.weight * scale.view(1, 3, 1, 1), requires_grad=False)  # type: ignore[operator]
        replace_module(trunk, node, scaled)
    return True


def replace_module(trunk: nn.Module, node: fx.Node, module: nn.Module) -> None:
    """Let `node` call `module`; this changes containers of `trunk` only, not the network."""
    parent, _, name = str(node.target).rpartition(".")
    setattr(trunk.get_submodule(parent), name, module)
