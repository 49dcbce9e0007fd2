"""What all outputs share: they open, show pictures and close, and say what they lack."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tiny import read, texture

from dreamvid.errors import DreamvidError, MissingDependency, UsageError
from dreamvid.live import outputs
from dreamvid.live.outputs import Output, output_of, shared_pictures, v4l2

SIZE, RATE = (64, 48), Fraction(25)
Seen = list[np.ndarray[Any, Any]]


class Ndi:
    """Stands for cyndilib."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    def VideoSendFrame(self) -> Any:
        methods = ("set_resolution", "set_frame_rate", "set_fourcc")
        return types.SimpleNamespace(**dict.fromkeys(methods, lambda *_: None))

    FourCC = types.SimpleNamespace(RGBA=1)

    def Sender(self, name: str, clock_video: bool) -> Any:
        assert name == "WALL" and not clock_video

        def write(data: Any) -> None:
            self.seen.append(data.reshape(SIZE[1], SIZE[0], 4)[..., :3].copy())

        return types.SimpleNamespace(
            set_video_frame=lambda frame: None, open=lambda: None, write_video=write,
            close=lambda: None,
        )  # fmt: skip


class Spout:
    """Stands for SpoutGL."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    def SpoutSender(self) -> Any:
        def send(picture: Any, width: int, height: int, *rest: Any) -> bool:
            self.seen.append(picture.reshape(height, width, 4)[..., :3].copy())
            return True

        return types.SimpleNamespace(
            setSenderName=lambda name: None, sendImage=send, releaseSender=lambda: None
        )


class Syphon:
    """Stands for syphon-python."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    def SyphonMetalServer(self, name: str) -> Any:
        return types.SimpleNamespace(
            device=0, publish_frame_texture=lambda texture: None, stop=lambda: None
        )

    def create_mtl_texture(self, *_: Any) -> int:
        return 0

    def copy_image_to_mtl_texture(self, picture: Any, _: int) -> None:
        self.seen.append(picture[::-1, :, :3].copy())


class Child:
    """Stands for ffmpeg."""

    seen: Seen

    def __init__(self, arguments: Any, **_: Any) -> None:
        assert arguments[-3:-1] == ["-f", "v4l2"]

    def write(self, array: Any) -> None:
        self.seen.append(np.asarray(cv2.cvtColor(array, cv2.COLOR_YUV2RGB_I420)))

    def kill(self) -> None:
        return


def a_window(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> str:
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("namedWindow", "resizeWindow", "destroyWindow", "setWindowProperty"):
        monkeypatch.setattr(cv2, name, lambda *_: None)
    monkeypatch.setattr(cv2, "pollKey", lambda: -1)
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: 1)
    monkeypatch.setattr(cv2, "imshow", lambda _, picture: seen.append(picture[..., ::-1].copy()))
    return "window"


def a_module(kind: str, fake: Any, platform: str) -> Callable[..., str]:
    def make(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> str:
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(outputs, "find_spec", lambda name: True)
        monkeypatch.setattr(shared_pictures, "import_module", lambda name: fake(seen))
        return f"{kind}:WALL"

    return make


def a_device(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> str:
    Child.seen = seen
    monkeypatch.setattr(v4l2, "FfmpegChild", Child)
    return "v4l2:/dev/null"


def a_page(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> str:
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    return "http://:0"


def a_file(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> str:
    return "wall.mkv"


KINDS = {
    "window": a_window,
    "file": a_file,
    "http": a_page,
    "v4l2": a_device,
    "ndi": a_module("ndi", Ndi, "linux"),
    "spout": a_module("spout", Spout, "win32"),
    "syphon": a_module("syphon", Syphon, "darwin"),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(request.param)


@pytest.fixture
def seen() -> Seen:
    return []


@pytest.fixture
def output(kind: str, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> Output:
    return output_of(KINDS[kind](monkeypatch, seen))


def test_pictures_are_shown_in_their_colours(output: Output, kind: str, seen: Seen) -> None:
    pictures = [texture(k) for k in range(3)]
    output.open(SIZE, RATE)
    for number, picture in enumerate(pictures):
        output.show(picture.copy(), number / 25)
    if kind == "http":
        frame = output._viewers._newest()  # type: ignore[attr-defined]
        buffer = np.frombuffer(frame, np.uint8)
        seen += [*pictures[:2], np.asarray(cv2.imdecode(buffer, cv2.IMREAD_COLOR))[..., ::-1]]
    output.close()
    if kind == "file":
        seen += read(Path("wall.mkv"))
    assert len(seen) == 3
    for one, other in zip(seen, pictures, strict=True):
        assert one.shape == (48, 64, 3)
        # The centre of a picture as of a device with half the colours; rows are not upside down.
        assert np.abs(cv2.blur(one, (9, 9)).astype(int) - cv2.blur(other, (9, 9))).mean() < 6


def test_one_that_was_never_opened_can_be_closed(output: Output) -> None:
    output.close()


def test_it_has_a_name_for_messages(output: Output, kind: str) -> None:
    assert output.name and isinstance(output.alone, bool)
    assert output.alone == (kind != "window")
    output.close()


@pytest.mark.parametrize(
    ("text", "extra"),
    [("http://:8080", "live"), ("ndi:WALL", "ndi"), ("spout:WALL", "spout"),
     ("syphon:WALL", "syphon")],
)  # fmt: skip
def test_every_absent_extra_says_how_to_get_it(
    text: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "platform", {"spout": "win32", "syphon": "darwin"}.get(extra, "linux"))
    with pytest.raises(MissingDependency, match=rf"pip install 'dreamvid\[{extra}\]'") as caught:
        output_of(text)
    assert caught.value.exit_code == 6 and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["ndi:", "spout: ", "v4l2:/no/such/device", "v4l2:video9", "ftp://host", "rtsp://host",
     "http://host:99999", "http://", "http://:8080/path", "http://me:word@:8080", "nosuch/x.mp4",
     "x.mp3", "https://:8080"],
)  # fmt: skip
def test_what_is_no_output_is_refused_in_one_line(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(outputs, "find_spec", lambda name: True)
    with pytest.raises(DreamvidError) as caught:
        output_of(text)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, UsageError)


@pytest.mark.parametrize("text", ["spout:WALL", "syphon:WALL"])
def test_what_another_system_has_is_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(UsageError, match=r"only there on (Windows|macOS)"):
        output_of(text)


def test_a_window_needs_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="no screen"):
        output_of("window")


def test_keys_and_closing_of_a_window(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> None:
    window: Any = output_of(a_window(monkeypatch, seen))
    pressed: list[str] = []
    window.on_key = pressed.append
    window.open(SIZE, RATE)
    for key in "+f":
        monkeypatch.setattr(cv2, "pollKey", lambda key=key: ord(key))
        window.show(texture(), 0.0)
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: 0)
    window.show(texture(), 0.0)
    assert pressed == ["+", "q"] and window._full


def test_a_name_with_a_colon_can_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a:b.mp4"
    assert output_of(str(path)).name == os.fspath(path)
