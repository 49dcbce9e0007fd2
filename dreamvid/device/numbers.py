"""Numbers that are measured on a device: at once on a CPU, else tensors that stay there.

Reading a number from a GPU waits until all work before it is done, and leaves the GPU without work
until the next is sent. What is computed from measured numbers is therefore written with the
functions here: on a CPU with floats, on a GPU with tensors [] of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache, wraps
from typing import Final, ParamSpec, TypeVar, cast

import torch
from torch import Tensor

Given = ParamSpec("Given")
Found = TypeVar("Found")

Number = float | Tensor
"""A float, or a tensor [] on a device."""

AT_ONCE: Final = {"cpu"}
"""The kinds of devices whose numbers are read at once. Tests of the others empty it."""


def stays(device: torch.device) -> bool:
    """Whether what is measured on a device stays there."""
    return device.type not in AT_ONCE


def number(value: Tensor) -> Number:
    """What was measured as a tensor []."""
    return value if stays(value.device) else float(value)


def exact_mean(planes: Tensor) -> float:
    """The mean in float64, which not every device has; waits for the device."""
    there = planes if planes.device.type in ("cpu", "cuda") else planes.cpu()
    return float(there.mean(dtype=torch.float64))


def stored(value: float, device: torch.device) -> Number:
    """A number that was saved, as it was measured on a device."""
    return torch.full((), value, device=device) if stays(device) else value


def larger(least: float, value: Number) -> Number:
    """The number, at least `least`."""
    return value.clamp(min=least) if isinstance(value, Tensor) else max(least, value)


def smaller(most: float, value: Number) -> Number:
    """The number, at most `most`."""
    return value.clamp(max=most) if isinstance(value, Tensor) else min(most, value)


def limited(value: Number, low: float, high: float) -> Number:
    """The number, at least `low` and at most `high`."""
    if isinstance(value, Tensor):
        return value.clamp(low, high)
    return min(high, max(low, value))


def root(value: Number) -> Number:
    """The square root."""
    return value.sqrt() if isinstance(value, Tensor) else math.sqrt(value)


def chosen(positive: Number, yes: Number, no: Number) -> Number:
    """`yes` where a number is above 0, else `no`."""
    if not isinstance(positive, Tensor):
        return yes if positive > 0 else no
    return torch.where(positive > 0, yes, no)


def kept_by_stream(most: int) -> Callable[[Callable[Given, Found]], Callable[Given, Found]]:
    """Like lru_cache(most), for tensors on a device, the last argument: each stream has its own.

    One that another stream still reads must not be forgotten, as its memory would be used again.
    """

    def kept(make: Callable[Given, Found]) -> Callable[Given, Found]:
        @cache
        def of_stream(stream: int) -> Callable[Given, Found]:
            return cast("Callable[Given, Found]", lru_cache(most)(make))

        @wraps(make)
        def here(*given: Given.args, **named: Given.kwargs) -> Found:
            return of_stream(_stream(given[-1]))(*given, **named)

        return here

    return kept


def _stream(device: object) -> int:
    """The stream of a GPU to which this thread queues its work; 0 on other devices."""
    if not (isinstance(device, torch.device) and device.type == "cuda"):
        return 0
    return int(torch.cuda.current_stream(device).cuda_stream)


@kept_by_stream(64)
def column(values: tuple[float, ...], device: torch.device) -> Tensor:
    """Numbers as a tensor [n, 1, 1] that is kept on the device: sending them would stall a GPU."""
    return torch.tensor(values, device=device).view(-1, 1, 1)


class Later:
    """A tensor of float32 on its way to the host, which goes on in the meantime."""

    def __init__(self, value: Tensor) -> None:
        value = value.detach()
        self._ready: torch.cuda.Event | None = None
        if value.is_cuda:
            kept = torch.empty(value.shape, dtype=value.dtype, pin_memory=True)
            kept.copy_(value, non_blocking=True)
            self._ready = torch.cuda.current_stream(value.device).record_event()
        else:
            kept = value.to("cpu", copy=True)
        self._kept = kept

    def values(self) -> list[float]:
        """The values; waits until the work that gives them is done, but for no later work."""
        if self._ready is not None:
            self._ready.synchronize()
        found: list[float] = self._kept.numpy().ravel().tolist()
        return found
