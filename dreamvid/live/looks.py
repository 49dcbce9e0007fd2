"""What is dreamed live, while controls change it: numbers glide, all else is cross-faded.

A new layer, guide, preset or network is made in a thread of its own, so that the picture never
waits for it; then both dream together for a moment, as two networks do (dream/mixture.py).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dreamvid.commands.dreams import Dreams
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.mixture import mixed
from dreamvid.dream.octaves import Size
from dreamvid.errors import DreamvidError
from dreamvid.live.glide import Glide
from dreamvid.live.newest import Newest
from dreamvid.settings.dials import Moment
from dreamvid.settings.live import GLIDING, LiveSettings

PATIENCE = 10.0
"""Seconds to wait for the look that is being made when a picture ends."""

STEPS = 20
"""Steps of a cross-fade: each makes a Dreamer."""

NUMBERS = tuple(name for name in GLIDING if name != "stability")
"""The gliding numbers of a Moment."""


@dataclass(frozen=True)
class Look:
    """The settings of a dream, and its Dreamers."""

    settings: LiveSettings
    dreams: Dreams

    def at(self, numbers: Mapping[str, float], size: Size) -> Dreamer:
        """The Dreamer with other numbers, for a size (height, width)."""
        changed: dict[str, Any] = dict(numbers)
        moment: Moment = replace(self.dreams.moment, **changed)
        return self.dreams.at(moment, size)


class Looks:
    """The Dreamer and the stability of each moment: `looks(size, now)`.

    `make` makes the Dreamers of settings; it may raise any DreamvidError, which `complain` gets.
    """

    def __init__(
        self,
        settings: LiveSettings,
        make: Callable[[LiveSettings], Dreams],
        complain: Callable[[str], None],
    ) -> None:
        self._make, self._complain = make, complain
        self._look = Look(settings, make(settings))
        self._coming: Look | None = None
        self._share = Glide(1.0)
        self._wanted = settings
        self._numbers = {name: Glide(value) for name, value in settings.gliding.items()}
        self._orders: Newest[LiveSettings] = Newest()
        self._ready: Newest[Look] = Newest()
        self._key: object = None
        self._dreamer: Dreamer | None = None
        self._maker = threading.Thread(target=self._make_looks, name="looks", daemon=True)
        self._maker.start()

    @property
    def settings(self) -> LiveSettings:
        """The settings that were asked for last, without what the numbers have become."""
        return self._wanted

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers that are aimed at."""
        return {name: glide.goal for name, glide in self._numbers.items()}

    def turn(self, name: str, value: float, now: float) -> None:
        """Let a number glide to a value within its bounds."""
        self._numbers[name].to(value, now)

    def choose(self, settings: LiveSettings) -> None:
        """Cross-fade to other settings as soon as their Dreamers are made."""
        self._wanted = settings
        self._orders.put(settings)

    def __call__(self, size: Size, now: float) -> tuple[Dreamer, float]:
        """The Dreamer for a size (height, width), and the stability; the same while all stays."""
        self._advance(now)
        numbers = {name: self._numbers[name](now) for name in NUMBERS}
        share = round(STEPS * self._share(now)) / STEPS
        key = (self._look, self._coming, share, size, tuple(numbers.values()))
        if key != self._key or self._dreamer is None:
            self._key, self._dreamer = key, self._dreamer_of(numbers, share, size)
        return self._dreamer, self._numbers["stability"](now)

    def close(self) -> None:
        """End the thread that makes Dreamers, once it has made the one it is at.

        A thread that is inside torch when Python exits would end the process with an abort.
        """
        self._orders.close()
        self._maker.join(PATIENCE)

    def _advance(self, now: float) -> None:
        """Finish a cross-fade, or begin the next one."""
        if self._coming is not None and self._share(now) == 1:
            self._look, self._coming = self._coming, None
        if self._coming is None and (ready := self._ready.take(0)) is not None:
            self._coming, self._share = ready, Glide(0.0)
            self._share.to(1.0, now)

    def _dreamer_of(self, numbers: Mapping[str, float], share: float, size: Size) -> Dreamer:
        now = self._look.at(numbers, size)
        if self._coming is None or share == 0:
            return now
        coming = self._coming.at(numbers, size)
        if share == 1:
            return coming
        both = mixed([now, coming], [1 - share, share])
        host = coming if share > 0.5 else now
        step = now.dose.step + share * (coming.dose.step - now.dose.step)
        return both.with_dose(replace(host.dose, step=step), host.octave_scale, host.shape)

    def _make_looks(self) -> None:
        """Make the Dreamers of the newest settings that were chosen; runs in its thread."""
        good = self._wanted
        while (settings := self._orders.take()) is not None:
            try:
                self._ready.put(Look(settings, self._make(settings)))
                good = settings
            except Exception as error:  # a control may name anything; the picture goes on
                if self._wanted is settings:  # else others were chosen meanwhile
                    self._wanted = good
                known = isinstance(error, DreamvidError)
                self._complain(str(error) if known else f"{type(error).__name__}: {error}")
