"""Prune dead channels: channels of a Bestiary that are never active.

Long training, and above all attacks, produce some. They cost time, and cannot be raised by a dream.
The pruned network computes the same result within rounding.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor, nn

from dreamvid.networks.embedded import Bestiary, Block, Unit, Widths


def prune(model: Bestiary, widths: Widths, pictures: Iterable[Tensor]) -> tuple[Bestiary, Widths]:
    """A copy of a trained model without block channels that are inactive on all `pictures`.

    `pictures` are normalised batches [N, 3, S, S]. Also returns the remaining widths, at least one
    channel per branch.
    """
    fired = _fired(model, pictures)
    model, groups = copy.deepcopy(model), []
    previous: Tensor | None = None
    for number, group in enumerate(widths.groups, start=3):
        blocks = []
        for letter, block in zip("abcdefgh", group, strict=False):
            name = f"{number}{letter}"
            thin = model.get_submodule(name)
            assert isinstance(thin, Block)
            kept = torch.split(fired[name], list(thin.outputs))
            _thin(thin, previous, kept)
            a, b, c = thin.outputs = _count(kept[0]), _count(kept[1]), _count(kept[2])
            blocks.append((a, block[1], b, block[3], block[4], c))
            previous = fired[name]
        groups.append(tuple(blocks))
    logits = model.get_submodule("logits")
    if isinstance(logits, nn.Linear) and previous is not None:
        logits.weight = nn.Parameter(logits.weight[:, previous])
        logits.in_features = _count(previous)
    return model, replace(widths, groups=tuple(groups))


def note_firing(fired: dict[str, Tensor], name: str, activations: Tensor) -> None:
    """Record in `fired` which channels of activations [N, C, H, W] are above 0 anywhere."""
    now = activations.amax((0, 2, 3)) > 0
    fired[name] = now | fired.get(name, now)


def _fired(model: Bestiary, pictures: Iterable[Tensor]) -> dict[str, Tensor]:
    """Which channels of each block are active, by block name."""
    fired: dict[str, Tensor] = {}
    hooks = [
        module.register_forward_hook(lambda _m, _i, out, name=name: note_firing(fired, name, out))
        for name, module in model.named_children()
        if isinstance(module, Block)
    ]
    with torch.no_grad():
        for batch in pictures:
            model.eval()(batch.cpu())
    for hook in hooks:
        hook.remove()
    for name, module in model.named_children():
        if isinstance(module, Block):
            for branch in torch.split(fired[name], list(module.outputs)):
                branch[0] |= not branch.any()  # a branch needs at least one channel
    return fired


def _thin(block: Block, read: Tensor | None, kept: tuple[Tensor, ...]) -> None:
    """Restrict a block to the input channels `read` and the output channels `kept`."""
    branches = (block.a, block.b, block.c)
    for branch, mask in zip(branches, kept, strict=True):
        units = [module for module in branch.modules() if isinstance(module, Unit)]
        if read is not None:
            _narrow(units[0], inputs=read)
        _narrow(units[-1], outputs=mask)


def _narrow(unit: Unit, *, inputs: Tensor | None = None, outputs: Tensor | None = None) -> None:
    conv = unit.get_submodule("conv")
    assert isinstance(conv, nn.Conv2d)
    if inputs is not None:
        conv.weight = nn.Parameter(conv.weight[:, inputs])
        conv.in_channels = _count(inputs)
    if outputs is not None:
        conv.out_channels = _count(outputs)
        for module in unit.children():
            for name, weights in module.named_parameters():
                setattr(module, name, nn.Parameter(weights[outputs]))
            for name, value in module.named_buffers():
                if value.ndim:  # not num_batches_tracked
                    module.register_buffer(name, value[outputs])


def _count(mask: Tensor) -> int:
    return int(mask.sum())
