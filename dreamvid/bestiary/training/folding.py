"""Fold trained batch norms into convolutions, and undo it.

Differentiating twice is expensive, above all for operations other than convolutions.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dreamvid.networks.graph import batch_norms, replace_module


def folded(model: nn.Module) -> nn.Module:
    """An equivalent copy of a model with batch norms folded into the convolutions."""
    model = copy.deepcopy(model).eval()
    for before, node in _pairs(model):
        conv, norm = (model.get_submodule(str(one.target)) for one in (before, node))
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        replace_module(model, before, fuse_conv_bn_eval(conv, norm).requires_grad_())
        replace_module(model, node, nn.Identity())
    for node in fx.Tracer().trace(model).nodes:
        if node.op == "call_module" and isinstance(
            model.get_submodule(str(node.target)), nn.Hardsigmoid
        ):
            replace_module(model, node, TwiceHardsigmoid())
    return model


class TwiceHardsigmoid(nn.Module):
    """A hard sigmoid made of operations that torch can differentiate twice."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu6(x + 3) / 6


def unfolded(model: nn.Module, like: nn.Module) -> nn.Module:
    """Load the weights of a folded `model` into `like`, a model with batch norms.

    Its batch norms become identities, except for biases that the convolutions lack.
    """
    given = model.state_dict()
    state = like.state_dict() | given
    for before, node in _pairs(like):
        conv_path, norm_path = str(before.target), str(node.target)
        norm, conv = like.get_submodule(norm_path), like.get_submodule(conv_path)
        assert isinstance(norm, nn.BatchNorm2d)
        if f"{norm_path}.weight" in given:
            continue  # was not folded
        bias = given[f"{conv_path}.bias"]
        if conv.bias is None:
            del state[f"{conv_path}.bias"]
        state[f"{norm_path}.weight"] = torch.ones_like(bias)
        state[f"{norm_path}.bias"] = bias if conv.bias is None else torch.zeros_like(bias)
        state[f"{norm_path}.running_mean"] = torch.zeros_like(bias)
        state[f"{norm_path}.running_var"] = torch.full_like(bias, 1 - norm.eps)
    like.load_state_dict(state)
    return like


def _pairs(model: nn.Module) -> list[tuple[fx.Node, fx.Node]]:
    return batch_norms(fx.Tracer().trace(model), dict(model.named_modules()))
