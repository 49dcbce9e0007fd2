"""The mask of a frame: boxes that slide, edges that fade, schedules, files in time, motion."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.masks import MaskAt, box_plane, feathered, fitted, size_of
from dreamvid.settings.dials import words
from dreamvid.settings.mask_text import masks_in, parse_mask

SIZE = HEIGHT, WIDTH = 40, 80
CLOCK = Clock(Fraction(10), 21)


def frame(index: int = 0, *, full: np.ndarray | None = None) -> Frame:
    image = torch.zeros(3, HEIGHT, WIDTH)
    return Frame(index, Fraction(index, 10), image, None, full=full)


def mask_at(text: str, feather: float = 0.0, **mattes: object) -> MaskAt:
    named = {name: parse_mask(name) for name in masks_in(text)}
    files = {name: mattes[mask.path.stem] for name, mask in named.items() if mask.path}
    return MaskAt(words(text, CLOCK, "mask")[1], named, files, feather)  # type: ignore[arg-type]


def test_a_box_covers_its_share_of_every_pixel() -> None:
    plane = box_plane((0.25, 0.5, 0.5, 0.5), SIZE)
    assert plane.shape == SIZE and plane.dtype == np.float32
    assert np.array_equal(plane[20:, 20:60], np.ones((20, 40)))
    assert plane.sum() == 20 * 40
    part = box_plane((0.0, 0.0, 1.5 / WIDTH, 1.0), SIZE)
    assert part[5, :3].tolist() == pytest.approx([1, 0.5, 0])
    assert box_plane((0, 0, 1, 1), SIZE).min() == 1


def test_an_edge_fades_over_its_feather_and_no_further() -> None:
    plane = box_plane((0.5, 0, 0.5, 1), (100, 200))
    soft = feathered(plane, 0.2)  # 20 pixels
    row = soft[50]
    assert np.array_equal(soft, np.tile(row, (100, 1)))  # the frame's own edges do not fade
    assert (np.diff(row) >= 0).all()
    assert row[:89].max() == 0 and row[111:].min() == 1
    assert 0 < row[92] < 0.15 and 0.85 < row[107] < 1
    assert row[99] + row[100] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("feather", [0.0, 0.01, 0.37])
def test_a_plain_mask_stays_plain(feather: float) -> None:
    for level in (0.0, 1.0):
        assert np.array_equal(
            feathered(np.full(SIZE, level, np.float32), feather), np.full(SIZE, level)
        )


def test_a_plane_is_fitted_to_the_frame_within_0_to_1() -> None:
    plane = np.zeros((20, 40), np.float32)
    plane[:, 20:] = 1
    for size in (SIZE, (10, 20), (13, 27)):
        small = fitted(plane, size)
        assert small.shape == size and small.min() == 0 and small.max() == 1
        assert small.mean() == pytest.approx(0.5, abs=0.02)
    assert fitted(plane, (20, 40)) is plane


def test_the_mask_has_the_size_of_the_film() -> None:
    large = frame(full=np.zeros((120, 240, 3), np.uint8))
    assert size_of(frame()) == SIZE and size_of(large) == (120, 240)
    mask = mask_at("inside:0,0,.5,1", matte=None)
    assert mask(frame()).shape == SIZE and mask(large).shape == (120, 240)


def test_a_mark_of_exclamation_inverts() -> None:
    matte = np.linspace(0, 1, 80, dtype=np.float32)[None].repeat(40, 0)
    for text in ("inside:0.1,0.2,0.5,0.5", "m.png", "moving"):
        masks = [mask_at(name, m=lambda _: matte) for name in (text, f"!{text}")]
        one, other = (mask(frame(), matte) for mask in masks)
        assert np.allclose(one + other, 1) and one.mean() not in (0, 1)
    assert np.array_equal(mask_at("still")(frame(), matte), 1 - matte)
    assert mask_at("still")(frame()).min() == 1  # nothing is known to move


def test_only_motion_asks_for_motion() -> None:
    assert mask_at("0:(inside:0,0,.5,1), 1s:(!moving)").follows_motion
    assert mask_at("still").follows_motion
    assert not mask_at("!inside:0,0,.5,1").follows_motion


def test_a_box_slides_from_key_to_key() -> None:
    mask = mask_at("0:(inside:0,0,.5,1), 2s:(inside:.5,0,.25,1, linear)")
    for index, left, width in ((0, 0, 0.5), (10, 0.25, 0.375), (20, 0.5, 0.25)):
        expected = box_plane((left, 0, width, 1), SIZE)
        assert np.allclose(mask(frame(index)), expected, atol=1e-6)
    outer = mask_at("0:(!inside:0,0,.5,1), 2s:(!inside:.5,0,.5,1, linear)")(frame(10))
    assert np.allclose(outer, 1 - box_plane((0.25, 0, 0.5, 1), SIZE), atol=1e-6)


def test_without_easing_a_mask_holds_until_the_next() -> None:
    mask = mask_at("0:(inside:0,0,.5,1), 1s:(inside:.5,0,.5,1)")
    assert np.array_equal(mask(frame(9)), box_plane((0, 0, 0.5, 1), SIZE))
    assert np.array_equal(mask(frame(10)), box_plane((0.5, 0, 0.5, 1), SIZE))


def test_other_masks_cross_fade() -> None:
    white, black = np.ones(SIZE, np.float32), np.zeros(SIZE, np.float32)
    text = "0:(a.png), 1s:(b.png, linear), 2s:(moving, linear)"
    mask = mask_at(text, a=lambda _: white, b=lambda _: black)
    levels = [float(mask(frame(index), white).mean()) for index in (0, 4, 10, 15, 20)]
    assert levels == pytest.approx([1, 0.6, 0, 0.5, 1])
    mixed = mask_at("0:(inside:0,0,.5,1), 1s:(!inside:0,0,.5,1, linear)")(frame(5))
    assert np.allclose(mixed, 0.5)


def test_a_film_is_asked_at_the_time_of_the_frame() -> None:
    asked: list[Fraction] = []

    def matte(time: Fraction) -> np.ndarray:
        asked.append(time)
        return np.ones((10, 20), np.float32)

    mask = mask_at("m.mp4", m=matte)
    for index in (0, 3, 7):
        assert mask(frame(index)).shape == SIZE
    assert asked == [0, Fraction(3, 10), Fraction(7, 10)]
