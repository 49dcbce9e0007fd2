"""The real server: slow and many requests, large bodies, its own process, start and end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from dreamvid.errors import UsageError
from dreamvid.serving import connections
from dreamvid.serving.sockets import bound
from dreamvid.studio import safety, serve
from dreamvid.studio.serve import Options, link, make_server

TRIES = 20


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server in a thread that waits only a little."""
    folder = tmp_path_factory.mktemp("served")
    patience = connections.HEAD_PATIENCE, safety.BODY_PATIENCE, safety.MOST_UPLOAD
    connections.HEAD_PATIENCE, safety.BODY_PATIENCE, safety.MOST_UPLOAD = 0.5, 0.5, 4 << 20
    (folder / "root").mkdir()
    options = Options((folder / "root",), folder / "out", folder / "state", None, 0)
    with bound("127.0.0.1", 0, where="here") as listener:
        number = listener.getsockname()[1]
        server = make_server(options, "127.0.0.1", number, None)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield number
        server.should_exit = True
        thread.join()
    connections.HEAD_PATIENCE, safety.BODY_PATIENCE, safety.MOST_UPLOAD = patience
    left = {path.name for path in folder.rglob("*") if path.is_file()}
    assert left <= {"ids.jsonl"}


def alive(port: int) -> bool:
    """Whether it answers; a busy machine may be slower to ask than this server waits."""
    for _ in range(TRIES):
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/files", timeout=60) as answer,
        ):
            return bool(json.load(answer)["roots"])
    return False


def answered(port: int, request: bytes) -> tuple[socket.socket, bytes]:
    """The connection of a request, and how its answer begins; it is asked again as in `alive`."""
    for _ in range(TRIES):
        line = socket.create_connection(("127.0.0.1", port), timeout=60)
        with contextlib.suppress(ConnectionError):
            line.sendall(request)
            if answer := line.recv(65536):
                return line, answer
        line.close()
    raise AssertionError("no answer")


def sent(port: int, data: bytes, *, wait: float = 60) -> bytes:
    """What a raw request is answered, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while piece := line.recv(65536):
                answer += piece
    return answer


def head(port: int, first: str, *fields: str) -> bytes:
    return "\r\n".join([first, f"Host: 127.0.0.1:{port}", *fields, "", ""]).encode()


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_head_that_does_not_come(port: int, begun: bytes) -> None:
    sent(port, begun)  # until the server ends the connection
    assert alive(port)


def test_a_second_head_that_comes_by_drops(port: int) -> None:
    line, answer = answered(port, head(port, "GET /api/state HTTP/1.1"))
    with line:
        assert b"200 OK" in answer
        ended = False
        for _ in range(600):
            try:
                line.sendall(b"G")
                time.sleep(0.1)
            except ConnectionError:
                ended = True
                break
        assert ended
    assert alive(port)


def test_a_body_that_does_not_come(port: int) -> None:
    fields = ("Content-Type: application/json", "Content-Length: 100")
    request = head(port, "POST /api/preview/stop HTTP/1.1", *fields) + b"{"
    line, answer = answered(port, request)
    line.close()
    assert b" 408 " in answer.split(b"\r\n")[0]
    assert alive(port)


def test_a_body_that_comes_by_drops(port: int) -> None:
    fields = (
        "Content-Type: application/octet-stream",
        "Content-Length: 100000",
        "X-File-Name: a.mp4",
    )
    assert any(b" 408 " in dropped(port, fields) for _ in range(TRIES))
    assert alive(port)


def dropped(port: int, fields: Sequence[str]) -> bytes:
    """What an upload whose body comes by drops is answered; nothing if its head came too late."""
    with (
        contextlib.suppress(ConnectionError),
        socket.create_connection(("127.0.0.1", port), timeout=10) as line,
    ):
        line.sendall(head(port, "POST /api/uploads HTTP/1.1", *fields))
        line.settimeout(0.1)
        for _ in range(600):
            line.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                return line.recv(65536)
    return b""


@pytest.mark.parametrize("how", ["length", "chunks"])
def test_an_upload_of_10_gigabytes(port: int, how: str) -> None:
    """It is refused by its length at once, and by its pieces at the limit."""
    fields = ["Content-Type: application/octet-stream", "X-File-Name: a.mp4"]
    if how == "length":
        answer = sent(port, head(port, "POST /api/uploads HTTP/1.1", *fields,
                                 f"Content-Length: {10 << 30}") + b"x" * 1000)  # fmt: skip
    else:
        piece = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
        request = head(port, "POST /api/uploads HTTP/1.1", *fields, "Transfer-Encoding: chunked")
        answer = sent(port, request + piece * 8)
    assert b" 413 " in answer.split(b"\r\n")[0] or answer == b""  # closed while we were writing
    assert alive(port)


POST = b"POST /api/jobs HTTP/1.1\r\nHost: x\r\n"
BROKEN = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01",
    "no host": b"GET /api/files HTTP/1.1\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "both lengths": POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a bad chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a head without end": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000,
    "an address without end": b"GET /" + b"a" * 200_000,
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: x\x00y\r\n\r\n",
    "an upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "a proxy": b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_requests(port: int, name: str) -> None:
    answer = sent(port, BROKEN[name])
    assert answer == b"" or answer[9:10] == b"4"
    assert alive(port)


def test_500_requests_at_once(port: int) -> None:
    """Each is served, refused or closed; none hangs, and the server goes on."""
    found: list[int] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/schema", timeout=30
            ) as answer:
                found.append(answer.status)
        except urllib.error.HTTPError as error:
            found.append(error.code)
        except OSError:
            found.append(0)

    threads = [threading.Thread(target=ask) for _ in range(500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 500 and set(found) <= {200, 503, 0} and 200 in found
    assert alive(port)


def started(folder: Path, *more: str) -> tuple[subprocess.Popen[str], str]:
    """A studio of its own, and its address."""
    (folder / "root").mkdir(exist_ok=True)
    words = ["studio", str(folder / "root"), "--state", str(folder / "state"),
             "-o", str(folder / "out"), "--port", "0", *more]  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "dreamvid", *words], stderr=subprocess.PIPE,
                               text=True)  # fmt: skip
    assert process.stderr is not None
    return process, process.stderr.readline()


def test_it_starts_says_where_and_ends_quietly(tmp_path: Path) -> None:
    process, line = started(tmp_path)
    try:
        address = line.split(" is at ")[1].split(" ")[0]
        assert address.startswith("http://127.0.0.1:") and "token" not in address
        with urllib.request.urlopen(f"{address}api/state", timeout=60) as answer:
            assert json.load(answer)["local"] is True
        second = subprocess.run(
            [sys.executable, "-m", "dreamvid", "studio", str(tmp_path), "--port", "0",
             "--state", str(tmp_path / "state")], capture_output=True, text=True)  # fmt: skip
        assert second.returncode == 2 and "another studio runs" in second.stderr
    finally:
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 0 and rest == ""


def test_with_a_host_the_link_has_a_token(tmp_path: Path) -> None:
    process, line = started(tmp_path, "--host", "0.0.0.0")
    try:
        port = line.split(":")[2].split("/")[0]
        token = line.split("?token=")[1].split(" ")[0]
        assert len(token) >= 32
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/state", timeout=60)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_on_loopback_with_a_token(tmp_path: Path) -> None:
    """For machines with other users."""
    process, line = started(tmp_path, "--host", "127.0.0.1")
    try:
        address, token = line.split(" is at ")[1].split(" ")[0].split("?token=")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{address}api/state", timeout=60)
        cookie = {"cookie": f"{safety.COOKIE}={token}"}
        request = urllib.request.Request(f"{address}api/state", headers=cookie)
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["local"] is True
        request = urllib.request.Request(request.full_url, headers=cookie | {"host": "10.0.0.1:80"})
        with pytest.raises(urllib.error.HTTPError, match="421"):
            urllib.request.urlopen(request, timeout=60)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_the_server_has_no_torch(tmp_path: Path) -> None:
    check = (
        "import sys; from pathlib import Path; from dreamvid.studio.serve import *; "
        "make_server(Options((), Path(sys.argv[1]), Path(sys.argv[1])), '127.0.0.1', 1, None)"
        "; print([m for m in ('torch', 'cv2', 'av', 'scenedetect') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", check, str(tmp_path)], capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert told.stdout.strip() == "[]"


def test_options_that_cannot_be(tmp_path: Path) -> None:
    def say(text: str) -> None:
        raise AssertionError(text)

    with pytest.raises(UsageError, match="no such folder"):
        serve.run(Options((tmp_path / "x",), tmp_path, tmp_path), say)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match="cannot be used"):
            serve.run(Options((tmp_path,), tmp_path, tmp_path / "s", None, port), say)


@pytest.mark.parametrize(
    ("host", "token", "address"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:5/"),
        ("::1", None, "http://[::1]:5/"),
        ("10.0.0.5", "t", "http://10.0.0.5:5/?token=t"),
    ],
)
def test_the_link(host: str, token: Any, address: str) -> None:
    assert link(host, 5, token) == address


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none(tmp_path: Path, port: int) -> None:
    options = Options((tmp_path,), tmp_path / "out", tmp_path / "state", None, port)
    with pytest.raises(UsageError, match=f"port {port} cannot be used"):
        serve.run(options, print)


def test_results_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("file", "file/below"):
        options = Options((tmp_path,), tmp_path / name, tmp_path / "state", None, 0)
        with pytest.raises(UsageError, match="cannot be a folder; use another -o"):
            serve.run(options, print)
