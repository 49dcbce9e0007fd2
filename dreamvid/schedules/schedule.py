"""Schedules: keyframe text evaluated at a frame.

    1.02                                        constant
    0:(1.02), 30:(1.05)                         keys at frames; numbers are interpolated linearly
    0:(1.02+0.01*sin(2*pi*t/30))                a formula runs until the next key (as in Deforum)
    0:(1.4), 1.5s:(2.2, ease-in-out), 50%:(1)   seconds, shares of the length, easing to the key
    0:(1), 8b:(2)                               beats of a tempo or of the audio
    0:(parts), 10s:(objects)                    text values hold; with an easing they cross-fade

Variables: `t` (frame), `max_f` (last frame), `s` (seed), `fps`, `seconds`, `progress` (0 up to 1,
exclusive, over the length); with a tempo or audio `beats` (so far) and `beat` (1 on the beat,
falling to 0 by the next); and the signals of `dreamvid.schedules.signals`, one value per frame.
Text is parsed once, by `dreamvid.schedules.expression`, and never passed to eval.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from dreamvid.errors import UsageError
from dreamvid.schedules.expression import Expression
from dreamvid.schedules.signals import CURVE, FILM, SONG, is_song, kind_of
from dreamvid.schedules.text import Span

if TYPE_CHECKING:  # to read a schedule takes none of it
    import numpy as np
    from numpy.typing import NDArray


VARIABLES = frozenset(
    {"t", "max_f", "s", "fps", "seconds", "progress", "beats", "beat", *SONG, *FILM}
)

OF_LENGTH = frozenset({"max_f", "progress"})
"""The variables that are known with the length of the sequence."""


EASINGS: dict[str, Callable[[float], float]] = {
    "linear": lambda u: u,
    "hold": lambda u: 0.0,
    "ease-in": lambda u: u**3,
    "ease-out": lambda u: 1 - (1 - u) ** 3,
    "ease-in-out": lambda u: 4 * u**3 if u < 0.5 else 1 - (2 - 2 * u) ** 3 / 2,
}
"""Transitions from the previous key to the key with the easing; u runs from 0 to 1."""


class ScheduleError(UsageError):
    """An invalid schedule; `text` is the whole text, `column` counts from 1."""

    def __init__(
        self, what: str, *, text: str, column: int, where: object, remedy: str = ""
    ) -> None:
        self.text, self.column, self.reason = text, column, what
        piece = text[column - 1 : column + 29]
        spot = f"at {piece!r}" if piece.strip() else "at the end"
        super().__init__(f"{what}, column {column}, {spot}", where=where, remedy=remedy)

    def about(self, where: object, remedy: str) -> ScheduleError:
        """The same error with another `where`, and with `remedy` if it has none."""
        remedy = self.remedy or remedy
        return ScheduleError(
            self.reason, text=self.text, column=self.column, where=where, remedy=remedy
        )

    @property
    def excerpt(self) -> str:
        """Two lines: the text around the column, and a caret below it."""
        start = max(0, self.column - 60)
        line = "".join(c if c.isprintable() else " " for c in self.text[start : start + 76])
        return f"  {line}\n  {' ' * (self.column - 1 - start)}^"


@dataclass(frozen=True)
class Clock:
    """The time base and the variables of schedules in one sequence.

    `frames` is None when the length is unknown. `bpm` is a tempo in beats per minute, counted from
    the first frame or from the first beat of the audio; `pulse` holds the times of its beats in
    seconds. `signals` holds arrays [frames] by the names of signals; those of a song are 0 after
    their end, others keep their last value.
    """

    fps: Fraction
    frames: int | None = None
    seed: int = 0
    bpm: float | None = None
    signals: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    pulse: Sequence[float] = (0.0,)

    def lacks(self, name: str) -> str:
        """Describe what is missing for a variable to have a value; empty if nothing is."""
        if name in OF_LENGTH and self.frames is None:
            return "needs a known length"
        if name in ("beats", "beat") and not self.bpm:
            heard = any(map(is_song, self.signals))
            found = ": none was detected in the audio" if heard else " or audio"
            return f"needs a tempo (bpm){found}"
        if name in self.signals:
            return ""
        if kind_of(name) in FILM:
            return "needs a film, which a zoom does not have"
        if is_song(name):
            return "needs audio (--audio)"
        return "was not read" if kind_of(name) == CURVE else ""

    def variable(self, name: str, frame: float) -> float:
        """The value of a variable at a frame, which may be fractional."""
        seconds = frame / float(self.fps)
        if name == "t":
            return float(frame)
        if name in self.signals:
            signal, index = self.signals[name], int(frame)
            if index >= len(signal) and not is_song(name):
                index = len(signal) - 1
            return float(signal[index]) if 0 <= index < len(signal) else 0.0
        if name in ("beats", "beat"):
            beats = self._beats(seconds)
            before = math.floor(beats + 1e-6)  # rounding must not miss a beat on a frame
            beat = (1 - max(0.0, beats - before)) ** 2 if before >= 0 else 0.0
            return beats if name == "beats" else beat
        plain = {"s": float(self.seed), "fps": float(self.fps), "seconds": seconds}
        if name in plain:
            return plain[name]
        frames = self.frames or 1
        return float(frames - 1) if name == "max_f" else frame / frames

    def when(self, beats: float) -> float:
        """The time in seconds after a number of beats; the tempo continues after the last beat."""
        last = len(self.pulse) - 1
        within = min(max(beats, 0.0), last)
        rest = (beats - within) * 60 / (self.bpm or math.inf)
        return _between(within, range(last + 1), self.pulse) + rest

    def _beats(self, seconds: float) -> float:
        """The number of beats up to a time in seconds: the inverse of `when`."""
        within = min(max(seconds, self.pulse[0]), self.pulse[-1])
        rest = (seconds - within) * (self.bpm or 0.0) / 60
        return _between(within, self.pulse, range(len(self.pulse))) + rest


def _between(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Interpolate linearly at `x` between the points (xs, ys), with ascending xs."""
    import numpy as np

    return float(np.interp(x, xs, ys))


class Key(NamedTuple):
    amount: Expression
    unit: str
    value: Span
    formula: Expression | None
    easing: str | None
    at: int


class Schedule:
    """A parsed schedule of numbers or text; `on(clock)` or `text_on(clock)` makes it a curve."""

    def __init__(self, text: str, where: object, keys: tuple[Key, ...]) -> None:
        self.text, self.where, self.keys = text, where, keys

    @property
    def constant(self) -> float | None:
        """The value of a constant schedule, else None."""
        formula = self.keys[0].formula
        if len(self.keys) > 1 or formula is None or formula.names:
            return None
        return formula({})

    @property
    def texts(self) -> tuple[str, ...]:
        """Every distinct value as text, in the order of the keys."""
        return tuple(dict.fromkeys(key.value.text for key in self.keys))

    def on(self, clock: Clock, *, low: float = -math.inf, high: float = math.inf) -> Curve:
        """Make the curve on a clock; all frames of a known length are checked now.

        Raises UsageError for a variable without a value, and, with the frame, for a value that is
        not a number or is outside low..high.
        """
        curve = Curve(self, clock, low, high)
        if self.constant is None and clock.frames:
            for frame in range(clock.frames):
                curve(frame)
        else:
            curve(0)
        return curve

    @property
    def names(self) -> frozenset[str]:
        """The variables and signals in its values."""
        return frozenset[str]().union(*(key.formula.names for key in self.keys if key.formula))

    @property
    def needs_length(self) -> bool:
        """Whether the length of the sequence decides its values or their times."""
        read = self.names.union(*(key.amount.names for key in self.keys))
        return any(key.unit == "%" for key in self.keys) or not read.isdisjoint(OF_LENGTH)

    def require(self, clock: Clock) -> None:
        """Raise ScheduleError for a variable that has no value on this clock."""
        for key in self.keys:
            for name in sorted(key.formula.names if key.formula else ()):
                if lack := clock.lacks(name):
                    raise self.error(f"{name} {lack}", key.value.at + key.value.word(kind_of(name)))

    def text_on(self, clock: Clock) -> TextCurve:
        """Make the curve of a schedule of text values."""
        return TextCurve(self, clock)

    def error(self, what: str, at: int, remedy: str = "") -> ScheduleError:
        """Make an error for character `at` (from 0) of the text."""
        return ScheduleError(what, text=self.text, column=at + 1, where=self.where, remedy=remedy)

    def timed(self, clock: Clock) -> list[tuple[float, Key]]:
        """The keys sorted by frame; of two at the same time the later one counts, as in Deforum."""
        by_time: dict[float, Key] = {}
        for key in self.keys:
            time = self._frame(key, clock)
            if not (math.isfinite(time) and time >= 0):
                raise self.error(f"a key cannot be at frame {time:g}", key.at)
            by_time[time] = key
        return sorted(by_time.items(), key=lambda item: item[0])

    def _frame(self, key: Key, clock: Clock) -> float:
        for name in sorted(key.amount.names):
            if lack := clock.lacks(name):
                raise self.error(f"{name!r} {lack}", key.at)
        amount = key.amount({name: clock.variable(name, 0) for name in key.amount.names})
        if key.unit == "%":
            if clock.frames is None:
                raise self.error("the length is unknown", key.at, "use times in seconds or frames")
            return amount / 100 * (clock.frames - 1)
        if key.unit == "s":
            return amount * float(clock.fps)
        if key.unit == "b":
            if not clock.bpm:
                raise self.error("beats need a tempo", key.at, "set bpm")
            return max(0.0, clock.when(amount) * float(clock.fps))
        return amount


class _Timeline:
    """The keys of a schedule by frame, and the position of a frame between two keys."""

    def __init__(self, schedule: Schedule, clock: Clock) -> None:
        self.schedule, self.clock = schedule, clock
        timed = schedule.timed(clock)
        self.times = [time for time, _ in timed]
        self.keys = [key for _, key in timed]

    def at(self, frame: float) -> tuple[int, float]:
        """The index of the key before a frame, and the progress, 0..1, to the next one."""
        index = max(bisect.bisect_right(self.times, frame) - 1, 0)
        if index + 1 == len(self.times) or frame <= self.times[index]:
            return index, 0.0
        start, stop = self.times[index : index + 2]
        return index, (frame - start) / (stop - start)


class Curve:
    """A schedule on a clock: call it with a frame (int or float) to get the value."""

    def __init__(self, schedule: Schedule, clock: Clock, low: float, high: float) -> None:
        schedule.require(clock)
        self._line = _Timeline(schedule, clock)
        self._low, self._high = low, high
        self._constant = schedule.constant
        self._arrivals = [
            self._value(key, time)
            for time, key in zip(self._line.times, self._line.keys, strict=True)
        ]

    def __call__(self, frame: float) -> float:
        """The value at a frame; raises UsageError with the frame when it is out of range."""
        if self._constant is not None:
            return self._checked(self._constant, frame, self._line.keys[0])
        index, u = self._line.at(frame)
        key = self._line.keys[index]
        if frame <= self._line.times[0]:  # before the first key: its value
            return self._checked(self._arrivals[0], frame, key)
        value = self._value(key, frame)
        if u > 0:
            coming = self._line.keys[index + 1]
            assert key.formula is not None
            easing = coming.easing or ("linear" if key.formula.literal else "hold")
            share = EASINGS[easing](u)
            if share:
                value += share * (self._arrivals[index + 1] - value)
        return self._checked(value, frame, key)

    def values(self) -> NDArray[np.float64]:
        """The value of every frame, [frames]; the clock must have a length."""
        if self._line.clock.frames is None:
            raise UsageError("the length is unknown", where=self._line.schedule.where)
        import numpy as np

        return np.array([self(frame) for frame in range(self._line.clock.frames)])

    def _value(self, key: Key, frame: float) -> float:
        assert key.formula is not None, "a schedule of text has no numbers"
        clock = self._line.clock
        return key.formula({name: clock.variable(name, frame) for name in key.formula.names})

    def _checked(self, value: float, frame: float, key: Key) -> float:
        if math.isfinite(value) and self._low <= value <= self._high:
            return value
        if not math.isfinite(value):
            what = f"the value at frame {frame:g} is not a number"
        else:
            what = (
                f"the value at frame {frame:g} is {value:g}, not in {self._low:g}..{self._high:g}"
            )
        raise self._line.schedule.error(what, key.value.at)


class TextCurve:
    """A schedule of text on a clock: the values at a frame and their weights."""

    def __init__(self, schedule: Schedule, clock: Clock) -> None:
        self._line = _Timeline(schedule, clock)

    def __call__(self, frame: float) -> tuple[tuple[str, float], ...]:
        """One or two (text, weight) pairs, with positive weights that add up to 1."""
        index, u = self._line.at(frame)
        here = self._line.keys[index].value.text
        if u <= 0:
            return ((here, 1.0),)
        coming = self._line.keys[index + 1]
        share = EASINGS[coming.easing or "hold"](u)
        if share <= 0 or coming.value.text == here:
            return ((here, 1.0),)
        return ((here, 1.0 - share), (coming.value.text, share))
