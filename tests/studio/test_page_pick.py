"""The page: a film is dropped or picked, scrubbed through, and still open after a reload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pages import (
    Studio,
    browser,
    dreamt,
    drop,
    film,
    kept,
    needs_browser,
    open_file,
    page,
    playwright,
    ready,
    shown,
    studio,
)

pytestmark = needs_browser
expect = playwright.expect
__all__ = ["browser", "page", "studio"]


def test_a_film_that_is_dropped_is_dreamed(page: Any, studio: Studio, tmp_path: Path) -> None:
    drop(page, film(tmp_path / "dropped film.mp4"))
    dreamt(page)
    expect(page.locator("#status")).to_contain_text(", 64 by 48, 12 frames a second")
    expect(page.locator("#make")).to_have_value("video")
    assert shown(page).startswith("data:image/jpeg")
    assert list((studio.folder / "state/uploads").glob("dropped film*.mp4"))


def test_something_else_that_is_dropped_is_refused(page: Any, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("0, 1\n")
    drop(page, tmp_path / "list.csv")
    expect(page.locator("#alert")).to_contain_text("neither a film nor a picture")


def test_scrubbing_shows_and_dreams_other_frames(page: Any) -> None:
    open_file(page, "film.mp4")
    first = shown(page)
    expect(page.get_by_label("Frame", exact=True)).to_have_attribute("max", "11")
    page.get_by_label("Frame", exact=True).press("ArrowRight")
    dreamt(page)
    assert shown(page) != first
    expect(page.get_by_label("Frame number")).to_have_value("1")


def test_shots_are_marked_and_walked_through(page: Any) -> None:
    open_file(page, "film.mp4")
    expect(page.locator(".shots")).to_have_text("2 shots")
    assert page.locator(".marks i").count() == 2
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("PageDown")
    expect(page.get_by_label("Frame number")).to_have_value("6")


def test_a_reload_loses_nothing(page: Any) -> None:
    open_file(page, "film.mp4")
    page.get_by_label("Frame number").fill("4")
    page.keyboard.press("Enter")
    page.get_by_label("Strength", exact=True).press("ArrowRight")
    page.click("nav [data-to=gallery]")
    expect(page.locator("#gallery")).to_be_visible()
    before = kept(page)
    page.reload()
    ready(page)
    expect(page.locator("#gallery")).to_be_visible()
    after = kept(page)
    for key in ("media", "frame", "slots", "make", "view"):
        assert after[key] == before[key], key
    page.click("nav [data-to=dream]")
    dreamt(page)
    expect(page.get_by_label("Frame number")).to_have_value("4")


def test_a_film_is_opened_by_its_link(page: Any, studio: Studio) -> None:
    root = studio.get("files")["roots"][0]["id"]
    entries = studio.get(f"files/{root}")["entries"]
    ident = next(one["id"] for one in entries if one["name"] == "film.mp4")
    page.goto(f"{studio.address}#dream/{ident}/3")
    page.reload()
    ready(page)
    dreamt(page)
    assert kept(page)["media"] == ident
    expect(page.get_by_label("Frame number")).to_have_value("3")


def test_from_noise_is_a_zoom(page: Any) -> None:
    page.click("#from-noise")
    dreamt(page)
    expect(page.locator("#make")).to_have_value("zoom")
