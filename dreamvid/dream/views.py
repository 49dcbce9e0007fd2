"""Views of single beings: crops around their places, and exemplars seen in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.dream.likeness import exemplar_of, laid_over
from dreamvid.networks.network import Network

VIEW, NEARER, ASIDE = 1.4, 0.35, 0.15
"""Size of a view in sizes of the being, its relative variation, and its largest offset."""

INNER, OUTER = 0.3, 0.6
"""Radii of the window, in sizes of the being: weight 1 within INNER, 0 beyond OUTER."""

EXEMPLAR = 1.1
"""Side of the exemplar of a being, in its sizes."""


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
        total[:, rows, columns] += part * near(self.place, rows, columns, total)

    def lay(self, total: Tensor, step: Tensor) -> None:
        """Add a step [3, n, n] of the view, resampled, to that of the image, within the window."""
        rows, columns = self._down.part, self._right.part
        part = self._down.back() @ step @ self._right.back().T
        total[:, rows, columns] += part * near(self.place, rows, columns, total)


class Exemplars:
    """The exemplars of the labels of a network, as they would look in views of beings."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: dict[int, Tensor | None] = {}

    def on(self, looks: Sequence[Look]) -> Tensor | None:
        """The views [N, 3, n, n] of looks, with the exemplars of beings in their places.

        None if no being has one.
        """
        if all(self._picture(look.place.label) is None for look in looks):
            return None
        return torch.stack([self._seen(look) for look in looks])

    def _seen(self, look: Look) -> Tensor:
        picture = self._picture(look.place.label)
        if picture is None:
            return look.view
        centre = look.place._replace(y=0.5, x=0.5, size=1 / (2 * EXEMPLAR))
        seen = Look(centre, look.variation, picture.to(look.view.device), look.view.shape[-1])
        return laid_over(look.view, seen.view)

    def _picture(self, label: int) -> Tensor | None:
        """The exemplar of a label [4, 2 S, 2 S], with room around it."""
        if label not in self._known:
            exemplar = exemplar_of(self._network, label)
            picture = None if exemplar is None else exemplar.picture
            if picture is not None:
                picture = functional.pad(picture, (picture.shape[-1] // 2,) * 4)
            self._known[label] = picture
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

    def back(self) -> Tensor:
        """The weights [part, count] with which a line of points is resampled to the pixels."""
        return (self.weights / self.weights.sum(0).clamp_min(1e-6)).T


def near(place: Place, rows: slice, columns: slice, image: Tensor) -> Tensor:
    """The window of a being on a part of an image [3, H, W]: 1 at its centre, 0 beyond OUTER."""
    height, width = image.shape[-2:]
    y = torch.arange(rows.start, rows.stop, device=image.device) + 0.5 - place.y * height
    x = torch.arange(columns.start, columns.stop, device=image.device) + 0.5 - place.x * width
    distance = (y[:, None].square() + x.square()).sqrt() / (place.size * min(height, width))
    inside = ((OUTER - distance) / (OUTER - INNER)).clamp(0, 1)
    return inside * inside * (3 - 2 * inside)


def part_of(centre: float, reach: float, length: int) -> slice:
    """The slice of pixels within `reach` of a centre."""
    return slice(max(0, int(centre - reach)), max(0, min(length, int(centre + reach) + 1)))


def view_variations(seed: int) -> Iterator[ViewVariation]:
    """Yield view variations without end, spread evenly (Roberts 2018).

    Every frame starts with the same ones, so that beings change less from frame to frame.
    """
    generator = torch.Generator().manual_seed(seed)
    first = torch.rand(3, generator=generator, dtype=torch.float64).tolist()
    place = 0
    while True:
        nearer, down, right = (
            2 * ((begin + ratio * place) % 1.0) - 1
            for begin, ratio in zip(first, (0.8191725134, 0.6710436067, 0.5497004779), strict=True)
        )
        yield nearer, down, right
        place += 1
