"""The measures of films without a source, on frames whose right answer is known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tiny import moved, texture

from dreamvid.errors import UsageError
from dreamvid.image import to_array, to_image
from dreamvid.measures.film import measure
from dreamvid.measures.standalone import measure_standalone
from dreamvid.motion.camera import Camera
from dreamvid.motion.estimate import Motion
from dreamvid.motion.warp import warp


def brightness(image):
    return image


def flat(*tones):
    """Frames of one colour each: a tone, or (red, green, blue)."""
    return [np.full((16, 16, 3), tone, np.uint8) for tone in tones]


def pan(index):
    """The motion of `moved`: 2 right and 1 down, what comes in at the left and the top unknown."""
    mask = np.ones((48, 64), np.float32)
    mask[:1], mask[:, :2] = 0, 0
    return Motion(np.full((48, 64, 2), (-2, -1), np.float32), mask)


def test_what_moves_as_the_camera_says_does_not_change() -> None:
    frames = moved(6)
    assert measure_standalone(frames, moves=pan).r == pytest.approx(0, abs=1e-6)
    still = Motion(np.zeros((48, 64, 2), np.float32), np.ones((48, 64), np.float32))
    assert measure_standalone(frames, moves=lambda index: still).r > 0.1
    assert measure_standalone(frames).r is None


def test_frames_that_have_nothing_in_common_change_by_two() -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(6)]
    assert measure_standalone(noise, moves=pan).r == pytest.approx(2, abs=0.05)


def test_change_is_relative_to_the_spread_around_the_common_mean() -> None:
    half = np.zeros((48, 64, 3), np.uint8)
    half[:, 32:] = 100
    still = Motion(np.zeros((48, 64, 2), np.float32), np.ones((48, 64), np.float32))
    found = measure_standalone([half, half + 20], moves=lambda index: still)
    # (20)^2 over (the mean of 40^2, 60^2, 60^2 and 40^2 from the common mean of 60)
    assert found.r == pytest.approx(400 / 2600, rel=1e-3)


def test_only_what_the_frame_before_showed_is_compared() -> None:
    frames = moved(4)
    frames[2][:1], frames[2][:, :2] = 0, 0  # what has just come in
    assert measure_standalone(frames[:3], moves=pan).r == pytest.approx(0, abs=1e-6)
    assert measure_standalone(frames, moves=pan).r > 0.001  # the next frame shows it no more


def test_a_zoom_is_followed_along_its_camera() -> None:
    camera = Camera({"zoom": 1.5, "rotate": 20}, fps=Fraction(8), width=64, height=48)
    images = [to_image(texture())]
    for index in range(1, 6):
        images.append(warp(images[-1], camera(index).backward).clamp(0, 1))
    frames = [to_array(image, 16) for image in images]
    assert measure_standalone(frames, moves=camera).r < 0.002
    other = Camera({"zoom": 1.5, "rotate": -20}, fps=Fraction(8), width=64, height=48)
    assert measure_standalone(frames, moves=other).r > 0.02


def test_alive_compares_the_last_third_with_the_first_second() -> None:
    film = flat(50, 50, 200, 200, 0, 0, 50, 100, 200)
    assert measure_standalone(film, judge=brightness, rate=2).alive == pytest.approx(7)
    assert measure_standalone(film, judge=brightness).alive is None
    assert measure_standalone(film, rate=2).alive is None
    assert measure_standalone(film, judge=brightness, rate=7).alive is None  # they would overlap


def test_the_tone_of_the_last_second_is_reported_beside_that_of_the_first() -> None:
    first, last = (np.zeros((16, 16, 3), np.uint8) for _ in range(2))
    first[:8], last[:8] = 100, 200
    found = measure_standalone([first, *flat(7, 9), last], rate=1)
    assert found.brightness == pytest.approx(2)
    assert found.contrast == pytest.approx(2)
    assert found.tint == pytest.approx(0, abs=1e-6)
    assert measure_standalone([first, last]).brightness is None
    assert measure_standalone([first, last], rate=2).brightness is None


def test_the_colours_of_the_last_second_are_reported_beside_those_of_the_first() -> None:
    first, last = (np.full((16, 16, 3), 100, np.uint8) for _ in range(2))
    first[..., 2], last[..., 2] = 180, 180  # what is the same everywhere is no deviation
    first[:8, :, 0], last[:8, :, 0] = 120, 160
    found = measure_standalone([first, last], rate=1)
    assert found.colour == pytest.approx(3)
    # In half of the picture red grows by 40: Y by 0.299 of it, R - Y by the rest, B - Y falls by it
    moved = np.array([40 * 0.701, -40 * 0.299]) / 255 / 2
    assert found.tint == pytest.approx(np.sqrt(np.square(moved).mean()), rel=1e-3)


def test_hf_and_seam_are_those_of_films_with_a_source() -> None:
    checks = np.indices((16, 16)).sum(axis=0) % 2 * 255
    board = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    assert measure_standalone([board] * 2).hf == pytest.approx(4, rel=0.05)
    assert measure_standalone(flat(0, 10, 20, 80), loop=True).seam == pytest.approx(8)
    assert measure_standalone(flat(0, 10)).seam is None


@pytest.mark.parametrize(("rate", "flashes"), [(10, 5), (20, 10), (2, 1), (None, None)])
def test_flashes_are_those_of_a_second_at_the_rate(rate: float | None, flashes: int | None) -> None:
    film = flat(*([0, 200] * 12))
    assert measure_standalone(film, rate=rate).flashes == flashes
    assert measure(film, film, rate=rate).flashes == flashes


def test_the_flashes_of_a_dream_are_not_those_of_its_source() -> None:
    calm, wild = flat(*([90] * 20)), flat(*([0, 200] * 10))
    assert measure(calm, wild, rate=10).flashes == 5
    assert measure(wild, calm, rate=10).flashes == 0


def test_one_frame_can_be_measured_and_none_cannot() -> None:
    found = measure_standalone(flat(40), judge=brightness, rate=25, loop=True, moves=pan)
    assert (found.frames, found.r, found.alive, found.seam) == (1, None, None, None)
    with pytest.raises(UsageError, match="no frame"):
        measure_standalone([])
