"""Watches an input: whether it is alive, black, frozen or lost."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dreamvid.motion.flow import Array

State = Literal["live", "black", "frozen", "lost"]

LOST_AFTER = 2.0
"""Seconds without a picture after which an input counts as lost."""

BLACK_AFTER = 2.0
"""Seconds of black after which an input counts as black: longer than films fade for."""

FROZEN_AFTER = 5.0
"""Seconds of the same bytes after which an input counts as frozen: the noise of a camera changes
every frame, even if nothing moves."""

DARKEST = 12
"""A picture is black if no level is above this: the noise of a covered camera is below."""


@dataclass
class Watch:
    """The state of an input, from its pictures and their times in seconds.

    With `still` the input is a picture, which may stay as it is.
    """

    still: bool = False
    _seen: float = -math.inf
    _bright: float = -math.inf
    _changed: float = -math.inf
    _digest: int = 0

    def see(self, array: Array, now: float) -> None:
        """Look at the next picture, [H, W, 3] of uint8."""
        digest = zlib.crc32(np.ascontiguousarray(array).data)  # it may be a view of a larger one
        if digest != self._digest or self.still:
            self._digest, self._changed = digest, now
        if self.still or int(array[::4, ::4].max()) > DARKEST or math.isinf(self._bright):
            self._bright = now
        self._seen = now

    def state(self, now: float) -> State:
        """What the input is at a time."""
        if now - self._seen > LOST_AFTER:
            return "lost"
        if now - self._bright > BLACK_AFTER:
            return "black"
        return "frozen" if now - self._changed > FROZEN_AFTER else "live"
