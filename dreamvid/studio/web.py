"""What the handlers of the studio share: bodies, answers, errors, and the parts they work on."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dreamvid.errors import DiskFull, DreamvidError, OutputExists, UnreadableInput, UsageError
from dreamvid.studio.places import Places, kind_of
from dreamvid.studio.preview import Previews
from dreamvid.studio.queue import Queue
from dreamvid.studio.worker import Answer, Busy, Worker, WorkerError

STATUS: Final = (
    (UsageError, 400), (UnreadableInput, 404), (OutputExists, 409), (WorkerError, 422),
    (DiskFull, 507), (Busy, 503),
)  # fmt: skip
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Parts:
    """The parts of a studio: its folders, children and queue."""

    places: Places
    output: Path
    state: Path
    local: bool
    previews: Previews
    eye: Worker
    slow: Worker
    queue: Queue
    listeners: int = 0
    locks: dict[Path, asyncio.Lock] = field(default_factory=dict)

    def making(self, path: Path) -> asyncio.Lock:
        """The lock to hold while a file of the cache is made."""
        return self.locks.setdefault(path, asyncio.Lock())

    @property
    def uploads(self) -> Path:
        """The folder of dropped files."""
        return self.state / "uploads"

    @property
    def looks(self) -> Path:
        """The folder of the settings of results whose job was removed."""
        return self.state / "looks"

    @property
    def cache(self) -> Path:
        """The folder of pictures and films that can be made again."""
        return self.state / "cache"


def parts_of(request: Request) -> Parts:
    """The parts of the studio that a request is for."""
    parts: Parts = request.app.state.parts
    return parts


async def body_of(request: Request) -> dict[str, Any]:
    """The body of a request: an object of JSON; UsageError if it is anything else."""
    text = await request.body()
    try:
        value = json.loads(text, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()  # refuses lone surrogates
    except (ValueError, RecursionError):
        raise UsageError("the request is not JSON", remedy="reload the page") from None
    if not isinstance(value, dict):
        raise UsageError("the request is not an object of JSON", remedy="reload the page")
    return value


def text_of(body: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text of a body; UsageError if it is missing or not a text."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise UsageError("must be a text", where=name)
    return value


def source_of(parts: Parts, body: Mapping[str, Any]) -> Path | None:
    """The film or picture that a body names as its media, if any; UsageError for another file."""
    if body.get("media") is None:
        return None
    path = parts.places.path_of(text_of(body, "media"))
    if not path.is_file() or kind_of(path) not in ("film", "picture"):
        raise UsageError("not a film or picture", where=path.name)
    return path


def number_of(
    body: Mapping[str, Any], name: str, low: int, high: int, default: int | None = None
) -> int:
    """A whole number of a body or a query; UsageError if it is missing or out of range."""
    value = body.get(name)
    if value is None:
        value = default
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UsageError(f"must be a whole number from {low} to {high}", where=name)
    return value


async def on_error(request: Request, error: Exception) -> Response:
    """An error as one line of JSON, with the field that it concerns."""
    if isinstance(error, DreamvidError):
        status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
        where = None if error.where is None else str(error.where)
        return JSONResponse({"error": str(error), "field": where}, status)
    return JSONResponse({"error": "something went wrong here; see the terminal"}, 500)


async def lines(answers: AsyncIterator[Answer]) -> AsyncIterator[bytes]:
    """The events of a worker as lines of JSON, with data in base64."""
    async for head, data in answers:
        row = dict(head)
        if data:
            row["jpeg"] = base64.b64encode(data).decode()
        yield json.dumps(row).encode() + b"\n"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
