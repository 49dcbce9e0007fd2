"""The page, the dials and looks over HTTP; what the queue and the gallery say."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from dreamvid.settings import presets
from dreamvid.studio import app as app_module
from dreamvid.studio import gallery
from dreamvid.studio.app import routes


def test_the_page_and_its_files(client: Any) -> None:
    assert client.get("/").headers["content-type"].startswith("text/html")
    for path in app_module.PAGE.rglob("*.*"):
        answer = client.get(f"/page/{path.relative_to(app_module.PAGE).as_posix()}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(app_module.KINDS[path.suffix])
    assert client.get("/page/nothing.css").status_code == 404


def test_the_page_needs_nothing_inline_and_nothing_from_elsewhere() -> None:
    for path in app_module.PAGE.rglob("*.html"):
        text = path.read_text("utf-8")
        assert "style=" not in text and " onclick" not in text and "<script>" not in text
        assert "http://" not in text and "https://" not in text


def test_every_address_is_written_down() -> None:
    text = (Path(app_module.__file__).parent / "API.md").read_text("utf-8")
    for route in routes():
        path = (
            route.path.replace("{id}", "ID")
            .replace("{name}", "NAME")
            .replace("{path:path}", "PATH")
        )
        method = "POST" if "POST" in (route.methods or ()) else "GET"
        known = f"`{method} {path}" in text
        assert known, f"{method} {path}"


def test_the_state(client: Any) -> None:
    found = client.get("/api/state").json()
    assert found["local"] is True and found["output"]["kind"] == "folder"


def test_the_schema_and_the_presets(client: Any) -> None:
    assert "video" in client.get("/api/schema").json()["commands"]
    rows = client.get("/api/presets").json()["presets"]
    assert [row["name"] for row in rows] == list(presets.names())
    assert rows[0]["about"] and rows[0]["settings"]["dream"]
    assert client.get("/api/presets/nothing/picture").status_code == 400


def test_the_networks(client: Any) -> None:
    rows = client.get("/api/networks").json()["networks"]
    assert rows[0]["default"] and rows[0]["included"] and rows[0]["labels"] == 1000
    assert rows[1]["name"] == "bestiary" and "parts" in rows[1]["aliases"]
    assert client.get("/api/networks/nothing/layers").status_code == 400
    assert client.get("/api/networks/bestiary/picture?layer=nothing").status_code == 400


def test_settings_are_checked(client: Any, ids: Any) -> None:
    body = {"command": "video", "media": ids["film.mp4"], "settings": {"dream": {"strength": 2}}}
    found = client.post("/api/settings/check", json=body).json()
    assert found["ok"] and found["resolved"]["dream"]["detail"] == 1.0
    assert (
        found["command_line"].endswith("film.dream.mp4 --strength 2.0") and found["flags_say_all"]
    )
    assert "# dreamvid video" in found["look"]
    body["settings"]["dream"]["strength"] = 11
    found = client.post("/api/settings/check", json=body).json()
    assert not found["ok"] and found["errors"][0]["field"] == "dream.strength"


def test_settings_are_read(client: Any) -> None:
    found = client.post("/api/settings/read", json={"toml": "[camera]\nzoom = 2\n"}).json()
    assert found["command"] == "zoom" and found["settings"] == {"camera": {"zoom": 2.0}}
    assert client.post("/api/settings/read", json={"toml": "x ="}).status_code == 404


def test_schedules(client: Any) -> None:
    body = {"dial": "dream.strength", "text": "0:(0), 10:(1)", "frames": 11}
    found = client.post("/api/schedule", json=body).json()
    assert found["samples"][5] == [5, 0.5]
    text = client.post("/api/schedule/text", json={"keys": [{"time": 3, "value": 1}]}).json()
    assert text == {"text": "3:(1)"}


def finished(client: Any, ident: str) -> dict[str, Any]:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        job = next(job for job in client.get("/api/jobs").json()["jobs"] if job["id"] == ident)
        if job["state"] not in ("queued", "running"):
            return dict(job)
        time.sleep(0.1)
    raise AssertionError("the job did not end")


@pytest.fixture(scope="module")
def loop(client: Any, ids: Any) -> dict[str, Any]:
    """A film made into a loop by the command line itself: it needs no network."""
    settings = {"loop": {"kind": "film", "fade": 2}, "output": {"crf": 40}}
    body = {"command": "loop", "media": ids["film.mp4"], "settings": settings, "name": "my loop"}
    answer = client.post("/api/jobs", json=body)
    assert answer.status_code == 201, answer.text
    return finished(client, answer.json()["id"])


def test_a_job_of_the_command_line(client: Any, loop: Any, place: Any) -> None:
    assert loop["state"] == "done", client.get(f"/api/jobs/{loop['id']}/log").text
    assert loop["output_name"] == "my loop.mp4" and (place.output / "my loop.mp4").is_file()
    assert client.get(f"/api/media/{loop['output']}").json()["frames"] == 4
    lines = client.get(f"/api/jobs/{loop['id']}/log").json()["lines"]
    assert any("my loop.mp4: 4 frames" in line for line in lines)
    assert client.get(f"/api/jobs/{loop['id']}/newest").status_code == 404


def test_the_same_bytes_as_the_command_line(loop: Any, place: Any, tmp_path: Path) -> None:
    import subprocess
    import sys

    out = tmp_path / "x.mp4"
    words = ["loop", str(place.root / "film.mp4"), str(out), "--kind", "film", "--fade", "2"]
    subprocess.run([sys.executable, "-m", "dreamvid", *words, "--crf", "40"], check=True,
                   capture_output=True)  # fmt: skip
    assert out.read_bytes() == (place.output / "my loop.mp4").read_bytes()


def test_the_settings_come_back(client: Any, loop: Any, ids: Any, place: Any) -> None:
    found = client.get(f"/api/jobs/{loop['id']}/settings").json()
    assert found["command"] == "loop" and found["media"] == ids["film.mp4"]
    assert found["settings"]["loop"] == {"kind": "film", "fade": 2}
    rows = client.get("/api/gallery").json()["results"]
    (row,) = [row for row in rows if row["name"] == "my loop.mp4"]
    assert row["settings"] and not row["can_lengthen"] and row["job"] == loop["id"]
    assert client.get(f"/api/gallery/{row['id']}/settings").json() == found
    assert client.get(f"/api/gallery/{ids['a.png']}/settings").status_code == 400


def test_a_second_job_of_the_same_name_gets_a_number(client: Any, loop: Any, ids: Any) -> None:
    settings = {"loop": {"kind": "film"}}
    body = {"command": "loop", "media": ids["film.mp4"], "settings": settings, "name": "my loop"}
    job = client.post("/api/jobs", json=body).json()
    assert job["output_name"] == "my loop-2.mp4"
    client.post(f"/api/jobs/{job['id']}", json={"action": "stop"})
    left = client.post(f"/api/jobs/{job['id']}", json={"action": "remove"}).json()["jobs"]
    assert job["id"] not in {one["id"] for one in left}


def test_a_result_without_a_job_has_its_sidecar(client: Any, loop: Any, place: Any) -> None:
    film = place.output / "old.mp4"
    film.write_bytes((place.output / "my loop.mp4").read_bytes())
    film.with_name("old.mp4.dreamvid.toml").write_text("[camera]\nzoom = 2\n")
    (place.output / "bare.mp4").write_bytes(film.read_bytes())
    film.with_name("old.mp4.dreamvid.state").write_bytes(b"x")
    rows = {row["name"]: row for row in client.get("/api/gallery").json()["results"]}
    assert rows["old.mp4"]["settings"] and rows["old.mp4"]["can_lengthen"]
    assert not rows["bare.mp4"]["settings"]
    found = client.get(f"/api/gallery/{rows['old.mp4']['id']}/settings").json()
    assert found["command"] == "zoom"
    assert client.get(f"/api/gallery/{rows['bare.mp4']['id']}/settings").status_code == 404
    longer = client.post(f"/api/gallery/{rows['old.mp4']['id']}/lengthen", json={"seconds": "2"})
    job = finished(client, longer.json()["id"])
    assert job["output_name"] == "old.longer.mp4" and job["state"] == "failed" and job["error"]
    bad = client.post(f"/api/gallery/{rows['old.mp4']['id']}/lengthen", json={"seconds": "x"})
    assert bad.status_code == 400


def test_sidecars_are_not_read_by_the_thread_that_serves(
    client: Any, loop: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    read, waiting = gallery._kept_text, []

    def watched(parts: Any, path: Path) -> str:
        with contextlib.suppress(RuntimeError):
            waiting.append(asyncio.get_running_loop())
        return read(parts, path)

    monkeypatch.setattr(gallery, "_kept_text", watched)
    (place.output / "own.mp4").write_bytes((place.output / "my loop.mp4").read_bytes())
    (place.output / "own.mp4.dreamvid.toml").write_text("[camera]\nzoom = 2\n")
    rows = {row["name"]: row for row in client.get("/api/gallery").json()["results"]}
    assert client.get(f"/api/gallery/{rows['own.mp4']['id']}/settings").status_code == 200
    assert rows["own.mp4"]["settings"] and waiting == []


def test_the_events(client: Any, parts: Any) -> None:
    import asyncio

    from dreamvid.studio.queueing import _events

    async def first() -> bytes:
        stream = _events(parts)
        text = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        return text

    text = asyncio.run(first()).decode()
    event, data = text.strip().split("\n")
    assert event == "event: jobs" and "jobs" in json.loads(data.removeprefix("data: "))
    assert parts.listeners == 0


def test_only_so_many_pages_listen(client: Any, parts: Any) -> None:
    parts.listeners = 1000
    try:
        assert client.get("/api/events").status_code == 503
    finally:
        parts.listeners = 0


def test_the_folder_is_opened_only_here(
    client: Any, parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr(gallery.subprocess, "Popen", lambda words, **_: opened.append(words))
    assert client.post("/api/gallery/open", json={}).status_code == 200
    assert opened[0][1] == str(parts.output)
    parts.local = False
    try:
        assert client.post("/api/gallery/open", json={}).status_code == 400
    finally:
        parts.local = True


def test_a_preview_needs_something_to_dream_on(client: Any) -> None:
    answer = client.post("/api/preview", json={"command": "video", "settings": {}})
    assert answer.status_code == 400 and answer.json()["field"] == "media"


def test_an_error_of_the_server_is_one_line(parts: Any, client: Any, monkeypatch: Any) -> None:
    from starlette.testclient import TestClient

    def fail() -> None:
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr(parts.places, "listing", fail)
    page = TestClient(client.app, base_url=str(client.base_url), raise_server_exceptions=False)
    answer = page.get(f"/api/files/{parts.places.id_of(parts.places.roots[0])}")
    assert answer.status_code == 500 and "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_films_of_loops_are_not_dreamed(client: Any, ids: Any) -> None:
    body = {"command": "loop", "media": ids["film.mp4"], "settings": {"loop": {"kind": "film"}}}
    answer = client.post("/api/preview", json=body)
    assert answer.status_code == 400 and "not dreamed" in answer.json()["error"]


def test_the_settings_of_a_removed_job_are_kept(client: Any, loop: Any, parts: Any) -> None:
    film = parts.output / "my loop.mp4"
    sidecar = film.with_name("my loop.mp4.dreamvid.toml")
    before = client.get(f"/api/gallery/{loop['output']}/settings").json()
    client.post(f"/api/jobs/{loop['id']}", json={"action": "remove"})
    sidecar.unlink(missing_ok=True)  # as a picture has none
    after = client.get(f"/api/gallery/{loop['output']}/settings").json()
    assert after["settings"] == before["settings"] and after["command"] == "loop"
