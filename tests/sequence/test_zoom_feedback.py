"""Zoom feedback: the dose follows the motion, and the objective is held to the first dream's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tiny import texture, tiny_dreamer

from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.image import to_image
from dreamvid.motion.camera import Camera
from dreamvid.sequence.frames import Frame, camera_frames
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.render import render_with_memory
from dreamvid.sequence.tuning import ZoomTuning
from dreamvid.sequence.zoom_feedback import ZoomFeedback, feedback_dose, mean_displacement

TUNING = ZoomTuning()


def frames(count: int, *, fps: int = 12) -> list[Frame]:
    """The first frames of a zoom into a texture."""
    start = to_image(texture())
    height, width = start.shape[1:]
    camera = Camera({"zoom": 1.4}, fps=Fraction(fps), width=width, height=height)
    return list(camera_frames(start, camera, count=count, rate=Fraction(fps)))


def after(count: int, dream: Dreamer | Callable[[int], Dreamer] | None = None) -> Memory:
    """The memory after so many frames."""
    *_, (_, memory) = render_with_memory(frames(count), dream or tiny_dreamer(), stability=0.9)
    return memory


def aim_where(height: float | None) -> float:
    """The aim after a frame of a zoom whose first dream reached a height."""
    memory = replace(after(2), age=TUNING.control_every - 1)
    reference = memory.reference._replace(height=height)
    feedback = ZoomFeedback(tiny_dreamer(), 0.9)
    return feedback(frames(3)[2], replace(memory, reference=reference, aim=1.2)).aim


def test_a_dream_that_fades_is_given_more_and_one_that_grows_less() -> None:
    assert aim_where(1e9) > 1.2 > aim_where(1e-9)


@pytest.mark.parametrize("height", [None, 0.0, -5.0])
def test_nothing_is_led_where_there_is_nothing_to_hold(height: float | None) -> None:
    assert aim_where(height) == 1.2


def test_the_aim_scales_what_is_added() -> None:
    memory, frame = after(2), frames(3)[2]
    feedback = ZoomFeedback(tiny_dreamer(), 0.9)
    idle = ZoomFeedback(tiny_dreamer(), 1)(frame, memory).dreamed
    added = [
        float((feedback(frame, replace(memory, aim=aim)).dreamed - idle).abs().mean())
        for aim in (1.0, 2.0)
    ]
    assert added[1] > 1.4 * added[0]


def test_a_dose_that_a_dial_has_moved_is_not_led_back_to_the_one_before() -> None:
    weak, strong = tiny_dreamer(step=0.02), tiny_dreamer(step=0.03)
    assert after(3, weak).reference.height is not None
    assert after(3, lambda index: strong if index == 2 else weak).reference.height is None


def test_as_much_is_added_a_second_at_any_rate() -> None:
    full = Dose((10, 10), 0.02)

    def a_second(fps: int) -> float:
        motion = frames(2, fps=fps)[1].motion
        assert motion is not None
        dose = feedback_dose(full, 0.9, mean_displacement(motion.backward), TUNING)
        return fps * dose.iterations[0] * dose.step

    assert a_second(24) == pytest.approx(a_second(60), rel=0.03)
    assert a_second(24) == pytest.approx(a_second(30), rel=0.03)


def test_pull_and_smoothing_hold_for_all_frames() -> None:
    full = Dose((10, 10), 0.02, fade=0.1, smooth=2.0)
    dose = feedback_dose(full, 0.9, 0.01, TUNING)
    assert (dose.fade, dose.smooth) == (0.1, 2.0)


def test_travel_is_in_heights() -> None:
    assert mean_displacement(np.full((48, 64, 2), (3, 4), np.float32)) == pytest.approx(5 / 48)
