"""Films and pictures as live inputs: played at their own rate, again and again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dreamvid.image import eight_bits
from dreamvid.live.clock import Clock, SystemClock
from dreamvid.media.reader import VideoReader
from dreamvid.media.source import check_file, is_sequence, is_still
from dreamvid.motion.flow import Array

STILL_RATE = 25
"""Pictures per second of a still picture."""


class Film:
    """A film, a row of pictures or a picture."""

    repeats = True

    def __init__(self, path: str, clock: Clock | None = None) -> None:
        self.name, self._path = path, Path(path)
        if not is_sequence(self._path):
            check_file(self._path)
        VideoReader(self._path).close()  # what is no film is refused before torch is loaded
        self.still = is_still(self._path)
        self._clock = clock or SystemClock()
        self._reader: VideoReader | None = None
        self._picture: Array | None = None
        self._begun = self._ends = 0.0

    def open(self) -> None:
        """Open the film at its beginning; any DreamvidError."""
        self._reader = VideoReader(self._path)
        # The first frame of the next lap comes when the last one has been shown for its time.
        self._begun = max(self._clock.now(), self._ends)

    def read(self) -> Array | None:
        """Wait until the next frame is due; None at the end of the film."""
        if self.still and self._picture is not None:
            self._clock.sleep(1 / STILL_RATE)
            return self._picture
        assert self._reader is not None, "the film is open"
        frame = next(self._reader, None)
        if frame is None:
            return None
        due = self._begun + float(frame.time)
        self._ends = due + 1 / float(self._reader.info.rate)
        self._clock.sleep(due - self._clock.now())
        self._picture = np.ascontiguousarray(eight_bits(frame.array))
        return self._picture

    def close(self) -> None:
        """Close the film."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
