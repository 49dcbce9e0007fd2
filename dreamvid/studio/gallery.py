"""Handlers of the gallery: finished films and pictures, with the settings that made them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.settings.tables import ClipSettings
from dreamvid.studio.jobs import Job
from dreamvid.studio.looks import read_look
from dreamvid.studio.queueing import described, free_path, settings_of
from dreamvid.studio.web import Parts, body_of, parts_of, text_of


async def results(request: Request) -> Response:
    """The finished films and pictures, the newest first."""
    parts = parts_of(request)
    jobs = {job.output: job.id for job in reversed(_making(parts))}
    rows = await run_in_threadpool(_rows, parts, jobs)
    return JSONResponse({"results": sorted(rows, key=lambda row: -row["changed"])})


async def settings(request: Request) -> Response:
    """The settings that made a result, for the dials: those of its job, or of its sidecar."""
    parts, path = _result(request)
    job = _job_of(parts, path)
    if job is not None:
        return settings_of(parts, job)
    text = await run_in_threadpool(_kept_text, parts, path)
    if not text:
        raise UnreadableInput("its settings are not known", where=path.name)
    return JSONResponse(read_look(parts.places, text))


async def lengthen(request: Request) -> Response:
    """Queue a finished zoom for more seconds."""
    parts, path = _result(request)
    more = text_of(await body_of(request), "seconds")
    ClipSettings.checked({"seconds": more}, where="seconds")
    output = free_path(path.with_name(f"{path.stem}.longer{path.suffix}"), parts)
    job = Job.new("zoom", path, output, more=more)
    await parts.queue.add(job, "")
    return JSONResponse(described(parts, job), 201)


async def show_folder(request: Request) -> Response:
    """Open the folder of the results on this machine."""
    parts = parts_of(request)
    await body_of(request)
    if not parts.local:
        raise UsageError("the folder is on the machine of the studio", where="open")
    opener = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
    parts.output.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.Popen([opener, str(parts.output)], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    except OSError:
        raise UsageError("no program opens folders here", where=opener) from None
    return JSONResponse({"ok": True})


def _result(request: Request) -> tuple[Parts, Path]:
    parts = parts_of(request)
    path = parts.places.path_of(request.path_params["id"])
    if path.parent != parts.output or not path.is_file():
        raise UsageError("not a result", where=path.name)
    return parts, path


def _rows(parts: Parts, jobs: Mapping[str, str]) -> list[dict[str, Any]]:
    """What to show of each result; reads the folder and all sidecars. `jobs` are ids by output."""
    if not parts.output.is_dir():
        return []
    found = [entry for entry in parts.places.listing(parts.output)
             if entry.kind in ("film", "picture") and ".preview." not in entry.name]  # fmt: skip
    return [entry.plain() | _about(parts, parts.output / entry.name, jobs) for entry in found]


def _about(parts: Parts, path: Path, jobs: Mapping[str, str]) -> dict[str, Any]:
    job = jobs.get(str(path))
    return {
        "settings": job is not None or bool(_kept_text(parts, path)),
        "can_lengthen": path.with_name(path.name + ".dreamvid.state").is_file(),
        "job": job,
    }


def _job_of(parts: Parts, path: Path) -> Job | None:
    return next((job for job in _making(parts) if job.output == str(path)), None)


def _making(parts: Parts) -> list[Job]:
    """The jobs that make a result from settings."""
    return [job for job in parts.queue.jobs.values() if job.more is None]


def _kept_text(parts: Parts, path: Path) -> str:
    """The settings beside a result, or those of a job that was removed; empty if there are none."""
    for kept in (path.with_name(path.name + ".dreamvid.toml"), parts.looks / f"{path.name}.toml"):
        try:
            return kept.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return ""
