"""Requests that no page of the studio makes: all are refused, and the server goes on."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("starlette")

from starlette.testclient import TestClient

from dreamvid.studio import queueing, safety
from dreamvid.studio.looks import Look
from dreamvid.studio.safety import UPLOADS, Guard

JSON = {"content-type": "application/json"}
BYTES = {"content-type": "application/octet-stream"}
HERE = "http://127.0.0.1:8420"


def everything(folder: Path) -> dict[str, int]:
    """Every file below a folder, with its time; the state and the output of the studio apart."""
    return {
        str(path): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and not {"state", "out"} & set(path.relative_to(folder).parts[:1])
    }


@pytest.fixture(autouse=True)
def unharmed(client: TestClient, place: Any) -> Iterator[None]:
    """After each of them the server answers, and no file outside of its folders has changed."""
    before = everything(place.root.parent)
    yield
    assert client.get("/api/files").status_code == 200
    assert everything(place.root.parent) == before


SITES: dict[str, tuple[int, dict[str, str]]] = {
    "another host": (421, {"host": "evil.example:8420"}),
    "another port": (421, {"host": "127.0.0.1:1"}),
    "no port": (421, {"host": "localhost"}),
    "an address of the network": (421, {"host": "192.168.1.9:8420"}),
    "a host that only begins well": (421, {"host": "127.0.0.1.evil.example:8420"}),
    "a host with a user": (421, {"host": "127.0.0.1:8420@evil.example"}),
    "a host with a path": (421, {"host": "127.0.0.1:8420/x"}),
    "an empty host": (421, {"host": ""}),
    "a host of blanks": (421, {"host": "127.0.0.1 :8420"}),
    "a port that is no number": (421, {"host": "127.0.0.1:84b0"}),
    "a port that is too large": (421, {"host": "127.0.0.1:99999999"}),
    "a page of another site": (403, {"sec-fetch-site": "cross-site"}),
    "a page of the same site": (403, {"sec-fetch-site": "same-site"}),
    "another origin": (403, {"origin": "https://evil.example"}),
    "an origin that is null": (403, {"origin": "null"}),
    "an origin of another port": (403, {"origin": "http://127.0.0.1:9999"}),
    "an origin of another scheme": (403, {"origin": "https://127.0.0.1:8420"}),
}


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_sites(client: TestClient, name: str, method: str) -> None:
    status, headers = SITES[name]
    if method == "GET":
        answer = client.get("/api/files", headers=headers)
    else:
        answer = client.post("/api/preview/stop", headers=JSON | headers, content="{}")
    assert answer.status_code == status
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods(client: TestClient, method: str) -> None:
    assert client.request(method, "/api/files").status_code == 405


PATHS = (
    "/api/files/..",
    "/api/files/%2e%2e",
    "/api/files/..%2f..%2fetc",
    "/api/media/%2fetc%2fpasswd/file",
    "/api/media/..%5c..%5csecret.png/file",
    "/page/..%2fapp.py",
    "/page/../app.py",
    "/page/%2e%2e/app.py",
    "/page//etc/passwd",
    "/page/..%252fapp.py",
    "/api/media/00000000000000000000/file",
    "/api/media/0/file",
    "/api/jobs/..%2fids.jsonl/log",
    "/api/presets/..%2f..%2f__init__/picture",
    "/api/networks/..%2fx/layers",
    "/api/media/%00/file",
    "/api/jobs/%00/newest",
)


@pytest.mark.parametrize("path", PATHS)
def test_paths(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404), answer.text
    assert "error" in answer.json()


def test_a_link_out_of_the_root_is_refused(client: TestClient, parts: Any, place: Any) -> None:
    link = place.root / "inner" / "b 9.png"
    known = parts.places.id_of(link)
    link.rename(place.root / "kept.tmp")
    try:
        os.symlink(place.secret, link)
        assert client.get(f"/api/media/{known}/file").status_code == 404
        listed = client.get(f"/api/files/{parts.places.id_of(link.parent)}").json()["entries"]
        assert [entry["name"] for entry in listed] == ["b 10.png"]
    finally:
        link.unlink()
        (place.root / "kept.tmp").rename(link)


BODIES = {
    "nothing": "",
    "not JSON": "{",
    "a list": "[]",
    "a number": "7",
    "NaN": '{"frame": NaN}',
    "a huge number": '{"frame": 1' + "0" * 5000 + "}",
    "deep lists": '{"settings": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "deep tables": '{"command": "video", "settings": ' + '{"a":' * 200 + "1" + "}" * 200 + "}",
    "a lone surrogate": '{"command": "zoom", "settings": {"dream": {"label": "\\ud800"}}}',
    "not UTF-8": b'{"command": "\xff"}',
    "settings that are a list": '{"command": "video", "settings": []}',
    "a table that is a text": '{"command": "video", "settings": {"dream": "x"}}',
    "a command of the shell": '{"command": "video; rm -rf /", "settings": {}}',
    "a command that is a list": '{"command": ["video"], "settings": {}}',
    "media that is a path": '{"command": "video", "media": "/etc/passwd", "settings": {}}',
    "media that is a table": '{"command": "video", "media": {"id": 1}, "settings": {}}',
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies(client: TestClient, name: str) -> None:
    answer = client.post("/api/jobs", content=BODIES[name], headers=JSON)
    assert answer.status_code in (400, 404), answer.text
    assert "\n" not in answer.json()["error"]
    assert client.get("/api/jobs").json()["jobs"] == []


OUTSIDE: dict[str, dict[str, Any]] = {
    "dream.guide": {"dream": {"guide": "/etc/passwd"}},
    "dream.guide in a schedule": {"dream": {"guide": "0:(/etc/passwd)"}},
    "dream.palette": {"dream": {"palette": "/etc/passwd"}},
    "dream.strength": {"dream": {"strength": "curve('/etc/x.csv')"}},
    "network.weights": {"network": {"weights": "/etc/passwd"}},
    "network.model": {"network": {"model": ["/etc/x.pt"]}},
    "sound.audio": {"sound": {"audio": "../../../../../../etc/passwd"}},
}


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("path", ["/api/jobs", "/api/preview", "/api/preview/motion"])
def test_files_outside_of_the_folders(client: TestClient, name: str, path: str) -> None:
    answer = client.post(path, json={"command": "zoom", "settings": OUTSIDE[name]})
    assert answer.status_code == 400
    assert answer.json()["field"] == name.partition(" ")[0]
    assert "not in the folders of the studio" in answer.json()["error"]


def test_masks_outside_of_the_folders(client: TestClient, ids: Any) -> None:
    for table in ({"mask": {"mask": "!/etc/passwd"}}, {"region": [{"mask": "/etc/passwd"}]}):
        body = {"command": "image", "media": ids["a.png"], "settings": table}
        answer = client.post("/api/preview", json=body)
        assert answer.status_code == 400
        assert "not in the folders of the studio" in answer.json()["error"]


NAMES = ("../../a.mp4", "/a.mp4", "-y.mp4", ".bashrc", "a\nb.mp4", "a\0.mp4", "a%05d.png",
         "C:\\a.mp4", "a" * 300, "", " ", "a.", "pipe:1", 7, ["a.mp4"])  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_of_outputs(client: TestClient, name: object) -> None:
    answer = client.post("/api/jobs", json={"command": "zoom", "settings": {}, "name": name})
    assert answer.status_code == 400
    assert client.get("/api/jobs").json()["jobs"] == []


def test_names_of_sources_are_made_plain(place: Any, parts: Any) -> None:
    look = Look.of(parts.places, "zoom", {"clip": {"from_noise": True}})
    for name, plain in (("a%05d<b>\n.mp4", "a_05d_b__.dream.mp4"), ("-y.mp4", "_y.dream.mp4")):
        assert queueing._output(parts, look, place.root / name, None).name == plain


@pytest.mark.parametrize("codec", ["h264 -f tee", "libx264", "-y", "h264;rm", "|cat"])
def test_options_of_ffmpeg(client: TestClient, codec: str) -> None:
    body = {"command": "zoom", "settings": {"output": {"codec": codec}}}
    answer = client.post("/api/jobs", json=body)
    assert answer.status_code == 400 and "unknown codec" in answer.json()["error"]


@pytest.mark.parametrize("field", ["frame", "frames", "width"])
@pytest.mark.parametrize("value", [-1, 1e9, "1e9", True, [], "9" * 400, 10**30])
def test_numbers_out_of_range(client: TestClient, ids: Any, field: str, value: object) -> None:
    body = {"command": "image", "media": ids["a.png"], "settings": {}, field: value}
    answer = client.post("/api/preview", json=body)
    assert answer.status_code == 400
    assert answer.json()["field"] == field


@pytest.mark.parametrize("query", ["n=-1", "n=x", "width=1", "width=99999", "n=1&width=", "n=%00"])
def test_queries_out_of_range(client: TestClient, ids: Any, query: str) -> None:
    assert client.get(f"/api/media/{ids['film.mp4']}/frame?{query}").status_code == 400


TYPES = ("", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
         "application/octet-stream", "application/jsonp")  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
def test_bodies_of_other_types(client: TestClient, kind: str) -> None:
    answer = client.post("/api/preview/stop", content="{}", headers={"content-type": kind})
    assert answer.status_code == 415


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("a.png", b"x" * 100)
    return data.getvalue()


def drawn(kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (8, 8)).save(data, kind)
    return data.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
FILES = {
    "a zip of pictures": ("a.zip", zipped(), 400),
    "a zip named as a picture": ("a.png", zipped(), 422),
    "a zip named as a film": ("a.mp4", zipped(), 422),
    "an SVG": ("a.svg", SVG, 400),
    "an SVG named as a picture": ("a.png", SVG, 422),
    "an EPS named as a picture": ("a.png", drawn("EPS"), 422),
    "a PCX named as a picture": ("a.png", drawn("PCX"), 422),
    "a list of films": ("a.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n", 422),
    "a playlist": ("a.mkv", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", 422),
    "a page": ("a.html", b"<script>", 400),
    "a script": ("a.py", b"print()", 400),
    "settings": ("a.toml", b"", 400),
    "an empty film": ("a.mp4", b"", 404),
    "no name": ("", b"x", 400),
    "a name of a folder": ("../", b"x", 400),
    "only a suffix": (".png", b"x", 400),
}


@pytest.mark.parametrize("name", FILES)
def test_files(client: TestClient, place: Any, name: str) -> None:
    file, data, status = FILES[name]
    answer = client.post(UPLOADS, content=data, headers=BYTES | {"x-file-name": file})
    assert answer.status_code == status, answer.text
    assert list((place.state / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../../a.png", "%2e%2e%2fa.png", "C:\\a.png", "a\x7f.png", "-a.png"]
)
def test_names_of_files_are_made_plain(client: TestClient, place: Any, ids: Any, name: str) -> None:
    data = (place.root / "a.png").read_bytes()
    answer = client.post(UPLOADS, content=data, headers=BYTES | {"x-file-name": name})
    assert answer.status_code == 201, answer.text
    (kept,) = (place.state / "uploads").iterdir()
    kept.unlink()
    assert kept.name.startswith("a") and kept.suffix == ".png"


def test_a_claimed_length_beyond_the_limit(client: TestClient) -> None:
    headers = BYTES | {"x-file-name": "a.mp4", "content-length": str(10 << 30)}
    answer = client.post(UPLOADS, content=b"x", headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "9" * 30, "1, 1", "٣"])
def test_a_length_that_is_no_number(client: TestClient, length: str) -> None:
    headers = JSON | {"content-length": length.encode()}
    answer = client.post("/api/preview/stop", content=b"{}", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code in (400, 413)


def test_a_body_in_pieces_beyond_the_limit(
    client: TestClient, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety, "MOST_UPLOAD", 1 << 20)
    pieces = (b"x" * 65536 for _ in range(1000))
    answer = client.post(UPLOADS, content=pieces, headers=BYTES | {"x-file-name": "a.mp4"})
    assert answer.status_code == 413
    assert list((place.state / "uploads").iterdir()) == []


def test_a_file_that_the_disk_cannot_hold(
    client: TestClient, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dreamvid.studio import files

    monkeypatch.setattr(files, "ROOM", 1 << 60)
    answer = client.post(UPLOADS, content=b"x", headers=BYTES | {"x-file-name": "a.mp4"})
    assert answer.status_code == 507


def test_a_large_body_of_json(client: TestClient) -> None:
    answer = client.post("/api/preview/stop", content=b"[" + b" " * (2 << 20), headers=JSON)
    assert answer.status_code == 413


def test_a_get_with_a_body(client: TestClient) -> None:
    assert client.request("GET", "/api/files", content=b"x").status_code == 400


def test_headers_that_are_there_twice(client: TestClient) -> None:
    twice = [("host", "127.0.0.1:8420"), ("origin", HERE), ("origin", HERE)]
    assert client.get("/api/files", headers=twice).status_code == 400


def test_text_of_a_request_does_not_become_a_header(client: TestClient) -> None:
    answer = client.get("/api/files/x%0d%0aset-cookie:%20a=b")
    assert answer.status_code == 404 and "set-cookie" not in answer.headers


def test_ids_of_another_studio_mean_nothing(client: TestClient, tmp_path: Path, place: Any) -> None:
    from dreamvid.studio.places import Places

    other = Places((place.root.parent,), tmp_path / "ids").id_of(place.secret)
    assert client.get(f"/api/media/{other}/file").status_code == 404


def test_jobs_that_are_not_there(client: TestClient) -> None:
    for action in ("stop", "remove", "__class__"):
        answer = client.post("/api/jobs/nothing", json={"action": action})
        assert answer.status_code in (400, 404)


@pytest.mark.parametrize("kind", ["/", "/api/state", "/api/nothing", "/page/nothing.js"])
def test_every_answer_is_sealed(client: TestClient, kind: str) -> None:
    for headers in ({}, {"host": "evil.example"}):
        found = client.get(kind, headers=headers).headers
        assert "default-src 'self'" in found["content-security-policy"]
        assert "unsafe" not in found["content-security-policy"]
        assert "frame-ancestors 'none'" in found["content-security-policy"]
        assert found["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in found


@pytest.fixture
def far(client: TestClient) -> Iterator[Any]:
    """The same application as other machines reach it: with a token."""
    app = client.app._app  # type: ignore[attr-defined]
    guard = Guard(app, host="0.0.0.0", port=8420, token="secret-token")
    yield lambda: TestClient(guard, base_url="http://10.0.0.5:8420", follow_redirects=False)


def test_a_host_is_known_in_either_case(client: TestClient) -> None:
    app = client.app._app  # type: ignore[attr-defined]
    guard = Guard(app, host="Wall.Example", port=8420, token=None)
    assert TestClient(guard, base_url="http://wall.example:8420").get("/api/files").is_success


def test_without_a_token(far: Any) -> None:
    for path in ("/", "/api/files", "/page/studio.js"):
        assert far().get(path).status_code == 401
    assert far().get("/?token=wrong").status_code == 401
    assert far().get("/?token=").status_code == 401
    assert far().get("/api/files?token=secret-token").status_code == 401
    wrong = {"cookie": f"{safety.COOKIE}=wrong"}
    assert far().get("/api/files", headers=wrong).status_code == 401


def test_with_a_token(far: Any) -> None:
    page = far()
    answer = page.get("/?token=secret-token")
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert page.get("/api/files").status_code == 200
    assert page.get("/api/files", headers={"host": "evil.example:8420"}).status_code == 421
    assert json.loads(page.get("/api/files", headers={"origin": "http://x"}).text)["error"]
