"""A page that any browser shows: MJPEG over HTTP, by starlette and uvicorn.

`/` is the page, `/stream` the moving picture, `/frame.jpg` the newest frame, `/status.json` what
the status line says. Only reading is possible.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import cv2

from dreamvid.errors import DreamvidError, UsageError
from dreamvid.live.outputs import Size, require
from dreamvid.motion.flow import Array

LOCAL = "127.0.0.1"
QUALITY = 88
"""Quality of the JPEGs, 0..100."""

STARTS_WITHIN = 10.0
"""Seconds that the server may take to start."""


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
        self._socket = bound(host, port, address)
        self.port: int = self._socket.getsockname()[1]
        self._server: Any = None

    def open(self, size: Size, rate: Fraction) -> None:
        """Start the server."""
        from dreamvid.live.outputs.viewers import Viewers

        self._viewers = Viewers()
        uvicorn = import_module("uvicorn")
        config = uvicorn.Config(
            self._viewers.app(lambda: self.status(), self._is_ours),
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

    def show(self, picture: Array, time: float) -> None:
        """Give the picture to the viewers; encoded only if there are any."""
        if self._viewers.wanted:
            self._viewers.show(jpeg(picture))
        else:
            self._viewers.keep(lambda: jpeg(picture))

    def close(self) -> None:
        """Stop the server."""
        if self._server is not None:
            self._server.should_exit = True
            self._viewers.stop()
            self._thread.join(3.0)
            self._server = None
        self._socket.close()

    def _is_ours(self, host: str) -> bool:
        return allowed(host, self._host)


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


def bound(host: str, port: int, where: str) -> socket.socket:
    """A socket at an address; UsageError if it is taken or not of this machine."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(place)
            found.listen(64)
        except BaseException:
            found.close()
            raise
        return found
    except OSError as error:
        raise UsageError(
            f"cannot be served ({error.strerror or error})", where=where, remedy="use another port"
        ) from error


def allowed(header: str, host: str) -> bool:
    """Whether a request's Host header names this server.

    A page of another site could make a browser ask for `evil.example`, whose address its owner
    changes to this machine (DNS rebinding). Addresses in numbers cannot be changed so.
    """
    try:
        name = (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return False
    if name in ("localhost", host.lower(), socket.gethostname().lower()):
        return True
    if name.endswith(".local"):  # of the local network only (RFC 6762)
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def jpeg(picture: Array) -> bytes:
    """A picture [H, W, 3] as JPEG."""
    swapped = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    return encoded.tobytes()
