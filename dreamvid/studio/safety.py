"""What every request must pass: names of the host, origin, token, method, type and size of a body.

The threats: pages of other sites that use the browser of the user (cross-site requests, DNS
rebinding), other people on the network (the token), and requests that are broken or endless.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dreamvid.serving.hosts import is_named

COOKIE: Final = "dreamvid_studio"
MOST_JSON: Final = 1 << 20
"""Most bytes of a body of JSON."""
MOST_UPLOAD: Final = 8 << 30
"""Most bytes of a file that is dropped."""
BODY_PATIENCE: Final = 20.0
"""Seconds in which the next piece of a body must come."""
LEAST_PACE: Final = 10_000
"""Bytes a second, after that time, that a body must have on average."""
UPLOADS: Final = "/api/uploads"
"""The only address that takes another body than JSON."""

POLICY: Final = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
)
"""Headers of every answer."""


class Refused(Exception):
    """A request that is not served: the status, and why in one line."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Guard:
    """Serves an application only what is allowed; a `token` is asked for unless it is None.

    `host` is what the server listens on; on loopback only its own names are accepted.
    """

    def __init__(self, app: ASGIApp, *, host: str, port: int, token: str | None) -> None:
        self._app, self._host, self._port, self._token = app, host, port, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return
        try:
            headers = _headers(scope)
            self._check_site(scope, headers)
            if self._enters(scope):
                return await _enter(self._token or "", send)
            self._check_token(headers)
            most = _check_body(scope, headers)
        except Refused as why:
            return await refuse(why.status, str(why), send)
        bounded = _Bounded(receive, most)

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(k.encode(), v.encode()) for k, v in HEADERS]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        await self._app(scope, bounded, send_safely)

    def _check_site(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """The request must be meant for this server, and come from its own page."""
        if scope["method"] not in ("GET", "HEAD", "POST"):
            raise Refused(405, "this method is not used here")
        if not is_named(headers.get("host", ""), self._host, self._port):
            raise Refused(421, "unknown host; open the address that dreamvid studio printed")
        site = headers.get("sec-fetch-site", "same-origin")
        walks = scope["method"] == "GET" and scope["path"] == "/"
        if site not in ("same-origin", "none") and not (
            walks and headers.get("sec-fetch-mode") == "navigate"
        ):
            raise Refused(403, "requests of other sites are refused")
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{headers['host']}":
            raise Refused(403, "requests of other sites are refused")

    def _enters(self, scope: Scope) -> bool:
        """Whether this is the printed link, which has the token."""
        if self._token is None or scope["path"] != "/" or scope["method"] != "GET":
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if not given:
            return False
        if not _same(given, self._token):
            raise Refused(401, "wrong token; open the link that dreamvid studio printed")
        return True

    def _check_token(self, headers: Mapping[str, str]) -> None:
        if self._token is None:
            return
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            cookie = None
        if cookie is None or not _same(cookie.value, self._token):
            raise Refused(401, "no token; open the link that dreamvid studio printed")


class _Bounded:
    """A body of at most so many bytes, whose pieces come in time, and not by drops for ever."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._left, self._whole = receive, most, False
        self._until, self._size = time.monotonic() + BODY_PATIENCE, 0

    async def __call__(self) -> Message:
        if self._whole:  # wait for the end of the connection, however long
            return await self._receive()
        try:
            patience = self._until + self._size / LEAST_PACE - time.monotonic()
            message = await asyncio.wait_for(self._receive(), min(BODY_PATIENCE, patience))
        except TimeoutError:
            raise Refused(408, "the request took too long") from None
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._left -= len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._left < 0:
                raise Refused(413, "the request is too large")
        return message


def _check_body(scope: Scope, headers: Mapping[str, str]) -> int:
    """The most bytes that the body of a request may have; Refused for one that has too many."""
    if scope["method"] != "POST":
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            raise Refused(400, "this request takes no body")
        return 0
    upload = scope["path"] == UPLOADS
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = "application/octet-stream" if upload else "application/json"
    if kind != wanted:
        raise Refused(415, f"the content type must be {wanted}")
    most = MOST_UPLOAD if upload else MOST_JSON
    length = headers.get("content-length")
    if length is not None and (not length.isdecimal() or len(length) > 15):
        raise Refused(400, "the length of the request is not a number")
    if length is not None and int(length) > most:
        raise Refused(413, "the request is too large")
    return most


def _headers(scope: Scope) -> dict[str, str]:
    """The headers; Refused if one that decides anything is there twice."""
    found: dict[str, str] = {}
    for key, value in scope["headers"]:
        name = key.decode("latin-1").lower()
        if name in found and name in ("host", "origin", "content-length", "content-type",
                                      "sec-fetch-site", "transfer-encoding"):  # fmt: skip
            raise Refused(400, f"the header {name} is there twice")
        joined = f"{found[name]}; " if name in found and name == "cookie" else ""
        found[name] = joined + value.decode("latin-1")
    return found


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


async def _enter(token: str, send: Send) -> None:
    """Keep the token in a cookie, and go on to the page without it in the address."""
    cookie = f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000"
    fields = [*HEADERS, ("location", "/"), ("set-cookie", cookie), ("content-length", "0")]
    headers = [(name.encode(), value.encode()) for name, value in fields]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def refuse(status: int, why: str, send: Send) -> None:
    """Answer with an error in one line of JSON, and end the connection."""
    body = json.dumps({"error": why}).encode()
    own = (("content-type", "application/json"), ("connection", "close"))
    fields = (*HEADERS, *own, ("content-length", str(len(body))))
    headers = [(name.encode(), value.encode()) for name, value in fields]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
