"""Handlers of the queue and the gallery, and the events that tell what changes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.image import picture_format
from dreamvid.media.formats import check_delivery, suited, usual_codec
from dreamvid.studio.jobs import Job
from dreamvid.studio.looks import Look, media_of, read_look
from dreamvid.studio.queue import ACTIONS, disk_left, preview_of
from dreamvid.studio.web import Parts, body_of, parts_of, source_of, text_of
from dreamvid.studio.worker import Busy

MOST_JOBS: Final = 1000
MOST_LISTENERS: Final = 16
"""Most pages that get events."""
TELL_EVERY: Final = 0.5
"""Least seconds from one event to the next."""
ROUNDED: Final = 10_000_000
"""Bytes to which the room on the disk is rounded: it changes all the time."""
QUIET: Final = 15.0
"""Seconds after which an event is sent although nothing has changed."""
NAME: Final = re.compile(r"[\w][\w .()+-]{0,99}")
PLAIN: Final = re.compile(r"[^\w .()+-]|^[^\w]")
"""What the name of a result does not have of the name of its source."""


async def list_jobs(request: Request) -> Response:
    """The queue, in order."""
    return JSONResponse(snapshot(parts_of(request)))


async def add_job(request: Request) -> Response:
    """Queue a command with checked settings."""
    parts, body = parts_of(request), await body_of(request)
    if len(parts.queue.jobs) >= MOST_JOBS:
        raise UsageError("the queue is full", remedy="remove jobs that are done")
    source = source_of(parts, body)
    values = body.get("settings", {})
    command = text_of(body, "command")
    if source is None and command in ("zoom", "loop") and isinstance(values, dict):
        clip = values.get("clip", {})
        values = values | {"clip": (clip if isinstance(clip, dict) else {}) | {"from_noise": True}}
    elif source is None:
        raise UsageError("no film or picture", where="media", remedy="pick one")
    look = Look.of(parts.places, command, values)
    output = await run_in_threadpool(_output, parts, look, source, body.get("name"))
    job = Job.new(look.command, source, output)
    await parts.queue.add(job, look.toml)
    return JSONResponse(described(parts, job), 201)


async def act(request: Request) -> Response:
    """Pause, resume, stop, retry, remove or move a job."""
    parts, body = parts_of(request), await body_of(request)
    action = text_of(body, "action")
    if action not in ACTIONS:
        raise UsageError(f"must be one of {', '.join(ACTIONS)}", where="action")
    before, job = body.get("before"), parts.queue.job(request.path_params["id"])
    if action == "remove" and job.state == "done":
        keep_look(parts, job)
    await parts.queue.act(
        request.path_params["id"], action, before if isinstance(before, str) else None
    )
    return JSONResponse(snapshot(parts))


async def log(request: Request) -> Response:
    """The last lines that a job has printed."""
    queue = parts_of(request).queue
    return JSONResponse({"lines": queue.files.tail(queue.job(request.path_params["id"]))})


async def settings(request: Request) -> Response:
    """The settings of a job, for the dials."""
    parts = parts_of(request)
    job = parts.queue.job(request.path_params["id"])
    return settings_of(parts, job)


async def newest(request: Request) -> Response:
    """The newest frame of a job as a JPEG."""
    queue = parts_of(request).queue
    path = preview_of(queue.job(request.path_params["id"]))
    if not path.is_file():
        raise UnreadableInput("no frame yet", where=path.name)
    headers = {"cache-control": "private, max-age=60"}
    return Response(path.read_bytes(), media_type="image/jpeg", headers=headers)


async def events(request: Request) -> Response:
    """Server-sent events: the queue whenever it changes."""
    parts = parts_of(request)
    if parts.listeners >= MOST_LISTENERS:
        raise Busy("too many pages are open", remedy="close one")
    return StreamingResponse(
        _events(parts),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def snapshot(parts: Parts) -> dict[str, Any]:
    """The whole queue, and what is left of the disk."""
    return {
        "jobs": [described(parts, job) for job in parts.queue.listed()],
        "disk_left": disk_left(parts.output) // ROUNDED * ROUNDED,
        "preview_ready": parts.previews.worker.pid is not None,
    }


def described(parts: Parts, job: Job) -> dict[str, Any]:
    """A job as JSON, with the id of its output once that is there."""
    output, row = Path(job.output), parts.queue.describe(job)
    there = job.state == "done" and output.is_file() and parts.places.holds(output)
    return row | {"output": parts.places.id_of(output) if there else None}


async def _events(parts: Parts) -> AsyncIterator[bytes]:
    parts.listeners += 1
    try:
        queue, seen, last, told = parts.queue, -1, "", time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(queue.news(seen), QUIET)
            seen, text = queue.version, json.dumps(snapshot(parts))
            if text != last:
                yield f"event: jobs\ndata: {text}\n\n".encode()
            elif time.monotonic() - told > QUIET:
                yield b": still here\n\n"
            if text != last or time.monotonic() - told > QUIET:
                last, told = text, time.monotonic()
            await asyncio.sleep(TELL_EVERY)
    finally:
        parts.listeners -= 1


def _output(parts: Parts, look: Look, source: Path | None, name: object) -> Path:
    """A new file in the folder of results."""
    stem = f"{PLAIN.sub('_', source.stem) if source else 'noise'}.dream"
    suffix = ".mp4" if source is None else source.suffix.lower()
    if name is not None:
        if not isinstance(name, str) or not NAME.fullmatch(name) or name.endswith("."):
            raise UsageError("must be a plain file name", where="name")
        stem, suffix = (Path(name).stem, Path(name).suffix) if Path(name).suffix else (name, suffix)
    path = parts.output / f"{stem}{suffix}"
    if look.command == "image":
        try:
            picture_format(path)
        except UsageError:
            path = path.with_suffix(".png")
    else:
        output = look.tables.output
        path = suited(path, output.codec)
        if "%" in path.name:
            raise UsageError("image sequences are written by the command line", where="codec")
        check_delivery(path, output.codec or usual_codec(path), crf=output.crf)
    return free_path(path, parts)


def free_path(path: Path, parts: Parts) -> Path:
    """The path, or with a number behind its name, that no file and no job has."""
    taken = {job.output for job in parts.queue.jobs.values()}
    for k in range(1, 10_000):
        free = path if k == 1 else path.with_name(f"{path.stem}-{k}{path.suffix}")
        if not free.exists() and str(free) not in taken:
            return free
    raise UsageError("has too many results of this name", where=path.name)


def keep_look(parts: Parts, job: Job) -> None:
    """Keep the settings of a job that is removed: pictures have no sidecar."""
    text = parts.queue.files.settings(job).read_text("utf-8")
    if text:
        parts.looks.mkdir(exist_ok=True)
        (parts.looks / f"{Path(job.output).name}.toml").write_text(text, "utf-8")


def settings_of(parts: Parts, job: Job) -> Response:
    """The settings of a job, for the dials."""
    text = parts.queue.files.settings(job).read_text("utf-8")
    row = read_look(parts.places, text, job.command)
    return JSONResponse(row | {"media": media_of(parts.places, job.source)})
