"""The page: several viewers at once, and none of them holds up the picture."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from http.client import HTTPConnection

import numpy as np
import pytest
from tiny import texture

from dreamvid.errors import UsageError
from dreamvid.live.outputs import viewers
from dreamvid.live.outputs.page import ELSEWHERE, Page, parsed

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from dreamvid.serving import connections

SIZE, RATE = (64, 48), Fraction(25)
PICTURES = [texture(seed) for seed in range(4)]


@pytest.fixture
def page() -> Iterator[Page]:
    made = Page("http://:0")
    made.status = lambda: {"fps": 12.5, "path": __file__}
    made.open(SIZE, RATE)
    yield made
    made.close()


class Feeding:
    """Shows pictures to the page until it ends."""

    def __init__(self, page: Page, pictures: list[np.ndarray]) -> None:  # type: ignore[type-arg]
        self._page, self._pictures = page, pictures
        self._end = threading.Event()
        self.count = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Feeding:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.005):
            self._page.show(self._pictures[self.count % len(self._pictures)], 0.0)
            self.count += 1


def get(page: Page, path: str, **headers: str) -> tuple[int, str, bytes]:
    connection = HTTPConnection("127.0.0.1", page.port, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.getheader("Content-Type") or "", answer.read()
    connection.close()
    return found


def watching(page: Page) -> socket.socket:
    """The connection of a viewer who has asked for the stream and read nothing yet."""
    viewer = socket.create_connection(("127.0.0.1", page.port), timeout=60)
    viewer.sendall(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return viewer


def frames_read(viewer: socket.socket, count: int) -> int:
    """Read until so many frames have come."""
    data = b""
    while len(re.findall(rb"\xff\xd8\xff", data)) < count:
        piece = viewer.recv(65536)
        if not piece:
            break
        data += piece
    return len(re.findall(rb"\xff\xd8\xff", data))


def until(ready: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_page_shows_the_stream(page: Page) -> None:
    status, kind, body = get(page, "/")
    assert status == 200 and kind.startswith("text/html")
    assert b'src="stream"' in body and b"alt=" in body and b"viewport" in body


def test_the_newest_frame_and_the_status(page: Page) -> None:
    assert get(page, "/frame.jpg")[0] == 503
    page.show(PICTURES[0], 0.0)
    first = get(page, "/frame.jpg")
    page.show(PICTURES[1], 0.1)
    second = get(page, "/frame.jpg")
    assert first[:2] == (200, "image/jpeg") and first[2][:3] == b"\xff\xd8\xff"
    assert first[2] != second[2]
    status = json.loads(get(page, "/status.json")[2])
    assert status["fps"] == 12.5 and status["viewers"] == 0


@pytest.mark.parametrize(("host", "here"), [("", True), ("localhost", True), ("0.0.0.0", False)])
def test_errors_are_told_to_this_machine_only(host: str, here: bool) -> None:
    made, note = Page(f"http://{host}:0"), "/home/me/guide.png: no such file; check the path"
    try:
        for text in (note, ""):
            made.status = lambda text=text: {"note": text, "fps": 1}  # type: ignore[misc]
            assert made.told() == {"note": text if here else text and ELSEWHERE, "fps": 1}
    finally:
        made.close()


def test_five_viewers_at_once(page: Page) -> None:
    with Feeding(page, PICTURES):
        viewers_ = [watching(page) for _ in range(5)]
        counts = [0] * 5

        def watch(place: int) -> None:
            counts[place] = frames_read(viewers_[place], 20)

        threads = [threading.Thread(target=watch, args=(place,)) for place in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert json.loads(get(page, "/status.json")[2])["viewers"] == 5
        for viewer in viewers_:
            viewer.close()
        assert min(counts) >= 20
        until(lambda: page._viewers._count == 0)


def test_a_stalled_reader_holds_up_nobody_and_gathers_nothing(page: Page) -> None:
    """What is sent to one who does not read is what the buffers of the system hold, and a frame."""
    loud = [np.random.default_rng(seed).integers(0, 255, (480, 640, 3), np.uint8)
            for seed in range(2)]  # fmt: skip
    with Feeding(page, loud) as feeding:
        stalled = watching(page)
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        until(lambda: page._viewers._count == 1)
        before = feeding.count
        until(lambda: feeding.count > before + 100, 120)
        reader = watching(page)
        assert frames_read(reader, 5) >= 5
        transports = list(page._server.server_state.connections)
        waiting = [c.transport.get_write_buffer_size() for c in transports if c.transport]
        assert max(waiting) < 4_000_000
        reader.close()
        stalled.close()


def test_one_who_reads_no_more_is_dropped(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewers, "STALLED", 0.3)
    loud = [np.random.default_rng(0).integers(0, 255, (960, 1280, 3), np.uint8)]
    stalled = watching(page)
    until(lambda: page._viewers._count == 1)  # nothing is sent yet
    with Feeding(page, loud):
        until(lambda: page._viewers._count == 0)
    stalled.close()


def test_so_many_viewers_and_no_more(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewers, "MOST", 2)
    page.show(PICTURES[0], 0.0)
    two = [watching(page) for _ in range(2)]
    until(lambda: page._viewers._count == 2)
    assert get(page, "/stream")[0] == 503
    for viewer in two:
        viewer.close()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_page_of_another_site_gets_nothing(page: Page, host: str) -> None:
    page.show(PICTURES[0], 0.0)
    for path in ("/", "/stream", "/frame.jpg", "/status.json"):
        assert get(page, path, Host=host)[0] == 421


def test_only_reading_is_possible(page: Page) -> None:
    for method in ("POST", "PUT", "DELETE"):
        connection = HTTPConnection("127.0.0.1", page.port, timeout=60)
        connection.request(method, "/frame.jpg")
        assert connection.getresponse().status == 405
        connection.close()
    assert get(page, "/../../etc/passwd")[0] == 404


def test_a_request_that_does_not_come_is_not_waited_for(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_PATIENCE", 0.1)
    with (
        contextlib.suppress(ConnectionError),
        socket.create_connection(("127.0.0.1", page.port), timeout=60) as line,
    ):
        line.sendall(b"GET /stream HTT")
        assert line.recv(100) == b""


def test_addresses() -> None:
    assert parsed("http://:8080") == ("127.0.0.1", 8080), "only to this machine by default"
    assert parsed("http://0.0.0.0:80/") == ("0.0.0.0", 80)
    assert parsed("http://[::]:80") == ("::", 80)


def test_a_port_that_is_taken_is_refused(page: Page) -> None:
    with pytest.raises(UsageError, match="another port"):
        Page(f"http://:{page.port}")


def test_a_viewer_who_comes_late_gets_the_last_frame(page: Page) -> None:
    page.show(PICTURES[0], 0.0)
    viewer = watching(page)
    assert frames_read(viewer, 1) == 1
    viewer.close()
