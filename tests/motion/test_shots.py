from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scenes import picture, scene

from dreamvid.media.reader import VideoReader
from dreamvid.motion.estimate import estimate_motion
from dreamvid.motion.flow import estimator
from dreamvid.motion.shots import CutDetector, indicates_cut

SAMPLES = Path(__file__).parents[2] / "samples"


def cuts(arrays):
    detector = CutDetector()
    return [index for index, array in enumerate(arrays) if detector.is_cut(array)]


def film(frames, seed=0, *, pan=1.5, height=90, width=160):
    return [picture(height, width, dx=pan * t, seed=seed) for t in range(frames)]


def lit(array, gain, lift):
    return np.clip(array * gain + lift, 0, 255).astype(np.uint8)


def test_every_hard_cut_is_found_at_its_first_frame():
    assert cuts([*film(6, 1), *film(5, 2), *film(1, 3), *film(4, 4)]) == [6, 11, 12]


def test_a_moving_noisy_film_has_no_cut():
    assert cuts([scene(t, noise=6)[0] for t in range(12)]) == []


def test_a_flash_is_no_cut():
    shot = film(10)
    shot[4] = lit(shot[4], 0.8, 110)
    assert cuts(shot) == []


def test_a_fade_is_no_cut():
    assert cuts([lit(a, 1 - t / 10, 0) for t, a in enumerate(film(10))]) == []


def test_a_whip_pan_is_no_cut():
    assert cuts(film(8, pan=30)) == []


def test_shots_of_any_size_and_depth_are_told_apart():
    assert cuts([np.full((1, 1, 3), level, np.uint8) for level in (0, 0, 255)]) == [2]
    deep = [*film(3, 1, width=300, height=60), *film(3, 2, width=300, height=60)]
    assert cuts([array.astype(np.uint16) << 8 for array in deep]) == [3]


def test_the_mask_across_a_cut_is_almost_empty_and_within_a_shot_it_is_not():
    (a, b), c = film(2, 1, height=120), picture(120, 160, seed=2)
    assert not indicates_cut(estimate_motion(estimator(), b, a).mask)
    assert indicates_cut(estimate_motion(estimator(), c, b).mask)
    assert indicates_cut(np.zeros((4, 4), np.float32))


@pytest.mark.parametrize("name", ["drift.mp4", "valley.mp4"])
def test_the_shots_of_the_samples_are_not_cut(name):
    with VideoReader(SAMPLES / name, frames=40, width=320) as film:
        frames = [frame.array for frame in film]
    assert cuts(frames) == []
    masks = [estimate_motion(estimator(), b, a).mask for a, b in list(pairwise(frames))[::6]]
    assert not any(indicates_cut(mask) for mask in masks)
