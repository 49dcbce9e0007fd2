"""Keyframe text -> a value at a time.

    1.02                                        always this
    0:(1.02), 30:(1.05)                         keys at frames; a number glides to the next key
    0:(1.02+0.01*sin(2*pi*t/30))                a formula runs until the next key (as in Deforum)
    0:(1.4), 1.5s:(2.2, ease-in-out), 50%:(1)   seconds, parts of the length, easing on the way
    0:(1), 8b:(2)                               beats, of a tempo or a song
    0:(parts), 10s:(objects)                    text values hold; with an easing they cross-fade

Variables: `t` (frame), `max_f` (last frame), `s` (seed), `fps`, `seconds`, `progress` (0 up to 1,
exclusive, over the length); with a tempo or a song `beats` (so far) and `beat` (1 on the beat,
falling to 0 by the next); with a song `rms`, `bass`, `mid`, `treble`, `onset`, one value a frame.
Text is parsed once, by `dreamvid.schedules.expression`; nothing here is evaluated by Python.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from dreamvid.errors import UsageError
from dreamvid.schedules.expression import Expression
from dreamvid.schedules.text import Span

if TYPE_CHECKING:  # to read a schedule takes none of it
    import numpy as np
    from numpy.typing import NDArray


SIGNALS = ("rms", "bass", "mid", "treble", "onset")
"""The variables that come from sound."""


VARIABLES = frozenset({"t", "max_f", "s", "fps", "seconds", "progress", "beats", "beat", *SIGNALS})


EASINGS: dict[str, Callable[[float], float]] = {
    "linear": lambda u: u,
    "hold": lambda u: 0.0,
    "ease-in": lambda u: u**3,
    "ease-out": lambda u: 1 - (1 - u) ** 3,
    "ease-in-out": lambda u: 4 * u**3 if u < 0.5 else 1 - (2 - 2 * u) ** 3 / 2,
}
"""How a value moves from the key before to the key that names the easing; u runs from 0 to 1."""


class ScheduleError(UsageError):
    """A schedule that cannot be read; `text` is all of it, `column` counts from 1."""

    def __init__(
        self, what: str, *, text: str, column: int, where: object, remedy: str = ""
    ) -> None:
        self.text, self.column, self.reason = text, column, what
        piece = text[column - 1 : column + 29]
        spot = f"at {piece!r}" if piece.strip() else "at the end"
        super().__init__(f"{what}, column {column}, {spot}", where=where, remedy=remedy)

    def about(self, where: object, remedy: str) -> ScheduleError:
        """The same error, told of another place; `remedy` where it has none."""
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
    """What the times and variables of a schedule mean in one sequence.

    `frames` is None when the length is unknown; `bpm` is a tempo in beats a minute, counted from
    the first frame, or from a song's first beat: `pulse` holds the seconds at which the song's
    beats are. `signals` holds arrays [frames] by the names of SIGNALS, 0 after their end.
    """

    fps: Fraction
    frames: int | None = None
    seed: int = 0
    bpm: float | None = None
    signals: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    pulse: Sequence[float] = (0.0,)

    def lacks(self, name: str) -> str:
        """Say what is missing before variable `name` has a value, or nothing."""
        if name in ("max_f", "progress") and self.frames is None:
            return "needs a known length"
        if name in ("beats", "beat") and not self.bpm:
            heard = ": none is heard in the sound" if self.signals else " or sound"
            return f"needs a tempo (bpm){heard}"
        if name in SIGNALS and name not in self.signals:
            return "needs sound (audio)"
        return ""

    def variable(self, name: str, frame: float) -> float:
        """Give the value of a variable at a frame (which may lie between two)."""
        seconds = frame / float(self.fps)
        if name == "t":
            return float(frame)
        if name in self.signals:
            signal, index = self.signals[name], int(frame)
            return float(signal[index]) if 0 <= index < len(signal) else 0.0
        if name in ("beats", "beat"):
            beats = self._beats(seconds)
            before = math.floor(beats + 1e-6)  # a beat on a frame must not be missed by a rounding
            beat = (1 - max(0.0, beats - before)) ** 2 if before >= 0 else 0.0
            return beats if name == "beats" else beat
        plain = {"s": float(self.seed), "fps": float(self.fps), "seconds": seconds}
        if name in plain:
            return plain[name]
        frames = self.frames or 1
        return float(frames - 1) if name == "max_f" else frame / frames

    def when(self, beats: float) -> float:
        """Give the seconds at which so many beats have been; the tempo goes on beyond the pulse."""
        last = len(self.pulse) - 1
        within = min(max(beats, 0.0), last)
        rest = (beats - within) * 60 / (self.bpm or math.inf)
        return _between(within, range(last + 1), self.pulse) + rest

    def _beats(self, seconds: float) -> float:
        """Count the beats up to a time: what `when` does, the other way round."""
        within = min(max(seconds, self.pulse[0]), self.pulse[-1])
        rest = (seconds - within) * (self.bpm or 0.0) / 60
        return _between(within, self.pulse, range(len(self.pulse))) + rest


def _between(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """The value at `x` of the line through the points (xs, ys); xs ascend."""
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
    """Keys of numbers or of text, read once; `on(clock)` or `text_on(clock)` makes it a curve."""

    def __init__(self, text: str, where: object, keys: tuple[Key, ...]) -> None:
        self.text, self.where, self.keys = text, where, keys

    @property
    def constant(self) -> float | None:
        """The one number that the schedule always is, or None."""
        formula = self.keys[0].formula
        if len(self.keys) > 1 or formula is None or formula.names:
            return None
        return formula({})

    @property
    def texts(self) -> tuple[str, ...]:
        """Every value as text, in the order written, each once."""
        return tuple(dict.fromkeys(key.value.text for key in self.keys))

    def on(self, clock: Clock, *, low: float = -math.inf, high: float = math.inf) -> Curve:
        """Fix the times; every frame of a known length is tried, so that no error comes later.

        Raises UsageError for a variable without a value, and, naming the frame, for a value that
        is not a number or is outside low..high.
        """
        curve = Curve(self, clock, low, high)
        if self.constant is None and clock.frames:
            for frame in range(clock.frames):
                curve(frame)
        else:
            curve(0)
        return curve

    def text_on(self, clock: Clock) -> TextCurve:
        """Fix the times of a schedule whose values are text."""
        return TextCurve(self, clock)

    def error(self, what: str, at: int, remedy: str = "") -> ScheduleError:
        """Make the error that points at character `at` (from 0) of the text."""
        return ScheduleError(what, text=self.text, column=at + 1, where=self.where, remedy=remedy)

    def timed(self, clock: Clock) -> list[tuple[float, Key]]:
        """Give the keys by frame; of two at one time the later written counts, as in Deforum."""
        by_time: dict[float, Key] = {}
        for key in self.keys:
            time = self._frame(key, clock)
            if not (math.isfinite(time) and time >= 0):
                raise self.error(f"a key cannot stand at frame {time:g}", key.at)
            by_time[time] = key
        return sorted(by_time.items(), key=lambda item: item[0])

    def _frame(self, key: Key, clock: Clock) -> float:
        for name in sorted(key.amount.names):
            if lack := clock.lacks(name):
                raise self.error(f"{name!r} {lack}", key.at)
        amount = key.amount({name: clock.variable(name, 0) for name in key.amount.names})
        if key.unit == "%":
            if clock.frames is None:
                raise self.error("the length is unknown", key.at, "give times in seconds or frames")
            return amount / 100 * (clock.frames - 1)
        if key.unit == "s":
            return amount * float(clock.fps)
        if key.unit == "b":
            if not clock.bpm:
                raise self.error("beats need a tempo", key.at, "give bpm")
            return max(0.0, clock.when(amount) * float(clock.fps))
        return amount


class _Timeline:
    """The keys of a schedule in frames, and where between two of them a frame lies."""

    def __init__(self, schedule: Schedule, clock: Clock) -> None:
        self.schedule, self.clock = schedule, clock
        timed = schedule.timed(clock)
        self.times = [time for time, _ in timed]
        self.keys = [key for _, key in timed]

    def at(self, frame: float) -> tuple[int, float]:
        """Give the key that holds at a frame and how far, 0..1, the next one is reached."""
        index = max(bisect.bisect_right(self.times, frame) - 1, 0)
        if index + 1 == len(self.times) or frame <= self.times[index]:
            return index, 0.0
        start, stop = self.times[index : index + 2]
        return index, (frame - start) / (stop - start)


class Curve:
    """A schedule on a clock: call it with a frame (int or float) to get the value there."""

    def __init__(self, schedule: Schedule, clock: Clock, low: float, high: float) -> None:
        for key in schedule.keys:
            for name in sorted(key.formula.names if key.formula else ()):
                if lack := clock.lacks(name):
                    raise schedule.error(f"{name!r} {lack}", key.value.at)
        self._line = _Timeline(schedule, clock)
        self._low, self._high = low, high
        self._constant = schedule.constant
        self._arrivals = [
            self._value(key, time)
            for time, key in zip(self._line.times, self._line.keys, strict=True)
        ]

    def __call__(self, frame: float) -> float:
        """Give the value at a frame; raises UsageError, naming it, when there is none in range."""
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
        """Give the value of every frame, [frames]; the clock must know the length."""
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
    """A schedule of text on a clock: which value counts at a frame, with what weight."""

    def __init__(self, schedule: Schedule, clock: Clock) -> None:
        self._line = _Timeline(schedule, clock)

    def __call__(self, frame: float) -> tuple[tuple[str, float], ...]:
        """Give (text, weight) pairs, one or two, whose weights are above 0 and add up to 1."""
        index, u = self._line.at(frame)
        here = self._line.keys[index].value.text
        if u <= 0:
            return ((here, 1.0),)
        coming = self._line.keys[index + 1]
        share = EASINGS[coming.easing or "hold"](u)
        if share <= 0 or coming.value.text == here:
            return ((here, 1.0),)
        return ((here, 1.0 - share), (coming.value.text, share))
