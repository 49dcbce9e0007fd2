"""An image without end: a camera moves over it for ever, and never sees an edge."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from tiny import texture

from dreamvid.errors import UsageError
from dreamvid.sequence.endless import LONGEST, endless

PICTURE = texture(height=48, width=64)


def zooming(factor: float) -> Callable[[int], np.ndarray]:
    """A camera that zooms into the middle of the picture."""
    step = np.array([[factor, 0, 32 * (1 - factor)], [0, factor, 24 * (1 - factor)], [0, 0, 1.0]])
    return lambda index: step


def sliding(x: float, y: float = 0) -> Callable[[int], np.ndarray]:
    return lambda index: np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def frames(step: Callable[[int], np.ndarray], count: int, **options: bool) -> list[np.ndarray]:
    return [np.asarray(frame, float) for frame in endless(PICTURE, step, count, **options)]


def test_the_first_frame_is_the_picture() -> None:
    (only,) = endless(PICTURE, zooming(2), 1)
    assert np.array_equal(only, PICTURE) and only.dtype == np.uint8


def test_a_picture_of_floats_stays_one() -> None:
    (only,) = endless(PICTURE.astype(np.float32) / 255, zooming(1), 1)
    assert only.dtype == np.float32


def test_a_pan_shows_the_picture_moved() -> None:
    moved = frames(sliding(5), 3)
    assert np.abs(moved[1][:, 5:] - PICTURE[:, :-5]).max() <= 1
    assert np.abs(moved[2][:, 10:] - PICTURE[:, :-10]).max() <= 1


def test_edges_are_mirrored_and_a_pan_comes_back_after_two_widths() -> None:
    moved = frames(sliding(64), 3)
    assert np.abs(moved[1] - PICTURE[:, ::-1]).max() <= 1
    assert np.abs(moved[2] - PICTURE).max() <= 1


def test_after_a_zoom_by_two_the_picture_starts_over() -> None:
    corner = np.diag([2**0.25, 2**0.25, 1])  # the fixed point stays, others would be moved
    back = frames(lambda index: corner, 5)
    assert np.abs(back[4] - PICTURE).mean() < 2
    assert np.abs(back[2] - PICTURE).mean() > 5


@pytest.mark.parametrize("factor", [1.07, 1 / 1.07])
def test_a_long_zoom_never_jumps_or_fades(factor: float) -> None:
    seen = frames(zooming(factor), 200)
    steps = [np.abs(a - b).mean() for a, b in pairwise(seen)]
    assert max(steps) < 2.5 * np.median(steps)
    assert min(frame.std() for frame in seen) > 0.5 * PICTURE.std()


def test_even_frames_keep_the_contrast_of_noise() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((96, 128, 3)).astype(np.float32)
    noise -= noise.mean()
    middle = zooming(2**0.5)
    plain, even = (list(endless(noise, middle, 2, even=even))[1].std() for even in (False, True))
    assert even == pytest.approx(plain * 2**0.5, rel=1e-3)


def test_positions_stay_exact_after_a_long_way() -> None:
    far = frames(sliding(128 * 9999 + 5), 41)
    near = frames(sliding(5), 41)
    assert np.abs(far[40] - near[40]).max() <= 2


def test_shears_that_add_up_are_refused_at_last() -> None:
    shear = np.array([[1, 1e5, 0], [0, 1, 0], [0, 0, 1.0]])
    with pytest.raises(UsageError, match=r"at frame \d+ the image is stretched too far"):
        for _ in endless(PICTURE, lambda index: shear @ shear.T, 9):
            pass
    assert LONGEST > 1e6
