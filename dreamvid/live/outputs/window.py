"""A window, by OpenCV."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from fractions import Fraction

import cv2

from dreamvid.errors import UsageError
from dreamvid.live.outputs import Size
from dreamvid.motion.flow import Array

TITLE = "dreamvid live"
FULL_SCREEN = "f"
"""The key that toggles the full screen."""


class Window:
    """A window that can be resized; `on_key` gets the keys that are pressed in it."""

    name, alone = "window", False

    def __init__(self) -> None:
        shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        if sys.platform.startswith("linux") and not shown:
            raise UsageError(
                "no screen for a window", where="window",
                remedy="set DISPLAY, or use --output http://:8080",
            )  # fmt: skip
        self.on_key: Callable[[str], None] = lambda key: None
        self._full = False

    def open(self, size: Size, rate: Fraction) -> None:
        """Open the window."""
        try:
            cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
            cv2.resizeWindow(TITLE, *size)
        except cv2.error as error:
            raise UsageError(
                "OpenCV cannot open windows here", where="window",
                remedy="install opencv-python, or use --output http://:8080",
            ) from error  # fmt: skip

    def show(self, picture: Array, time: float) -> None:
        """Show a picture, and pass on a key that was pressed; closing the window is `q`."""
        cv2.imshow(TITLE, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        code = cv2.pollKey()
        if cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
            self.on_key("q")
        elif code >= 0:
            self._pressed(chr(code & 0xFF))

    def _pressed(self, key: str) -> None:
        if key != FULL_SCREEN:
            return self.on_key(key)
        self._full = not self._full
        way = cv2.WINDOW_FULLSCREEN if self._full else cv2.WINDOW_NORMAL
        cv2.setWindowProperty(TITLE, cv2.WND_PROP_FULLSCREEN, way)

    def close(self) -> None:
        """Close the window."""
        try:
            cv2.destroyWindow(TITLE)
            cv2.pollKey()
        except cv2.error:  # never opened, or closed by the user
            return
