"""Handlers of dreams: dials, looks, schedules, presets, networks, and previews."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dreamvid.errors import UsageError
from dreamvid.networks.known import (
    DEFAULT,
    EMBEDDED,
    aliases_of,
    check_layer,
    check_model,
    default_layer,
    labels,
    names,
)
from dreamvid.settings import presets
from dreamvid.studio.curves import curve_of, text_of_keys
from dreamvid.studio.files import keep
from dreamvid.studio.looks import Look, faults, read_look
from dreamvid.studio.schema import schema as read_schema
from dreamvid.studio.web import Parts, body_of, lines, number_of, parts_of, source_of, text_of

WIDEST: Final = 1280
"""Widest preview, in pixels."""


async def schema(request: Request) -> Response:
    """Every command with its dials."""
    return JSONResponse(read_schema())


async def check(request: Request) -> Response:
    """What settings come to, or what is wrong with them; and the same as text."""
    parts, body = parts_of(request), await body_of(request)
    command, values = body.get("command"), body.get("settings", {})
    found = faults(parts.places, command, values)
    if found:
        return JSONResponse({"ok": False, "errors": found})
    look = Look.of(parts.places, command, values)
    source = source_of(parts, body)
    out = parts.output / "out.mp4" if source is None else parts.output / f"{source.stem}.dream.mp4"
    return JSONResponse(
        {
            "ok": True,
            "errors": [],
            "resolved": look.resolved(parts.places),
            "toml": look.toml,
            "look": look.shared,
            "command_line": look.command_line(source, out),
            "flags_say_all": look.flags_say_all,
        }
    )


async def read(request: Request) -> Response:
    """Settings from the text of a settings file or sidecar."""
    parts, body = parts_of(request), await body_of(request)
    return JSONResponse(read_look(parts.places, text_of(body, "toml")))


async def curve(request: Request) -> Response:
    """The keyframes and values of a schedule."""
    body = await body_of(request)
    return JSONResponse(await run_in_threadpool(curve_of, body))


async def curve_text(request: Request) -> Response:
    """The text of a schedule from its keyframes."""
    body = await body_of(request)
    return JSONResponse({"text": text_of_keys(body.get("keys"))})


async def list_presets(request: Request) -> Response:
    """The presets with their values."""
    rows = [
        {"name": name, "about": presets.about(name), "settings": presets.preset(name)}
        for name in presets.names()
    ]
    return JSONResponse({"presets": rows})


async def preset_picture(request: Request) -> Response:
    """What a preset makes of a landscape; drawn once and kept."""
    name = request.path_params["name"]
    if name not in presets.names():
        raise UsageError("unknown preset", where="name")
    order = {"task": "preset", "name": name, "width": 224}
    return await _kept(parts_of(request), Path("presets") / f"{name}.jpg", order)


async def preview(request: Request) -> Response:
    """Dream on a frame: lines of JSON with pictures, until a newer preview is asked for."""
    parts, body = parts_of(request), await body_of(request)
    order = preview_order(parts, body, "preview")
    return StreamingResponse(
        lines(parts.previews.preview(order)), media_type="application/x-ndjson"
    )


async def strip(request: Request) -> Response:
    """Dream some frames that carry the dream from one to the next: lines of JSON with pictures."""
    return await _frames(request, "strip", most=48)


async def motion(request: Request) -> Response:
    """The motion of a camera without dreaming: lines of JSON with pictures."""
    return await _frames(request, "motion", most=240)


async def warm(request: Request) -> Response:
    """Begin to load a network, so that the first preview is quick."""
    parts, body = parts_of(request), await body_of(request)
    look = Look.of(parts.places, body.get("command", "video"), body.get("settings", {}))
    parts.previews.warm({"task": "warm", "command": look.command, "settings": look.stated})
    return JSONResponse({"ok": True})


async def networks(request: Request) -> Response:
    """The networks known by name."""
    return JSONResponse(await run_in_threadpool(_networks))


async def layers(request: Request) -> Response:
    """The layers and the labels of a network."""
    parts, name = parts_of(request), request.path_params["name"]
    check_model(name)
    found = await parts.previews.result({"task": "layers", "model": name})
    return JSONResponse({"layers": found["layers"], "labels": found["labels"]})


async def layer_picture(request: Request) -> Response:
    """What a layer of a network dreams; drawn once and kept."""
    parts, name = parts_of(request), request.path_params["name"]
    layer = request.query_params.get("layer", "")
    check_layer(name, layer)
    kept = Path("layers") / f"{hashlib.sha256(f'{name} {layer}'.encode()).hexdigest()[:24]}.jpg"
    return await _kept(parts, kept, {"task": "layer", "model": name, "layer": layer})


async def stop(request: Request) -> Response:
    """End the preview that runs."""
    await body_of(request)
    await parts_of(request).previews.stop()
    return JSONResponse({"ok": True})


async def _frames(request: Request, task: str, *, most: int) -> Response:
    parts, body = parts_of(request), await body_of(request)
    order = preview_order(parts, body, task) | {"count": number_of(body, "count", 1, most, 10)}
    answers = parts.previews.preview(order)
    return StreamingResponse(lines(answers), media_type="application/x-ndjson")


def _networks() -> dict[str, Any]:
    rows = [
        {
            "name": name,
            "default": name == DEFAULT,
            "included": name in (DEFAULT, EMBEDDED),
            "aliases": list(aliases_of(name)),
            "default_layer": default_layer(name),
            "labels": len(labels(name)),
        }
        for name in names()
    ]
    return {"networks": rows}


def preview_order(parts: Parts, body: dict[str, Any], task: str) -> dict[str, Any]:
    """The order of a preview from the body of a request."""
    look = Look.of(parts.places, body.get("command"), body.get("settings", {}))
    source = source_of(parts, body)
    if not hasattr(look.settings, "dream"):
        raise UsageError("loops of films are not dreamed", where="loop.kind", remedy="render it")
    if source is None and look.command in ("video", "image"):
        raise UsageError("no film or picture", where="media", remedy="pick one")
    return {
        "task": task,
        "command": look.command,
        "settings": look.stated,
        "path": None if source is None else str(source),
        "frame": number_of(body, "frame", 0, 10**8, 0),
        "frames": number_of(body, "frames", 1, 10**7, 1),
        "rate": _rate(body),
        "width": number_of(body, "width", 32, WIDEST, 320),
    }


def _rate(body: dict[str, Any]) -> str:
    from dreamvid.settings.tables import FilmSettings

    given = text_of(body, "rate", "25")
    return str(FilmSettings.checked({"rate": given}, where="rate").rate)


async def _kept(parts: Parts, name: Path, order: dict[str, Any]) -> Response:
    kept = parts.cache / name
    if not kept.is_file():
        await run_in_threadpool(keep, kept, await parts.previews.picture(order))
    return Response(
        kept.read_bytes(),
        media_type="image/jpeg",
        headers={"cache-control": "private, max-age=3600"},
    )
