"""Cameras, streams, the screen and films as inputs."""

from __future__ import annotations

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tiny import moved, texture
from wall_kit import FakeClock

from dreamvid.errors import DreamvidError, UnreadableInput, UsageError
from dreamvid.image import save_image, to_image
from dreamvid.live.inputs import camera as cameras
from dreamvid.live.inputs import source_of
from dreamvid.live.inputs.camera import Camera
from dreamvid.live.inputs.film import STILL_RATE, Film
from dreamvid.live.inputs.stream import Stream, address, screen
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.settings.live import ShowSettings


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mkv"
    with VideoWriter(path, like=FilmInfo.plain(64, 48, Fraction(25)), codec="ffv1") as film:
        for array in moved(5):
            film.write(array)
    return path


class Device:
    """Stands for OpenCV's capture of the cameras 0 and 2."""

    def __init__(self, number: Any) -> None:
        self.number, self.set_to = number, {}

    def isOpened(self) -> bool:
        return self.number in (0, 2)

    def set(self, name: int, value: float) -> None:
        self.set_to[name] = value

    def read(self) -> tuple[bool, Any]:
        return True, texture()[..., ::-1].copy()

    def release(self) -> None:
        return


def test_a_camera_gives_rgb_and_keeps_no_old_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Device)
    camera = Camera("2")
    camera.open()
    picture = camera.read()
    assert picture is not None and np.array_equal(picture, texture())
    assert camera._capture is not None
    assert camera._capture.set_to == {cv2.CAP_PROP_BUFFERSIZE: 1}  # type: ignore[attr-defined]
    camera.close()
    camera.close()


def test_no_such_camera_is_told_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Device)
    monkeypatch.setattr(cameras, "cameras", lambda: ["0", "2"])
    with pytest.raises(UnreadableInput, match="camera 7: cannot be opened; there are: 0, 2") as e:
        Camera("7").open()
    assert e.value.exit_code == 3
    monkeypatch.setattr(cameras, "cameras", lambda: [])
    with pytest.raises(UnreadableInput, match="no camera was found"):
        Camera("/dev/video7").open()


def test_cameras_are_found_by_trying(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Device)
    monkeypatch.setattr(cameras.Path, "is_dir", lambda self: False)
    assert cameras.cameras() == ["0", "2"]


def test_a_film_plays_at_its_own_rate_and_repeats(clip: Path) -> None:
    clock = FakeClock()
    film, frames, times = Film(str(clip), clock), [], []
    for _ in range(2):
        film.open()
        while (array := film.read()) is not None:
            frames.append(array)
            times.append(clock.time)
        film.close()
    assert len(frames) == 10 and film.repeats and not film.still
    assert times == pytest.approx([k / 25 for k in range(10)], abs=1e-6)
    assert np.array_equal(frames[0], frames[5]) and np.array_equal(frames[0], texture())


def test_a_picture_stays(tmp_path: Path) -> None:
    save_image(tmp_path / "in.png", to_image(texture()))
    clock = FakeClock()
    film = Film(str(tmp_path / "in.png"), clock)
    film.open()
    pictures = [film.read() for _ in range(4)]
    assert film.still and all(np.array_equal(p, texture()) for p in pictures if p is not None)
    assert clock.time == pytest.approx(3 / STILL_RATE)


def test_a_film_of_many_bits_gives_bytes(tmp_path: Path) -> None:
    deep = (texture().astype(np.uint16) << 8) | 77
    with VideoWriter(tmp_path / "deep_%02d.png", like=FilmInfo.plain(64, 48, Fraction(25)),
                     codec="png16") as film:  # fmt: skip
        film.write(deep)
    source = Film(str(tmp_path / "deep_%02d.png"))
    source.open()
    picture = source.read()
    assert picture is not None and picture.dtype == np.uint8
    source.close()


@pytest.fixture
def served(clip: Path) -> Iterator[str]:
    """The address of a film on a server."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            return

    handler = functools.partial(Quiet, directory=str(clip.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_stream_is_read(served: str) -> None:
    stream = Stream(f"{served}/clip.mkv")
    for _ in range(2):
        stream.open()
        frames = []
        while (array := stream.read()) is not None:
            frames.append(array)
        stream.close()
        assert len(frames) >= 4, "what is read to find the format may be dropped"
        assert frames[0].shape == (48, 64, 3)


def test_a_playlist_of_a_stream_reads_no_file(served: str, clip: Path) -> None:
    for name, text in {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{clip}\n"
        "#EXT-X-ENDLIST\n",
        "list.txt": f"ffconcat version 1.0\nfile '{clip}'\n",
    }.items():
        (clip.parent / name).write_text(text)
        stream = Stream(f"{served}/{name}")
        with pytest.raises((DreamvidError, OSError)):
            stream.open()
            assert stream.read() is None
            raise UnreadableInput("gave nothing")
        stream.close()


def test_a_stream_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(UnreadableInput) as caught:
        Stream("http://me:secret@127.0.0.1:9/x.mp4").open()
    assert "secret" not in str(caught.value) and caught.value.exit_code == 3


def test_addresses_and_files() -> None:
    assert address("rtsp://host/1") and address("HTTP://host") and not address("clip.mp4")
    for text in ("file:///etc/passwd", "concat://a", "pipe://0", "gopher://x"):
        with pytest.raises(UsageError, match="not a protocol"):
            address(text)


def test_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":7")
    assert (screen()._format, screen()._place) == ("x11grab", ":7")
    monkeypatch.delenv("DISPLAY")
    with pytest.raises(UnreadableInput, match="DISPLAY"):
        screen()
    for platform, format in (("win32", "gdigrab"), ("darwin", "avfoundation")):
        monkeypatch.setattr("sys.platform", platform)
        assert screen()._format == format


def test_which_source_is_meant(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":7")
    kinds = {
        "camera": source_of(ShowSettings(camera="0")),
        "film": source_of(ShowSettings(input=str(clip))),
        "stream": source_of(ShowSettings(input="rtsp://host/1")),
        "screen": source_of(ShowSettings(input="screen")),
    }
    names = [type(source).__name__ for source in kinds.values()]
    assert names == ["Camera", "Film", "Stream", "Stream"]
    with pytest.raises(UsageError, match="--camera 0"):
        source_of(ShowSettings())
    with pytest.raises(UnreadableInput, match="no such file"):
        source_of(ShowSettings(input=os.fspath(clip) + "x"))
