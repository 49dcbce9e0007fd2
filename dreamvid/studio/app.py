"""The application: addresses and their handlers, and the parts that live as long as it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dreamvid.errors import DreamvidError
from dreamvid.settings.versions import version_of
from dreamvid.studio import dreams, files, gallery, queueing
from dreamvid.studio.places import Places
from dreamvid.studio.preview import Previews
from dreamvid.studio.queue import Queue
from dreamvid.studio.safety import Refused
from dreamvid.studio.web import Parts, on_error, parts_of
from dreamvid.studio.worker import Worker

PAGE: Final = Path(__file__).parent / "page"
KINDS: Final = {
    ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
    ".png": "image/png", ".woff2": "font/woff2", ".json": "application/json",
}  # fmt: skip
"""The types of the files of the page."""
QUICK, SLOW = 20.0, 120.0
"""Most seconds that the children that open files may take from one event to the next."""
REST: Final = 60.0
"""Seconds without a request after which these children end."""


def make_app(roots: tuple[Path, ...], output: Path, state: Path, *, local: bool) -> Starlette:
    """The application for some folders; `local` if only this machine can reach it."""
    output, state = Path(output).resolve(), Path(state).resolve()
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    uploads = state / "uploads"
    uploads.mkdir(exist_ok=True)

    @contextlib.asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        parts = app.state.parts = Parts(
            Places((*roots, output, uploads), state / "ids.jsonl"),
            output,
            state,
            local,
            Previews(),
            Worker("dreamvid.studio.media_child", patience=QUICK, rest=REST),
            Worker("dreamvid.studio.media_child", patience=SLOW, rest=REST),
            Queue(state / "jobs"),
        )
        await run_in_threadpool(files.tidy, parts.uploads, parts.cache)
        runner = asyncio.create_task(parts.queue.run())
        try:
            yield
        finally:
            runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await runner
            for worker in (parts.previews.worker, parts.eye, parts.slow):
                await worker.close()

    handlers = {
        HTTPException: _on_http,
        DreamvidError: on_error,
        Refused: _on_refused,
        Exception: on_error,
    }
    return Starlette(routes=routes(), lifespan=living, exception_handlers=handlers)  # type: ignore[arg-type]


async def page(request: Request) -> Response:
    """A file of the page; only those that are there have an address."""
    wanted = request.path_params.get("path", "index.html")
    there = {path.relative_to(PAGE).as_posix(): path for path in PAGE.rglob("*") if path.is_file()}
    found = there.get(wanted)
    if found is None or found.suffix not in KINDS:
        raise HTTPException(404)
    headers = {"cache-control": "no-cache"}
    return Response(found.read_bytes(), media_type=KINDS[found.suffix], headers=headers)


async def state(request: Request) -> Response:
    """What the page must know first."""
    parts = parts_of(request)
    known = version_of("dreamvid")
    parts.output.mkdir(parents=True, exist_ok=True)
    return JSONResponse(
        {"version": known, "local": parts.local, "output": parts.places.entry(parts.output).plain()}
    )


async def _on_refused(request: Request, why: Refused) -> Response:
    headers = {"connection": "close"}  # the rest of the body is not read
    return JSONResponse({"error": str(why), "field": None}, why.status, headers)


async def _on_http(request: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail.lower(), "field": None}, error.status_code)


GET: Final = {
    "/": page,
    "/page/{path:path}": page,
    "/api/state": state,
    "/api/files": files.roots,
    "/api/files/{id}": files.folder,
    "/api/media/{id}": files.info,
    "/api/media/{id}/frame": files.frame,
    "/api/media/{id}/thumb": files.thumb,
    "/api/media/{id}/wave": files.wave,
    "/api/media/{id}/shots": files.shots,
    "/api/media/{id}/file": files.whole,
    "/api/media/{id}/play": files.play,
    "/api/schema": dreams.schema,
    "/api/presets": dreams.list_presets,
    "/api/presets/{name}/picture": dreams.preset_picture,
    "/api/networks": dreams.networks,
    "/api/networks/{name}/layers": dreams.layers,
    "/api/networks/{name}/picture": dreams.layer_picture,
    "/api/jobs": queueing.list_jobs,
    "/api/jobs/{id}/log": queueing.log,
    "/api/jobs/{id}/settings": queueing.settings,
    "/api/jobs/{id}/newest": queueing.newest,
    "/api/events": queueing.events,
    "/api/gallery": gallery.results,
    "/api/gallery/{id}/settings": gallery.settings,
}
POST: Final = {
    "/api/uploads": files.upload,
    "/api/settings/check": dreams.check,
    "/api/settings/read": dreams.read,
    "/api/schedule": dreams.curve,
    "/api/schedule/text": dreams.curve_text,
    "/api/preview": dreams.preview,
    "/api/preview/strip": dreams.strip,
    "/api/preview/motion": dreams.motion,
    "/api/preview/warm": dreams.warm,
    "/api/preview/stop": dreams.stop,
    "/api/jobs": queueing.add_job,
    "/api/jobs/{id}": queueing.act,
    "/api/gallery/open": gallery.show_folder,
    "/api/gallery/{id}/lengthen": gallery.lengthen,
}
"""Every address with its handler."""


def routes() -> list[Route]:
    """The routes of all addresses."""
    return [
        *(Route(path, handler, methods=["GET"]) for path, handler in GET.items()),
        *(Route(path, handler, methods=["POST"]) for path, handler in POST.items()),
    ]
