"""Places of beings carried from frame to frame, along the motion that carries their dream."""

from __future__ import annotations

import math

import numpy as np

from dreamvid.dream.beings import SIZE, Place, Places
from dreamvid.motion.estimate import Motion
from dreamvid.motion.flow import Array

CORE = 0.3
"""Motion is that of the ground up to so far from the centre of a being, in its sizes."""

TRUST = 0.5
"""Where the mask is less on average, nothing is left of a being."""

SMALLEST, LARGEST = 0.6 * SIZE, 1.4 * SIZE
"""Beings that grow beyond this, or shrink below, make way for others."""

NEAREST = 0.5
"""Of two beings nearer than this, in their sizes, the older stays."""

ROUNDS = 3
"""The motion is known at the frame it leads from: where it leads to is found in so many rounds."""


def carried(places: Places, motion: Motion) -> Places:
    """Where the places of the frame before are now, without those that are gone.

    A being goes where the middle of it goes, and grows as that does. It is gone once it is
    outside the picture, where the mask is empty, on top of an older one, or far from its size.
    """
    here: Places = ()
    for place in places:
        now = _moved(place, motion)
        if now is not None and not any(_covers(older, now, motion.mask.shape) for older in here):
            here = (*here, now)
    return here


def _moved(place: Place, motion: Motion) -> Place | None:
    height, width = motion.mask.shape
    reach = CORE * place.size * min(height, width)
    y, x = then = place.y * height, place.x * width
    for _ in range(ROUNDS):
        if not (0 <= y < height and 0 <= x < width):
            return None
        rows, columns = _around(y, reach, height), _around(x, reach, width)
        flow = motion.backward[rows, columns].astype(np.float64)
        dx, dy = flow.mean(axis=(0, 1)).tolist()
        y, x = then[0] - dy, then[1] - dx
    if float(motion.mask[rows, columns].mean(dtype=np.float64)) < TRUST:
        return None
    size = place.size / _spread(flow)
    if not SMALLEST <= size <= LARGEST or not (0 <= y < height and 0 <= x < width):
        return None
    return place._replace(y=y / height, x=x / width, size=size)


def _around(centre: float, reach: float, length: int) -> slice:
    """Two pixels or more of a line, those within reach of a centre on it."""
    first = min(max(0, round(centre - reach)), length - 2)
    return slice(first, max(first + 2, round(centre + reach)))


def _spread(flow: Array) -> float:
    """How many times larger a patch is where its flow [h, w, 2] leads: by the best linear fit."""
    down, right = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in flow.shape[:2]), indexing="ij")
    (xx, yx), (xy, yy) = (
        (flow * axis[..., None]).sum(axis=(0, 1)) / np.square(axis).sum() for axis in (right, down)
    )
    return math.sqrt(max(1e-6, float((1 + xx) * (1 + yy) - xy * yx)))


def _covers(older: Place, place: Place, shape: tuple[int, ...]) -> bool:
    height, width = (side / min(shape) for side in shape)
    apart = math.hypot((older.y - place.y) * height, (older.x - place.x) * width)
    return apart < NEAREST * (older.size + place.size) / 2
