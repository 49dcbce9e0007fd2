"""Streams by their address, and the screen, by PyAV."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.media.probe import FORMATS, reason
from dreamvid.motion.flow import Array

PROTOCOLS = ("http", "https", "rtmp", "rtmps", "rtp", "rtsp", "srt", "tcp", "tls", "udp")
"""Protocols of streams; files are not among them, so that no playlist can read any."""

LIVE_FORMATS = f"{FORMATS},hls,mpjpeg,mjpeg,rtp,rtsp,sdp"
"""Formats of streams: films, and those that only streams have."""

TIMEOUT = 10.0
"""Seconds after which a stream that sends nothing counts as lost."""


def address(text: str) -> bool:
    """Whether a text is the address of a stream; UsageError for one of an unknown protocol."""
    match = re.match(r"([a-z][a-z0-9+.-]+)://", text, re.I)
    if match is None:
        return False
    if match[1].lower() not in PROTOCOLS:
        raise UsageError(
            f"'{match[1]}' is not a protocol of streams", where="input",
            remedy=f"use one of {', '.join(PROTOCOLS)}, or the path of a file",
        )  # fmt: skip
    return True


class Stream:
    """A stream by its address, or a device of ffmpeg by its `format`."""

    still = repeats = False

    def __init__(
        self, place: str, *, format: str | None = None, options: dict[str, str] | None = None
    ) -> None:
        self.name = re.sub(r"//[^/@]*@", "//", place)  # without a password
        self._place, self._format = place, format
        safe = {"protocol_whitelist": ",".join(PROTOCOLS), "format_whitelist": LIVE_FORMATS}
        self._options = (options or {}) if format else safe | {"fflags": "nobuffer"}
        self._container: InputContainer | None = None
        self._frames: Iterator[VideoFrame] = iter(())

    def open(self) -> None:
        """Connect; UnreadableInput if that fails."""
        waits: dict[str, Any] = {} if self._format else {"timeout": TIMEOUT}
        try:
            self._container = av.open(
                self._place, "r", format=self._format, options=self._options, **waits
            )
            if not self._container.streams.video:
                raise UnreadableInput("no video in it", where=self.name)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise UnreadableInput(
                f"cannot be opened ({reason(error)})", where=self.name, remedy="check the address"
            ) from error
        self._container.streams.video[0].thread_type = "SLICE"  # frame threads delay
        self._frames = self._container.decode(video=0)

    def read(self) -> Array | None:
        """Wait for the next picture; None at the end."""
        frame = next(self._frames, None)
        return None if frame is None else np.asarray(frame.to_ndarray(format="rgb24"))

    def close(self) -> None:
        """Disconnect."""
        self._frames = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None


def screen() -> Stream:
    """The screen; UnreadableInput if there is none."""
    if sys.platform == "win32":
        return Stream("desktop", format="gdigrab")
    if sys.platform == "darwin":
        return Stream("Capture screen 0:none", format="avfoundation")
    display = os.environ.get("DISPLAY")
    if not display:
        raise UnreadableInput("no screen to read", where="screen", remedy="set DISPLAY, as :0")
    return Stream(display, format="x11grab", options={"framerate": "30"})
