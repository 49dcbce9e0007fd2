from itertools import pairwise

import numpy as np
import pytest
import torch
from scenes import picture, scene

from dreamvid.image import to_image
from dreamvid.motion import estimate
from dreamvid.motion.estimate import HALVED_FROM, consistent, estimate_motion, repair_flow
from dreamvid.motion.flow import estimator
from dreamvid.motion.warp import warp

DIS = estimator()


def flat(dx, dy, height=60, width=80):
    return np.full((height, width, 2), (dx, dy), np.float32)


def test_flows_that_cancel_are_consistent_and_others_are_not():
    assert consistent(flat(3, 1), flat(-3, -1)).all()
    assert not consistent(flat(3, 1), flat(3, 1)).any()


def test_the_tolerance_is_half_a_square_pixel_at_the_reference_height():
    for factor in (1, 2):
        height = estimate.REFERENCE_HEIGHT * factor
        within, beyond = 0.70 * factor, 0.72 * factor
        assert consistent(flat(within, 0, height, 40), flat(0, 0, height, 40)).all()
        assert not consistent(flat(beyond, 0, height, 40), flat(0, 0, height, 40)).any()


def test_a_still_picture_is_trusted_everywhere_even_where_it_is_flat_and_noisy():
    rng = np.random.default_rng(0)
    for base in (picture(120, 160), np.full((120, 160, 3), 120, np.uint8)):
        noisy = [
            np.clip(base + rng.normal(0, 3, base.shape), 0, 255).astype(np.uint8) for _ in "abcdef"
        ]
        trusted = [estimate_motion(DIS, a, b).mask.mean() for a, b in pairwise(noisy)]
        assert np.mean(trusted) > 0.96  # the flow of noise leads out of the frame at its sides


def test_what_comes_out_from_behind_the_mover_is_not_trusted():
    (current, here), (previous, before) = scene(3), scene(2)
    motion = estimate_motion(DIS, current, previous)
    uncovered = before & ~here
    assert motion.mask[uncovered].mean() < 0.35
    far = np.ones_like(here)
    far[32:88, 40:110] = False
    far[:, :8] = far[:, -8:] = False
    assert motion.mask[far].mean() > 0.98


def test_the_flow_of_mover_and_background_is_found():
    (current, here), (previous, _) = scene(3), scene(2)
    backward = estimate_motion(DIS, current, previous).backward
    assert np.abs(np.median(backward[here], axis=0) - [-6, 0]).max() < 0.3
    assert np.abs(np.median(backward[~here], axis=0) - [-1.5, 0]).max() < 0.1


def test_what_enters_the_frame_is_not_trusted():
    current, previous = picture(80, 120, dx=10), picture(80, 120)
    mask = estimate_motion(DIS, current, previous).mask
    assert mask[:, :8].max() < 0.1
    assert mask[10:-10, 24:-8].mean() > 0.97


def test_a_place_outside_the_frame_is_not_trusted_even_if_it_looks_the_same():
    plain = np.full((60, 80, 3), 90, np.uint8)
    mask = repair_flow(flat(-9, 0), flat(9, 0), plain, plain).mask
    assert mask[:, :8].max() == 0
    assert mask[:, 14:].min() == 1


def test_flows_that_agree_are_left_as_they_are():
    plain = np.full((60, 80, 3), 90, np.uint8)
    backward = flat(-4, 0)
    backward[:, 40:] = (5, 0)
    motion = repair_flow(backward, -backward, plain, plain)
    assert np.array_equal(motion.backward[:, :70], backward[:, :70])


def test_a_contradicted_flow_on_plain_ground_is_filled_in_from_around():
    previous, current = (np.full((60, 80, 3), 90, np.uint8) for _ in "ab")
    backward = flat(-4, 0)
    backward[20:40, 30:50] = (9, 5)
    motion = repair_flow(backward, flat(4, 0), current, previous)
    assert np.abs(motion.backward[25:35, 35:45] - np.float32([-4, 0])).max() < 0.5
    assert motion.mask[10:50, 20:60].min() > 0.95


def test_a_flow_that_explains_the_picture_is_kept():
    previous = picture(60, 80)
    current = picture(60, 80, dx=4)
    motion = repair_flow(flat(-4, 0), flat(0, 0), current, previous)  # the way back is wrong
    assert np.allclose(motion.backward[:, 10:], (-4, 0))
    assert motion.mask[10:-10, 20:-10].min() > 0.95


@pytest.mark.parametrize("height", [HALVED_FROM - 1, HALVED_FROM, 2 * HALVED_FROM + 1])
def test_a_flow_is_repaired_alike_on_either_grid(height):
    plain = np.full((height, 200, 3), 90, np.uint8)
    backward = flat(-4, 0, height, 200)
    backward[20:50, 80:120] = (9, 5)
    motion = repair_flow(backward, flat(4, 0, height, 200), plain, plain)
    assert np.abs(motion.backward[25:45, 85:115] - np.float32([-4, 0])).max() < 0.5
    assert np.array_equal(motion.backward[60:], backward[60:])
    assert motion.mask[10:, 20:-20].min() > 0.95


def test_what_only_the_full_size_shows_is_not_trusted():
    current, previous = (np.full((200, 300, 3), 90, np.uint8) for _ in "ab")
    current[100:110, 150:160:2], current[100:110, 151:160:2] = 190, 0  # grey at half the size
    motion = repair_flow(flat(0, 0, 200, 300), flat(0, 0, 200, 300), current, previous)
    assert motion.mask[102:108, 152:158].max() == 0
    assert motion.mask[:80].min() == 1


def test_a_change_of_light_is_no_mismatch():
    current, previous = picture(80, 120), picture(80, 120)
    brighter = (current * 0.95 + 30).clip(0, 255).astype(np.uint8)
    assert (
        repair_flow(flat(0, 0, 80, 120), flat(0, 0, 80, 120), brighter, previous).mask.mean() > 0.85
    )
    other = 255 - current
    assert repair_flow(flat(0, 0, 80, 120), flat(0, 0, 80, 120), other, previous).mask.mean() < 0.1


def test_the_mask_fades_outward_from_the_bad_side():
    bad = np.zeros((estimate.REFERENCE_HEIGHT, 60), np.bool_)
    bad[:, 30:] = True
    row = estimate._soften(bad)[100]
    assert row[30:].max() == 0
    assert np.all(np.diff(row) <= 0)
    assert 0 < row[28] < 1
    assert row[:24].min() == 1


def test_every_size_and_depth_gives_a_motion_of_its_own_size():
    for height, width in ((1, 1), (2, 3), (17, 31), (600, 40)):
        a = picture(height, width)
        motion = estimate_motion(DIS, a, a)
        assert motion.backward.shape == (height, width, 2)
        assert motion.mask.shape == (height, width)
        assert motion.mask.dtype == motion.backward.dtype == np.float32
    deep = estimate_motion(DIS, *(scene(t)[0].astype(np.uint16) * 257 for t in (3, 2)))
    plain = estimate_motion(DIS, scene(3)[0], scene(2)[0])
    assert np.allclose(deep.mask, plain.mask)


def test_large_pictures_are_judged_on_shrunk_ones(monkeypatch):
    monkeypatch.setattr("dreamvid.motion.flow.MAX_LINES", 60)
    motion = estimate_motion(DIS, picture(120, 160, dx=6), picture(120, 160))
    assert motion.mask.shape == (120, 160)
    assert np.abs(np.median(motion.backward, axis=(0, 1)) - [-6, 0]).max() < 0.3


@pytest.mark.parametrize("name", ["dis", "farneback"])
def test_where_trusted_the_warp_of_the_frame_before_is_the_frame(name):
    current, previous = scene(5, noise=2)[0], scene(4, noise=2)[0]
    motion = estimate_motion(estimator(name), current, previous)
    error = (warp(to_image(previous), motion.backward) - to_image(current)).abs().mean(0)
    sure = torch.from_numpy(motion.mask > 0.95)
    assert error[sure].mean() < 0.02
    assert error[~sure].mean() > 4 * error[sure].mean()
