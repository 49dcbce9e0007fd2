"""Fit state dicts as they are found to an architecture: prefixes, old names, other classes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dreamvid.errors import UnreadableInput
from dreamvid.networks import efficientnet, zoo
from dreamvid.networks.known import DEFAULT, DESCRIPTIONS

_DENSE = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.")
_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
_RELATIVES = (*DESCRIPTIONS, "resnet18", "resnet50", "resnet101", "vgg16", "vgg19", "densenet121",
              "mobilenet_v2", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny")  # fmt: skip
"""The networks that weights which do not fit are compared with."""


@dataclass(frozen=True)
class Fitted:
    """A state dict with the entries of an architecture of `classes` outputs.

    `headed` is false if it had no head: the head is then zero, and its classes mean nothing.
    """

    state: dict[str, Tensor]
    classes: int
    headed: bool = True


def fitted(state: Mapping[str, Tensor], *, architecture: str, classes: int, where: Path) -> Fitted:
    """Fit a state dict to an architecture; `classes` is the number of published outputs.

    Prefixes such as `module.` and entries of other networks beside this one are removed. Raises
    UnreadableInput, naming the first mismatch, if it does not fit.
    """
    wanted = _shapes(architecture, classes)
    found = _renamed(architecture, _without_prefix(state, wanted))
    own = _classes(wanted, found)
    if own is not None and own != classes:
        classes, wanted = own, _shapes(architecture, own)
    problem = mismatch(wanted, found)
    if not problem:
        return Fitted(found, classes)
    headless = _with_blank_head(architecture, wanted, found)
    if headless is not None:
        return Fitted(headless, classes, headed=False)
    raise _misfit(architecture, problem, found, where)


def mismatch(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> str:
    """Describe the first missing, unexpected or mismatched entry of `state`; empty if none."""
    for key, value in wanted.items():
        if key.endswith("num_batches_tracked"):
            continue  # used only in training; missing in old files
        if key not in state:
            return f"'{key}' is missing"
        if state[key].shape != value.shape:
            return f"'{key}' is {_size(state[key])}, expected {_size(value)}"
        if state[key].is_floating_point() != value.is_floating_point():
            has, needs = (str(t.dtype).removeprefix("torch.") for t in (state[key], value))
            return f"'{key}' is {has}, expected {needs}"
    return next((f"unexpected '{key}'" for key in state if key not in wanted), "")


def _size(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "a number"


def _shapes(architecture: str, classes: int) -> dict[str, Tensor]:
    """The entries of an architecture, without weights."""
    return zoo.architecture(architecture, classes=classes).state_dict()


def _without_prefix(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries under the prefix, such as `module.model.`, that most wanted names follow."""
    state = {_without_parallel(key): value for key, value in state.items()}
    first = next(iter(wanted))
    prefixes = {key.removesuffix(first) for key in state if key.endswith(f".{first}")}
    choices = ("", *sorted(prefixes, key=len))
    best = max(choices, key=lambda prefix: sum(f"{prefix}{name}" in state for name in wanted))
    inside = {key.removeprefix(best): v for key, v in state.items() if key.startswith(best)}
    return {key: value for key, value in inside.items() if not key.startswith(_AUXILIARY)}


def _without_parallel(key: str) -> str:
    """A name without the parts that torch's DataParallel and compile add, at any place."""
    return ".".join(part for part in key.split(".") if part not in ("module", "_orig_mod"))


def _renamed(architecture: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Bring names from the published files to those of the architecture."""
    if architecture == DEFAULT:
        return efficientnet.renamed(state)
    if architecture.startswith("densenet"):  # dots in names, before torch 0.4
        return {_DENSE.sub(r"\1\2.", key): value for key, value in state.items()}
    return state


def _classes(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> int | None:
    """The number of classes of a state dict, if its head alone has another one."""
    other = {key for key in wanted if key in state and state[key].shape != wanted[key].shape}
    counts = {state[key].shape[0] for key in other if state[key].ndim}
    same = all(state[key].shape[1:] == wanted[key].shape[1:] for key in other)
    return counts.pop() if len(counts) == 1 and same else None


def _with_blank_head(
    architecture: str, wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]
) -> dict[str, Tensor] | None:
    """Replace a head that is missing, or another module, by zeros; None unless all else fits."""
    for head in _heads(architecture, wanted):
        blank = {key: torch.zeros(v.shape) for key, v in wanted.items() if key.startswith(head)}
        body = {key: value for key, value in state.items() if not key.startswith(head)}
        if not mismatch(wanted, body | blank):
            return body | blank
    return None


def _heads(architecture: str, wanted: Mapping[str, Tensor]) -> Iterator[str]:
    """The prefixes that the entries of a head may have: those whose size is that of the classes."""
    other = _shapes(architecture, 7)
    last = [key for key in wanted if other[key].shape != wanted[key].shape]
    for key in last:
        yield key.rpartition(".")[0] + "."
        yield key.partition(".")[0] + "."


def _misfit(
    architecture: str, problem: str, state: Mapping[str, Tensor], where: Path
) -> UnreadableInput:
    like = [
        name
        for name in _RELATIVES
        if name != architecture and not mismatch(_shapes(name, 1000), _renamed(name, dict(state)))
    ]
    looks = f"; they look like weights of {' or '.join(like)}" if like else ""
    what = f"not the weights of {architecture} ({problem}){looks}"
    remedy = f"use {like[0]}" if like else "name their architecture with --arch"
    return UnreadableInput(what, where=where, remedy=remedy)
