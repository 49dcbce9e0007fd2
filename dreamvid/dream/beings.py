"""Beings: whole animals or things, raised one by one at their own places in the image.

Raising a class at one position of the activation map of the whole image gives several heads and
noise between them. Each being is therefore cropped, at about the network's training size, and its
class logit is raised relative to the mean of all logits: a log probability would saturate as soon
as the network is confident, long before the being is complete. Successive crops vary in zoom and
position, so that the being is consistent in all of them. A being whose class has a model is also
drawn towards it: see `likeness`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.device.numbers import exact_mean
from dreamvid.dream.likeness import LIKENESS, Model, coloured, laid_over, looks_like, model_of
from dreamvid.dream.objectives import Objective, likeness
from dreamvid.dream.shaping import Running, Shape
from dreamvid.networks.network import Network

SIZE = 0.36
"""Size of a being, relative to the shorter side of the image."""

VIEW, NEARER, ASIDE = 1.4, 0.35, 0.15
"""Size of a view in sizes of the being, its relative variation, and its largest offset."""

REACH = VIEW * (1 + NEARER) / 2 + ASIDE
"""So far from the centre of a being, in its sizes, the picture is looked at."""

FINE, LEAST, MOST, STEP = 0.75, 96, 192, 32
"""Side of a view in pixels: a share of its size in the image, its limits and granularity."""

INNER, OUTER = 0.3, 0.6
"""Radii of the window, in sizes of the being: weight 1 within INNER, 0 beyond OUTER."""

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

DETAIL, PALE = 0.5, 0.3
"""Factors on `detail` for beings: below 1 favours form over surface; and on `colours` for those
that get their colours from models."""

LIKER = 1.5
"""Weight of the likeness beside the logit of a being, in that beside a log probability."""

MODEL = 1.1
"""Side of the model of a being, in its sizes."""

AT_ONCE = 16
"""Batch size of views when places are searched."""


class Place(NamedTuple):
    """The position and class of a being.

    `y` and `x` are its centre relative to the image height and width, `size` is relative to the
    shorter side; `word` is the requested word, `label` the index of its class.
    """

    y: float
    x: float
    size: float
    word: str
    label: int


Places = tuple[Place, ...]
ViewVariation = tuple[float, float, float]
"""Variation of a view: zoom, down and right, each in -1..1."""


class Beings:
    """Finds places for beings in images and computes the gradient that raises them.

    Of the labels that a word stands for, those are left out that have no model, if others have.
    Raises UsageError for words of the objective's `kinds` that match none of the network's labels.
    """

    def __init__(
        self, network: Network, objective: Objective, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._weight = max(abs(weight) for _, weight in objective.kinds) or 1.0
        self._kinds = {word: weight / self._weight for word, weight in objective.kinds}
        self._labels = {word: torch.tensor(_drawn(network, word)) for word in self._kinds}
        self._ground = min(1.0, objective.ground)
        self._layer = network.label_layer
        self._models = Models(network)
        self._alike = tuple(dict.fromkeys(network.aliases.values()))
        self._trunk = network.trunk([self._layer, *self._alike], device)
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
        with torch.no_grad():
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
                _part(centre * length, OUTER * place.size * shorter, length)
                for centre, length in zip((place.y, place.x), image.shape[-2:], strict=True)
            )
            here = window[0, rows, columns]
            torch.maximum(here, _near(place, rows, columns, image), out=here)
        return window

    def gradient(
        self, image: Tensor, places: Places, view_variations: Sequence[ViewVariation]
    ) -> tuple[Tensor, Tensor]:
        """The gradient that raises beings, and the step to their colours: each [3, H, W].

        Each being is seen in every variation, and raised within its own window. The gradient of
        every view is normalised to mean 1 before it is added to the image. Only models have colours
        of their own.
        """
        total, colours = torch.zeros_like(image), torch.zeros_like(image)
        seen = self._seen(places)
        if not seen:
            return total, colours
        count = _pixels(image, seen)
        looks = [
            Look(place, variation, image, count) for variation in view_variations for place in seen
        ]
        wanted = self._models.on(looks)
        gradients = self._uphill(looks, wanted)
        sizes = gradients.abs().mean(dim=3, keepdim=True).mean(dim=(1, 2), keepdim=True)
        for look, gradient, model in zip(looks, gradients / (sizes + 1e-20), wanted, strict=True):
            weight, colour = self._kinds[look.place.word], self._models.colour(look)
            look.add(total, weight * gradient)
            if colour and weight > 0:
                share = weight * colour / len(view_variations)
                look.add(colours, share * coloured(look.view, model))
        return total, colours

    def _uphill(self, looks: Sequence[Look], wanted: Tensor) -> Tensor:
        """The gradients [N, 3, n, n] of the classes of views, and of the likeness to `wanted`."""
        views = torch.stack([look.view for look in looks]).requires_grad_()
        found = self._trunk(views, self._dtype)
        logits = found[self._layer].float().flatten(1)
        labels = torch.tensor([look.place.label for look in looks], device=logits.device)
        height = (logits.gather(1, labels[:, None])[:, 0] - logits.mean(1)).sum()
        with torch.no_grad():
            models = self._trunk(wanted, self._dtype)
        for name in self._alike:
            alike = likeness(found[name].float(), models[name].float())
            height = height + LIKER * LIKENESS * alike.sum()
        return torch.autograd.grad(height, views)[0]

    def _seen(self, places: Places) -> Places:
        return tuple(place for place in places if self._kinds.get(place.word))

    def normalised(
        self, gradient: Tensor, window: Tensor, shape: Shape | None, gauge: Running, key: str
    ) -> Tensor:
        """Shape a gradient [3, H, W] of beings and normalise it to mean 1 inside their windows."""
        if shape is not None:
            colours = (PALE if self._models.coloured else 1) * shape.colours
            gradient = Shape(colours, DETAIL * shape.detail)(gradient, gauge, key)
        # Sum by rows: the order of a full sum depends on the number of threads.
        size, covered = (plane.abs().mean(dim=2).mean() for plane in (gradient, window))
        return gradient / (gauge(key, size / (covered + 1e-20)) + 1e-20)

    def blend(self, ground: Tensor, beings: Tensor, window: Tensor) -> Tensor:
        """Blend the updates [3, H, W] of ground and beings, both normalised to mean 1."""
        within = FUR * ground + STRENGTH * self._weight * beings
        return torch.lerp(self._ground * ground, within, window)


class Look:
    """One view of a being: the crop `view` [3, n, n] around it."""

    def __init__(self, place: Place, variation: ViewVariation, image: Tensor, count: int) -> None:
        self.place, self.variation = place, variation
        height, width = image.shape[-2:]
        nearer, down, right = variation
        size = place.size * min(height, width)
        side = VIEW * size * (1 + NEARER * nearer)
        y, x = place.y * height + ASIDE * size * down, place.x * width + ASIDE * size * right
        self._down = _Taps(y, side, count, height, image.device)
        self._right = _Taps(x, side, count, width, image.device)
        part = image[:, self._down.part, self._right.part]
        self.view = self._down.weights @ part @ self._right.weights.T

    def add(self, total: Tensor, gradient: Tensor) -> None:
        """Add the gradient [3, n, n] of the view to that of the image, within the window."""
        rows, columns = self._down.part, self._right.part
        part = self._down.weights.T @ gradient @ self._right.weights
        total[:, rows, columns] += part * _near(self.place, rows, columns, total)


class Models:
    """The models of the labels of a network, as they would look in views of beings."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: dict[int, Model | None] = {}
        first = model_of(network, 0)
        self.coloured = first is not None and first.colour > 0

    def on(self, looks: Sequence[Look]) -> Tensor:
        """The views [N, 3, n, n] of looks, with the model of each being, if any, in its place."""
        return torch.stack([self._seen(look) for look in looks])

    def colour(self, look: Look) -> float:
        """The weight of the colours of the model of a being; 0 without one."""
        model = self._model(look.place.label)
        return model.colour if model else 0.0

    def _seen(self, look: Look) -> Tensor:
        model = self._model(look.place.label)
        if model is None:
            return look.view
        centre = look.place._replace(y=0.5, x=0.5, size=1 / (2 * MODEL))
        picture = model.picture.to(look.view.device)
        return laid_over(look.view, Look(centre, look.variation, picture, look.view.shape[-1]).view)

    def _model(self, label: int) -> Model | None:
        """The model of a label, with as much room around it."""
        if label not in self._known:
            model = model_of(self._network, label)
            if model is not None:
                room = (model.picture.shape[-1] // 2,) * 4
                model = Model(functional.pad(model.picture, room), model.colour)
            self._known[label] = model
        return self._known[label]


class _Taps:
    """Resample a line of `length` pixels at `count` points, `side` pixels wide, around a centre.

    `part` is the slice that is read, `weights` [count, part] are the interpolation weights: a
    triangle kernel with the spacing of the points as radius, at least one pixel.
    """

    def __init__(
        self, centre: float, side: float, count: int, length: int, device: torch.device
    ) -> None:
        steps = (torch.arange(count) + 0.5) / count - 0.5
        places = (centre + side * steps).abs() % (2 * length)  # mirrored at the border
        places = length - (length - places).abs()
        reach = max(1.0, side / count)
        first = max(0, int(places.min() - reach))
        self.part = slice(first, min(length, int(places.max() + reach) + 1))
        pixels = torch.arange(first, self.part.stop) + 0.5
        weights = (1 - (places[:, None] - pixels).abs() / reach).clamp_min(0)
        self.weights = (weights / weights.sum(1, keepdim=True)).to(device)


def _near(place: Place, rows: slice, columns: slice, image: Tensor) -> Tensor:
    """The window of a being on a part of an image [3, H, W]: 1 at its centre, 0 beyond OUTER."""
    height, width = image.shape[-2:]
    y = torch.arange(rows.start, rows.stop, device=image.device) + 0.5 - place.y * height
    x = torch.arange(columns.start, columns.stop, device=image.device) + 0.5 - place.x * width
    distance = (y[:, None].square() + x.square()).sqrt() / (place.size * min(height, width))
    near = ((OUTER - distance) / (OUTER - INNER)).clamp(0, 1)
    return near * near * (3 - 2 * near)


def _part(centre: float, reach: float, length: int) -> slice:
    """The slice of pixels within `reach` of a centre."""
    return slice(max(0, int(centre - reach)), max(0, min(length, int(centre + reach) + 1)))


def _drawn(network: Network, word: str) -> Sequence[int]:
    """The labels that a word stands for: those with models, if there are any."""
    found = network.labelled(word)
    return [index for index in found if looks_like(network, index)] or found


def view_variations(seed: int) -> Iterator[ViewVariation]:
    """Yield view variations without end, spread evenly (Roberts 2018).

    Every frame starts with the same ones, so that beings change less from frame to frame.
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
    rows, columns = _part(spot.y * height, reach, height), _part(spot.x * width, reach, width)
    return exact_mean(mask[0, rows, columns]) >= SHOWN


def _has_room(spot: Place, others: Places, spans: tuple[float, float]) -> bool:
    """Whether no other being is closer than the mean of both sizes."""
    down, right = spans
    return all(
        math.hypot((place.y - spot.y) * down, (place.x - spot.x) * right)
        >= (place.size + spot.size) / 2
        for place in others
    )
