"""Track the places of beings from frame to frame along the motion."""

from __future__ import annotations

import math

import numpy as np

from dreamvid.dream.beings import SIZE
from dreamvid.dream.views import Place, Places
from dreamvid.motion.estimate import Motion
from dreamvid.motion.flow import Array
from dreamvid.motion.on_device import DeviceMotion

CORE = 0.3
"""Radius around the centre of a being, in its sizes, whose motion is measured."""

TRUST = 0.5
"""A being is dropped where the mean of the mask is below this."""

SMALLEST, LARGEST = 0.6 * SIZE, 1.4 * SIZE
"""Beings outside these sizes are dropped to make room for others."""

NEAREST = 0.5
"""Of two beings closer than this, in their sizes, the older one is kept."""

ROUNDS = 3
"""Fixed-point iterations to invert the backward flow."""


def track_places(places: Places, motion: Motion | DeviceMotion) -> Places:
    """Move the places of the previous frame along the motion, and drop those that are lost.

    A being follows the motion and the scale of its centre. It is dropped if it leaves the image,
    if the mask is empty there, if it overlaps an older one, or if its size is out of range.
    """
    here: Places = ()
    if not places:
        return here
    if isinstance(motion, DeviceMotion):
        motion = motion.on_host()
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
    """The slice of pixels within `reach` of a centre, at least two."""
    first = min(max(0, round(centre - reach)), length - 2)
    return slice(first, max(first + 2, round(centre + reach)))


def _spread(flow: Array) -> float:
    """The scale factor of a flow patch [h, w, 2], from the best linear fit."""
    down, right = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in flow.shape[:2]), indexing="ij")
    (xx, yx), (xy, yy) = (
        (flow * axis[..., None]).sum(axis=(0, 1)) / np.square(axis).sum() for axis in (right, down)
    )
    return math.sqrt(max(1e-6, float((1 + xx) * (1 + yy) - xy * yx)))


def _covers(older: Place, place: Place, shape: tuple[int, ...]) -> bool:
    height, width = (side / min(shape) for side in shape)
    apart = math.hypot((older.y - place.y) * height, (older.x - place.x) * width)
    return apart < NEAREST * (older.size + place.size) / 2
