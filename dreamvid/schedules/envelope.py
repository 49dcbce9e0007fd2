"""Envelopes: how fast a signal may rise and fall, below what it is 0, and how large it gets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Envelope:
    """How a signal is shaped: a one-pole filter with two times, then a gate and a gain.

    `attack` and `release` are time constants in seconds: after that time a rise or a fall has
    covered 1 - 1/e, 63 per cent, of a step, at any frame rate; None leaves the signal's own. Of a
    signal scaled to 0..1, what is below `threshold` becomes 0 and the rest is stretched to 0..1
    again; `gain` multiplies it.
    """

    attack: float | None = None
    release: float | None = None
    threshold: float = 0.0
    gain: float = 1.0

    @property
    def smooths(self) -> bool:
        """Whether a time is given; otherwise a signal keeps its own smoothing."""
        return self.attack is not None or self.release is not None

    def followed(
        self, values: NDArray[np.float64], rate: float, *, attack: float = 0, release: float = 0
    ) -> NDArray[np.float64]:
        """Follow values at `rate` per second; `attack` and `release` are the signal's own times."""
        return follow(
            values,
            rate,
            attack if self.attack is None else self.attack,
            release if self.release is None else self.release,
        )

    def gated(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values above the threshold, stretched to 0..1, times the gain."""
        import numpy as np

        if self.threshold:
            values = np.maximum(values - self.threshold, 0) / (1 - self.threshold)
        return values * self.gain if self.gain != 1 else values

    def __call__(self, values: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
        """The envelope of values 0..1 at `rate` per second."""
        return self.gated(self.followed(values, rate))


def follow(
    values: NDArray[np.float64], rate: float, attack: float, release: float
) -> NDArray[np.float64]:
    """Follow values at `rate` per second with a one-pole filter, beginning at the first value.

    y += (1 - exp(-1 / (rate * time))) (x - y), with the attack where x > y, else the release; a
    time of 0 follows at once.
    """
    import numpy as np

    if not (attack or release) or not len(values):
        return values
    rise, fall = (1 - math.exp(-1 / (rate * time)) if time else 1.0 for time in (attack, release))
    level, levels = float(values[0]), []
    for value in values.tolist():
        level += (rise if value > level else fall) * (value - level)
        levels.append(level)
    return np.array(levels)
