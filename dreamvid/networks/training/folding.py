"""Folding: a batch norm that has learned its statistics is one more factor of the convolution.

What is differentiated twice is dear, above all what is no convolution.
"""

from __future__ import annotations

import copy

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(model: nn.Module) -> nn.Module:
    """A copy of a model that gives the same, its batch norms merged into their convolutions."""
    model = copy.deepcopy(model).eval()
    for conv_path, norm_path in _pairs(model):
        conv, norm = model.get_submodule(conv_path), model.get_submodule(norm_path)
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        _put(model, conv_path, fuse_conv_bn_eval(conv, norm).requires_grad_())
        _put(model, norm_path, nn.Identity())
    return model


def unfolded(model: nn.Module, like: nn.Module) -> nn.Module:
    """`like`, a model with batch norms, made to give what a folded `model` gives.

    Its batch norms do nothing but add what their convolutions cannot.
    """
    given = model.state_dict()
    state = like.state_dict() | given
    for conv_path, norm_path in _pairs(like):
        norm, conv = like.get_submodule(norm_path), like.get_submodule(conv_path)
        assert isinstance(norm, nn.BatchNorm2d)
        if f"{norm_path}.weight" in given:
            continue  # it was never folded
        bias = given[f"{conv_path}.bias"]
        if conv.bias is None:
            del state[f"{conv_path}.bias"]
        state[f"{norm_path}.weight"] = torch.ones_like(bias)
        state[f"{norm_path}.bias"] = bias if conv.bias is None else torch.zeros_like(bias)
        state[f"{norm_path}.running_mean"] = torch.zeros_like(bias)
        state[f"{norm_path}.running_var"] = torch.full_like(bias, 1 - norm.eps)
    like.load_state_dict(state)
    return like


def _pairs(model: nn.Module) -> list[tuple[str, str]]:
    """The names of all convolutions whose results only a batch norm reads, and its name."""
    modules = dict(model.named_modules())
    found = []
    for node in fx.Tracer().trace(model).nodes:
        if node.op == "call_module" and isinstance(modules[str(node.target)], nn.BatchNorm2d):
            (before,) = node.all_input_nodes
            conv = modules.get(str(before.target)) if before.op == "call_module" else None
            if isinstance(conv, nn.Conv2d) and len(before.users) == 1:
                found.append((str(before.target), str(node.target)))
    return found


def _put(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)
