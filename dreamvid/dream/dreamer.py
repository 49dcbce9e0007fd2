"""The dream step: normalised gradient ascent on an image over octaves, carrying the detail."""

from __future__ import annotations

import copy
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Self

import torch

from dreamvid.device.cuda_graph import CudaGraphed
from dreamvid.device.numbers import Number
from dreamvid.dream import objectives
from dreamvid.dream.beings import Beings
from dreamvid.dream.gradient import Gauge, Gradient, Health, NetworkGradient, Scale
from dreamvid.dream.octaves import (
    OCTAVE_SCALE,
    Size,
    octave_sizes,
    octaves_for,
    resize,
    soften,
    swayed,
)
from dreamvid.dream.palette import Recolour
from dreamvid.dream.shaping import Shape
from dreamvid.dream.slope import Slope
from dreamvid.dream.smoothing import smoothing
from dreamvid.dream.views import Places, ViewVariation, view_variations
from dreamvid.errors import UsageError
from dreamvid.networks.network import Network
from dreamvid.networks.registry import DEFAULT, load_network
from dreamvid.settings.values import BOUNDS

REACH = 32
"""Range of the jitter in pixels: the largest stride of the known networks."""


TILE, GPU_TILE = 1024, 2304
"""Largest sides of tiles. On a CPU smaller ones fit its caches: at 1920x1080 tiles take as long as
the whole, although they overlap. On a GPU a frame of 4K is two of them, one of 8K eight."""


@dataclass(frozen=True)
class Dose:
    """The amount of dreaming: iterations on each octave, small to large, and the step length.

    `shares` scale the step on each octave; 1 by default. At each iteration the share `fade` of the
    residual so far is removed, its total variation is lowered in steps of `smooth` times the step
    length, and the image is resized by up to a factor of exp(`sway`): what only one gradient asks
    for fades, what most agree on stays (the transforms are those of Olah et al. 2017, "Feature
    Visualization"). Gradients are taken at the image with Gaussian noise of standard
    deviation `noise` (Smilkov et al. 2017, "SmoothGrad"): those of an image that fools the network
    do not survive it. `looks` is the number of views of a being per update. An image that `wraps`
    is smoothed across its sides.
    """

    iterations: tuple[int, ...]
    step: float
    shares: tuple[float, ...] = ()
    fade: float = 0.0
    smooth: float = 0.0
    sway: float = 0.0
    noise: float = 0.0
    looks: int = 2
    wraps: bool = False

    def on_octave(self, index: int) -> tuple[int, float]:
        """The iterations and the step on an octave; -1 is the largest."""
        return self.iterations[index], self.step * (self.shares[index] if self.shares else 1.0)

    def held(self, dreamed: torch.Tensor, source: torch.Tensor, step: float) -> torch.Tensor:
        """The dreamed image with its residual faded and smoothed, before an update of `step`."""
        if self.smooth:
            dreamed = dreamed + smoothing(dreamed - source, self.smooth * step, wraps=self.wraps)
        return torch.lerp(dreamed, source, self.fade) if self.fade else dreamed


_NATURAL = Shape()


class Dreamer:
    """Dream on images: raise an objective of a network by gradient ascent over octaves.

    `dream(image) -> image` for an image [3, H, W] of float32 RGB in 0..1. `network` is a name or a
    Network; the default `objective` is the network's default layer. By default the number of
    `octaves` follows the image size. `step` is in units of the pixel range and is scaled by
    `strength`; strength 0 returns the image unchanged. `tile` is the largest side for which a
    gradient is computed at once. `seed` determines the jitter. `even` distributes the dream over
    the image; otherwise it grows where it is strongest. `shape` balances colours and detail sizes;
    None uses the raw gradient. `palette` gives the result its colours. Several networks dream
    together after `mixed` (dream/mixture.py). Raises UsageError for values out of the range of
    DreamSettings, an unavailable device, or an unknown network, layer or precision. Method:
    Mordvintsev et al. 2015.
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
        palette: Recolour | None = None,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        _check_low(
            octaves=octaves, octave_scale=octave_scale, iterations=iterations, strength=strength
        )
        self.network = load_network(network) if isinstance(network, str) else network
        self.objective = objective or objectives.layer(self.network.default_layer)
        ground = self.objective
        if not ground.layers:
            ground = objectives.layer(self.network.default_layer)
        self.device = pick_device(device)
        self.dtype = pick_dtype(precision, self.device)
        self.slope = Slope(self.network, ground, device=self.device, dtype=self.dtype)
        self.beings = Beings.of(self.network, self.objective, device=self.device, dtype=self.dtype)
        self.tile = tile or (TILE if self.device.type == "cpu" else GPU_TILE)
        climb = CudaGraphed(self.slope) if self.device.type == "cuda" else self.slope
        self.gradient: Gradient = NetworkGradient(
            self.slope, climb, self.beings, self.tile, even, self.network.name
        )
        self.networks: tuple[Network, ...] = (self.network,)
        self.layers = ground.layers
        self.anchored = self.objective.anchored
        self.default_step = self.network.default_step
        self.octave_scale = octave_scale
        self._by_size = octaves is None
        step = self.default_step if step is None else step
        self.dose = Dose((iterations,) * (octaves or 1), step * strength)
        self.seed = seed
        self.shape, self.palette = shape, palette

    def __call__(self, image: torch.Tensor, shown: torch.Tensor | None = None) -> torch.Tensor:
        """Dream on one image with the full dose; of `shown` see `places`."""
        dose = self.fitted(*image.shape[-2:]).dose
        places = self.places(image, shown=shown) if dose.step else ()
        dreamed = self.ascend(image, dose, gauge=(gauge := Gauge()), places=places)
        Health(gauge.noted).check()
        return dreamed

    def places(
        self, image: torch.Tensor, kept: Places = (), shown: torch.Tensor | None = None
    ) -> Places:
        """The places of beings in an image [3, H, W]: those `kept`, and new ones in free areas.

        `shown` [1, h, w], of any size, is the mask of the result: new beings stand inside it.
        """
        if self.beings is None:
            return ()
        return self.beings.find_places(image.to(self.device), kept, shown)

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

    def with_gradient(self, wrap: Callable[[Gradient], Gradient]) -> Self:
        """A Dreamer whose gradients are those that `wrap` makes of this one's."""
        other = copy.copy(self)
        other.gradient = wrap(self.gradient)
        return other

    def skipped(self, height: int, width: int) -> int:
        """The number of octaves skipped for this image size because they are too small."""
        sizes = self._sizes(height, width, len(self.dose.iterations))
        return len(self.dose.iterations) - len(sizes)

    def updates(self, height: int, width: int) -> int:
        """The number of updates of the full dose on this image size; 0 if it changes nothing."""
        dose = self.fitted(height, width).dose
        left = len(self._sizes(height, width, len(dose.iterations)))
        return sum(dose.iterations[-left:]) if dose.step else 0

    def rate(self, image: torch.Tensor, source: torch.Tensor | None = None) -> float:
        """The objective at an image [3, H, W]; for several tiles, the mean over them.

        `source` is the image before dreaming, for anchored objectives; by default the image itself.
        """
        return float(self.measured(image, source))

    def measured(self, image: torch.Tensor, source: torch.Tensor | None = None) -> Number:
        """The same as `rate`, without a wait for a GPU."""
        image = image.to(self.device)
        return self.gradient.value(self._seen(image, image if source is None else source))

    def ascend(
        self,
        image: torch.Tensor,
        dose: Dose,
        *,
        gauge: Gauge,
        source: torch.Tensor | None = None,
        weight: torch.Tensor | None = None,
        crisp: Number = 0.0,
        first_shift: int = 0,
        places: Places = (),
    ) -> torch.Tensor:
        """Dream on an image [3, H, W] over octaves, small to large, carrying the detail.

        `source` is the image before anything was dreamed on it, by default `image` itself. `weight`
        [1, H, W] scales the step per pixel, `crisp` the finest detail that is added to the updates
        of the largest octave. `first_shift` is the index of the first shift in `jitter`.
        """
        gauge.begin()
        if dose.step == 0:
            return image
        image = image.to(self.device)
        source = image if source is None else source.to(self.device)
        compared = self.anchored or dose.fade or dose.smooth
        sizes = self._sizes(image.shape[-2], image.shape[-1], len(dose.iterations))
        varied = _Variations.of(self.seed, first_shift)
        dreamed, detail = image, None
        for left, size in zip(range(len(sizes), 0, -1), sizes, strict=True):
            iterations, step = dose.on_octave(-left)
            base = resize(image, size)
            plain = resize(source, size) if compared and source is not image else base
            dreamed = base if detail is None else base + resize(detail, size)
            local = None if weight is None else resize(weight.to(image), size).clamp_min(0)
            seen = swayed(size, dose.sway)
            for iteration in range(iterations):
                scale = Scale(self.shape, gauge, f"{left}.{iteration}")
                both = dreamed, plain
                gradient = self._gradient_at(both, next(seen), dose, varied, scale, places)
                if left == 1 and (isinstance(crisp, torch.Tensor) or crisp):
                    gradient = gradient + crisp * (gradient - soften(gradient))
                gradient = gradient if local is None else gradient * local
                dreamed = (dose.held(dreamed, plain, step) + step * gradient).clamp_(0, 1)
            detail = dreamed - base
        return dreamed if self.palette is None else self.palette(dreamed, source)

    def _seen(self, image: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
        """What a Gradient gets: the image, with its source behind it for an anchored objective."""
        return torch.cat((image, source.to(image))) if self.anchored else image

    def _gradient_at(
        self,
        both: tuple[torch.Tensor, torch.Tensor],
        size: Size,
        dose: Dose,
        varied: _Variations,
        scale: Scale,
        places: Places,
    ) -> torch.Tensor:
        """The normalised gradient [3, H, W] at an image and its source, seen at another size."""
        image, source = both
        seen = resize(image, size)
        if dose.noise:
            seen = seen + dose.noise * torch.randn(seen.shape, generator=varied.noise).to(seen)
        seen = self._seen(seen, resize(source, size))
        gradient = self.gradient.ground(seen, next(varied.shifts), scale)
        gradient = resize(gradient, (image.shape[-2], image.shape[-1]))
        if self.beings and places:
            looks = tuple(islice(varied.views, dose.looks))
            gradient = self.gradient.with_beings(gradient, image, places, looks, scale)
        return gradient

    def _sizes(self, height: int, width: int, octaves: int) -> list[Size]:
        return octave_sizes(
            height,
            width,
            octaves=octaves,
            scale=self.octave_scale,
            minimum=self.network.minimum_size,
        )


@dataclass(frozen=True)
class _Variations:
    """What varies from iteration to iteration: jitter shifts, views of beings, and noise."""

    shifts: Iterator[tuple[int, int]]
    views: Iterator[ViewVariation]
    noise: torch.Generator

    @classmethod
    def of(cls, seed: int, first_shift: int) -> Self:
        noise = torch.Generator().manual_seed(seed)
        return cls(jitter(seed, first_shift), view_variations(seed), noise)


def _check_low(**given: float | None) -> None:
    """Raise UsageError for a value below the bounds of its dial."""
    for name, value in given.items():
        least = BOUNDS[name].low
        if value is not None and not value >= least:
            raise UsageError(f"{value} is too small", where=name, remedy=f"give {least} or more")


def jitter(seed: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """Yield shifts (down, right) without end, spread evenly over REACH pixels around 0.

    The shifts are the R2 sequence (Roberts 2018) with an offset that depends on the seed. `start`
    is the index of the first one. The full dose of the first frame of a shot starts at 0. The
    carried frames of a shot take consecutive stretches of the sequence: with n iterations per
    frame, the k-th carried frame (k = 0, 1, ...) starts at k * n. A few shifts per
    frame thus cover the whole range over several frames.
    """
    first, place = _offset(seed), start
    while True:
        down = (first[0] + 0.7548776662466927 * place) % 1.0
        right = (first[1] + 0.5698402909980532 * place) % 1.0
        yield int(down * REACH) - REACH // 2, int(right * REACH) - REACH // 2
        place += 1


@lru_cache(64)
def _offset(seed: int) -> tuple[float, float]:
    """Where the jitter of a seed begins, each 0..1."""
    generator = torch.Generator().manual_seed(seed)
    down, right = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
    return down, right


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
    """Whether the CPU multiplies bfloat16 faster than float32: with AMX, or AMD's avx512_bf16.

    Intel's avx512_bf16 does as many multiplications in a cycle as its float32, and has to convert.
    """
    amx, avx512 = (
        bool(getattr(torch.cpu, f"_is_{name}_supported", bool)())
        for name in ("amx_tile", "avx512_bf16")
    )
    return amx or (avx512 and "GenuineIntel" not in _cpu_text())


def _cpu_text() -> str:
    """What the system says of the CPU, with the name of its vendor."""
    table = Path("/proc/cpuinfo")
    return table.read_text() if table.exists() else platform.processor()
