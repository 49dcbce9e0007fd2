"""Which Host headers name a server."""

from __future__ import annotations

import socket

import pytest

from dreamvid.serving.hosts import is_named


@pytest.mark.parametrize(
    ("header", "near", "far"),
    [("localhost:8080", True, True), ("127.0.0.1:8080", True, True), ("[::1]:8080", True, True),
     ("192.168.0.7:8080", False, True), ("me:8080", False, True), ("me.local:8080", False, True),
     ("wall.example:8080", False, True), ("evil.example:8080", False, False),
     ("localhost.evil.example:8080", False, False), ("", False, False), ("[", False, False),
     ("127.0.0.1@evil.example:8080", False, False), ("localhost:99999", False, False)],
)  # fmt: skip
def test_the_headers_that_name_a_server(
    header: str, near: bool, far: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`near` listens on loopback, `far` on a name that other machines know."""
    monkeypatch.setattr(socket, "gethostname", lambda: "Me.example")
    assert is_named(header, "127.0.0.1") == near
    assert is_named(header, "Wall.example") == far
    assert is_named(header, "127.0.0.1", 8080) == near
    assert not is_named(header, "127.0.0.1", 8081)
