"""Objectives: the scalars that the ascent raises, computed from activations.

They can be added and scaled:

layer("inception4c") + 0.5 * channel("conv2", 7)
layer("parts") + creatures("owl", "fish")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.errors import UsageError
from dreamvid.networks.kinds import ANIMAL

Activations = Mapping[str, Tensor]

HEAT = 2.5
"""Temperature of the softmax in which a class is raised."""

CARICATURE = 0.5
"""Power of the cosine in an anchored objective: with 2 and more, hardly anything changes."""

LEAST_COSINE = 0.1
"""Lower bound of the cosine in an anchored objective: what is not there yet can still grow."""

LEAST_ENERGY = 1e-8
"""Added to the mean squared activation of a layer, so that its logarithm is finite."""

Kinds = tuple[tuple[str, float], ...]
"""Words for classes, with weights."""

GROUND = 0.25
"""Strength of the dream between beings, relative to theirs."""


@dataclass(frozen=True)
class Objective:
    """A scalar to raise, computed from the activations [1, C, h, w] of the named layers.

    `kinds` are words for beings to raise at their own places, with the weights of their steps.
    `ground` is the relative size of the scalar's own steps; it is 1 without beings, and at most 1.
    An `anchored` one also needs the activations of the source of the image, by `source_of(layer)`.
    The values of objectives of one `family` can be compared, as those of the frames of a guide.
    """

    layers: tuple[str, ...]
    value: Callable[[Activations], Tensor]
    kinds: Kinds = ()
    ground: float = 1.0
    anchored: bool = False
    family: str = ""

    def __call__(self, activations: Activations) -> Tensor:
        """The scalar at these activations."""
        return self.value(activations)

    def __add__(self, other: Objective) -> Objective:
        layers = tuple(dict.fromkeys(self.layers + other.layers))
        return Objective(
            layers,
            lambda a: self.value(a) + other.value(a),
            _merged(self.kinds + other.kinds),
            self.ground + other.ground,
            self.anchored or other.anchored,
        )

    def __mul__(self, weight: float) -> Objective:
        return Objective(
            self.layers,
            lambda a: self.value(a) * weight,
            tuple((word, own * weight) for word, own in self.kinds),
            self.ground * abs(weight),
            self.anchored,
        )

    __rmul__ = __mul__


def layer(name: str) -> Objective:
    """Raise the mean squared activation of a layer (Mordvintsev et al. 2015)."""

    def value(activations: Activations) -> Tensor:
        # Keep channels_last order: the gradient of mean() would be contiguous, at eight times the
        # cost.
        pixels = activations[name].float().movedim(1, -1)
        return (pixels * pixels).sum() / pixels.numel()

    return Objective((name,), value)


def energy(name: str) -> Objective:
    """Raise the log of the mean squared activation of a layer: beside others it never dominates."""

    return Objective((name,), lambda activations: log_energy(activations[name]).mean())


def log_energy(activations: Tensor) -> Tensor:
    """The log of the mean squared activation of each image: [N], finite also where all are 0."""
    return (planes_of(activations).square().mean((1, 2, 3)) + LEAST_ENERGY).log()


def channel(name: str, index: int) -> Objective:
    """Raise the mean activation of one channel of a layer; UsageError if it does not exist."""

    def value(activations: Activations) -> Tensor:
        return _channel(activations[name], name, index).float().mean()

    return Objective((name,), value)


def neuron(name: str, index: int, place: tuple[float, float] = (0.5, 0.5)) -> Objective:
    """Raise one channel of a layer at a place; UsageError if the channel does not exist.

    `place` is (x, y) in shares of the image, 0..1, by default the centre; the jitter moves it by up
    to 16 pixels.
    """

    def value(activations: Activations) -> Tensor:
        plane = _channel(planes_of(activations[name]), name, index)
        height, width = plane.shape
        x, y = place
        return plane[min(height - 1, int(y * height)), min(width - 1, int(x * width))]

    return Objective((name,), value)


def mean(name: str) -> Objective:
    """Raise the mean activation of a layer."""
    return Objective((name,), lambda activations: activations[name].float().mean())


def norm(name: str, power: float) -> Objective:
    """Raise the p-norm of a layer, (mean |a|^p)^(1/p): the larger p, the more only peaks count."""

    def value(activations: Activations) -> Tensor:
        total = activations[name].float().abs().pow(power).mean()
        return (total + 1e-12).pow(1 / power)  # the gradient at 0 is finite

    return Objective((name,), value)


def extremes(name: str, count: int, *, strongest: bool) -> Objective:
    """Raise the mean squared activation of the channels that are strongest, or weakest, here.

    They are chosen at each gradient. Raises UsageError if the layer has fewer channels.
    """

    def value(activations: Activations) -> Tensor:
        planes = planes_of(activations[name])
        if count > planes.shape[1]:
            raise UsageError(
                f"layer '{name}' has no {count} channels", remedy=f"use 1 to {planes.shape[1]}"
            )
        sizes = planes.detach().square().mean(dim=(0, 2, 3))
        chosen = sizes.topk(count, largest=strongest).indices
        return planes[:, chosen].square().mean()

    return Objective((name,), value)


def source_of(name: str) -> str:
    """The key of a layer's activations at the source of the image."""
    return f"{name} of the source"


def anchored(name: str, power: float = CARICATURE) -> Objective:
    """Raise more of what a layer sees in the source: a caricature.

    At each position the dot product of the activations with those of the source, times their cosine
    to a power, so that the dream does not turn into something else (Mordvintsev et al. 2018,
    "Differentiable image parameterizations", and the caricatures of lucid).
    """

    def value(activations: Activations) -> Tensor:
        now, source = planes_of(activations[name]), planes_of(activations[source_of(name)])
        cosine = functional.cosine_similarity(now, source, dim=1, eps=1e-6)
        close = cosine.clamp_min(LEAST_COSINE).pow(power)
        return ((now * source).mean(dim=1) * close).mean()

    return Objective((name,), value, anchored=True)


def alike(name: str) -> Objective:
    """Raise the likeness of a layer's activations and those of the source of the image."""

    def value(activations: Activations) -> Tensor:
        return likeness(activations[name], activations[source_of(name)]).mean()

    return Objective((name,), value, anchored=True)


def likeness(activations: Tensor, wanted: Tensor) -> Tensor:
    """The mean cosine between two sets of activations [N, C, h, w], position by position: [N]."""
    now, then = planes_of(activations), planes_of(wanted)
    return functional.cosine_similarity(now, then, dim=1, eps=1e-6).mean((1, 2))


def direction(name: str, vector: Tensor) -> Objective:
    """Raise the mean activation of a layer along a direction [C] in channel space.

    Raises UsageError if the layer has another number of channels.
    """
    unit = cached_on_device(functional.normalize(vector.float(), dim=0))

    def value(activations: Activations) -> Tensor:
        planes = planes_of(activations[name])
        if vector.shape != planes.shape[1:2]:
            count = planes.shape[1]
            raise UsageError(
                f"layer '{name}' has {count} channels, the direction has {len(vector)}"
            )
        return torch.einsum("nchw,c->nhw", planes, unit(planes.device)).mean()

    return Objective((name,), value)


def label(name: str, *indices: int) -> Objective:
    """Raise the log probability of a class, from the logits of the layer `name`.

    The logit alone would also raise what all classes have in common, above all eyes. The softmax
    has the temperature `HEAT`, so that there is still a gradient once the class is recognised. The
    probabilities of several `indices` are added.
    """

    def value(activations: Activations) -> Tensor:
        chances = (activations[name].float().flatten(1)[0] / HEAT).log_softmax(0)
        return HEAT * torch.stack([chances[index] for index in indices]).logsumexp(0)

    return Objective((name,), value)


def creatures(*words: str) -> Objective:
    """Raise whole beings at separate places, each of the class that is strongest there.

    `words` select the classes: labels, or words for several ("bird"); by default all animals, or
    all classes of a network that knows no animals. Without another objective, the network's default
    layer is raised weakly between the beings.
    """
    kinds = tuple((word, 1.0) for word in words or (ANIMAL,))
    return Objective((), lambda activations: torch.zeros(()), _merged(kinds), GROUND)


def fade(parts: Sequence[tuple[Objective, float]]) -> Objective:
    """Interpolate objectives: their geometric mean, weighted by shares that add up to 1.

    A sum would be dominated by the objective with larger activations. If any value is not
    positive, the weighted sum is used instead.
    """
    if len(parts) == 1:
        return parts[0][0]
    layers = tuple(dict.fromkeys(name for part, _ in parts for name in part.layers))
    kinds = _merged(tuple((word, own * s) for part, s in parts for word, own in part.kinds))
    ground = sum(part.ground * share for part, share in parts)
    anchored = any(part.anchored for part, _ in parts)
    whole = [(part, share) for part, share in parts if part.layers]

    def value(activations: Activations) -> Tensor:
        values = [part(activations) for part, _ in whole]
        shares = [share for _, share in whole]
        # Compute both and select on the device: a branch would synchronise with the GPU.
        logs = [v.clamp_min(1e-30).log() * s for v, s in zip(values, shares, strict=True)]
        mean = torch.stack(logs).sum().exp()
        total = torch.stack([v * s for v, s in zip(values, shares, strict=True)]).sum()
        return torch.where(torch.stack(values).detach().min() > 0, mean, total)

    return Objective(layers, value, kinds, ground, anchored)


def _merged(kinds: Kinds) -> Kinds:
    """Merge kinds with the same word by adding their weights."""
    weights: dict[str, float] = {}
    for word, weight in kinds:
        weights[word] = weights.get(word, 0.0) + weight
    return tuple(weights.items())


def cached_on_device(tensor: Tensor) -> Callable[[torch.device], Tensor]:
    """A function that returns the tensor on a device, cached: a transfer stalls the GPU."""
    return cache(lambda device: tensor.to(device))


def planes_of(activation: Tensor) -> Tensor:
    """Activations as float32 [1, C, h, w], also those without spatial dimensions, [1, C]."""
    return activation.float().reshape(*activation.shape, *[1] * (4 - activation.dim()))


def _channel(activation: Tensor, name: str, index: int) -> Tensor:
    count = activation.shape[1]
    if not 0 <= index < count:
        raise UsageError(f"layer '{name}' has no channel {index}", remedy=f"use 0 to {count - 1}")
    return activation[0, index]
