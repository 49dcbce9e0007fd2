"""What a film itself tells schedules: how much moves, how bright it is, and where its cuts are.

The film is looked at once before it is dreamed, in small, because the signals are relative to the
whole film: `0.3+2*motion` should do the same on a calm film as on a wild one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamvid.motion.estimate import estimate_motion
from dreamvid.motion.flow import Array, estimator
from dreamvid.motion.shots import CutDetector, indicates_cut
from dreamvid.schedules.envelope import Envelope

LOOK_WIDTH = 256
"""Width of the frames that are looked at; narrower films at their own."""

PERCENTILE = 95
"""This percentile of a film's motion and brightness becomes 1."""

LEAST = {"motion": 0.02, "brightness": 0.02}
"""Values that become 1 in films that have less: heights per second, and luma.

Otherwise the noise of a film without motion would be taken for motion.
"""

SHORTEST = Fraction(1, 1000)
"""The shortest time between two frames, in seconds: some files give two the same time."""

Signal = NDArray[np.float64]


TIMES = {"motion": (0.1, 0.2), "brightness": (0.0, 0.0), "cut": (0.0, 0.3)}
"""Attack and release of each signal in seconds, unless an envelope has others."""


@dataclass(frozen=True)
class FilmSignals:
    """What was seen of a film, one value per frame.

    `motion` is the mean length of the optical flow in heights per second, `brightness` the mean of
    luma, 0..1; `cut` is 1 on the first frame of a shot, else 0.
    """

    motion: tuple[float, ...]
    brightness: tuple[float, ...]
    cut: tuple[float, ...]

    def signal(self, name: str, rate: float, envelope: Envelope) -> Signal:
        """A signal 0..1 with its envelope, at `rate` frames per second.

        Of motion and brightness the PERCENTILE becomes 1, and what is above it.
        """
        attack, release = TIMES[name]
        values = np.array(getattr(self, name))
        values = envelope.followed(values, rate, attack=attack, release=release)
        return envelope.gated(_unit(values, LEAST[name]) if name in LEAST else values)

    @property
    def text(self) -> str:
        """The signals as JSON, from which `read` restores the same values."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        """Restore the signals; ValueError, KeyError or TypeError for another text."""
        found = json.loads(text)
        return cls(*(tuple(map(float, found[name])) for name in TIMES))


def look(frames: Iterable[tuple[Fraction, Array]]) -> FilmSignals:
    """Look at a film: pairs of a time in seconds and an array [h, w, 3]; keeps one array.

    A first frame of a shot has no motion of its own, and is given that of the next one.
    """
    speeds, lights, cuts = [], [], []
    for speed, light in _seen(frames):
        cuts.append(float(speed is None))
        speeds.append(np.nan if speed is None else speed)
        lights.append(light)
    return FilmSignals(
        motion=tuple(_backfilled(np.array(speeds)).tolist()),
        brightness=tuple(lights),
        cut=tuple(cuts),
    )


def _seen(frames: Iterable[tuple[Fraction, Array]]) -> Iterator[tuple[float | None, float]]:
    """Yield the speed, in heights per second, and the mean luma of each frame.

    The speed is None where a shot begins.
    """
    flow, detector = estimator(), CutDetector()
    before: tuple[Fraction, Array] | None = None
    for time, array in frames:
        speed = None
        if not detector.is_cut(array) and before is not None:
            motion = estimate_motion(flow, array, before[1])
            if not indicates_cut(motion.mask):
                lengths = np.sqrt((motion.backward.astype(np.float64) ** 2).sum(axis=2))
                elapsed = max(SHORTEST, time - before[0])
                speed = float(lengths.mean() / array.shape[0] / elapsed)
        full = np.iinfo(array.dtype).max
        light = float(cv2.cvtColor(array, cv2.COLOR_RGB2GRAY).mean(dtype=np.float64) / full)
        yield speed, light
        before = time, array


def _backfilled(values: Signal) -> Signal:
    """The values with each NaN replaced by the next number; 0 where there is none."""
    filled = values.copy()
    following = 0.0
    for index in range(len(values) - 1, -1, -1):
        following = following if np.isnan(filled[index]) else float(filled[index])
        filled[index] = following
    return filled


def _unit(values: Signal, least: float) -> Signal:
    """Scale the PERCENTILE, but at least `least`, to 1 and clip to 0..1."""
    top = max(least, float(np.percentile(values, PERCENTILE))) if len(values) else least
    return np.clip(values / top, 0, 1)
