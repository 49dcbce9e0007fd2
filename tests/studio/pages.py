"""A studio in its own process and a browser that opens it, for the tests of the page."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tiny import clicks_from, moved, texture

from dreamvid.image import save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
CHROMIUM = shutil.which("chromium")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
PATIENCE = 60_000
"""Milliseconds in which a state must come: a dream on a busy machine."""
QUICK = {"network": {"model": ["bestiary"]}, "dream": {"octaves": 1, "iterations": 3}}
"""Settings that dream at once."""
KEPT = "dreamvid.studio"
playwright.expect.set_options(timeout=PATIENCE)


def film(path: Path, *, seeds: tuple[int, ...] = (0, 1), frames: int = 6) -> Path:
    """A film of a shot for each seed, at 12 frames a second."""
    like = FilmInfo.plain(64, 48, Fraction(12), frames * len(seeds))
    with VideoWriter(path, like=like) as out:
        for seed in seeds:
            for array in moved(frames, seed=seed):
                out.write(array)
    return path


class Studio:
    """A studio over a folder with a film, a picture and a song; it can be started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "root"
        self.root.mkdir()
        film(self.root / "film.mp4")
        save_image(self.root / "still.png", to_image(texture(height=60, width=96)))
        clicks_from(0, self.root / "song.wav", seconds=2)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        words = ["studio", str(self.root), "--out", str(self.folder / "out")]
        words += ["--state", str(self.folder / "state"), "--port", str(self.port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dreamvid", *words],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                self.get("state")
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the studio does not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.address}api/{path}", timeout=60) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    made = Studio(tmp_path_factory.mktemp("page"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as all_:
        browser = all_.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, studio: Studio, **options: Any) -> Iterator[Any]:
    """A fresh page that dreams quickly; at the end it must not have complained of anything."""
    context = browser.new_context(
        **{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options
    )
    context.set_default_timeout(PATIENCE)
    kept = json.dumps({"slots": {"A": QUICK, "B": {}}, "width": 160})
    name = json.dumps(KEPT)
    context.add_init_script(
        f"if (location.protocol === 'http:' && !localStorage.getItem({name}))"
        f" localStorage.setItem({name}, {json.dumps(kept)})"
    )
    page, complaints = context.new_page(), []

    def heard(message: Any) -> None:
        # A wrong value is told beside its dial; a picture may go while its address is on its way.
        refused = any(f"status of {code}" in message.text for code in (400, 404))
        if message.type in ("error", "warning") and not refused:
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(studio.address)
    ready(page)
    yield page
    context.close()
    assert complaints == [], complaints


@pytest.fixture
def page(browser: Any, studio: Studio) -> Iterator[Any]:
    with opened(browser, studio) as page:
        yield page


def ready(page: Any) -> None:
    """Wait until the page has its dials."""
    page.wait_for_selector("body[data-ready=yes]")


def open_file(page: Any, name: str) -> None:
    """Open a file of the folder, and wait for its dream."""
    page.click(f'.file[title="{name}"]')
    dreamt(page)


def dreamt(page: Any) -> None:
    """Wait until what was asked is dreamed."""
    page.wait_for_selector(".view[data-state=done][data-dreamed=yes]")


def shown(page: Any) -> str:
    """The picture of the dream that is shown."""
    return str(page.get_attribute("img.after", "src"))


def kept(page: Any) -> dict[str, Any]:
    """What the page keeps for a reload."""
    return dict(json.loads(page.evaluate(f"localStorage.getItem('{KEPT}')")))


def settings(page: Any) -> dict[str, Any]:
    """The settings of the slot that is shown."""
    now = kept(page)
    return dict(now["slots"][now["slot"]])


def drop(page: Any, path: Path, on: str = "#screen") -> None:
    """Drop a file on an element of the page."""
    script = """([name, bytes]) => {
        const moved = new DataTransfer();
        moved.items.add(new File([new Uint8Array(bytes)], name));
        return moved;
    }"""
    handle = page.evaluate_handle(script, [path.name, list(path.read_bytes())])
    page.dispatch_event(on, "drop", {"dataTransfer": handle})


def drag(page: Any, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one place of an element to another; places are shares of its box."""
    box = page.locator(selector).bounding_box()
    x, y = ([box["x"] + at[0] * box["width"] for at in (start, end)],
            [box["y"] + at[1] * box["height"] for at in (start, end)])  # fmt: skip
    page.mouse.move(x[0], y[0])
    page.mouse.down()
    page.mouse.move(x[1], y[1], steps=6)
    page.mouse.up()


def press(page: Any, key: str) -> None:
    """Press a key outside of any field."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(key)
