"""The dream step: normalised gradient ascent on an image over octaves, carrying the detail."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Self

import torch

from dreamvid.dream import objectives
from dreamvid.dream.beings import Beings, Places, ViewVariation, view_variations
from dreamvid.dream.cuda_graph import CudaGraphed
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
from dreamvid.dream.shaping import Shape
from dreamvid.dream.slope import Slope
from dreamvid.dream.tiles import pieces, tiled
from dreamvid.errors import UsageError
from dreamvid.networks.network import Network
from dreamvid.networks.registry import DEFAULT, load_network
from dreamvid.settings.tables import DreamSettings
from dreamvid.settings.values import bounds_of

REACH = 32
"""Range of the jitter in pixels: the largest stride of the known networks."""

STEEPEST = 1e18
"""Limit of the mean gradient: larger values overflow when squared in float32."""


@dataclass(frozen=True)
class Dose:
    """The amount of dreaming: iterations on each octave, small to large, and the step length.

    `shares` scale the step on each octave; 1 by default. At each iteration the share `fade` of the
    residual so far is removed, and the image is resized by up to a factor of exp(`sway`): what only
    one gradient asks for fades, what most agree on stays (the transforms are those of Olah et al.
    2017, "Feature Visualization"). `looks` is the number of views of a being per update.
    """

    iterations: tuple[int, ...]
    step: float
    shares: tuple[float, ...] = ()
    fade: float = 0.0
    sway: float = 0.0
    looks: int = 2


@dataclass
class Gauge:
    """Running means of gradient magnitudes, by octave, iteration, band and plane.

    Normalising each frame by its own magnitude would cause flicker; a cut starts a new gauge.
    `objective_values` are the objective values of the latest ascent, before each update.
    """

    sizes: dict[str, torch.Tensor] = field(default_factory=dict)
    memory: float = 0.9
    objective_values: list[float] = field(default_factory=list, compare=False)

    def __call__(self, key: str, size: torch.Tensor) -> torch.Tensor:
        """Update the running means with `size` and return them."""
        mean = self.memory * self.sizes.get(key, size) + (1 - self.memory) * size
        self.sizes[key] = mean
        return mean

    def copy(self) -> Gauge:
        """An independent copy, without `objective_values`."""
        return Gauge(dict(self.sizes), self.memory)


_NATURAL = Shape()


class Dreamer:
    """Dream on images: raise an objective of a network by gradient ascent over octaves.

    `dream(image) -> image` for an image [3, H, W] of float32 RGB in 0..1. `network` is a name or a
    Network; the default `objective` is the network's default layer. By default the number of
    `octaves` follows the image size. `step` is in units of the pixel range and is scaled by
    `strength`; strength 0 returns the image unchanged. `tile` is the largest side for which a
    gradient is computed at once. `seed` determines the jitter. `even` distributes the dream over
    the image; otherwise it grows where it is strongest. `shape` balances colours and detail sizes;
    None uses the raw gradient. Raises UsageError for values out of the range of DreamSettings, an
    unavailable device, or an unknown network, layer or precision. Method: Mordvintsev et al. 2015.
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
        ground = self.objective
        if not ground.layers:
            ground = objectives.layer(self.network.default_layer)
        self.device = pick_device(device)
        self.dtype = pick_dtype(precision, self.device)
        self.slope = Slope(self.network, ground, device=self.device, dtype=self.dtype)
        self.beings = Beings.of(self.network, self.objective, device=self.device, dtype=self.dtype)
        self._slope_call = CudaGraphed(self.slope) if self.device.type == "cuda" else self.slope
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
        dose = self.fitted(*image.shape[-2:]).dose
        places = self.places(image) if dose.step else ()
        return self.ascend(image, dose, gauge=Gauge(), places=places)

    def places(self, image: torch.Tensor, kept: Places = ()) -> Places:
        """The places of beings in an image [3, H, W]: those `kept`, and new ones in free areas."""
        return self.beings.find_places(image.to(self.device), kept) if self.beings else ()

    def fitted(self, height: int, width: int) -> Self:
        """A Dreamer with the number of octaves for this image size, unless it was given."""
        if not self._by_size:
            return self
        octaves = octaves_for(height, width, self.octave_scale)
        iterations = self.dose.iterations[:1] * octaves
        dose = replace(self.dose, iterations=iterations)
        return self.with_dose(dose, self.octave_scale, self.shape)

    def with_dose(self, dose: Dose, octave_scale: float, shape: Shape | None) -> Self:
        """A Dreamer with another dose that shares this one's network and caches."""
        other = copy.copy(self)
        other.dose, other.octave_scale, other.shape = dose, octave_scale, shape
        other._by_size = False
        return other

    def skipped(self, height: int, width: int) -> int:
        """The number of octaves skipped for this image size because they are too small."""
        sizes = self._sizes(height, width, len(self.dose.iterations))
        return len(self.dose.iterations) - len(sizes)

    def rate(self, image: torch.Tensor) -> float:
        """The objective at an image [3, H, W]; for several tiles, the mean over them."""
        tiles = pieces(image.to(self.device), self.tile)
        values = [float(self.slope.value(tile)) for tile in tiles]
        return sum(values) / len(values)

    def ascend(
        self,
        image: torch.Tensor,
        dose: Dose,
        *,
        gauge: Gauge,
        weight: torch.Tensor | None = None,
        crisp: float = 0.0,
        first_shift: int = 0,
        places: Places = (),
    ) -> torch.Tensor:
        """Dream on an image [3, H, W] over octaves, small to large, carrying the detail.

        `weight` [1, H, W] scales the step per pixel. `crisp` adds this share of their finest detail
        to the updates of the largest octave. `first_shift` is the index of the first jitter shift:
        carried frames continue the sequence of the frame before. `places` are those of beings.
        """
        gauge.objective_values = []
        if dose.step == 0:
            return image
        image = image.to(self.device)
        height, width = image.shape[-2:]
        sizes = self._sizes(height, width, len(dose.iterations))
        shifts, views = jitter(self.seed, first_shift), view_variations(self.seed)
        dreamed, detail = image, None
        rounds = dose.iterations[-len(sizes) :]
        steps = [dose.step * share for share in dose.shares or [1.0] * len(rounds)][-len(sizes) :]
        for octave, (size, iterations) in enumerate(zip(sizes, rounds, strict=True)):
            base = resize(image, size)
            dreamed = base if detail is None else base + resize(detail, size)
            local = None if weight is None else resize(weight, size).clamp_min(0)
            scaled = swayed(size, dose.sway)
            for iteration in range(iterations):
                key = f"{len(sizes) - octave}.{iteration}"
                seen = resize(dreamed, next(scaled))
                gradient = resize(self._direction(seen, next(shifts), gauge, key), size)
                if self.beings and places:
                    looks = tuple(islice(views, dose.looks))
                    gradient = self._blend_beings(gradient, dreamed, places, looks, gauge, key)
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
        """The normalised gradient [3, H, W], computed at the image rolled by `shift`.

        With `even` it is divided by mean|g|^.5 times a wide local mean|g|^.5, so that the dream
        does not grow only where it is already strong.
        """
        rolled = image.roll(shift, (1, 2))
        values: list[float] = []
        gradient = tiled(partial(self._gradient, values=values), rolled, self.tile)
        gauge.objective_values.append(sum(values) / len(values))
        if not math.isfinite(gauge.objective_values[-1]):  # the result would be black
            raise UsageError("the network returns NaN or infinity", where=self.network.name,
                             remedy="check its weights, and --precision")  # fmt: skip
        gradient = gradient.roll((-shift[0], -shift[1]), (1, 2))
        if self.shape is not None:
            gradient = self.shape(gradient, gauge, key)
        size = gradient.abs()
        # Sum by rows: the order of a full sum depends on the number of threads.
        mean = float(gauge(key, size.mean(dim=2).mean()))
        if not mean < STEEPEST:  # its square would overflow, and the update vanish
            raise UsageError(f"the gradient is too large ({mean:.0g})", where=self.network.name,
                             remedy="reduce the weight of the objective")  # fmt: skip
        if not self.even:
            return gradient / (mean + 1e-20)
        local = blur_wide(size.mean(dim=0, keepdim=True)).add_(0.05 * mean)
        return gradient / (local * mean).sqrt_().add_(1e-20)

    def _blend_beings(
        self,
        ground: torch.Tensor,
        image: torch.Tensor,
        places: Places,
        looks: Sequence[ViewVariation],
        gauge: Gauge,
        key: str,
    ) -> torch.Tensor:
        """Blend the normalised gradient of beings [3, H, W] with that of the ground."""
        assert self.beings is not None
        gradient = self.beings.gradient(image, places, looks)
        window = self.beings.window(image, places)
        beings = self.beings.normalised(gradient, window, self.shape, gauge, f"{key}.beings")
        return self.beings.blend(ground, beings, window)

    def _gradient(self, image: torch.Tensor, *, values: list[float]) -> torch.Tensor:
        """The gradient of the objective at an image; appends the value to `values`."""
        value, gradient = self._slope_call(image)
        values.append(float(value))
        return gradient


def jitter(seed: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """Yield shifts (down, right) without end, spread evenly over REACH pixels around 0.

    The shifts are the R2 sequence (Roberts 2018) with an offset that depends on the seed. `start`
    is the index of the first one. The full dose of the first frame of a shot starts at 0. The
    carried frames of a shot take consecutive stretches of the sequence: with n iterations per
    frame, the k-th carried frame (k = 0, 1, ...) starts at k * n. A few shifts per
    frame thus cover the whole range over several frames.
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
    """The device `name`; `auto` prefers a CUDA GPU over the CPU. UsageError if unavailable."""
    there = {
        "cuda": torch.cuda.is_available(),
        "cpu": True,
        "mps": torch.backends.mps.is_available(),  # last, so that auto does not choose it: untested
    }
    if name == "auto":
        name = next(device for device, usable in there.items() if usable)
    if not there.get(name, False):
        raise UsageError(
            f"device '{name}' is not available", where="device", remedy="use auto or cpu"
        )
    return torch.device(name)


def pick_dtype(precision: str, device: torch.device) -> torch.dtype:
    """The dtype for a precision; `auto` is bfloat16 if the hardware supports it natively.

    Raises UsageError for an unknown precision.
    """
    if precision == "auto":
        fast = {"cpu": _cpu_has_bfloat16, "cuda": _gpu_has_bfloat16}.get(device.type)
        return torch.bfloat16 if fast is not None and fast() else torch.float32
    known = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    if precision not in known:
        raise UsageError(f"precision '{precision}' is not available", where="precision",
                         remedy=f"use auto, {', '.join(known)}")  # fmt: skip
    return known[precision]


def _gpu_has_bfloat16() -> bool:
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _cpu_has_bfloat16() -> bool:
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return supported is not None and bool(supported())
