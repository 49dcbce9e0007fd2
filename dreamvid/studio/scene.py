"""What a preview dreams on: a frame at its place in the film or zoom, and what dreams it."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
from torch import Tensor

from dreamvid.commands.clock import clock_of, needs_look, signals_read
from dreamvid.commands.masked import make_regions
from dreamvid.commands.shared import make_dreams
from dreamvid.commands.zoom import FIRST_TIMES
from dreamvid.schedules.schedule import Clock
from dreamvid.schedules.signals import FILM
from dreamvid.sequence.progress import OnProgress, Progress
from dreamvid.sequence.regions import Region, Regions
from dreamvid.settings.models import ImageSettings, VideoSettings
from dreamvid.studio.channel import Reply

MEGABYTE: Final = 1_000_000
TELL_EVERY: Final = 0.5
"""Least seconds from one word about a download to the next."""
_BEGIN: Final = Fraction(0)
NO_SIGNALS: Final = "signals of the film are taken as 0 in the preview"


@dataclass(frozen=True)
class Scene:
    """An image [3, H, W], which is frame `index` of the `frames` that are dreamed, at a `rate`.

    `path` is its source, None for noise. `begins` is the time of frame 0 in the source.
    """

    settings: Any
    image: Tensor
    path: str | None
    index: int
    rate: Fraction
    frames: int
    begins: Fraction = Fraction(0)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return int(self.image.shape[1]), int(self.image.shape[2])

    @property
    def time(self) -> Fraction:
        """The seconds from frame 0 to this one."""
        return self.index / self.rate

    def regions(
        self, clock: Clock, films: ExitStack, reply: Reply, *, first: Fraction = _BEGIN
    ) -> Regions:
        """What dreams it; `first` is the time of the frame that is given as the first one."""
        settings, told = self.settings, telling(reply)
        if isinstance(settings, ImageSettings | VideoSettings):
            return make_regions(
                settings,
                clock,
                films,
                size=self.size,
                begins=self.begins + first,
                patient=isinstance(settings, ImageSettings),
                on_progress=told,
            )
        times = FIRST_TIMES if self.path is None else 1.0
        dreams = make_dreams(
            settings.network,
            settings.dream,
            clock,
            size=self.size,
            times=times,
            on_progress=told,
        )
        return Regions([Region(dreams)])


def telling(reply: Reply) -> OnProgress:
    """Tells a download while a preview waits for it; it is given up when that is not wanted."""
    last = -math.inf

    def on_progress(event: Progress) -> None:
        nonlocal last
        reply.check()
        if event.task == "download" and time.monotonic() - last > TELL_EVERY:
            last = time.monotonic()
            of = f" of {event.total // MEGABYTE}" if event.total else ""
            reply.send("note", text=f"{event.text}: {event.done // MEGABYTE}{of} MB")

    return on_progress


class Clocks:
    """Makes clocks of scenes, and keeps the last: to listen to a song takes seconds."""

    def __init__(self) -> None:
        self._last: tuple[object, Clock] | None = None

    def __call__(self, scene: Scene, reply: Reply) -> Clock:
        """The clock; what would need a look at the whole film is taken as nothing, and told."""
        settings = scene.settings
        if isinstance(settings, ImageSettings) or not hasattr(settings, "signals"):
            return Clock(Fraction(1), 1, settings.dream.seed)
        names = sorted(signals_read(settings))
        of_film = isinstance(settings, VideoSettings) and needs_look(settings, scene.frames)
        if of_film:
            reply.send("note", text=NO_SIGNALS)
        texts = settings.sound.model_dump_json(), settings.signals.model_dump_json()
        key = (texts, names, scene.rate, scene.frames, settings.dream.seed, of_film)
        if self._last is None or self._last[0] != key:
            clock = clock_of(settings, scene.rate, scene.frames)
            nothing = {name: np.zeros(max(1, scene.frames)) for name in FILM if of_film}
            self._last = key, replace(clock, signals={**clock.signals, **nothing})
        return self._last[1]


def placed(settings: VideoSettings, number: int, rate: Fraction, frames: int) -> tuple[int, int]:
    """The index and the number of frames of the part of a film that is dreamed.

    `number` is that of a frame of the whole film, which has so many `frames`; one before the part
    counts as its first.
    """
    film = settings.film
    first = 0 if film.start is None else -int(-film.start * rate // 1)
    last = frames if film.end is None else min(frames, -int(-film.end * rate // 1))
    count = max(1, last - first)
    count = count if film.frames is None else min(count, film.frames)
    return max(0, number - first), count
