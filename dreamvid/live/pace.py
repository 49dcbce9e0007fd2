"""The size of the dream: smaller while it cannot keep the rate, larger again when it can."""

from __future__ import annotations

from dreamvid.dream.octaves import Size

RATIO = 0.84
"""Ratio of neighbouring sizes: about 0.7 of the pixels."""

SMALLEST = 32
"""The shorter side of the smallest size, in pixels."""

FIRST = 144
"""The shorter side of the first size: a start within a second, from which the dream grows."""

SHRINK_AFTER = 1.0
"""Seconds of lag after which the dream shrinks."""

GROW_AFTER, LONGEST_WAIT = 4.0, 120.0
"""Seconds of time to spare after which the dream grows. They double, up to the longest, when it had
to shrink soon after it grew, so that it does not swing."""

SPARE = 0.85
"""Share of the time that the next larger size may take, by its pixels, for it to be tried."""

EASE = 0.15
"""Share of the newest frame in the running mean of the load."""

WORST = 3.0
"""Limit of the load of a frame: a single slow one, as after a cut, is no reason to shrink."""


class Pace:
    """Chooses the size (height, width) to dream at so that `fps` and `latency` are kept.

    The sizes are `most` times powers of RATIO. `took` is told of every frame that was shown.
    """

    def __init__(self, most: Size, *, fps: float, latency: float | None = None) -> None:
        self._sizes = sizes_below(most)
        self._fps, self._latency = fps, latency
        near = (k for k, size in enumerate(self._sizes) if min(size) >= FIRST)
        self._place = max(near, default=0)
        self._load, self._tendency = 1.0, 0
        self._since = self._grew = float("-inf")
        self._wait = GROW_AFTER

    @property
    def size(self) -> Size:
        """The size (height, width) to dream the next frame at."""
        return self._sizes[self._place]

    def took(self, busy: float, latency: float, now: float) -> None:
        """Tell of a frame that was shown at the time `now`: seconds of work, and of delay."""
        load = busy * self._fps
        if self._latency is not None:
            load = max(load, latency / self._latency)
        self._load += EASE * (min(load, WORST) - self._load)
        tendency = self._tends()
        if tendency != self._tendency:
            self._tendency, self._since = tendency, now
        held = now - self._since
        if tendency > 0 and held > SHRINK_AFTER:
            if now - self._grew < 2 * GROW_AFTER:
                self._wait = min(LONGEST_WAIT, 2 * self._wait)
            self._move(1)
        elif tendency < 0 and held > self._wait:
            self._grew = now
            self._move(-1)
        elif now - self._grew > 2 * LONGEST_WAIT:
            self._wait = GROW_AFTER

    def _tends(self) -> int:
        """1 towards a smaller size, -1 towards a larger one, 0 to stay."""
        if self._load > 1 and self._place + 1 < len(self._sizes):
            return 1
        return -1 if self._place > 0 and self._load * self._cost(-1) < SPARE else 0

    def _cost(self, step: int) -> float:
        """The number of pixels of another size relative to this one."""
        other, here = self._sizes[self._place + step], self.size
        return other[0] * other[1] / (here[0] * here[1])

    def _move(self, step: int) -> None:
        self._load *= self._cost(step)
        self._place += step
        self._tendency = 0


def sizes_below(most: Size) -> list[Size]:
    """The sizes (height, width) to choose from, the largest first."""
    sizes, factor = [most], RATIO
    while factor * min(most) >= SMALLEST:
        sizes.append((round(most[0] * factor), round(most[1] * factor)))
        factor *= RATIO
    return sizes
