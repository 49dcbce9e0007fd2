"""Objectives: what the ascent raises. Each turns activations into a scalar; they add and scale.

layer("inception4c") + 0.5 * channel("conv2", 7)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.errors import UsageError

Activations = Mapping[str, Tensor]

HEAT = 2.5
"""Temperature of the softmax in which a class is raised."""

_TABLE = 1 << 24
"""Places of the picture times places of the guide that are compared at once."""


@dataclass(frozen=True)
class Objective:
    """A scalar to raise, read off the activations [1, C, h, w] of the layers named."""

    layers: tuple[str, ...]
    value: Callable[[Activations], Tensor]

    def __call__(self, activations: Activations) -> Tensor:
        """The scalar at these activations."""
        return self.value(activations)

    def __add__(self, other: Objective) -> Objective:
        layers = tuple(dict.fromkeys(self.layers + other.layers))
        return Objective(layers, lambda a: self.value(a) + other.value(a))

    def __mul__(self, weight: float) -> Objective:
        return Objective(self.layers, lambda a: self.value(a) * weight)

    __rmul__ = __mul__


def layer(name: str) -> Objective:
    """Raise the mean squared activation of a layer (Mordvintsev et al. 2015)."""

    def value(activations: Activations) -> Tensor:
        # In the order of memory of channels_last, of which mean() would know nothing: its gradient
        # would come in another order, at eight times the cost.
        pixels = activations[name].float().movedim(1, -1)
        return (pixels * pixels).sum() / pixels.numel()

    return Objective((name,), value)


def channel(name: str, index: int) -> Objective:
    """Raise the mean activation of one channel of a layer; UsageError when there is no such one."""

    def value(activations: Activations) -> Tensor:
        return _channel(activations[name], name, index).float().mean()

    return Objective((name,), value)


def neuron(name: str, index: int) -> Objective:
    """Raise one channel of a layer at the middle of the picture; UsageError without such a one."""

    def value(activations: Activations) -> Tensor:
        plane = _channel(_planes(activations[name]), name, index)
        return plane[plane.shape[0] // 2, plane.shape[1] // 2]

    return Objective((name,), value)


def direction(name: str, vector: Tensor) -> Objective:
    """Raise the mean activation of a layer along a direction [C] in the space of its channels.

    UsageError when the layer has another number of channels.
    """
    unit = _sent(functional.normalize(vector.float(), dim=0))

    def value(activations: Activations) -> Tensor:
        planes = _planes(activations[name])
        if vector.shape != planes.shape[1:2]:
            count = planes.shape[1]
            raise UsageError(f"layer '{name}' has {count} channels, the direction {len(vector)}")
        return torch.einsum("nchw,c->nhw", planes, unit(planes.device)).mean()

    return Objective((name,), value)


def label(name: str, *indices: int) -> Objective:
    """Raise one class above all others: the log of its probability, by the last layer's logits.

    A logit alone is raised as well by what all classes share, eyes above all. The softmax has a
    temperature of `HEAT`, at which there is something left to raise when the class is told. Several
    `indices` are kinds of one thing, whose probabilities add up.
    """

    def value(activations: Activations) -> Tensor:
        chances = (activations[name].float().flatten(1)[0] / HEAT).log_softmax(0)
        return HEAT * torch.stack([chances[index] for index in indices]).logsumexp(0)

    return Objective((name,), value)


def guide(activations: Activations) -> Objective:
    """Raise, at every place, the features of a guide picture that match best.

    `activations` are the guide's own. Each place of the picture is drawn towards the place of the
    guide with the largest dot product (Mordvintsev et al. 2015, "guided dreaming").
    """
    memory = {name: _sent(_planes(a.detach()).flatten(2)[0]) for name, a in activations.items()}

    def value(current: Activations) -> Tensor:
        total = torch.zeros((), device=next(iter(current.values())).device)
        for name, features in memory.items():
            x = _planes(current[name]).flatten(2)[0]
            known = features(x.device)
            rows, places = max(1, _TABLE // known.shape[1]), x.detach().T
            parts = (places[k : k + rows] for k in range(0, len(places), rows))
            best = torch.cat([(part @ known).argmax(dim=1) for part in parts])
            total = total + (x * known[:, best]).mean()
        return total

    return Objective(tuple(memory), value)


def fade(parts: Sequence[tuple[Objective, float]]) -> Objective:
    """Stand between objectives: their geometric mean, weighted by shares that add up to 1.

    A sum would be all that of the one whose activations are larger. What is not above 0 cannot be
    multiplied so, and is added by its share.
    """
    if len(parts) == 1:
        return parts[0][0]
    layers = tuple(dict.fromkeys(name for part, _ in parts for name in part.layers))

    def value(activations: Activations) -> Tensor:
        values = [part(activations) for part, _ in parts]
        shares = [share for _, share in parts]
        # Both are reckoned, and one chosen without a look at it: a GPU need not be waited for.
        logs = [v.clamp_min(1e-30).log() * s for v, s in zip(values, shares, strict=True)]
        mean = torch.stack(logs).sum().exp()
        total = torch.stack([v * s for v, s in zip(values, shares, strict=True)]).sum()
        return torch.where(torch.stack(values).detach().min() > 0, mean, total)

    return Objective(layers, value)


def parse(text: str, *, resolve: Callable[[str], str]) -> Objective:
    """Read `layer`, `layer:channel` and either with `*weight`, as the flag `--layer` takes them.

    `resolve` turns an alias or a name into the name of a layer. Raises UsageError when the channel
    or the weight is no number.
    """
    name, star, weight = text.partition("*")
    name, colon, index = name.partition(":")
    try:
        number, scale = int(index) if colon else None, float(weight) if star else 1.0
        if not math.isfinite(scale):
            raise ValueError
    except ValueError:
        raise UsageError(
            f"cannot read layer '{text}'", remedy="write NAME, NAME:CHANNEL or NAME*WEIGHT"
        ) from None
    known = resolve(name.strip())
    return (layer(known) if number is None else channel(known, number)) * scale


def _sent(tensor: Tensor) -> Callable[[torch.device], Tensor]:
    """Gives a tensor on any device, to which it is sent once: a GPU waits for what is sent."""
    return cache(lambda device: tensor.to(device))


def _planes(activation: Tensor) -> Tensor:
    """Activations in float32 as [1, C, h, w], also those without a place, [1, C]."""
    return activation.float().reshape(*activation.shape, *[1] * (4 - activation.dim()))


def _channel(activation: Tensor, name: str, index: int) -> Tensor:
    count = activation.shape[1]
    if not 0 <= index < count:
        raise UsageError(f"layer '{name}' has no channel {index}", remedy=f"use 0 to {count - 1}")
    return activation[0, index]
