"""A video device of Linux, as of v4l2loopback: other programs see it as a camera."""

from __future__ import annotations

import stat
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from dreamvid.errors import UsageError
from dreamvid.live.outputs import Size
from dreamvid.media.child import QUEUE_BYTES, FfmpegChild
from dreamvid.motion.flow import Array


class VideoDevice:
    """Writes to a video device, by ffmpeg."""

    alone = True

    def __init__(self, device: str) -> None:
        self.name, self._device = f"v4l2:{device}", Path(device)
        try:
            there = stat.S_ISCHR(self._device.stat().st_mode)
        except OSError:
            there = False
        if not there:
            raise UsageError(
                "no such video device", where=self.name,
                remedy="make one with v4l2loopback: modprobe v4l2loopback video_nr=9",
            )  # fmt: skip
        self._child: FfmpegChild | None = None

    def open(self, size: Size, rate: Fraction) -> None:
        """Start ffmpeg."""
        width, height = size[0] // 2 * 2, size[1] // 2 * 2
        arguments = [
            *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{width}x{height}"),
            *("-framerate", str(rate), "-i", "pipe:0", "-f", "v4l2", str(self._device)),
        ]
        self._size = width, height
        # The shortest queue: what is late is of no use.
        self._child = FfmpegChild(arguments, where=self._device, frame_bytes=QUEUE_BYTES)

    def show(self, picture: Array, time: float) -> None:
        """Write a picture; DreamvidError once the device is gone."""
        assert self._child is not None, "the output is open"
        width, height = self._size
        whole = np.ascontiguousarray(picture[:height, :width])
        self._child.write(np.asarray(cv2.cvtColor(whole, cv2.COLOR_RGB2YUV_I420)))

    def close(self) -> None:
        """End ffmpeg."""
        if self._child is not None:
            self._child.kill()
            self._child = None
