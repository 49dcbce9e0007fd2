"""The page: the queue and the gallery, through a reload and a restart of the server."""

from __future__ import annotations

import re
from typing import Any

from pages import (
    Studio,
    browser,
    dreamt,
    needs_browser,
    open_file,
    page,
    playwright,
    press,
    ready,
    settings,
    studio,
)

pytestmark = needs_browser
expect = playwright.expect
__all__ = ["browser", "page", "studio"]


def job(page: Any, name: str) -> Any:
    return page.locator(".job", has=page.get_by_role("heading", name=name, exact=True))


def queue(page: Any, name: str, count: int) -> None:
    page.fill("#name", name)
    page.click("#queue-it")
    expect(page.locator(".job")).to_have_count(count)


def test_two_are_queued_one_is_stopped_and_one_is_played(page: Any, studio: Studio) -> None:
    open_file(page, "film.mp4")
    page.locator("summary", has_text="Dream").click()
    page.get_by_label("Iterations, as a number or a curve").fill("1000")
    page.keyboard.press("Enter")
    queue(page, "long.mp4", 1)
    page.get_by_label("Iterations, as a number or a curve").fill("2")
    page.keyboard.press("Enter")
    dreamt(page)
    queue(page, "short.mp4", 2)
    queue(page, "third.mp4", 3)
    page.click("nav [data-to=queue]")
    third = job(page, "third.mp4")
    third.focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".job h3")).to_have_text(["long.mp4", "third.mp4", "short.mp4"])
    third.get_by_role("button", name="Stop").click()
    expect(third.locator(".state")).to_have_text("stopped")
    third.get_by_role("button", name="Remove").click()
    expect(page.locator(".job")).to_have_count(2)

    page.reload()
    ready(page)
    expect(page.locator(".job")).to_have_count(2)
    long, short = job(page, "long.mp4"), job(page, "short.mp4")
    expect(long.locator(".state")).to_have_text("running")
    long.get_by_role("button", name="Pause").click()
    expect(long.locator(".state")).to_have_text("paused")
    long.get_by_role("button", name="Stop").click()
    expect(long.locator(".state")).to_have_text("stopped")

    page.goto("about:blank")
    studio.stop()
    studio.start()
    page.goto(studio.address + "#queue")
    ready(page)
    expect(long.locator(".state")).to_have_text("stopped")
    expect(short.locator(".state")).to_have_text("done")
    short.get_by_text("Log").click()
    expect(short.locator("pre")).to_contain_text("short.mp4")
    short.get_by_role("button", name="Play", exact=True).last.click()
    expect(page.locator("dialog video")).to_have_js_property("readyState", 4)
    page.get_by_role("button", name="Close").click()

    press(page, "3")
    card = page.locator(".result", has_text="short.mp4")
    card.get_by_role("button", name=re.compile("^Use these settings")).click()
    expect(page.locator("#dream")).to_be_visible()
    dreamt(page)
    assert settings(page)["dream"]["iterations"] == 2
    assert settings(page)["network"]["model"] == ["bestiary"]
