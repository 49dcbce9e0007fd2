"""Beings: whole animals or things, raised one by one at their own places in the image.

Raising a class at one position of the activation map of the whole image gives several heads and
noise between them. Each being is therefore cropped, at about the network's training size, and its
class logit is raised relative to the mean of all logits: a log probability would saturate as soon
as the network is confident, long before the being is complete. Successive crops vary in zoom and
position, so that the being is consistent in all of them. A being whose class has an exemplar is
also drawn towards it: see `likeness`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Self

import torch
from torch import Tensor

from dreamvid.device.numbers import exact_mean
from dreamvid.dream.likeness import colour_step, colour_weight, compared_layers, render_of
from dreamvid.dream.objectives import Objective, likeness
from dreamvid.dream.shaping import Running, Shape
from dreamvid.dream.slope import deterministic
from dreamvid.dream.views import (
    ASIDE,
    INNER,
    NEARER,
    OUTER,
    VIEW,
    Exemplars,
    Look,
    Place,
    Places,
    ViewVariation,
    near,
    part_of,
)
from dreamvid.networks.network import Network

SIZE = 0.36
"""Size of a being, relative to the shorter side of the image."""

REACH = VIEW * (1 + NEARER) / 2 + ASIDE
"""So far from the centre of a being, in its sizes, the picture is looked at."""

FINE, LEAST, MOST, STEP = 0.75, 96, 192, 32
"""Side of a view in pixels: a share of its size in the image, its limits and granularity."""

GRID, RIM = 0.3, 0.4
"""Spacing of candidate places, and their distance to the image border, in sizes of a being."""

SHOWN = 0.7
"""Share of the middle of a being that a mask must show."""

USUAL = 0.5
"""Share of the mean score of a class that is subtracted: a sky is not all jellyfish."""

OFTEN = 1.0
"""Subtracted from a score for every existing being of the same class and of the same word."""

FUR, STRENGTH = 0.3, 1.8
"""Weight of the ground's gradient within a being, and the step length relative to the ground's."""

DETAIL = 0.5
"""Factor on `detail` for beings: below 1 favours form over surface."""

PALE = 0.3
"""Factor on `colours` for the beings of a network whose exemplars give them their colours."""

BEING_LIKENESS = 30.0
"""Weight of the likeness at each of the compared layers, beside the logit of a class."""

AT_ONCE = 16
"""Batch size of views when places are searched."""


class Beings:
    """Finds places for beings in images and computes the gradient that raises them.

    Of the labels that a word stands for, those are left out that have no exemplar, if others have.
    Raises UsageError for words of the objective's `kinds` that match none of the network's labels.
    """

    def __init__(
        self, network: Network, objective: Objective, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._weight = max(abs(weight) for _, weight in objective.kinds) or 1.0
        self._kinds = {word: weight / self._weight for word, weight in objective.kinds}
        self._labels = {word: torch.tensor(_labels_of(network, word)) for word in self._kinds}
        self._ground = min(1.0, objective.ground)
        self._layer = network.label_layer
        self._exemplars = Exemplars(network)
        self._colour = colour_weight(network)
        self._compared = compared_layers(network)
        self._trunk = network.trunk([self._layer, *self._compared], device)
        self._dtype = dtype

    @classmethod
    def of(
        cls, network: Network, objective: Objective, *, device: torch.device, dtype: torch.dtype
    ) -> Self | None:
        """The beings of an objective; None if it has none."""
        return cls(network, objective, device=device, dtype=dtype) if objective.kinds else None

    def find_places(self, image: Tensor, kept: Places = (), shown: Tensor | None = None) -> Places:
        """The places in an image [3, H, W]: those kept, and new ones in free areas.

        New ones are only where the mask `shown` [1, h, w], of any size, does not hide them.
        Greedy: the best word and class at the best free candidate is chosen, until no candidate is
        free. The score of a class is its log probability relative to its mean over the image,
        reduced for every existing being of that class and word.
        """
        kept = tuple(place for place in kept if place.word in self._kinds)
        spots, spans = _spots(*image.shape[-2:]), _spans(*image.shape[-2:])
        if shown is not None:
            spots = [spot for spot in spots if _is_shown(spot, shown)]
        scores: Tensor | None = None
        while free := [k for k, spot in enumerate(spots) if _has_room(spot, kept, spans)]:
            if scores is None:
                scores = self._scores(image, spots)
            found = [self._best(scores[k], spots[k], kept) for k in free]
            kept = (*kept, max(found, key=lambda pair: pair[0])[1])
        return kept

    def _scores(self, image: Tensor, spots: Sequence[Place]) -> Tensor:
        """The score of each class at each candidate, [spots, classes], on the CPU."""
        count = _pixels(image, spots)
        rows = []
        with deterministic(), torch.no_grad():
            for k in range(0, len(spots), AT_ONCE):
                looks = [Look(place, (0, 0, 0), image, count) for place in spots[k : k + AT_ONCE]]
                views = torch.stack([look.view for look in looks])
                rows.append(self._trunk(views, self._dtype)[self._layer].float().cpu())
        chances = torch.cat(rows).flatten(1).log_softmax(1)
        return chances - USUAL * chances.mean(0)

    def _best(self, scores: Tensor, spot: Place, kept: Places) -> tuple[float, Place]:
        """The best class for a candidate and its score, given the existing beings."""
        scores = scores.clone()
        for place in kept:
            scores[place.label] -= OFTEN
        found = []
        for word, labels in self._labels.items():
            score, index = scores[labels].max(0)
            others = sum(place.word == word for place in kept)
            place = spot._replace(word=word, label=int(labels[index]))
            found.append((float(score) - OFTEN * others, place))
        return max(found, key=lambda pair: pair[0])

    def window(self, image: Tensor, places: Places) -> Tensor:
        """The mask of beings in an image [3, H, W]: [1, H, W], 1 at their centres, 0 outside."""
        window = torch.zeros_like(image[:1])
        shorter = min(image.shape[-2:])
        for place in self._seen(places):
            rows, columns = (
                part_of(centre * length, OUTER * place.size * shorter, length)
                for centre, length in zip((place.y, place.x), image.shape[-2:], strict=True)
            )
            here = window[0, rows, columns]
            torch.maximum(here, near(place, rows, columns, image), out=here)
        return window

    def gradient(
        self, image: Tensor, places: Places, view_variations: Sequence[ViewVariation]
    ) -> tuple[Tensor, Tensor]:
        """The gradient that raises beings, and the step to their colours: each [3, H, W].

        Each being is seen in every variation, and raised within its own window. The gradient of
        every view is normalised to mean 1 before it is added to the image. Only exemplars have
        colours of their own.
        """
        total, colours = torch.zeros_like(image), torch.zeros_like(image)
        seen = self._seen(places)
        if not seen:
            return total, colours
        count = _pixels(image, seen)
        looks = [
            Look(place, variation, image, count) for variation in view_variations for place in seen
        ]
        wanted = self._exemplars.on(looks)
        gradients = self._uphill(looks, wanted)
        sizes = gradients.abs().mean(dim=3, keepdim=True).mean(dim=(1, 2), keepdim=True)
        gradients = gradients / (sizes + 1e-20)
        for k, look in enumerate(looks):
            weight = self._kinds[look.place.word]
            look.add(total, weight * gradients[k])
            if wanted is not None and self._colour and weight > 0:
                share = weight * self._colour / len(view_variations)
                look.lay(colours, share * colour_step(look.view, wanted[k]))
        return total, colours

    @deterministic()
    def _uphill(self, looks: Sequence[Look], wanted: Tensor | None) -> Tensor:
        """The gradients [N, 3, n, n] of the classes of views, and of the likeness to `wanted`."""
        views = torch.stack([look.view for look in looks]).requires_grad_()
        found = self._trunk(views, self._dtype)
        logits = found[self._layer].float().flatten(1)
        labels = torch.tensor([look.place.label for look in looks], device=logits.device)
        height = (logits.gather(1, labels[:, None])[:, 0] - logits.mean(1)).sum()
        if wanted is not None:
            with torch.no_grad():
                seen = self._trunk(wanted, self._dtype)
            for name in self._compared:
                height = height + BEING_LIKENESS * likeness(found[name], seen[name]).sum()
        return torch.autograd.grad(height, views)[0]

    def _seen(self, places: Places) -> Places:
        return tuple(place for place in places if self._kinds.get(place.word))

    def normalised(
        self, gradient: Tensor, window: Tensor, shape: Shape | None, gauge: Running, key: str
    ) -> Tensor:
        """Shape a gradient [3, H, W] of beings and normalise it to mean 1 inside their windows."""
        if shape is not None:
            colours = (PALE if self._colour else 1) * shape.colours
            gradient = Shape(colours, DETAIL * shape.detail)(gradient, gauge, key)
        # Sum by rows: the order of a full sum depends on the number of threads.
        size, covered = (plane.abs().mean(dim=2).mean() for plane in (gradient, window))
        return gradient / (gauge(key, size / (covered + 1e-20)) + 1e-20)

    def blend(self, ground: Tensor, beings: Tensor, window: Tensor) -> Tensor:
        """Blend the updates [3, H, W] of ground and beings, both normalised to mean 1."""
        within = FUR * ground + STRENGTH * self._weight * beings
        return torch.lerp(self._ground * ground, within, window)


def _labels_of(network: Network, word: str) -> Sequence[int]:
    """The labels that a word stands for: those with exemplars, if there are any."""
    found = network.labelled(word)
    return [index for index in found if render_of(network, index)] or found


def _pixels(image: Tensor, places: Sequence[Place]) -> int:
    """The side of the views in pixels, the same for all beings."""
    size = max(place.size for place in places) * min(image.shape[-2:])
    return min(MOST, max(LEAST, round(FINE * VIEW * size / STEP) * STEP))


def _spans(height: int, width: int) -> tuple[float, float]:
    """Height and width of an image relative to the shorter side."""
    shorter = min(height, width)
    return height / shorter, width / shorter


def _spots(height: int, width: int) -> list[Place]:
    """Candidate places on a grid over an image of this size, without class."""
    lines = []
    for span in _spans(height, width):
        room = span - 2 * RIM * SIZE
        steps = max(1, round(room / (GRID * SIZE)))
        lines.append([(RIM * SIZE + room * k / steps) / span for k in range(steps + 1)])
    return [Place(y, x, SIZE, "", -1) for y, x in product(*lines)]


def _is_shown(spot: Place, mask: Tensor) -> bool:
    """Whether a mask shows enough of a being: SHOWN of the square around its centre."""
    height, width = mask.shape[-2:]
    reach = INNER * spot.size * min(height, width)
    rows, columns = part_of(spot.y * height, reach, height), part_of(spot.x * width, reach, width)
    return exact_mean(mask[0, rows, columns]) >= SHOWN


def _has_room(spot: Place, others: Places, spans: tuple[float, float]) -> bool:
    """Whether no other being is closer than the mean of both sizes."""
    down, right = spans
    return all(
        math.hypot((place.y - spot.y) * down, (place.x - spot.x) * right)
        >= (place.size + spot.size) / 2
        for place in others
    )
