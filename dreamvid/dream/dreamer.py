"""The dream step: normalised gradient ascent on a picture, over octaves, carrying the detail."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

import torch

from dreamvid.dream import objectives
from dreamvid.dream.octaves import (
    OCTAVE_SCALE,
    Size,
    blur_wide,
    octave_sizes,
    octaves_for,
    resize,
    soften,
    swayed,
)
from dreamvid.dream.recorded import Recorded
from dreamvid.dream.shaping import Shape
from dreamvid.dream.slope import Slope
from dreamvid.dream.tiles import pieces, tiled
from dreamvid.errors import UsageError
from dreamvid.networks.network import Network
from dreamvid.networks.registry import DEFAULT, load_network
from dreamvid.settings import DreamSettings, bounds_of

REACH = 32
"""Jitter rolls a picture by up to this many pixels: the widest stride of the networks we know."""

STEEPEST = 1e18
"""Gradients of this mean size cannot be squared in float32."""


@dataclass(frozen=True)
class Dose:
    """How much is dreamed: how many iterations on each octave, small to large, and their step.

    `shares` are those of the step that each octave takes, 1 where nothing is said. Each
    iteration forgets `fade` of what was dreamed so far, and sees the picture up to exp(`sway`)
    times larger or smaller.
    """

    iterations: tuple[int, ...]
    step: float
    shares: tuple[float, ...] = ()
    fade: float = 0.0
    sway: float = 0.0


@dataclass
class Gauge:
    """Running means of the gradient's sizes, by octave, iteration, band and plane.

    Dividing each frame by its own size would be a flicker of its own; a cut begins a new gauge.
    `heights` are the objective at each iteration of the latest ascent, before its update.
    """

    sizes: dict[str, torch.Tensor] = field(default_factory=dict)
    memory: float = 0.9
    heights: list[float] = field(default_factory=list, compare=False)

    def __call__(self, key: str, size: torch.Tensor) -> torch.Tensor:
        """Take in sizes and give their running means, of the same shape."""
        mean = self.memory * self.sizes.get(key, size) + (1 - self.memory) * size
        self.sizes[key] = mean
        return mean

    def copy(self) -> Gauge:
        """Another gauge with the same means."""
        return Gauge(dict(self.sizes), self.memory)


_NATURAL = Shape()


class Dreamer:
    """Dreams on pictures: raises an objective of a network by gradient ascent over octaves.

    `dream(image) -> image` for an image [3, H, W] of float32 RGB in 0..1. `network` is a name or a
    Network; without an `objective` the network's default layer is raised. Without `octaves` their
    number follows the size of the picture. `step` is in units of
    the pixel range and scaled by `strength`; strength 0 gives the image back as it was. `tile` is
    the largest side on which a gradient is computed at once. `seed` decides the jitter. `even`
    spreads the dream over the picture; without it, it grows where it is strongest. `shape` brings
    colours and sizes of detail into balance; None takes the gradient as it is. Raises
    UsageError for numbers below those of DreamSettings, for a device that is not there and for an
    unknown network, layer or precision. The method is that of Mordvintsev et al. 2015.
    """

    def __init__(
        self,
        network: str | Network = DEFAULT,
        objective: objectives.Objective | None = None,
        *,
        octaves: int | None = None,
        octave_scale: float = OCTAVE_SCALE,
        iterations: int = 10,
        step: float | None = None,
        strength: float = 1.0,
        seed: int = 0,
        tile: int | None = None,
        even: bool = True,
        shape: Shape | None = _NATURAL,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        given = {"octaves": octaves, "octave_scale": octave_scale, "iterations": iterations,
                 "strength": strength}  # fmt: skip
        for name, value in given.items():
            least = bounds_of(DreamSettings, name).low
            if value is not None and not value >= least:
                raise UsageError(f"{value} is too small", where=name,
                                 remedy=f"give {least} or more")  # fmt: skip
        self.network = load_network(network) if isinstance(network, str) else network
        self.objective = objective or objectives.layer(self.network.default_layer)
        self.device = pick_device(device)
        self.dtype = pick_dtype(precision, self.device)
        self.slope = Slope(self.network, self.objective, device=self.device, dtype=self.dtype)
        self._rise = Recorded(self.slope) if self.device.type == "cuda" else self.slope
        self.octave_scale = octave_scale
        self._by_size = octaves is None
        step = self.network.default_step if step is None else step
        self.dose = Dose((iterations,) * (octaves or 1), step * strength)
        self.seed = seed
        self.tile = tile or 1024
        self.even = even
        self.shape = shape

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Dream on one image with the full dose."""
        height, width = image.shape[-2:]
        return self.ascend(image, self.fitted(height, width).dose, gauge=Gauge())

    def fitted(self, height: int, width: int) -> Self:
        """The same Dreamer with the octaves for pictures of this size, unless they were given."""
        if not self._by_size:
            return self
        octaves = octaves_for(height, width, self.octave_scale)
        iterations = self.dose.iterations[:1] * octaves
        dose = replace(self.dose, iterations=iterations)
        return self.dosed(dose, self.octave_scale, self.shape)

    def dosed(self, dose: Dose, octave_scale: float, shape: Shape | None) -> Self:
        """The same Dreamer with another dose; both climb one slope, with what is kept of it."""
        other = copy.copy(self)
        other.dose, other.octave_scale, other.shape = dose, octave_scale, shape
        other._by_size = False
        return other

    def skipped(self, height: int, width: int) -> int:
        """How many octaves are left out on a picture of this size, being too small to dream on."""
        sizes = self._sizes(height, width, len(self.dose.iterations))
        return len(self.dose.iterations) - len(sizes)

    def rate(self, image: torch.Tensor) -> float:
        """The objective at an image [3, H, W]; its mean over the tiles where there are several."""
        tiles = pieces(image.to(self.device), self.tile)
        heights = [float(self.slope.value(tile)) for tile in tiles]
        return sum(heights) / len(heights)

    def ascend(
        self,
        image: torch.Tensor,
        dose: Dose,
        *,
        gauge: Gauge,
        weight: torch.Tensor | None = None,
        crisp: float = 0.0,
        turn: int = 0,
    ) -> torch.Tensor:
        """Dream on an image [3, H, W]: from small to large, what was added carried along.

        `weight` [1, H, W] multiplies the step by place. `crisp` adds so much of their finest detail
        to the updates of the largest octave. `turn` says where in the list of jitter
        shifts to begin.
        """
        gauge.heights = []
        if dose.step == 0:
            return image
        image = image.to(self.device)
        height, width = image.shape[-2:]
        sizes = self._sizes(height, width, len(dose.iterations))
        shifts = jitter(self.seed, turn)
        dreamed, detail = image, None
        rounds = dose.iterations[-len(sizes) :]
        steps = [dose.step * share for share in dose.shares or [1.0] * len(rounds)][-len(sizes) :]
        for octave, (size, iterations) in enumerate(zip(sizes, rounds, strict=True)):
            base = resize(image, size)
            dreamed = base if detail is None else base + resize(detail, size)
            local = None if weight is None else resize(weight, size).clamp_min(0)
            looks = swayed(size, dose.sway)
            for iteration in range(iterations):
                key = f"{len(sizes) - octave}.{iteration}"
                seen = resize(dreamed, next(looks))
                gradient = resize(self._direction(seen, next(shifts), gauge, key), size)
                if crisp and octave == len(sizes) - 1:
                    gradient = gradient + crisp * (gradient - soften(gradient))
                update = gradient if local is None else gradient * local
                kept = torch.lerp(dreamed, base, dose.fade) if dose.fade else dreamed
                dreamed = (kept + steps[octave] * update).clamp_(0, 1)
            detail = dreamed - base
        return dreamed

    def _sizes(self, height: int, width: int, octaves: int) -> list[Size]:
        return octave_sizes(
            height,
            width,
            octaves=octaves,
            scale=self.octave_scale,
            minimum=self.network.minimum_size,
        )

    def _direction(
        self, image: torch.Tensor, shift: tuple[int, int], gauge: Gauge, key: str
    ) -> torch.Tensor:
        """The normalised gradient [3, H, W] at the image rolled by `shift`, rolled back.

        Divided by mean|g|^.5 times a wide local mean|g|^.5: dreams then grow not only where they
        already are.
        """
        rolled = image.roll(shift, (1, 2))
        heights: list[float] = []
        gradient = tiled(partial(self._gradient, heights=heights), rolled, self.tile)
        gauge.heights.append(sum(heights) / len(heights))
        if not math.isfinite(gauge.heights[-1]):  # all that follows would be black
            raise UsageError("the network gives no finite numbers", where=self.network.name,
                             remedy="check its weights, and --precision")  # fmt: skip
        gradient = gradient.roll((-shift[0], -shift[1]), (1, 2))
        if self.shape is not None:
            gradient = self.shape(gradient, gauge, key)
        size = gradient.abs()
        # Row by row: a sum over all at once depends on the number of threads.
        mean = float(gauge(key, size.mean(dim=2).mean()))
        if not mean < STEEPEST:  # its square would be no number, and the update nothing
            raise UsageError(f"the gradient is {mean:.0g}", where=self.network.name,
                             remedy="give its objective less weight")  # fmt: skip
        if not self.even:
            return gradient / (mean + 1e-20)
        local = blur_wide(size.mean(dim=0, keepdim=True)).add_(0.05 * mean)
        return gradient / (local * mean).sqrt_().add_(1e-20)

    def _gradient(self, image: torch.Tensor, *, heights: list[float]) -> torch.Tensor:
        """The gradient of the objective at an image; adds its value to the heights."""
        value, gradient = self._rise(image)
        heights.append(float(value))
        return gradient


def jitter(seed: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """Give shifts (down, right) for ever, spread evenly over REACH pixels around 0.

    They follow the R2 sequence (Roberts 2018), moved by the seed, from the `start`-th on: the same
    for the same seed.
    """
    generator = torch.Generator().manual_seed(seed)
    first = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
    place = start
    while True:
        down = (first[0] + 0.7548776662466927 * place) % 1.0
        right = (first[1] + 0.5698402909980532 * place) % 1.0
        yield int(down * REACH) - REACH // 2, int(right * REACH) - REACH // 2
        place += 1


def pick_device(name: str) -> torch.device:
    """The device of that name; `auto` is a CUDA GPU, else the CPU; UsageError without one."""
    there = {
        "cuda": torch.cuda.is_available(),
        "cpu": True,
        "mps": torch.backends.mps.is_available(),  # last: nobody has seen it dream yet
    }
    if name == "auto":
        name = next(device for device, usable in there.items() if usable)
    if not there.get(name, False):
        raise UsageError(f"no device '{name}' here", where="device", remedy="use auto or cpu")
    return torch.device(name)


def pick_dtype(precision: str, device: torch.device) -> torch.dtype:
    """The number format of that name; `auto` is bfloat16 where the hardware multiplies it fast.

    UsageError for an unknown one.
    """
    if precision == "auto":
        fast = {"cpu": _cpu_has_bfloat16, "cuda": _gpu_has_bfloat16}.get(device.type)
        return torch.bfloat16 if fast is not None and fast() else torch.float32
    known = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    if precision not in known:
        raise UsageError(f"no precision '{precision}'", where="precision",
                         remedy=f"use auto, {', '.join(known)}")  # fmt: skip
    return known[precision]


def _gpu_has_bfloat16() -> bool:
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _cpu_has_bfloat16() -> bool:
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return supported is not None and bool(supported())
