"""Live pictures without a camera and without waiting: pictures at the times of a set clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tiny import tiny_network

from dreamvid.commands.dreams import Dreams
from dreamvid.live.carry import LiveCarry
from dreamvid.live.feed import Taken
from dreamvid.live.frames import LiveFrame
from dreamvid.live.looks import Looks
from dreamvid.live.pace import Pace
from dreamvid.live.run import DRIFT, cameras
from dreamvid.live.showing import Showing
from dreamvid.live.taking import InputFrames
from dreamvid.networks.network import Network
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.memory import Memory
from dreamvid.settings.live import LiveSettings

Array = NDArray[Any]
FPS = 25


class FakeClock:
    """A clock that only moves when somebody waits, or when it is told to."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += max(0.0, seconds)


class Fed:
    """Pictures by the time: `picture_at(time)` gives an array, or None while nothing comes."""

    def __init__(
        self,
        clock: FakeClock,
        picture_at: Callable[[float], Array | None],
        *,
        still: bool = False,
        fps: float = FPS,
    ) -> None:
        self.clock, self.still = clock, still
        self._at, self._fps, self._last = picture_at, fps, -1

    def take(self, timeout: float) -> Taken | None:
        number = round(self.clock.time * self._fps)
        if number <= self._last:
            self.clock.time = (self._last + 1) / self._fps
            number = self._last + 1
        self._last = number
        array = self._at(number / self._fps)
        if array is None:
            self.clock.time += timeout
            return None
        return Taken(array, self.clock.time)


def settings_of(**dream: Any) -> LiveSettings:
    given = {"octaves": 1, "iterations": 4, "step": 0.03} | dream
    return LiveSettings.checked({"dream": given, "network": {"device": "cpu", "precision": "fp32"}})


def maker(network: Network | None = None) -> Callable[[LiveSettings], Dreams]:
    """What makes the Dreamers of settings with one network, the tiny one by default."""
    network = network or tiny_network()

    def make(settings: LiveSettings) -> Dreams:
        clock = Clock(Fraction(1), 1, settings.dream.seed)
        return Dreams([network], settings.network, settings.dream, clock, size=(36, 64))

    return make


def looks_of(settings: LiveSettings | None = None, **options: Any) -> Looks:
    make = options.pop("make", None) or maker()
    return Looks(settings or settings_of(), make, options.pop("complain", lambda text: None))


class Small:
    """A live picture at a fixed small size, as run_live would make it."""

    def __init__(
        self,
        picture_at: Callable[[float], Array | None],
        *,
        size: tuple[int, int] = (36, 64),
        dream_size: tuple[int, int] | None = None,
        looks: Looks | None = None,
        still: bool = False,
        fps: float = FPS,
    ) -> None:
        self.clock = FakeClock()
        self.pace = Pace(dream_size or size, fps=fps)
        self.fed = Fed(self.clock, picture_at, still=still, fps=fps)
        self.frames = InputFrames(
            self.fed, cameras(DRIFT, Fraction(fps)), shown=size, fps=fps, pace=self.pace,
            clock=self.clock,
        )  # fmt: skip
        self.looks = looks or looks_of()
        self.carry, self.showing = LiveCarry(self.looks), Showing(size)

    def __iter__(self) -> Iterator[tuple[LiveFrame, Memory, Array]]:
        memory = None
        for frame in self.frames:
            memory = self.carry(frame, memory)
            yield frame, memory, self.showing(frame, memory)


def noisy(array: Array, time: float, *, levels: float = 2.0) -> Array:
    """An array with the noise of a camera, which differs at each time."""
    rng = np.random.default_rng(round(1000 * time))
    return (array + rng.normal(0, levels, array.shape)).clip(0, 255).astype(np.uint8)


def difference(one: Array, other: Array) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def residual(memory: Memory) -> torch.Tensor:
    return memory.dreamed - memory.source
