"""OSC messages over UDP: /dreamvid/strength 0.8, /dreamvid/layer "parts"."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from dreamvid.errors import UsageError
from dreamvid.live.controls import Controls
from dreamvid.live.outputs import require

LOCAL = "127.0.0.1"
PREFIX = "/dreamvid/"
GLANCE = 0.2
"""Seconds after which it looks whether it is to end."""

LARGEST = 4096
"""The largest packet that is read, in bytes: a message to a dial takes less than 100."""


class Osc:
    """Listens to OSC at `9000` or `HOST:9000`, by default only to this machine.

    Packets that cannot be read, and messages to other addresses, are left out.
    """

    def __init__(self, place: str) -> None:
        require("pythonosc", "live", "OSC")
        host, _, port = place.rpartition(":")
        if not port.isdecimal() or not 0 <= int(port) <= 65535:
            raise UsageError("not a port", where=f"osc {place}", remedy="write 9000 or HOST:9000")
        self._socket = bound(host.strip("[]") or LOCAL, int(port), f"osc {place}")
        self._socket.settimeout(GLANCE)
        self._thread: threading.Thread | None = None
        self._closed = False
        self.port: int = self._socket.getsockname()[1]

    def start(self, controls: Controls) -> None:
        """Listen in a thread of its own."""
        self._thread = threading.Thread(target=self._run, args=(controls,), name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; also if it was never started."""
        self._closed = True
        if self._thread is not None:
            self._thread.join()
        self._socket.close()

    def _run(self, controls: Controls) -> None:
        while not self._closed:
            try:
                packet = self._socket.recv(LARGEST)
            except OSError:  # a time-out; on Windows also for packets that are too large
                continue
            for name, value in messages(packet):
                controls.send("set", name, value)


def messages(packet: bytes) -> Iterator[tuple[str, Any]]:
    """The messages of a packet to addresses below PREFIX: name and first value."""
    with contextlib.suppress(Exception):  # the parser raises whatever broken packets make it raise
        for timed in import_module("pythonosc.osc_packet").OscPacket(packet).messages:
            message = timed.message
            if message.address.startswith(PREFIX):
                value = message.params[0] if message.params else None
                yield message.address.removeprefix(PREFIX), value


def bound(host: str, port: int, where: str) -> socket.socket:
    """A UDP socket at a place; UsageError if it is taken."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        found = socket.socket(family, socket.SOCK_DGRAM)
        try:
            found.bind(place)
        except BaseException:
            found.close()
            raise
        return found
    except OSError as error:
        raise UsageError(
            f"cannot listen there ({error.strerror or error})", where=where,
            remedy="use another port",
        ) from error  # fmt: skip
