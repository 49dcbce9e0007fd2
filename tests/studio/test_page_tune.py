"""The page: dials, presets, curves, masks, regions, the camera, A and B, and looks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import (
    Studio,
    browser,
    drag,
    dreamt,
    drop,
    needs_browser,
    open_file,
    page,
    playwright,
    press,
    settings,
    shown,
    studio,
)

from dreamvid.image import load_image

pytestmark = needs_browser
expect = playwright.expect
__all__ = ["browser", "page", "studio"]


def mask_of(studio: Studio, ident: str) -> np.ndarray[Any, Any]:
    """A mask that the page has sent [H, W], 0 to 1."""
    name = studio.get(f"media/{ident.removeprefix('@')}")["name"]
    path = studio.folder / "state/uploads" / name
    return np.asarray(load_image(path)).mean(0)


def test_a_preset_sets_its_dials_and_is_dreamed(page: Any) -> None:
    open_file(page, "still.png")
    before = shown(page)
    page.click(".tabs [data-show=presets]")
    page.click(".tile[data-name=ink]")
    dreamt(page)
    assert shown(page) != before
    assert settings(page)["dream"]["colours"] == 0
    assert settings(page)["network"] == {"model": ["bestiary"]}
    expect(page.locator(".tile[data-name=ink]")).to_have_attribute("aria-pressed", "true")


def test_dials_have_the_help_range_and_default_of_the_settings(page: Any) -> None:
    open_file(page, "still.png")
    slider = page.get_by_label("Colours", exact=True)
    expect(slider).to_have_attribute("max", "3")
    expect(slider).to_have_attribute("title", re.compile("0 grey, 1 natural, 3 vivid"))
    slider.press("End")
    assert settings(page)["dream"]["colours"] == 3
    page.get_by_label("Reset Colours").click()
    assert "colours" not in settings(page)["dream"]
    expect(slider).to_have_value("1")


def test_a_wrong_value_is_told_beside_its_dial(page: Any) -> None:
    open_file(page, "still.png")
    page.get_by_label("Strength, as a number or a curve").fill("99")
    page.keyboard.press("Enter")
    expect(page.locator('.dial[data-field="dream.strength"] .fault')).to_contain_text("0 to 10")
    expect(page.locator("#queue-it")).to_be_disabled()
    press(page, "Control+z")
    expect(page.locator("#queue-it")).to_be_enabled()
    page.locator("#alert").wait_for(state="hidden")


def test_dials_are_found_by_their_words(page: Any) -> None:
    open_file(page, "still.png")
    press(page, "/")
    page.keyboard.type("total variation")
    shown_dials = page.locator(".dial:not([hidden])")
    expect(shown_dials).to_have_count(1)
    expect(shown_dials).to_contain_text("Smooth")


def test_a_curve_is_dragged_and_its_text_follows(page: Any) -> None:
    open_file(page, "film.mp4")
    page.click('[aria-label="Curve of Strength"]')
    expect(page.locator("#curve-text")).to_have_value("0:(1), 11:(1)")
    page.wait_for_selector('.plot[aria-label*="2 keyframes"]')
    drag(page, ".plot", (0.985, 0.66), (0.6, 0.1))
    expect(page.locator("#curve-text")).to_have_value(re.compile(r"^0:\(1\), 7:\(2\.\d+\)$"))
    dreamt(page)
    page.get_by_label("Easing into the keyframe").select_option("ease-in")
    expect(page.locator("#curve-text")).to_have_value(re.compile(r"ease-in\)$"))
    page.locator("#curve-text").fill("0:(0), 1s:(2, hold)")
    page.keyboard.press("Enter")
    assert settings(page)["dream"]["strength"] == "0:(0), 1s:(2, hold)"
    page.get_by_label("Reset Strength").click()
    expect(page.locator("#curves")).to_be_hidden()


def test_a_curve_is_moved_by_keys(page: Any) -> None:
    open_file(page, "film.mp4")
    page.click('[aria-label="Curve of Strength"]')
    page.wait_for_selector('.plot[aria-label*="2 keyframes"]')
    page.focus(".plot")
    for key in ("]", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator("#curve-text")).to_have_value("0:(1), 10:(1.03)")
    page.keyboard.press("Delete")
    expect(page.locator("#curve-text")).to_have_value("0:(1)")


@pytest.mark.parametrize("erases", [False, True])
def test_a_mask_is_brushed_where_it_is_dreamed(page: Any, studio: Studio, erases: bool) -> None:
    open_file(page, "still.png")
    press(page, "m")
    page.wait_for_selector("#mask-bar:not([hidden])")
    drag(page, ".overlay", (0.2, 0.5), (0.8, 0.5))
    page.wait_for_selector('.dial[data-field="mask.mask"].changed', state="attached")
    if erases:
        first = settings(page)["mask"]["mask"]
        page.get_by_label("Erase", exact=True).check()
        with page.expect_response("**/api/uploads"):
            drag(page, ".overlay", (0.6, 0.5), (0.9, 0.5))
        while settings(page)["mask"]["mask"] == first:
            page.wait_for_timeout(20)
    dreamt(page)
    mask = mask_of(studio, settings(page)["mask"]["mask"])
    height, width = mask.shape
    assert mask[height // 2, round(0.4 * width)] > 0.9
    assert mask[0].max() == 0
    assert (mask[height // 2, round(0.7 * width)] < 0.1) == erases


def test_a_mask_is_inverted(page: Any, studio: Studio) -> None:
    open_file(page, "still.png")
    press(page, "m")
    drag(page, ".overlay", (0.3, 0.5), (0.5, 0.5))
    page.wait_for_selector('.dial[data-field="mask.mask"].changed', state="attached")
    first = settings(page)["mask"]["mask"]
    with page.expect_response("**/api/uploads"):
        page.get_by_role("button", name="Invert").click()
    while settings(page)["mask"]["mask"] == first:
        page.wait_for_timeout(20)
    dreamt(page)
    one, other = mask_of(studio, first), mask_of(studio, settings(page)["mask"]["mask"])
    assert np.abs(one + other - 1).max() < 0.02


def test_a_region_has_a_mask_and_dials_of_its_own(page: Any) -> None:
    open_file(page, "still.png")
    page.get_by_role("button", name="Region", exact=True).click()
    page.get_by_label("Layer", exact=True).fill("objects")
    page.keyboard.press("Enter")
    drag(page, ".overlay", (0.2, 0.5), (0.6, 0.5))
    page.wait_for_selector('.dial[data-field="region.mask"].changed', state="attached")
    dreamt(page)
    rest, region = settings(page)["region"]
    assert rest == {}  # the rest is dreamed as the whole
    assert region["layer"] == ["objects"] and region["mask"].startswith("@")
    assert "layer" not in settings(page)["dream"]
    page.get_by_label("Remove this region").click()
    assert "region" not in settings(page)


def test_the_camera_is_drawn_and_played(page: Any) -> None:
    open_file(page, "still.png")
    page.select_option("#make", "zoom")
    dreamt(page)
    press(page, "c")
    page.wait_for_selector("#camera-bar:not([hidden])")
    corner = 0.5 + 0.5 / 1.4
    drag(page, ".overlay", (corner, corner), (0.75, 0.75))
    page.wait_for_selector('.dial[data-field="camera.zoom"].changed', state="attached")
    assert settings(page)["camera"]["zoom"] == pytest.approx(2, abs=0.05)
    drag(page, ".overlay", (0.5, 0.5), (0.3, 0.5))
    expect(page.get_by_label("Center x", exact=True)).to_have_value(re.compile("0.3"))
    before = shown(page)
    page.get_by_role("button", name="Play the motion").click()
    page.wait_for_selector(".view[data-playing=yes][data-state=done]")
    assert shown(page) != before


def test_changes_of_the_camera_become_keyframes(page: Any) -> None:
    open_file(page, "still.png")
    page.select_option("#make", "zoom")
    press(page, "c")
    page.get_by_label("Keyframes at the frame").check()
    page.get_by_label("Frame number").fill("30")
    page.keyboard.press("Enter")
    page.focus(".overlay")
    page.keyboard.press(",")
    expect(page.locator('[aria-label="Rotate, as a number or a curve"]')).to_have_value(
        "0:(0), 30:(1)"
    )


def test_a_and_b_flip_and_a_step_is_undone(page: Any) -> None:
    open_file(page, "still.png")
    a = shown(page)
    press(page, "Shift+X")
    press(page, "x")
    page.get_by_label("Strength", exact=True).press("Home")
    dreamt(page)
    b = shown(page)
    assert a != b
    press(page, "x")
    assert shown(page) == a  # kept: no new dream
    press(page, "x")
    assert shown(page) == b
    press(page, "Control+z")
    dreamt(page)
    assert shown(page) == a


def test_before_and_after_are_compared(page: Any) -> None:
    open_file(page, "still.png")
    press(page, "v")
    page.get_by_label("Before and after").press("ArrowRight")
    after = page.locator("img.after")
    expect(after).to_have_css("clip-path", "inset(0px 0px 0px 50.5%)")
    press(page, "b")
    expect(after).to_be_hidden()
    press(page, "b")
    expect(after).to_have_css("clip-path", "inset(0px 0px 0px 0%)")


def test_ten_frames_move_as_a_strip(page: Any) -> None:
    open_file(page, "film.mp4")
    press(page, " ")
    frames = page.locator(".strip button")
    expect(frames).to_have_count(10)
    page.wait_for_selector(".view[data-state=done]")
    frames.nth(4).click()
    assert shown(page) == frames.nth(4).locator("img").get_attribute("src")
    press(page, "ArrowRight")
    expect(page.locator(".strip")).to_be_hidden()


def test_the_loupe_shows_the_pixels_of_the_film(page: Any) -> None:
    open_file(page, "still.png")
    press(page, "l")
    loupe = page.locator(".loupe")
    expect(loupe).to_be_focused()
    before = loupe.evaluate("one => one.style.left")
    page.keyboard.press("ArrowRight")
    assert loupe.evaluate("one => one.style.left") != before


def test_a_guide_is_dropped(page: Any, studio: Studio) -> None:
    open_file(page, "still.png")
    page.locator("summary", has_text="Dream").click()
    drop(page, studio.root / "still.png", '.dial[data-field="dream.guide"] .slot')
    expect(page.locator('.dial[data-field="dream.guide"] .name')).to_contain_text("still")
    dreamt(page)
    assert settings(page)["dream"]["guide"].startswith("@")


def test_a_song_is_picked_and_drawn_under_the_curve(page: Any) -> None:
    open_file(page, "film.mp4")
    page.locator("summary", has_text="Sound").click()
    page.get_by_label("Pick: Audio").click()
    with page.expect_response(re.compile("/wave")):
        page.locator("dialog .file", has_text="song.wav").click()
    assert settings(page)["sound"]["audio"].startswith("@")


def test_a_look_is_saved_and_loaded(page: Any, tmp_path: Path) -> None:
    open_file(page, "still.png")
    page.get_by_label("Colours", exact=True).press("End")
    expect(page.locator("#queue-it")).to_be_enabled()
    dreamt(page)
    page.get_by_label("Detail", exact=True).press("End")
    press(page, "s")
    expect(page.locator("dialog pre").first).to_contain_text("detail = 4")
    expect(page.locator("dialog pre").first).to_contain_text("colours = 3")
    expect(page.locator("dialog pre").last).to_contain_text("dreamvid image")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    look = tmp_path / "mine.look.toml"
    download.value.save_as(look)
    page.keyboard.press("Escape")
    page.get_by_label("Reset Colours").click()
    drop(page, look)
    expect(page.locator("#status")).to_have_text("The look is loaded.")
    assert settings(page)["dream"]["colours"] == 3
    assert settings(page)["dream"]["detail"] == 4
