"""Turn a clip into a loop: find the best join, and cross-fade along the motion.

A loop consists of the frames start .. stop - 1. Its last `fade` frames are cross-faded into the
frames before `start`, so that `start` can follow.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamvid.errors import UsageError
from dreamvid.motion.flow import FlowEstimator
from dreamvid.motion.warp import Plane, places

Array = NDArray[Any]
STILL = 3 / 255
"""Thumbnails that differ by no more than this, in 0..1, show the same picture."""

Thumbnails = NDArray[np.float32]

THUMBNAIL = 24
"""Height of the thumbnails used to find the join."""

SEAM_WANTED = 1.3
"""A step across the ends of a clip of at most this many median steps does not show."""

ONWARDS = 0.8
"""Two steps in one direction are at least this many times as long as one: fast motion of fine
detail makes them about equal."""

CANDIDATES = 2000
"""Limit of positions compared pairwise; longer clips are subsampled, then refined."""


@dataclass(frozen=True)
class Join:
    """The range of a loop: frames start .. stop - 1, the last `fade` of which are cross-faded.

    `distance` is the difference of both ends, relative to the median between neighbouring frames.
    """

    start: int
    stop: int
    fade: int
    distance: float

    def __len__(self) -> int:
        return self.stop - self.start


def thumbnails(frames: Iterable[Array]) -> Thumbnails:
    """Shrink frames [H, W, 3] to flattened thumbnails [N, D], float32 in 0..1."""
    small = []
    for frame in frames:
        width = max(1, round(THUMBNAIL * frame.shape[1] / frame.shape[0]))
        thumb = cv2.resize(frame, (min(width, 96), THUMBNAIL), interpolation=cv2.INTER_AREA)
        small.append((thumb / np.iinfo(frame.dtype).max).astype(np.float16).ravel())
    return np.array(small, np.float16).astype(np.float32).reshape(len(small), -1)


def find_join(small: Thumbnails, *, fade: int = 12, least: int | None = None) -> Join:
    """Find the two positions of a clip whose preceding frames are most similar.

    `small` are thumbnails [N, D]; the loop has at least `least` frames (default: half of the clip).
    Longer loops are preferred. Raises UsageError if the clip is too short.
    """
    count = len(small)
    fade = min(fade, max(1, count // 4))
    least = max(2, fade + 1, (count - fade) // 2 if least is None else least)
    if count - fade < least or count < 4:
        raise UsageError(
            f"{count} frames are too few for a loop of {least} with a cross-fade of {fade}",
            where="loop",
            remedy="give a longer clip, a shorter cross-fade or loop, or use ping-pong",
        )
    stride = -(-count // CANDIDATES)
    places = range(fade, count + 1, stride)
    start, stop = _best(small, places, places, fade, least)
    if stride > 1:
        near = [range(max(fade, p - stride), min(count, p + stride) + 1) for p in (start, stop)]
        start, stop = _best(small, near[0], near[1], fade, least)
    step = _typical_step(small)
    cost = float(_costs(small, range(start, start + 1), range(stop, stop + 1), fade)[0, 0])
    return Join(start, stop, fade, math.sqrt(cost) / max(step, 1e-6))


def loops_already(small: Thumbnails) -> bool:
    """Whether a clip of thumbnails [N, D] leads from its last frame to its first.

    The step across must be like the others, and two steps across must not be much shorter: then
    the motion turns back there.
    """
    if len(small) < 4:
        return False
    typical = _typical_step(small)
    across = _apart(small[-1], small[0])
    farther = min(_apart(small[-2], small[0]), _apart(small[-1], small[1]))
    return 0 < across <= SEAM_WANTED * typical and farther > ONWARDS * across


def stands_still(small: Thumbnails) -> bool:
    """Whether a clip of thumbnails [N, D] shows one picture throughout, but for noise."""
    return bool(np.abs(small - small[:1]).max(initial=0) <= STILL)


def _typical_step(small: Thumbnails) -> float:
    """The median distance of neighbouring thumbnails."""
    return float(np.median(np.sqrt(np.square(np.diff(small, axis=0)).mean(axis=1))))


def _apart(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.square(a - b).mean()))


def _best(small: Thumbnails, starts: range, stops: range, fade: int, least: int) -> tuple[int, int]:
    """The pair of positions with the most similar preceding frames, preferring long loops."""
    best, found = math.inf, (starts[0], stops[-1])
    for first in range(0, len(starts), 256):
        some = starts[first : first + 256]
        apart = np.array(stops)[None] - np.array(some)[:, None]
        # In a static clip all costs are 0: with the floor, the length decides.
        costs = (_costs(small, some, stops, fade) + 1e-6) * (len(small) / np.maximum(apart, 1))
        costs[apart < least] = math.inf
        place = int(costs.argmin())
        if costs.flat[place] < best:
            best = float(costs.flat[place])
            found = some[place // len(stops)], stops[place % len(stops)]
    return found


def _costs(small: Thumbnails, starts: range, stops: range, fade: int) -> NDArray[np.float64]:
    """Mean squared difference of the frames before each start and each stop, [starts, stops]."""
    total = np.zeros((len(starts), len(stops)))
    offsets = sorted({-fade, -((fade + 1) // 2), -((fade + 3) // 4), -1})
    for offset in offsets:
        a, b = small[np.array(starts) + offset], small[np.array(stops) + offset]
        total += np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2.0 * (a @ b.T)
    return np.asarray(np.maximum(total / (len(offsets) * small.shape[1]), 0))


def close_clip(frames: Iterable[Array], join: Join, flow: FlowEstimator) -> Iterator[Array]:
    """Yield the frames of the loop; keeps only `fade` frames in memory.

    `frames` are those of the whole clip, [H, W, 3] of uint8 or uint16.
    """
    before: deque[Array] = deque(maxlen=join.fade)
    for index, frame in enumerate(frames):
        if index >= join.stop:
            break
        if index < join.start:
            before.append(frame)
        elif index < join.stop - join.fade:
            yield frame
        else:
            step = index - (join.stop - join.fade) + 1
            yield blend(frame, before.popleft(), step / (join.fade + 1), flow)


def blend(a: Array, b: Array, share: float, flow: FlowEstimator) -> Array:
    """Interpolate between images a and b at `share` (0..1), both warped along the flow.

    The intermediate flow is that of Jiang et al. 2018 (Super SloMo). Where forward and backward
    flow are inconsistent, nothing is warped and the cross-fade is fast, so that ghosting is brief.
    """
    there, back = flow(a, b), flow(b, a)
    to_a = share * (share * back - (1 - share) * there)
    to_b = (1 - share) * ((1 - share) * there - share * back)
    agree = np.minimum(_agreement(there, back), _agreement(back, there))[..., None]
    from_a, from_b = _sample(a, to_a * agree), _sample(b, to_b * agree)
    quick = min(1.0, max(0.0, (share - 0.5) * 3 + 0.5))
    weight = quick + (share - quick) * agree
    mixed = from_a + (from_b - from_a) * weight
    top = np.iinfo(a.dtype).max
    return np.asarray(np.rint(mixed.clip(0, top)).astype(a.dtype))


def _agreement(there: Array, back: Array) -> Plane:
    """1 where forward and backward flow are consistent (Sundaram et al. 2010), else 0; soft."""
    x, y = places(there)
    returned = cv2.remap(back, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    scale = 240 / there.shape[0]
    lost = np.square((there + returned) * scale).sum(axis=2)
    size = np.square(there * scale).sum(axis=2) + np.square(returned * scale).sum(axis=2)
    bad = (lost > 0.01 * size + 0.5).astype(np.float32)
    side = 2 * max(1, round(0.01 * there.shape[0])) + 1
    return np.asarray(
        1 - cv2.blur(cv2.dilate(bad, np.ones((side, side))), (side, side)), np.float32
    )


def _sample(array: Array, flow: Array) -> Array:
    x, y = places(flow.astype(np.float32))
    moved = cv2.remap(array, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(np.float32)


def ping_pong(
    read: Callable[[int, int], Iterable[Array]], count: int, *, chunk: int = 32
) -> Iterator[Array]:
    """Play a clip forward, then backward, without repeating the first and last frame.

    `read(start, stop)` returns those frames of the clip. Keeps at most `chunk` frames in memory.
    """
    if count < 2:
        raise UsageError("ping-pong needs at least 2 frames", where="loop")
    yield from read(0, count)
    stop = count - 1
    while stop > 1:
        start = max(1, stop - chunk)
        yield from reversed(list(read(start, stop)))
        stop = start


@dataclass
class SeamMeter:
    """Measure how smoothly a loop closes, frame by frame; its last `faded` frames are a fade."""

    faded: int = 0
    _steps: list[float] = field(default_factory=list)
    _first: Array | None = None
    _last: Array | None = None

    def look(self, frame: Array) -> None:
        """Process the next frame."""
        if self._last is None:
            self._first = frame
        else:
            self._steps.append(_step(self._last, frame))
        self._last = frame

    @property
    def seam(self) -> float | None:
        """The largest difference across the join or in the fade over the median between frames.

        None if undefined.
        """
        if self._first is None or self._last is None or not self._steps:
            return None
        typical = float(np.median(self._steps))
        fade = self._steps[len(self._steps) - self.faded :]
        worst = max(_step(self._last, self._first), *fade, 0.0)
        return worst / typical if typical else None

    def describe(self, advice: str = "") -> str:
        """Describe the seam in words, with advice where it is visible."""
        if self.seam is None:
            return "seam: nothing moves"
        shows = f", which is visible{advice}" if self.seam > SEAM_WANTED else ""
        return f"seam: {self.seam:.3f} of a median step{shows}"


def _step(a: Array, b: Array) -> float:
    return float(cv2.absdiff(a, b).mean())
