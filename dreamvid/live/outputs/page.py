"""A page that any browser shows: MJPEG over HTTP, by starlette and uvicorn.

`/` is the page, `/stream` the moving picture, `/frame.jpg` the newest frame, `/status.json` what
the status line says. Only reading is possible.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from dreamvid.errors import DreamvidError, UsageError
from dreamvid.image import jpeg
from dreamvid.live.outputs import Size, require
from dreamvid.motion.flow import Array
from dreamvid.serving.hosts import LOOPBACK, is_named
from dreamvid.serving.sockets import LOCAL, bound

QUALITY = 88
"""Quality of the JPEGs, 0..100."""

STARTS_WITHIN = 10.0
"""Seconds that the server may take to start."""

ELSEWHERE = "something went wrong; see the terminal"
"""What is told of an error to other machines."""


class Page:
    """Serves the newest picture at an address as http://:8080, by default to this machine only."""

    alone = True

    def __init__(self, address: str) -> None:
        require("starlette", "live", "the page")
        require("uvicorn", "live", "the page")
        self.name = address
        self.status: Callable[[], Mapping[str, object]] = dict
        host, port = parsed(address)
        self._host = host
        self._socket = bound(host, port, where=address)
        self.port: int = self._socket.getsockname()[1]
        self._server: Any = None

    def open(self, size: Size, rate: Fraction) -> None:
        """Start the server."""
        from dreamvid.live.outputs.viewers import Viewers
        from dreamvid.serving.connections import CarefulProtocol

        self._viewers = Viewers()
        uvicorn = import_module("uvicorn")
        config = uvicorn.Config(
            self._viewers.app(self.told, lambda header: is_named(header, self._host)),
            http=CarefulProtocol,
            log_level="critical",
            lifespan="off",
            access_log=False,
            timeout_graceful_shutdown=1,
            limit_concurrency=64,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        run = {"sockets": [self._socket]}
        self._thread = threading.Thread(
            target=self._server.run, kwargs=run, name="page", daemon=True
        )
        self._thread.start()
        until = time.monotonic() + STARTS_WITHIN
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise DreamvidError("the server did not start", where=self.name)
            time.sleep(0.01)

    def told(self) -> dict[str, object]:
        """The status; what went wrong is told to this machine only, as errors name its files."""
        status = dict(self.status())
        if status.get("note") and self._host not in LOOPBACK:
            status["note"] = ELSEWHERE
        return status

    def show(self, picture: Array, time: float) -> None:
        """Give the picture to the viewers; encoded only if there are any."""
        if self._viewers.wanted:
            self._viewers.show(jpeg(picture, QUALITY))
        else:
            self._viewers.keep(lambda: jpeg(picture, QUALITY))

    def close(self) -> None:
        """Stop the server."""
        if self._server is not None:
            self._server.should_exit = True
            self._viewers.stop()
            self._thread.join(3.0)
            self._server = None
        self._socket.close()


def parsed(address: str) -> tuple[str, int]:
    """The host and the port of an address; UsageError if it is not one."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        port, parts = None, urlsplit("")
    if port is None or parts.path not in ("", "/") or parts.query or parts.username:
        raise UsageError("not an address", where=address, remedy="use http://:8080")
    return parts.hostname or LOCAL, port
