"""A live picture from its input to its outputs, and how it ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tiny import dream_tiny, moved, read, texture
from wall_kit import FakeClock

from dreamvid.errors import DreamvidError, OutputExists, UnreadableInput, UsageError
from dreamvid.image import save_image, to_image
from dreamvid.live import run
from dreamvid.live.check import LiveRequest, check_live, loop_settings
from dreamvid.live.frames import LiveFrame
from dreamvid.live.outputs.recording import Recording
from dreamvid.live.run import run_live
from dreamvid.live.status import Status
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.settings.live import LiveSettings


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dream_tiny(monkeypatch)
    monkeypatch.chdir(tmp_path)
    save_image("in.png", to_image(texture()))
    with VideoWriter("clip.mkv", like=FilmInfo.plain(64, 48, Fraction(25)), codec="ffv1") as film:
        for array in moved(10):
            film.write(array)


def settings(**live: Any) -> LiveSettings:
    dream = {"octaves": 1, "iterations": 2, "step": 0.03}
    live = {"output": "wall.mkv", "fps": 25} | live
    network = {"device": "cpu", "precision": "fp32"}
    return LiveSettings.checked({"live": live, "dream": dream, "network": network})


def ended(after: int, how: Callable[[], None] | None = None) -> Callable[[Status], None]:
    """A callback that presses Ctrl-C after some frames."""

    def on_status(status: Status) -> None:
        if status.frames >= after:
            if how is None:
                raise KeyboardInterrupt
            how()

    return on_status


def test_a_film_is_dreamed_and_recorded_whole_until_ctrl_c() -> None:
    before = set(threading.enumerate())
    request = check_live(settings(input="clip.mkv"))
    with pytest.raises(KeyboardInterrupt):
        run_live(request, on_status=ended(8))
    frames = read(Path("wall.mkv"))
    assert 1 <= len(frames) <= 8 and frames[0].shape == (48, 64, 3)
    assert sorted(path.name for path in Path().iterdir()) == ["clip.mkv", "in.png", "wall.mkv"]
    with pytest.raises(OutputExists):
        check_live(settings(input="clip.mkv"))
    for thread in set(threading.enumerate()) - before:
        if thread.name in ("input", "looks", "wall.mkv"):
            thread.join(60)
            assert not thread.is_alive()


def test_listeners_are_closed_although_the_run_does_not_begin() -> None:
    class Listener:
        closed = 0

        def start(self, controls: Any) -> None:
            raise AssertionError("there is nothing to control")

        def close(self) -> None:
            self.closed += 1

    checked, listener = check_live(settings(input="clip.mkv")), Listener()
    Path("clip.mkv").unlink()
    request = LiveRequest(checked.settings, checked.outputs, [listener], checked.source)
    with pytest.raises(DreamvidError):
        run_live(request, on_status=lambda status: None)
    assert listener.closed == 1


@pytest.mark.parametrize("given", [{"osc": "0"}, {"midi": "nano"}])
def test_a_loop_takes_no_controls(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="a loop is dreamed once"):
        check_live(settings(loop="in.png", **given))


def test_an_error_inside_leaves_a_whole_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    request = check_live(settings(input="clip.mkv"))
    with pytest.raises(ZeroDivisionError):
        run_live(request, on_status=ended(5, fail))
    assert read(Path("wall.mkv"))


def test_it_stops_after_the_time_that_was_given() -> None:
    clock = FakeClock()
    request = check_live(settings(zoom="in.png", seconds=2))
    status = run_live(request, on_status=lambda status: None, clock=clock)
    assert clock.time == pytest.approx(2, abs=0.1) and 45 <= status.frames <= 52
    assert status.shown == "64x48" and status.fps == pytest.approx(25, rel=0.1)


@pytest.mark.parametrize("what", ["in.png", "noise"])
def test_a_zoom_is_shown_without_a_file(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recording, "alone", False)  # its thread might miss all frames but the last
    request = check_live(settings(zoom=what, seconds=1, size="64x48"))
    run_live(request, on_status=lambda status: None, clock=FakeClock())
    frames = read(Path("wall.mkv"))
    assert frames[0].shape == (48, 64, 3) and not np.array_equal(frames[0], frames[-1])


def test_an_exact_loop_is_shown_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []

    class Wall:
        name, alone = "wall", False

        def open(self, size: Any, rate: Any) -> None:
            assert size == (64, 48)

        def show(self, picture: Any, time: float) -> None:
            shown.append(picture)

        def close(self) -> None:
            shown.append(None)

    checked = check_live(settings(loop="in.png", seconds=21, fps=5))
    request = LiveRequest(checked.settings, [Wall()], [], None)
    run_live(request, on_status=lambda status: None, clock=FakeClock())
    *frames, last = shown
    assert last is None and len(frames) > 100
    lap = 5 * 10
    assert np.array_equal(frames[3], frames[3 + lap])
    assert not np.array_equal(frames[3], frames[4])


def test_the_input_is_shown_beside_the_dream_at_its_own_sharpness() -> None:
    clock = FakeClock()
    wanted = settings(input="in.png", size="128x96", dream_size="32x24", seconds=1)
    wanted = wanted.model_copy(update={"dream": wanted.dream.model_copy(update={"strength": 0})})
    run_live(check_live(wanted), on_status=lambda status: None, clock=clock)
    assert read(Path("wall.mkv"))[0].shape == (96, 128, 3)


def test_keys_of_a_window_end_the_run() -> None:
    class Window:
        name, alone = "window", False
        on_key: Callable[[str], None] = staticmethod(lambda key: None)
        count = 0

        def open(self, size: Any, rate: Any) -> None:
            return

        def show(self, picture: Any, time: float) -> None:
            self.count += 1
            if self.count == 3:
                self.on_key("+")
                self.on_key("q")

        def close(self) -> None:
            return

    for source in ({"zoom": "in.png"}, {"loop": "in.png", "fps": 5}):
        window = Window()
        checked = check_live(settings(**source))
        request = LiveRequest(checked.settings, [window], [], None)
        run_live(request, on_status=lambda status: None, clock=FakeClock())
        assert window.count == 3


def test_the_dream_grows_again_when_told() -> None:
    session: Any = SimpleNamespace(again=True)
    motion: Any = "any motion"
    feedback = LiveFrame(7, Fraction(0), None, motion)
    assert run.regrown(session, feedback) is feedback, "without an input it waits for one"
    frame = LiveFrame(8, Fraction(0), to_image(texture()), motion)
    first = run.regrown(session, frame)
    assert first.motion is None and first.new
    assert run.regrown(session, frame) is frame


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, UsageError, "nothing to show"),
        ({"input": "nosuch.mp4"}, UnreadableInput, "no such file"),
        ({"zoom": "nosuch.png"}, UnreadableInput, "no such file"),
        ({"input": "clip.mkv", "output": "clip.mkv"}, DreamvidError, "source file"),
        ({"input": "clip.mkv", "output": ["a.mkv", "a.mkv"]}, UsageError, "named twice"),
        ({"input": "clip.mkv", "output": "nosuch/a.mkv"}, UsageError, "no such folder"),
        ({"input": "ftp://host/x"}, UsageError, "not a protocol"),
        ({"input": "clip.mkv", "osc": "x"}, UsageError, "not a port"),
    ],
)
def test_errors_come_at_once(given: Any, error: type[DreamvidError], message: str) -> None:
    with pytest.raises(error, match=message):
        check_live(settings(**given))


def test_outputs_are_closed_again_if_a_later_one_is_refused() -> None:
    pytest.importorskip("starlette")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        page = f"http://:{free.getsockname()[1]}"
    for _ in range(2):  # the port is free again
        with pytest.raises(UsageError, match="no such folder"):
            check_live(settings(input="clip.mkv", output=[page, "nosuch/a.mkv"]))


def test_the_settings_of_a_loop_are_those_of_the_loop_command() -> None:
    wanted = settings(loop="in.png", size="64x48")
    found = loop_settings(wanted)
    assert (found.dream, found.network) == (wanted.dream, wanted.network)
    assert (found.clip.fps, found.clip.size) == (25, "64x48")


def test_a_loop_that_does_not_close_is_refused() -> None:
    values = settings(loop="in.png").model_dump(exclude_unset=True) | {"camera": {"rotate": 7}}
    with pytest.raises(UsageError, match="close the loop"):
        check_live(LiveSettings.checked(values))


def test_osc_turns_the_dials_of_a_run() -> None:
    clients = pytest.importorskip("pythonosc.udp_client")
    request = check_live(settings(input="clip.mkv", osc="0"))
    client = clients.SimpleUDPClient("127.0.0.1", request.listeners[0].port)  # type: ignore[attr-defined]
    looks: list[str] = []

    def on_status(status: Status) -> None:
        client.send_message("/dreamvid/layer", "textures")
        client.send_message("/dreamvid/nothing", [1, "x"])
        client.send_message("/dreamvid/strength", 0.5)
        looks.append(status.look)
        if "textures 0.50" in looks or len(looks) > 300:
            assert "nothing" in status.note
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_live(request, on_status=on_status)
    client._sock.close()
    assert looks[-1] == "textures 0.50"


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name in ("osc", "input", "page"):
            thread.join(60)
            assert not thread.is_alive()
