"""Cameras, by OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from dreamvid.errors import UnreadableInput
from dreamvid.motion.flow import Array

MOST = 10
"""Devices that are tried to find which cameras there are."""


class Camera:
    """A camera by its number or its device."""

    still = repeats = False

    def __init__(self, device: str) -> None:
        self.name = f"camera {device}"
        self._device: int | str = int(device) if device.isdecimal() else device
        self._capture: cv2.VideoCapture | None = None

    def open(self) -> None:
        """Connect; UnreadableInput, with the cameras that there are, if that fails."""
        capture = captured(self._device)
        if capture is None:
            there = ", ".join(cameras())
            remedy = f"there are: {there}" if there else "no camera was found"
            raise UnreadableInput("cannot be opened", where=self.name, remedy=remedy)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not the oldest of four
        self._capture = capture

    def read(self) -> Array | None:
        """Wait for the next picture; None once the camera is gone."""
        assert self._capture is not None, "the camera is open"
        there, picture = self._capture.read()
        if not there or picture is None:
            return None
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))

    def close(self) -> None:
        """Disconnect."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def captured(device: int | str) -> cv2.VideoCapture | None:
    """Open a camera; None if there is none."""
    cv2.utils.logging.setLogLevel(0)  # OpenCV would print about each device that is not there
    try:
        capture = cv2.VideoCapture(device)
    except cv2.error:
        return None
    if not capture.isOpened():
        capture.release()
        return None
    return capture


def cameras() -> list[str]:
    """The cameras that there are: devices where the system lists them, else numbers."""
    if Path("/dev").is_dir() and Path("/proc").is_dir():
        return sorted(str(path) for path in Path("/dev").glob("video*"))
    found = []
    for number in range(MOST):
        if (capture := captured(number)) is not None:
            capture.release()
            found.append(str(number))
    return found
