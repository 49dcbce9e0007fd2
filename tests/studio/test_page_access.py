"""The page: for everyone (axe, keys, phones), without a complaint of the browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pages import (
    Studio,
    browser,
    dreamt,
    needs_browser,
    open_file,
    opened,
    page,
    playwright,
    press,
    studio,
)

from dreamvid.studio.app import PAGE

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = needs_browser
expect = playwright.expect
__all__ = ["browser", "page", "studio"]
SIZES = {"wide": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}


def findings(page: Any) -> list[str]:
    """The serious and critical findings of axe."""
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def part(page: Any, name: str, size: str) -> None:
    """Show a part of the side, or on a phone any part."""
    if size == "phone" or name != "dials":
        page.click(f"{'.panels' if size == 'phone' else '.tabs'} [data-show={name}]")


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_serious_on_any_view(browser: Any, studio: Studio, size: str) -> None:
    width, height = SIZES[size]
    with opened(browser, studio, viewport={"width": width, "height": height}) as page:
        assert findings(page) == [], "empty"
        open_file(page, "film.mp4")
        for name in ("source", "presets", "layers", "dials"):
            part(page, name, size)
            assert findings(page) == [], name
        page.click('[aria-label="Curve of Strength"]')
        page.wait_for_selector("#curves:not([hidden])")
        press(page, "m")
        press(page, "v")
        assert findings(page) == [], "curve, mask and split"
        press(page, "Escape")
        for key, name in (("?", "keys"), ("s", "look")):
            press(page, key)
            page.wait_for_selector("dialog[open]")
            assert findings(page) == [], name
            page.keyboard.press("Escape")
        dreamt(page)
        page.click("#queue-it")
        for name in ("queue", "gallery"):
            page.click(f"nav [data-to={name}]")
            page.wait_for_selector(f"#{name}:not([hidden])")
            if name == "queue":
                page.wait_for_selector(".job")
            assert findings(page) == [], name


def test_a_phone_shows_the_picture_first_and_nothing_is_too_wide(
    browser: Any, studio: Studio
) -> None:
    with opened(browser, studio, viewport={"width": 390, "height": 844}, has_touch=True) as page:
        open_file(page, "film.mp4")
        picture, file = page.locator(".view").bounding_box(), page.locator(".file").first
        assert picture["y"] < file.bounding_box()["y"]
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.click(".panels [data-show=dials]")
        page.get_by_label("Detail", exact=True).scroll_into_view_if_needed()
        assert page.locator(".view").bounding_box()["y"] >= 0  # it stays in sight
        page.click("#queue-it")
        expect(page.locator(".job")).not_to_have_count(0)


def test_everything_is_reached_by_the_tab_key(page: Any) -> None:
    open_file(page, "film.mp4")
    page.click("h1")  # where the walk begins
    seen = set()
    for _ in range(150):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(
            "document.activeElement.id || document.activeElement.getAttribute('aria-label')"
            " || document.activeElement.textContent"
        ))  # fmt: skip
        if "queue-it" in seen:
            break
    assert {"Frame", "Strength", "Loupe", "Mask", "Source", "queue-it", "make"} <= seen


def test_single_keys_can_be_turned_off(page: Any) -> None:
    open_file(page, "film.mp4")
    press(page, "?")
    page.get_by_label("Keys without Ctrl are on").uncheck()
    page.keyboard.press("Escape")
    press(page, "m")
    expect(page.locator("#mask-bar")).to_be_hidden()
    press(page, "?")
    expect(page.locator("dialog.keys")).to_be_visible()


def test_keys_are_letters_in_fields(page: Any) -> None:
    open_file(page, "film.mp4")
    page.get_by_label("Find a dial").type("mask")
    expect(page.get_by_label("Find a dial")).to_have_value("mask")
    expect(page.locator("#mask-bar")).to_be_hidden()


def test_the_page_says_what_goes_on(page: Any) -> None:
    assert page.locator("#status").get_attribute("role") == "status"
    assert page.locator("#alert").get_attribute("role") == "alert"
    open_file(page, "film.mp4")
    page.click("#queue-it")
    expect(page.locator("#status")).to_contain_text("Queued: film.dream")


def test_modules_of_the_page_are_small_and_need_nothing_from_elsewhere() -> None:
    for path in PAGE.rglob("*"):
        text = path.read_text()
        assert not re.search(r"https?://(?!www\.w3\.org/)", text), path.name
        if path.suffix == ".js":
            assert len(text.splitlines()) < 300, path.name
            assert text.startswith("// @ts-check\n"), path.name
    markup = (PAGE / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script>", markup)
