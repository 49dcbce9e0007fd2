"""Beings on purpose: each is looked at by itself, as the network learned to see things.

Raising a class at a place of the whole picture's map gives as many heads as the map has places
there, and noise between them. A being is therefore cut out, at about the size of the network's own
pictures, and raised by its class's logit above the mean of all: a log of its chance would stop
pulling as soon as the network is sure, long before a being stands there. Looks from nearer, from
further and from aside follow one another, so that it is whole from all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple, Self

import torch
from torch import Tensor

from dreamvid.dream.objectives import Objective
from dreamvid.dream.shaping import Running, Shape
from dreamvid.networks.network import Network

SIZE = 0.36
"""Size of a being, in shorter sides of the picture."""

VIEW, NEARER, ASIDE = 1.4, 0.35, 0.15
"""What is looked at, in sizes of the being: so much, give or take a share, and so far aside."""

REACH = VIEW * (1 + NEARER) / 2 + ASIDE
"""So far from the centre of a being, in its sizes, the picture is looked at."""

FINE, LEAST, MOST, STEP = 0.75, 96, 192, 32
"""Pixels along a side of what the network is shown: a share of those there, within bounds."""

INNER, OUTER = 0.3, 0.6
"""A being is raised fully as far from its centre, in its sizes, and not at all from there on."""

GRID, RIM = 0.3, 0.4
"""Places are looked for so many sizes apart, and so far from the sides of the picture."""

USUAL = 0.5
"""Share taken off a class's score of what it is everywhere: a sky is not all jellyfish."""

OFTEN = 1.0
"""Taken off a score for every being of its class, and of its word, that is there already."""

FUR = 0.6
"""How strongly the ground's own dream goes on within a being."""

STRENGTH = 1.3
"""Length of a being's steps, beside those of a whole picture's dream."""

DETAIL = 0.7
"""Detail of a being's gradient, beside what is asked for: its form counts more than its skin."""

AT_ONCE = 16
"""So many views are looked at together while places are looked for."""


class Place(NamedTuple):
    """Where a being stands, and what it is.

    `y` and `x` are its centre in heights and widths of the picture, `size` is in shorter sides;
    `word` is what was asked for, `label` the place of its class among the network's.
    """

    y: float
    x: float
    size: float
    word: str
    label: int


Places = tuple[Place, ...]
Glance = tuple[float, float, float]
"""How a look differs from the plain one: nearer or further, down and right, -1..1 each."""


class Beings:
    """Finds places for beings in pictures, and gives the gradient that raises them there.

    UsageError for words of the objective's `kinds` that none of the network's labels is meant by.
    """

    def __init__(
        self, network: Network, objective: Objective, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._weight = max(abs(weight) for _, weight in objective.kinds) or 1.0
        self._kinds = {word: weight / self._weight for word, weight in objective.kinds}
        self._labels = {word: torch.tensor(network.labelled(word)) for word in self._kinds}
        self._ground = min(1.0, objective.ground)
        self._layer = network.label_layer
        self._trunk = network.trunk([self._layer], device)
        self._dtype = dtype

    @classmethod
    def of(
        cls, network: Network, objective: Objective, *, device: torch.device, dtype: torch.dtype
    ) -> Self | None:
        """The beings that an objective asks for, if it does."""
        return cls(network, objective, device=device, dtype=dtype) if objective.kinds else None

    def settle(self, image: Tensor, kept: Places = ()) -> Places:
        """The places of an image [3, H, W]: those kept, and new ones where there is room.

        The best of all words and classes comes first, then the best at a being's size from there,
        until nothing is free. A class counts by how much more it is there than it is elsewhere,
        and less the more beings of it and of its word there are.
        """
        kept = tuple(place for place in kept if place.word in self._kinds)
        spots, spans = _spots(*image.shape[-2:]), _spans(*image.shape[-2:])
        scores: Tensor | None = None
        while free := [k for k, spot in enumerate(spots) if _has_room(spot, kept, spans)]:
            if scores is None:
                scores = self._scores(image, spots)
            found = [self._best(scores[k], spots[k], kept) for k in free]
            kept = (*kept, max(found, key=lambda pair: pair[0])[1])
        return kept

    def _scores(self, image: Tensor, spots: Sequence[Place]) -> Tensor:
        """How much of each class there is at each spot, [spots, classes], on the CPU."""
        count = _pixels(image, spots)
        rows = []
        with torch.no_grad():
            for k in range(0, len(spots), AT_ONCE):
                looks = [_Look(place, (0, 0, 0), image, count) for place in spots[k : k + AT_ONCE]]
                views = torch.stack([look.view for look in looks])
                rows.append(self._trunk(views, self._dtype)[self._layer].float().cpu())
        chances = torch.cat(rows).flatten(1).log_softmax(1)
        return chances - USUAL * chances.mean(0)

    def _best(self, scores: Tensor, spot: Place, kept: Places) -> tuple[float, Place]:
        """The best class for a spot, and its score, given the beings that are there."""
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
        """Where beings are in an image [3, H, W]: [1, H, W], 1 in their middle and 0 outside."""
        window = torch.zeros_like(image[:1])
        shorter = min(image.shape[-2:])
        for place in self._seen(places):
            rows, columns = (
                _part(centre * length, OUTER * place.size * shorter, length)
                for centre, length in zip((place.y, place.x), image.shape[-2:], strict=True)
            )
            here = window[0, rows, columns]
            torch.maximum(here, _near(place, rows, columns, image), out=here)
        return window

    def gradient(self, image: Tensor, places: Places, glances: Sequence[Glance]) -> Tensor:
        """The gradient [3, H, W] that raises beings in an image, each within its own window.

        Each is looked at by every glance. What comes of a look is of mean size 1 before it is
        moved into the picture.
        """
        total = torch.zeros_like(image)
        seen = self._seen(places)
        if not seen:
            return total
        count = _pixels(image, seen)
        looks = [_Look(place, glance, image, count) for glance in glances for place in seen]
        views = torch.stack([look.view for look in looks]).requires_grad_()
        logits = self._trunk(views, self._dtype)[self._layer].float().flatten(1)
        labels = torch.tensor([look.place.label for look in looks], device=logits.device)
        above = logits.gather(1, labels[:, None])[:, 0] - logits.mean(1)
        (gradients,) = torch.autograd.grad(above.sum(), views)
        sizes = gradients.abs().mean(dim=3, keepdim=True).mean(dim=(1, 2), keepdim=True)
        for look, gradient in zip(looks, gradients / (sizes + 1e-20), strict=True):
            look.add(total, self._kinds[look.place.word] * gradient)
        return total

    def _seen(self, places: Places) -> Places:
        return tuple(place for place in places if self._kinds.get(place.word))

    def normal(
        self, gradient: Tensor, window: Tensor, shape: Shape | None, gauge: Running, key: str
    ) -> Tensor:
        """A gradient [3, H, W] of beings, shaped, of mean size 1 where they are."""
        if shape is not None:
            gradient = replace(shape, detail=DETAIL * shape.detail)(gradient, gauge, key)
        # Row by row: a sum over all at once depends on the number of threads.
        size, covered = (plane.abs().mean(dim=2).mean() for plane in (gradient, window))
        return gradient / (gauge(key, size / (covered + 1e-20)) + 1e-20)

    def over(self, ground: Tensor, beings: Tensor, window: Tensor) -> Tensor:
        """Updates [3, H, W] of the ground and of beings, both of mean size 1, put together."""
        return torch.lerp(
            self._ground * ground, FUR * ground + STRENGTH * self._weight * beings, window
        )


class _Look:
    """One being as it is looked at once: `view` [3, n, n] of the picture around it."""

    def __init__(self, place: Place, glance: Glance, image: Tensor, count: int) -> None:
        self.place = place
        height, width = image.shape[-2:]
        nearer, down, right = glance
        size = place.size * min(height, width)
        side = VIEW * size * (1 + NEARER * nearer)
        y, x = place.y * height + ASIDE * size * down, place.x * width + ASIDE * size * right
        self._down = _Taps(y, side, count, height, image.device)
        self._right = _Taps(x, side, count, width, image.device)
        part = image[:, self._down.part, self._right.part]
        self.view = self._down.weights @ part @ self._right.weights.T

    def add(self, total: Tensor, gradient: Tensor) -> None:
        """Add the gradient [3, n, n] of the view to that of the picture, within the window."""
        rows, columns = self._down.part, self._right.part
        part = self._down.weights.T @ gradient @ self._right.weights
        total[:, rows, columns] += part * _near(self.place, rows, columns, total)


class _Taps:
    """Samples a line of `length` pixels at `count` points around a centre, `side` pixels wide.

    `part` is what they read of it, `weights` [count, part] how. A triangle as wide as the points
    are apart, at least a pixel either way, neither skips pixels nor shows them as squares.
    """

    def __init__(
        self, centre: float, side: float, count: int, length: int, device: torch.device
    ) -> None:
        steps = (torch.arange(count) + 0.5) / count - 0.5
        places = (centre + side * steps).abs() % (2 * length)  # mirrored beyond the sides
        places = length - (length - places).abs()
        reach = max(1.0, side / count)
        first = max(0, int(places.min() - reach))
        self.part = slice(first, min(length, int(places.max() + reach) + 1))
        pixels = torch.arange(first, self.part.stop) + 0.5
        weights = (1 - (places[:, None] - pixels).abs() / reach).clamp_min(0)
        self.weights = (weights / weights.sum(1, keepdim=True)).to(device)


def _near(place: Place, rows: slice, columns: slice, image: Tensor) -> Tensor:
    """How near a part of an image [3, H, W] is to a being: 1 in its middle, 0 from `OUTER` on."""
    height, width = image.shape[-2:]
    y = torch.arange(rows.start, rows.stop, device=image.device) + 0.5 - place.y * height
    x = torch.arange(columns.start, columns.stop, device=image.device) + 0.5 - place.x * width
    distance = (y[:, None].square() + x.square()).sqrt() / (place.size * min(height, width))
    near = ((OUTER - distance) / (OUTER - INNER)).clamp(0, 1)
    return near * near * (3 - 2 * near)


def _part(centre: float, reach: float, length: int) -> slice:
    """The pixels of a line within reach of a centre."""
    return slice(max(0, int(centre - reach)), max(0, min(length, int(centre + reach) + 1)))


def glances(seed: int) -> Iterator[Glance]:
    """Give glances for ever, spread evenly (Roberts 2018).

    Every frame begins with the same ones: beings change less than by looking at each otherwise.
    """
    generator = torch.Generator().manual_seed(seed)
    first = torch.rand(3, generator=generator, dtype=torch.float64).tolist()
    place = 0
    while True:
        near, down, right = (
            2 * ((begin + ratio * place) % 1.0) - 1
            for begin, ratio in zip(first, (0.8191725134, 0.6710436067, 0.5497004779), strict=True)
        )
        yield near, down, right
        place += 1


def _pixels(image: Tensor, places: Sequence[Place]) -> int:
    """Pixels along a side of the views of beings, the same for all."""
    size = max(place.size for place in places) * min(image.shape[-2:])
    return min(MOST, max(LEAST, round(FINE * VIEW * size / STEP) * STEP))


def _spans(height: int, width: int) -> tuple[float, float]:
    """The sides of a picture, in its shorter one."""
    shorter = min(height, width)
    return height / shorter, width / shorter


def _spots(height: int, width: int) -> list[Place]:
    """Places all over a picture of this size, on a grid; what stands there is left open."""
    lines = []
    for span in _spans(height, width):
        room = span - 2 * RIM * SIZE
        steps = max(1, round(room / (GRID * SIZE)))
        lines.append([(RIM * SIZE + room * k / steps) / span for k in range(steps + 1)])
    return [Place(y, x, SIZE, "", -1) for y, x in product(*lines)]


def _has_room(spot: Place, others: Places, spans: tuple[float, float]) -> bool:
    """Whether no other being is nearer than both are large."""
    down, right = spans
    return all(
        math.hypot((place.y - spot.y) * down, (place.x - spot.x) * right)
        >= (place.size + spot.size) / 2
        for place in others
    )
