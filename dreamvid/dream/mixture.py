"""Several networks that dream one image together, each with a gradient of the same size."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dreamvid.device.numbers import Number, column
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Gradient, Scale
from dreamvid.dream.views import Places, ViewVariation


def mixed(dreamers: Sequence[Dreamer], weights: Sequence[float]) -> Dreamer:
    """A Dreamer with the dose of the first, whose gradients are the weighted sums of all.

    The sums are normalised, so that only the ratios of the weights, which are positive, matter.
    Beings are those of the first Dreamer that has any.
    """
    first = dreamers[0]
    if len(dreamers) == 1:
        return first
    host = next((k for k, dream in enumerate(dreamers) if dream.beings), 0)
    total = copy.copy(first)
    total.gradient = MixedGradient(tuple(d.gradient for d in dreamers), tuple(weights), host)
    total.beings = dreamers[host].beings
    total.networks = tuple(network for dream in dreamers for network in dream.networks)
    total.layers = tuple(
        f"{dream.network.name}.{layer}" for dream in dreamers for layer in dream.layers
    )
    total.anchored = any(dream.anchored for dream in dreamers)
    steps = [weight * dream.default_step for dream, weight in zip(dreamers, weights, strict=True)]
    total.default_step = sum(steps) / sum(weights)
    return total


@dataclass(frozen=True)
class MixedGradient:
    """The weighted sum of the normalised gradients of `parts`; beings are those of one of them."""

    parts: tuple[Gradient, ...]
    weights: tuple[float, ...]
    host: int

    def ground(self, image: Tensor, shift: tuple[int, int], scale: Scale) -> Tensor:
        """The sum of the gradients, normalised."""
        values = scale.gauge.objective_values
        begin = len(values)
        first, *others = (
            weight * part.ground(image, shift, replace(scale, key=f"{scale.key}.network{k}"))
            for k, (part, weight) in enumerate(zip(self.parts, self.weights, strict=True))
        )
        total = sum(others, start=first)
        values[begin:] = [self._joint(values[begin:])]
        # Sum by rows: the order of a full sum depends on the number of threads.
        size = scale.gauge(scale.key, total.abs().mean(dim=2).mean())
        return total / (size + 1e-20)

    def with_beings(
        self,
        ground: Tensor,
        image: Tensor,
        places: Places,
        looks: Sequence[ViewVariation],
        scale: Scale,
    ) -> Tensor:
        """The gradient of the beings of one network, blended with the sum."""
        return self.parts[self.host].with_beings(ground, image, places, looks, scale)

    def value(self, image: Tensor) -> Number:
        """The objectives at an image, as one number."""
        return self._joint([part.value(image) for part in self.parts])

    def _joint(self, values: Sequence[Number]) -> Number:
        """The weighted geometric mean, for networks differ in size; the sum if one is negative."""
        plain = [value for value in values if not isinstance(value, Tensor)]
        if len(plain) < len(values):
            stacked = torch.stack([value for value in values if isinstance(value, Tensor)])
            weights = column(self.weights, stacked.device).flatten()
            logs = (weights * stacked.clamp_min(1e-30).log()).sum() / sum(self.weights)
            return torch.where(stacked.min() > 0, logs.exp(), (weights * stacked).sum())
        pairs = list(zip(plain, self.weights, strict=True))
        if min(plain) <= 0:
            return sum(weight * value for value, weight in pairs)
        total = sum(weight * math.log(value) for value, weight in pairs)
        return math.exp(total / sum(self.weights))
