"""Make the pictures of the studio in samples/: `python samples/make_studio.py [STATE]`.

Needs `pip install '.[studio]' playwright pillow` and Chromium. With a folder of STATE, pictures of
presets and layers that were drawn once are not drawn again.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
PORT = 8499
PATIENCE = 600_000
WIDE, SMALL = (1440, 900), (1180, 740)


@contextmanager
def studio(state: Path, output: Path) -> Iterator[str]:
    """A studio over the samples; its address."""
    words = ["studio", str(HERE), "--out", str(output), "--state", str(state), "--port", str(PORT)]
    server = subprocess.Popen([sys.executable, "-m", "dreamvid", *words], stderr=subprocess.PIPE)
    assert server.stderr is not None
    server.stderr.readline()  # it says its address when it listens
    try:
        yield f"http://127.0.0.1:{PORT}/"
    finally:
        server.terminate()
        server.wait()


def shot(page: Any, name: str, size: tuple[int, int], quality: int = 88) -> None:
    """Keep the page as a picture."""
    page.mouse.move(4, 4)
    page.evaluate("document.activeElement.blur()")
    image = Image.open(io.BytesIO(page.screenshot()))
    image.save(HERE / f"{name}.webp", quality=quality, method=6)
    image.save(Path(tempfile.gettempdir()) / f"{name}.png")
    print(name, size, (HERE / f"{name}.webp").stat().st_size)


def dreamt(page: Any) -> None:
    page.wait_for_selector(".view[data-state=done][data-dreamed=yes]")


def drawn(page: Any, part: str) -> None:
    """Wait until the pictures of a part are there: the first dozen, which are in sight."""
    page.wait_for_selector(f"#{part} .tile img[src]")
    while page.locator(f"#{part} .tile img").evaluate_all(
        "all => all.slice(0, 12).some((one) => !one.complete || !one.naturalWidth)"
    ):
        page.wait_for_timeout(500)


def key(page: Any, name: str) -> None:
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(name)


def drag(page: Any, *places: tuple[float, float]) -> None:
    """Drag over the picture, along places in shares of it."""
    box = page.locator(".overlay").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def tune(page: Any) -> None:
    """A film, a preset, a curve, before and after."""
    page.set_viewport_size(dict(zip(("width", "height"), WIDE, strict=True)))
    page.click('.file[title="valley.mp4"]')
    dreamt(page)
    page.click(".tabs [data-show=presets]")
    drawn(page, "presets")
    page.click(".tile[data-name=creatures]")
    page.fill('[aria-label="Octaves, as a number or a curve"]', "5")
    page.fill(
        '[aria-label="Strength, as a number or a curve"]', "0:(0), 1s:(1.1), 3s:(0.6, ease-in-out)"
    )
    page.keyboard.press("Tab")
    page.click('[aria-label="Curve of Strength"]')
    page.fill('[aria-label="Frame number"]', "30")
    page.keyboard.press("Enter")
    page.select_option('[aria-label="Width of the preview"]', "640")
    key(page, "v")
    page.get_by_label("Before and after").fill("34")
    page.wait_for_selector("#curves:not([hidden])")
    dreamt(page)
    shot(page, "studio", WIDE)


def mask(page: Any) -> None:
    """A region with a mask and a layer of its own, painted."""
    page.set_viewport_size(dict(zip(("width", "height"), SMALL, strict=True)))
    key(page, "k")
    key(page, "v")
    page.click(".tabs [data-show=layers]")
    drawn(page, "layers")
    page.get_by_role("button", name="Region", exact=True).click()
    page.click(".tile[data-name=patterns]")
    drag(page, (0.05, 0.18), (0.5, 0.1), (0.95, 0.2), (0.6, 0.28), (0.1, 0.3))
    page.wait_for_selector('.dial[data-field="region.mask"].changed')
    dreamt(page)
    shot(page, "studio-mask", SMALL, 70)
    key(page, "Escape")
    page.get_by_label("Remove this region").click()


def camera(page: Any) -> None:
    """The camera of a zoom."""
    page.click(".tabs [data-show=source]")
    page.click('.file[title="dusk.png"]')
    page.select_option("#make", "zoom")
    page.click('.dial[data-field="dream.strength"] .reset')
    key(page, "c")
    page.wait_for_selector("#camera-bar:not([hidden])")
    corner = 0.5 + 0.5 / 1.4
    drag(page, (corner, corner), (0.82, 0.82))
    drag(page, (0.5, 0.5), (0.42, 0.44))
    page.focus(".overlay")
    for _ in range(8):
        page.keyboard.press(",")
    page.wait_for_selector('.dial[data-field="camera.rotate"].changed', state="attached")
    page.locator("summary", has_text="Camera").click()
    dreamt(page)
    shot(page, "studio-camera", SMALL, 70)
    key(page, "Escape")


def queue(page: Any) -> None:
    """Jobs that are done, run and wait."""
    page.click('.file[title="valley.mp4"]')
    dreamt(page)
    for name, preset, frames in (
        ("valley in ink", "ink", 24), ("valley in stained glass", "stained-glass", 12),
        ("valley of creatures", "creatures", 72), ("valley in pastel", "pastel", 72),
    ):  # fmt: skip
        page.click(".tabs [data-show=presets]")
        page.click(f".tile[data-name={preset}]")
        page.fill("#search", "frames")
        page.fill('#dial-list input[aria-label="Frames"]', str(frames))
        page.keyboard.press("Tab")
        page.fill("#search", "")
        dreamt(page)
        page.fill("#name", f"{name}.mp4")
        page.click("#queue-it")
        page.wait_for_selector(f'.job h3:text-is("{name}.mp4")', state="attached")
    page.click("nav [data-to=queue]")
    page.wait_for_selector('.job:nth-child(3)[data-state="running"] progress[value]')
    page.wait_for_selector('.job:nth-child(3) .tabular:has-text("left")')
    shot(page, "studio-queue", SMALL, 70)


def main(state: Path) -> None:
    """Make them all."""
    with (
        tempfile.TemporaryDirectory() as folder,
        studio(state, Path(folder)) as address,
        sync_playwright() as browsers,
    ):
        browser = browsers.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(reduced_motion="reduce")
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.wait_for_selector("body[data-ready=yes]")
        for step in (tune, mask, camera, queue):
            step(page)
        browser.close()


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as kept:
            main(Path(kept))
