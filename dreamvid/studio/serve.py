"""The server: uvicorn with limits, on loopback unless a host is given, and then with a token."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from filelock import FileLock, Timeout
from platformdirs import user_state_path

from dreamvid.errors import DreamvidError, UsageError
from dreamvid.serving.connections import CarefulProtocol
from dreamvid.serving.hosts import LOOPBACK
from dreamvid.serving.sockets import BACKLOG, LOCAL, bound
from dreamvid.studio.app import make_app
from dreamvid.studio.safety import Guard

MOST_CONNECTIONS: Final = 128
MOST_HEAD: Final = 32 << 10
"""Most bytes of the head of a request."""


@dataclass(frozen=True)
class Options:
    """How the studio is started: folders it may read, where it writes, and its address."""

    roots: tuple[Path, ...]
    output: Path
    state: Path
    host: str | None = None
    port: int = 8420


class Server(uvicorn.Server):
    """A server that SIGINT, SIGTERM and SIGHUP end in order, without raising them again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Handle the signals while it serves; only in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        names = ("SIGINT", "SIGTERM", "SIGHUP")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def state_folder() -> Path:
    """Where the studio keeps its jobs, uploads and pictures, unless another folder is given."""
    return user_state_path("dreamvid", appauthor=False) / "studio"


def run(options: Options, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; `say` gets the address.

    UsageError when a folder does not exist, the port is taken, or another studio runs on the state.
    """
    for root in options.roots:
        if not root.is_dir():
            raise UsageError("no such folder", where=root, remedy="give folders of films")
    if not options.output.is_dir() and not _can_be_made(options.output):
        raise UsageError("cannot be a folder", where=options.output, remedy="use another -o")
    _make_folders(options)
    lock = FileLock(options.state / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(
            "another studio runs with this state",
            where=options.state,
            remedy="use that, or --state",
        ) from None
    host = options.host or LOCAL
    with lock, bound(host, options.port, where=host, remedy="use another --port") as listener:
        port = int(listener.getsockname()[1])
        token = None if options.host is None else secrets.token_urlsafe(24)
        server = make_server(options, host, port, token)
        say(f"the studio is at {link(host, port, token)} (Ctrl-C ends it)")
        asyncio.run(server.serve(sockets=[listener]))


def make_server(options: Options, host: str, port: int, token: str | None) -> uvicorn.Server:
    """The server of an address, not yet running."""
    app = make_app(options.roots, options.output, options.state, local=host in LOOPBACK)
    config = uvicorn.Config(
        Guard(app, host=host, port=port, token=token),
        http=CarefulProtocol,
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=MOST_HEAD,
        backlog=BACKLOG,
    )
    return Server(config)


def link(host: str, port: int, token: str | None) -> str:
    """The address to open; for all interfaces, by the name of this machine."""
    name = socket.gethostname() if host in ("0.0.0.0", "::") else host
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + ("" if token is None else f"?token={token}")


def _can_be_made(folder: Path) -> bool:
    there = next(path for path in folder.absolute().parents if path.exists())
    return not folder.exists() and there.is_dir() and os.access(there, os.W_OK)


def _make_folders(options: Options) -> None:
    try:
        options.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        what = f"cannot be made ({error.strerror})"
        raise DreamvidError(what, where=options.state, remedy="use another --state") from None
