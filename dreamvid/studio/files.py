"""Handlers of files: folders, uploads, and what is in a film, a picture or a sound."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from dreamvid.errors import DiskFull, UnreadableInput, UsageError
from dreamvid.studio.places import kind_of
from dreamvid.studio.web import Parts, lines, number_of, parts_of
from dreamvid.studio.worker import WorkerError

ROOM: Final = 1 << 30
"""Bytes that an upload must leave free on the disk."""
MOST_CACHE: Final = 4 << 30
"""Most bytes of pictures and films that are kept to be shown again."""
LONGEST_STEM: Final = 160
"""Most bytes of the name of a dropped file, of the 255 that a file system allows: outputs have
longer names."""
WIDEST: Final = 1920
"""Widest picture of a frame, in pixels."""
TYPES: Final = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm",
    ".mkv": "video/x-matroska", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".webp": "image/webp", ".gif": "image/gif", ".bmp": "image/bmp", ".wav": "audio/wav",
    ".mp3": "audio/mpeg", ".flac": "audio/flac", ".m4a": "audio/mp4", ".ogg": "audio/ogg",
    ".opus": "audio/ogg", ".aac": "audio/aac",
}  # fmt: skip
"""The types of files that are sent as they are; others are sent as bytes."""
OPENED: Final = ("picture", "film", "sound")


async def roots(request: Request) -> Response:
    """The folders that the studio may read."""
    places = parts_of(request).places
    entries = [places.entry(root).plain() for root in places.roots if root.is_dir()]
    return JSONResponse({"roots": entries})


async def folder(request: Request) -> Response:
    """What is in a folder."""
    places = parts_of(request).places
    path = places.path_of(request.path_params["id"])
    if not path.is_dir():
        raise UsageError("not a folder", where=path.name)
    entries = await run_in_threadpool(places.listing, path)
    return JSONResponse(
        {
            "folder": places.entry(path).plain(),
            "trail": [entry.plain() for entry in places.trail(path)],
            "entries": [entry.plain() for entry in entries],
        }
    )


async def upload(request: Request) -> Response:
    """Keep a dropped file, once it can be opened."""
    parts = parts_of(request)
    name = _safe_name(unquote(request.headers.get("x-file-name", "")))
    kind = kind_of(Path(name))
    if kind is None or kind == "settings":
        raise UsageError("not a film, picture or sound", where=name, remedy="drop another file")
    parts.uploads.mkdir(parents=True, exist_ok=True)
    draft = parts.uploads / f".{secrets.token_hex(8)}{Path(name).suffix.lower()}"
    try:
        digest = await _receive(request, draft)
        if kind in OPENED:
            try:
                await parts.slow.result({"task": "info", "path": str(draft), "kind": kind})
            except WorkerError as error:  # it knows the file by the name of the draft
                raise WorkerError(error.what.replace(str(draft), name)) from None
        suffix = Path(name).suffix.lower()
        final = parts.uploads / f"{_shortened(Path(name).stem)}-{digest[:8]}{suffix}"
        os.replace(draft, final)
    finally:
        draft.unlink(missing_ok=True)
    return JSONResponse(parts.places.entry(final).plain(), 201)


async def info(request: Request) -> Response:
    """What a file is: its kind, size, rate and duration."""
    parts, path = _media(request)
    found, _ = await parts.eye.result({"task": "info", "path": str(path), "kind": kind_of(path)})
    found.pop("event", None)
    return JSONResponse(parts.places.entry(path).plain() | found)


async def frame(request: Request) -> Response:
    """A frame of a film, or a picture, as a JPEG."""
    parts, path = _media(request)
    query = request.query_params
    number = number_of(query, "n", 0, 10**8, 0)
    width = number_of(query, "width", 16, WIDEST, 640)
    order = {"task": "frame", "path": str(path), "frame": number, "width": width}
    _, data = await parts.eye.result(order)
    return Response(data, media_type="image/jpeg", headers={"cache-control": "private, max-age=60"})


async def thumb(request: Request) -> Response:
    """A small picture of a file, which is kept."""
    parts, path = _media(request)
    kept = parts.cache / "thumbs" / f"{_key(path)}.jpg"
    if not kept.is_file():
        order = {"task": "frame", "path": str(path), "frame": 0, "width": 240, "quality": 80}
        _, data = await parts.eye.result(order)
        await run_in_threadpool(keep, kept, data)
    return FileResponse(kept, media_type="image/jpeg", headers={"cache-control": "private"})


async def wave(request: Request) -> Response:
    """The waveform of the sound of a file."""
    parts, path = _media(request)
    columns = number_of(request.query_params, "columns", 16, 4000, 800)
    known, _ = await parts.eye.result({"task": "info", "path": str(path), "kind": kind_of(path)})
    seconds = known.get("duration")
    order = {"task": "wave", "path": str(path), "seconds": seconds, "columns": columns}
    found, _ = await parts.slow.result(order)
    found.pop("event", None)
    return JSONResponse(found)


async def shots(request: Request) -> Response:
    """Where shots begin, line by line as they are found."""
    parts, path = _media(request)
    answers = parts.slow.ask({"task": "shots", "path": str(path)})
    return StreamingResponse(lines(answers), media_type="application/x-ndjson")


async def whole(request: Request) -> Response:
    """A file as it is, or the part of it that is asked for."""
    _, path = _media(request)
    kind = TYPES.get(path.suffix.lower(), "application/octet-stream")
    return FileResponse(path, media_type=kind, headers={"cache-control": "private"})


async def play(request: Request) -> Response:
    """A film in a form that every browser plays; it is made first, which takes a while."""
    parts, path = _media(request)
    kept = parts.cache / "play" / f"{_key(path)}.mp4"
    async with parts.making(kept):  # a second request waits for the first
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            await parts.slow.result({"task": "play", "path": str(path), "target": str(kept)})
            await run_in_threadpool(trim, parts.cache)
    return FileResponse(kept, media_type="video/mp4", headers={"cache-control": "private"})


def tidy(uploads: Path, cache: Path) -> None:
    """Remove what was not completed before the start, and what the cache has too much."""
    drafts = (*uploads.glob(".*"), *cache.rglob(".*"), *cache.rglob("*.draft.*"))
    for draft in filter(Path.is_file, drafts):
        draft.unlink(missing_ok=True)
    trim(cache)


def trim(cache: Path) -> None:
    """Remove the oldest files of the cache beyond MOST_CACHE; those being made stay."""
    made = (path for path in cache.rglob("*") if path.is_file() and ".draft." not in path.name)
    kept = [(path, path.stat()) for path in made if not path.name.startswith(".")]
    total = 0
    for path, stat in sorted(kept, key=lambda row: -row[1].st_atime):
        total += stat.st_size
        if total > MOST_CACHE:
            path.unlink(missing_ok=True)


def keep(path: Path, data: bytes) -> None:
    """Write a file of the cache, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{secrets.token_hex(6)}")
    draft.write_bytes(data)
    os.replace(draft, path)


def _media(request: Request) -> tuple[Parts, Path]:
    parts = parts_of(request)
    path = parts.places.path_of(request.path_params["id"])
    if not path.is_file() or kind_of(path) not in OPENED:
        raise UsageError("not a film, picture or sound", where=path.name)
    return parts, path


def _key(path: Path) -> str:
    stat = path.stat()
    text = f"{os.path.realpath(path)}\0{stat.st_mtime_ns}\0{stat.st_size}"
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:24]


def _safe_name(name: str) -> str:
    """The name of a dropped file without anything that a path or a terminal could mistake."""
    last = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r"[^\w .()+-]", "_", last).strip(" .-")[-100:]
    if not clean or not Path(clean).suffix:
        raise UsageError("has no name with a suffix", where="x-file-name", remedy="name the file")
    return clean


def _shortened(stem: str) -> str:
    """The beginning of a name that leaves room for more: file systems count bytes."""
    return stem.encode()[:LONGEST_STEM].decode(errors="ignore")


async def _receive(request: Request, draft: Path) -> str:
    """Write the body of a request to a file as it comes; the sha256 of it."""
    total = hashlib.sha256()
    size, room = 0, shutil.disk_usage(draft.parent).free - ROOM
    claimed = request.headers.get("content-length")
    if claimed is not None and int(claimed) > room:
        raise DiskFull("is too large for the disk", where="upload", remedy="make room")
    with draft.open("xb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > room:
                raise DiskFull("is too large for the disk", where="upload", remedy="make room")
            total.update(piece)
            await run_in_threadpool(file.write, piece)
    if size == 0:
        raise UnreadableInput("the file is empty", where="upload", remedy="drop another file")
    return total.hexdigest()
