"""Sockets of servers, on this machine only unless another host is given."""

from __future__ import annotations

import errno
import socket
from typing import Final

from dreamvid.errors import UsageError

LOCAL: Final = "127.0.0.1"
BACKLOG: Final = 256
"""Most connections that wait to be taken."""


def bound(
    host: str,
    port: int,
    *,
    where: object,
    remedy: str = "use another port",
    kind: socket.SocketKind = socket.SOCK_STREAM,
) -> socket.socket:
    """A socket at a place, which already listens if it is of TCP; `where` is for messages.

    UsageError if the port is taken, or the host is not of this machine.
    """
    if not 0 <= port <= 65535:  # getaddrinfo would take the rest of it
        raise UsageError(f"port {port} cannot be used (0 to 65535 can)", where=where, remedy=remedy)
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=kind)[0]
        found = socket.socket(family, kind)
        try:
            if kind == socket.SOCK_STREAM:  # it can be opened as soon as its address is told
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(place)
            if kind == socket.SOCK_STREAM:
                found.listen(BACKLOG)
        except BaseException:
            found.close()
            raise
        return found
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            what, remedy = f"{host} is not an address of this machine", f"use {LOCAL} or 0.0.0.0"
        else:
            what = f"port {port} cannot be used ({error.strerror or error})"
        raise UsageError(what, where=where, remedy=remedy) from None
