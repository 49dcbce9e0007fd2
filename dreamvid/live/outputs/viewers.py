"""The viewers of the page: each gets the newest frame when it has read the last one."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

MOST = 32
"""Viewers at once; more are refused."""

STALLED = 20.0
"""Seconds after which a viewer that reads nothing is dropped."""

IDLE = 2.0
"""Seconds without a new frame after which the last one is sent again, so that a lost viewer is
noticed."""

BOUNDARY = b"dreamvid-frame"
SEPARATOR = b"\r\n--" + BOUNDARY + b"\r\n"

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dreamvid live</title>
<style>
html, body { margin: 0; height: 100%; background: #000 }
img { width: 100%; height: 100%; object-fit: contain; display: block }
</style>
<img src="stream" alt="The dream, live"
 onerror="setTimeout(() => this.src = 'stream?' + Date.now(), 1000)">
</html>
"""
"""The page; after the server was started again it connects by itself."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Viewers:
    """The newest frame as JPEG, and those who watch.

    `show` may be called from any thread and never waits. A viewer that reads slowly misses frames;
    what is buffered for it is about one frame.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fresh = asyncio.Event()
        self._frame = b""
        self._number = 0
        self._lazy: Callable[[], bytes] | None = None
        self._count = 0
        self._stopped = False

    @property
    def wanted(self) -> bool:
        """Whether anybody watches."""
        return self._count > 0

    def keep(self, encode: Callable[[], bytes]) -> None:
        """Keep a frame that is only encoded if somebody asks for it."""
        self._lazy = encode

    def show(self, frame: bytes) -> None:
        """Replace the newest frame, and wake the viewers."""
        self._frame, self._lazy = frame, None
        self._wake()

    def stop(self) -> None:
        """Let the viewers go."""
        self._stopped = True
        self._wake()

    def app(
        self, status: Callable[[], Mapping[str, object]], ours: Callable[[str], bool]
    ) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The ASGI application; requests whose Host is not `ours` are refused."""

        async def page(request: Request) -> Response:
            return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})

        async def frame(request: Request) -> Response:
            newest = self._newest()
            if not newest:
                return PlainTextResponse("no frame yet", 503)
            return Response(newest, media_type="image/jpeg", headers=NOT_KEPT)

        async def told(request: Request) -> Response:
            text = {**status(), "viewers": self._count}
            return JSONResponse(json.loads(json.dumps(text, default=str)), headers=NOT_KEPT)

        routes = [Route("/", page), Route("/frame.jpg", frame), Route("/status.json", told)]
        inner = Starlette(routes=routes)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            self._loop = asyncio.get_running_loop()
            if scope["type"] != "http":
                return
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or not ours(hosts[0].decode("latin-1")):
                await PlainTextResponse("unknown host", 421)(scope, receive, send)
            elif scope["path"] == "/stream" and scope["method"] == "GET":
                await self._watch(scope, receive, send)
            else:
                await inner(scope, receive, send)

        return app

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send frames to one viewer until it leaves or reads no more."""
        if self._count >= MOST:
            await PlainTextResponse("too many viewers", 503)(scope, receive, send)
            return
        self._count += 1
        left = asyncio.ensure_future(_left(receive))
        try:
            kind = b"multipart/x-mixed-replace; boundary=" + BOUNDARY
            headers = [(b"content-type", kind), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": SEPARATOR, "more_body": True})
            while not (left.done() or self._stopped):
                fresh, frame = self._fresh, self._newest()
                if frame:
                    async with asyncio.timeout(STALLED):
                        await send({"type": "http.response.body", "body": part(frame),
                                    "more_body": True})  # fmt: skip
                waiting = asyncio.ensure_future(fresh.wait())
                await asyncio.wait({left, waiting}, timeout=IDLE,
                                   return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
                waiting.cancel()
        except TimeoutError:
            return  # uvicorn closes the connection of a response that is not complete
        finally:
            self._count -= 1
            left.cancel()

    def _newest(self) -> bytes:
        if (lazy := self._lazy) is not None:
            self._frame, self._lazy = lazy(), None
        return self._frame

    def _wake(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the server has just ended
                self._loop.call_soon_threadsafe(self._next)

    def _next(self) -> None:
        fresh, self._fresh = self._fresh, asyncio.Event()
        fresh.set()


POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
NOT_KEPT = {"Cache-Control": "no-store"}


def part(frame: bytes) -> bytes:
    """A JPEG as a part of the stream; browsers show it when the separator behind it comes."""
    head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(frame)
    return head + frame + SEPARATOR


async def _left(receive: Receive) -> None:
    """Wait until a viewer leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
