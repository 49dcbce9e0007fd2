"""Whether a request is meant for the server that gets it.

A page of another site could make a browser ask for `evil.example`, whose address its owner changes
to this machine (DNS rebinding). Addresses in numbers, and names of this machine, cannot be changed
so.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_HOST: Final = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?", re.ASCII)


def is_named(header: str, host: str, port: int | None = None) -> bool:
    """Whether a Host header names a server that listens on `host`, and on `port` unless it is None.

    On loopback only names of loopback do; elsewhere also addresses and the names of this machine.
    """
    if not _HOST.fullmatch(header):
        return False
    parts = urlsplit(f"//{header}")
    try:
        name, given = (parts.hostname or "").lower(), parts.port or 80
    except ValueError:
        return False
    if port is not None and given != port:
        return False
    if name in LOOPBACK or name == host.lower():
        return True
    return host.lower() not in LOOPBACK and (_is_address(name) or name in _own_names())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _own_names() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0], f"{name.partition('.')[0]}.local"})
