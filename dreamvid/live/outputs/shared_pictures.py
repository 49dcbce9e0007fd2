"""Pictures that other programs take: NDI over the network, Spout and Syphon on one machine.

Each is an extra: its module is imported when the output is opened.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from importlib import import_module
from typing import Any

import cv2
import numpy as np

from dreamvid.errors import DreamvidError, UsageError
from dreamvid.live.outputs import Size, require
from dreamvid.motion.flow import Array

GL_RGBA = 0x1908
"""The layout of pixels in OpenGL."""


class Ndi:
    """An NDI source, by cyndilib."""

    alone = True

    def __init__(self, name: str) -> None:
        require("cyndilib", "ndi", "NDI")
        self.name, self._title = f"ndi:{name}", name
        self._sender: Any = None

    def open(self, size: Size, rate: Fraction) -> None:
        """Announce the source."""
        frame = import_module("cyndilib.video_frame").VideoSendFrame()
        frame.set_resolution(*size)
        frame.set_frame_rate(rate)
        frame.set_fourcc(import_module("cyndilib.wrapper.ndi_structs").FourCC.RGBA)
        # The dream sets the pace: NDI's own clock would make the picture wait.
        sender = import_module("cyndilib.sender").Sender(self._title, clock_video=False)
        sender.set_video_frame(frame)
        sender.open()
        self._sender = sender

    def show(self, picture: Array, time: float) -> None:
        """Send a picture."""
        self._sender.write_video(opaque(picture).reshape(-1))

    def close(self) -> None:
        """Withdraw the source."""
        if self._sender is not None:
            self._sender.close()
            self._sender = None


class Spout:
    """A Spout sender, by SpoutGL, on Windows."""

    alone = True

    def __init__(self, name: str) -> None:
        _only_on("win32", "Windows", f"spout:{name}")
        require("SpoutGL", "spout", "Spout")
        self.name, self._title = f"spout:{name}", name
        self._sender: Any = None

    def open(self, size: Size, rate: Fraction) -> None:
        """Announce the sender."""
        self._sender = import_module("SpoutGL").SpoutSender()
        self._sender.setSenderName(self._title)

    def show(self, picture: Array, time: float) -> None:
        """Send a picture."""
        height, width = picture.shape[:2]
        if not self._sender.sendImage(opaque(picture), width, height, GL_RGBA, False, 0):
            raise DreamvidError("cannot be sent", where=self.name, remedy="check the GPU's driver")

    def close(self) -> None:
        """Withdraw the sender."""
        if self._sender is not None:
            self._sender.releaseSender()
            self._sender = None


class Syphon:
    """A Syphon server, by syphon-python, on macOS."""

    alone = True

    def __init__(self, name: str) -> None:
        _only_on("darwin", "macOS", f"syphon:{name}")
        require("syphon", "syphon", "Syphon")
        self.name, self._title = f"syphon:{name}", name
        self._server: Any = None

    def open(self, size: Size, rate: Fraction) -> None:
        """Announce the server."""
        self._server = import_module("syphon").SyphonMetalServer(self._title)
        make = import_module("syphon.utils.raw").create_mtl_texture
        self._texture = make(self._server.device, *size)
        self._copy = import_module("syphon.utils.numpy").copy_image_to_mtl_texture

    def show(self, picture: Array, time: float) -> None:
        """Send a picture; Syphon's rows begin at the bottom."""
        self._copy(np.ascontiguousarray(opaque(picture)[::-1]), self._texture)
        self._server.publish_frame_texture(self._texture)

    def close(self) -> None:
        """Withdraw the server."""
        if self._server is not None:
            self._server.stop()
            self._server = None


def _only_on(platform: str, system: str, where: str) -> None:
    if sys.platform != platform:
        raise UsageError(
            f"is only there on {system}", where=where, remedy="use ndi:NAME or http://:8080"
        )


def opaque(picture: Array) -> Array:
    """A picture [H, W, 3] with a fourth channel of full opacity."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA))
