"""The normalised gradients that a Dreamer ascends, and the running means they are divided by."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from dreamvid.device.numbers import Later, Number, number
from dreamvid.dream.beings import Beings
from dreamvid.dream.likeness import colour_share
from dreamvid.dream.octaves import blur_wide
from dreamvid.dream.shaping import Shape
from dreamvid.dream.slope import Slope
from dreamvid.dream.tiles import pieces, tiled
from dreamvid.dream.views import Places, ViewVariation
from dreamvid.errors import UsageError

STEEPEST = 1e18
"""Limit of the mean gradient: larger values overflow when squared in float32."""


@dataclass
class Gauge:
    """Running means of gradient magnitudes, by octave, iteration, band and plane.

    Normalising each frame by its own magnitude would cause flicker; a cut starts a new gauge.
    `objective_values` are the objective values of the latest ascent, before each update. `noted`
    are what is still to be checked of it, on a device whose numbers stay there.
    """

    sizes: dict[str, Tensor] = field(default_factory=dict)
    memory: float = 0.9
    objective_values: list[Number] = field(default_factory=list, compare=False)
    noted: list[tuple[str, Tensor]] = field(default_factory=list, compare=False)

    def __call__(self, key: str, size: Tensor) -> Tensor:
        """Update the running means with `size` and return them.

        They begin anew when the number of bands has changed, as when a live dream shrinks.
        """
        before = self.sizes.get(key, size)
        if before.shape != size.shape:
            before = size
        mean = self.memory * before + (1 - self.memory) * size
        self.sizes[key] = mean
        return mean

    def copy(self) -> Gauge:
        """An independent copy, without what belongs to the latest ascent."""
        return Gauge(dict(self.sizes), self.memory)

    def begin(self) -> None:
        """Forget what belongs to the latest ascent."""
        self.objective_values, self.noted = [], []

    def note(self, name: str, value: Number, mean: Number) -> None:
        """Check the objective and the mean gradient of a network, later if they stay on a device.

        Raises UsageError when they are not finite.
        """
        if isinstance(value, Tensor) and isinstance(mean, Tensor):
            self.noted.append((name, torch.stack((value, mean))))
        else:
            check_finite(name, float(value), float(mean))


class Health:
    """What was noted during an ascent, on its way to the host: `check` waits for it."""

    def __init__(self, noted: Sequence[tuple[str, Tensor]]) -> None:
        self._names = [name for name, _ in noted]
        self._pairs = Later(torch.stack([pair for _, pair in noted])) if noted else None

    def check(self) -> None:
        """Raise UsageError for an ascent whose numbers were not finite."""
        pairs = iter(self._pairs.values() if self._pairs else ())
        for name in self._names:
            check_finite(name, next(pairs), next(pairs))


def check_finite(name: str, value: float, mean: float) -> None:
    """Raise UsageError unless the objective and the mean gradient of a network can be used."""
    if not math.isfinite(value):  # the result would be black
        raise UsageError("the network returns NaN or infinity", where=name,
                         remedy="check its weights, and --precision")  # fmt: skip
    if not mean < STEEPEST:  # its square would overflow, and the update vanish
        raise UsageError(f"the gradient is too large ({mean:.0g})", where=name,
                         remedy="reduce the weight of the objective")  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """How a gradient is scaled: its shape (None: raw), and the running means under a key."""

    shape: Shape | None
    gauge: Gauge
    key: str


class Gradient(Protocol):
    """The gradients of a Dreamer; `Dreamer.with_gradient` replaces them.

    Images and gradients are [3, H, W]; gradients are normalised, about 1 in size. Images may have
    three more planes, the source of an anchored objective: see Slope.
    """

    def ground(self, image: Tensor, shift: tuple[int, int], scale: Scale) -> Tensor:
        """The gradient of the objective, computed at the image rolled by `shift`."""
        ...

    def with_beings(
        self,
        ground: Tensor,
        image: Tensor,
        places: Places,
        looks: Sequence[ViewVariation],
        scale: Scale,
    ) -> Tensor:
        """A gradient with that of the beings at `places` blended in, computed at `image`."""
        ...

    def value(self, image: Tensor) -> Number:
        """The objective at an image; for several tiles, the mean over them."""
        ...


@dataclass(frozen=True)
class NetworkGradient:
    """The gradients of an objective of a network, on tiles of at most `tile` pixels a side.

    `slope` is the raw gradient, `climb` the same, perhaps replayed as a CUDA graph. With `even`
    gradients are divided by mean|g|^.5 times a wide local mean|g|^.5, so that the dream does not
    grow only where it is already strong. `name` is that of the network, for errors.
    """

    slope: Slope
    climb: Callable[[Tensor], tuple[Tensor, ...]]
    beings: Beings | None
    tile: int
    even: bool
    name: str

    def ground(self, image: Tensor, shift: tuple[int, int], scale: Scale) -> Tensor:
        """The gradient of the objective; UsageError when it is not finite, see Gauge.note."""
        value, gradient = self._raw(image, shift)
        scale.gauge.objective_values.append(value)
        if scale.shape is not None:
            gradient = scale.shape(gradient, scale.gauge, scale.key)
        size = gradient.abs()
        # Sum by rows: the order of a full sum depends on the number of threads.
        mean = number(scale.gauge(scale.key, size.mean(dim=2).mean()))
        scale.gauge.note(self.name, value, mean)
        if not self.even:
            return gradient / (mean + 1e-20)
        size = size.mean(dim=0, keepdim=True)
        local = blur_wide(size).add_(0.05 * mean)
        return gradient.div_(local.mul_(mean).sqrt_().add_(1e-20))

    def _raw(self, image: Tensor, shift: tuple[int, int]) -> tuple[Number, Tensor]:
        """The objective, and its gradient before it is scaled, a tensor of its own."""
        values: list[Number] = []

        def raw(piece: Tensor) -> Tensor:
            value, gradient = self.climb(piece)
            values.append(number(value))
            return gradient

        gradient = tiled(raw, image.roll(shift, (1, 2)), self.tile)
        return sum(values) / len(values), gradient.roll((-shift[0], -shift[1]), (1, 2))

    def with_beings(
        self,
        ground: Tensor,
        image: Tensor,
        places: Places,
        looks: Sequence[ViewVariation],
        scale: Scale,
    ) -> Tensor:
        """The gradient of the beings, normalised, blended with that of the ground."""
        assert self.beings is not None
        gradient, colours = self.beings.gradient(image, places, looks)
        window = self.beings.window(image, places)
        key = f"{scale.key}.beings"
        beings = self.beings.normalised(gradient, window, scale.shape, scale.gauge, key)
        return self.beings.blend(ground, beings + colour_share(scale.shape) * colours, window)

    def value(self, image: Tensor) -> Number:
        """The objective at an image; for several tiles, the mean over them."""
        values = [number(self.slope.value(tile)) for tile in pieces(image, self.tile)]
        return sum(values) / len(values)


class Wrapped:
    """Gradients that are those of `whole`, but for what a subclass changes."""

    whole: Gradient

    def with_beings(
        self,
        ground: Tensor,
        image: Tensor,
        places: Places,
        looks: Sequence[ViewVariation],
        scale: Scale,
    ) -> Tensor:
        """The gradient of `whole` with beings."""
        return self.whole.with_beings(ground, image, places, looks, scale)

    def value(self, image: Tensor) -> Number:
        """The objective of `whole`."""
        return self.whole.value(image)


@dataclass(frozen=True)
class Watched(Wrapped):
    """The gradients of `whole`; `before` gets the image and the key before each update."""

    whole: Gradient
    before: Callable[[Tensor, str], None]

    def ground(self, image: Tensor, shift: tuple[int, int], scale: Scale) -> Tensor:
        """The gradient of `whole`, after the call."""
        self.before(image, scale.key)
        return self.whole.ground(image, shift, scale)
