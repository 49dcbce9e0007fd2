"""The frames of a live picture: newest of an input, feedback while it is gone, or a zoom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
import torch
from tiny import texture
from wall_kit import FPS, Array, FakeClock, Fed, noisy

from dreamvid.image import to_image
from dreamvid.live.frames import LiveFrame
from dreamvid.live.pace import Pace
from dreamvid.live.run import DRIFT, cameras
from dreamvid.live.taking import InputFrames, Rhythm, ZoomFrames, fitted
from dreamvid.settings.tables import CameraSettings

SIZE = (48, 64)


def moving(time: float) -> Array:
    return texture(dx=round(50 * time), dy=0)


def taking(
    picture_at: Callable[[float], Array | None], fps: float = FPS
) -> tuple[InputFrames, FakeClock]:
    clock = FakeClock()
    fed = Fed(clock, picture_at, fps=fps)
    frames = InputFrames(
        fed, cameras(DRIFT, Fraction(25)), shown=SIZE, fps=fps, pace=Pace(SIZE, fps=fps),
        clock=clock,
    )  # fmt: skip
    return frames, clock


def taken(frames: InputFrames, count: int) -> Iterator[LiveFrame]:
    return islice(iter(frames), count)


def test_frames_come_with_the_motion_between_those_that_are_taken() -> None:
    frames, _ = taking(moving)
    first, *others = taken(frames, 4)
    assert first.motion is None and first.full is not None and first.full.shape == (*SIZE, 3)
    for frame in others:
        assert frame.motion is not None
        assert np.median(frame.motion.backward[..., 0]) == pytest.approx(-2, abs=0.3)


def test_who_is_slow_gets_the_newest_frame_and_its_whole_motion() -> None:
    frames, clock = taking(moving)
    seen = iter(frames)
    next(seen)
    clock.time += 0.1
    frame = next(seen)
    assert frame.motion is not None and clock.time - frame.taken < 1 / FPS
    assert np.median(frame.motion.backward[..., 0]) < -3.5


def test_at_most_so_many_frames_a_second() -> None:
    frames, clock = taking(moving)
    list(taken(frames, 26))
    assert clock.time == pytest.approx(1, abs=0.05)
    rhythm = Rhythm(10, clock)
    clock.time += 5  # lost time is not made up for
    rhythm.wait()
    before = clock.time
    rhythm.wait()
    rhythm.wait()
    assert clock.time - before == pytest.approx(0.2, abs=0.11)


def test_a_cut_starts_a_shot() -> None:
    dark, light = texture(0) // 4, 255 - texture(5) // 4
    frames, _ = taking(lambda time: dark if time < 0.1 else light)
    shots = [frame.motion is None for frame in taken(frames, 6)]
    assert sum(shots) == 2


@pytest.mark.parametrize("why", ["lost", "frozen", "black"])
def test_without_a_living_input_the_last_dream_goes_on_and_comes_back(why: str) -> None:
    still = texture()

    def picture_at(time: float) -> Array | None:
        if not 1 <= time < 12:
            return noisy(still, time)
        return {"lost": None, "frozen": still, "black": np.zeros_like(still)}[why]

    frames, clock = taking(picture_at)
    states: list[str] = []
    for frame in frames:
        states.append(frames.state)
        assert (frame.image is None) == (frames.state != "live")
        assert frame.new == (len(states) > 1 and (states[-1] == "live") != (states[-2] == "live"))
        if frame.new and frame.image is not None:
            assert frame.motion is None and clock.time < 12.5
            break
    assert set(states) == {"live", why}
    assert states.count(why) > 100  # at the usual rate all the time


def test_an_input_that_is_black_from_the_start_is_still_shown() -> None:
    frames, _ = taking(lambda time: np.zeros((48, 64, 3), np.uint8))
    first = next(iter(frames))
    assert first.image is not None


@pytest.mark.parametrize("shape", [(96, 128), (30, 100), (100, 30), (48, 64), (7, 9)])
def test_a_resolution_that_changes_in_the_middle_is_fitted(shape: tuple[int, int]) -> None:
    large = texture(height=shape[0], width=shape[1])
    frames, _ = taking(lambda time: texture() if time < 0.1 else large)
    for frame in taken(frames, 6):
        assert frame.full is not None and frame.full.shape == (*SIZE, 3)
        assert frame.image is not None and frame.image.shape == (3, *SIZE)


def test_fitting_covers_and_crops_the_middle() -> None:
    wide = np.zeros((48, 200, 3), np.uint8)
    wide[:, 68:132] = 200
    assert (fitted(wide, SIZE) == 200).all()
    same = texture()
    assert fitted(same, SIZE) is same


def test_another_dream_size_needs_no_new_shot() -> None:
    clock = FakeClock()
    pace = Pace(SIZE, fps=FPS)
    frames = iter(
        InputFrames(Fed(clock, moving), cameras(DRIFT, Fraction(25)), shown=SIZE, fps=FPS,
                    pace=pace, clock=clock)
    )  # fmt: skip
    next(frames)
    pace._place = 1
    frame = next(frames)
    assert frame.image is not None and frame.image.shape[1:] == pace.size != SIZE
    assert frame.motion is not None and frame.motion.mask.shape == pace.size
    assert frame.motion.mask.mean() > 0.7


def test_a_zoom_begins_with_its_picture_and_goes_on_at_any_size() -> None:
    clock, pace = FakeClock(), Pace(SIZE, fps=10)
    camera = cameras(CameraSettings(zoom=1.5), Fraction(10))
    zoom = iter(ZoomFrames(to_image(texture()), camera, fps=10, pace=pace, clock=clock, times=2))
    first = next(zoom)
    assert first.image is not None and first.motion is None and first.times == 2
    assert torch.equal(first.image, to_image(texture()))
    second = next(zoom)
    assert second.image is None and second.motion is not None and second.times == 1
    pace._place = 1
    third = next(zoom)
    assert third.motion is not None and third.motion.mask.shape == pace.size
    assert clock.time == pytest.approx(0.2)
