"""Sockets of servers."""

from __future__ import annotations

import socket

import pytest

from dreamvid.errors import UsageError
from dreamvid.serving.sockets import LOCAL, bound


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_is_taken(kind: socket.SocketKind) -> None:
    with bound(LOCAL, 0, where="here", kind=kind) as first:
        port = first.getsockname()[1]
        with pytest.raises(UsageError, match=f"here: port {port} cannot be used .*; use another"):
            bound(LOCAL, port, where="here", kind=kind)


def test_it_can_be_opened_at_once() -> None:
    with bound(LOCAL, 0, where="here") as found:
        socket.create_connection(found.getsockname(), timeout=60).close()


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("192.0.2.1", 0, "not an address of this machine; use"),
        (LOCAL, 99_999, "cannot be used"),
    ],
)
def test_a_place_that_cannot_be(host: str, port: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        bound(host, port, where="here")
