"""Motion on tensors: the masks and flows of the CPU's arrays, without a wait for the host."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scenes import picture, scene, texture
from test_dis import NoWaits

from dreamvid.image import to_image
from dreamvid.motion.estimate import estimate_motion, repair_flow
from dreamvid.motion.flow import Dis, estimator
from dreamvid.motion.on_device import (
    averaged,
    estimate_on_device,
    places,
    repaired,
    seen,
    streaks,
)
from dreamvid.motion.warp import streak_mask


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [seen(to_image(array)) for array in arrays]


def pairs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    first, second = (scene(t, height=120, width=192)[0] for t in (0, 1))
    lit = (second * 0.85).astype(np.uint8)
    return {
        "pan": (picture(120, 192, dx=3, dy=-2), picture(120, 192)),
        "occlusion": (second, first),
        "flash": (lit, first),
        "cut": (picture(120, 192, seed=3), picture(120, 192)),
    }


@pytest.mark.parametrize("name", ["pan", "occlusion", "flash", "cut"])
def test_a_flow_is_repaired_as_on_the_cpu(name: str) -> None:
    now, before = pairs()[name]
    flow = Dis()
    backward, forward = flow(now, before), flow(before, now)
    here = repair_flow(backward, forward, now, before)
    planes = [torch.from_numpy(x).permute(2, 0, 1)[None].contiguous() for x in (backward, forward)]
    there = repaired(*planes, *tensors(now, before))
    assert np.abs(there.mask.numpy() - here.mask).mean() < 0.01
    apart = np.abs(there.backward.numpy() - here.backward).mean(axis=2)
    assert (apart * here.mask).mean() < 0.1  # what is not trusted is not used


@pytest.mark.parametrize("name", ["pan", "occlusion", "flash", "cut"])
def test_the_motion_of_a_frame_is_that_of_the_cpu(name: str) -> None:
    now, before = pairs()[name]
    here = estimate_motion(estimator(), now, before)
    there = estimate_on_device(*tensors(now, before), (120, 192)).on_host()
    assert np.abs(there.mask - here.mask).mean() < 0.06
    sure = (here.mask > 0.9) & (there.mask > 0.9)
    if name == "cut":
        assert there.mask.mean() < 0.35
    else:
        assert sure.mean() > 0.75
        assert np.median(np.abs(there.backward - here.backward)[sure]) < 0.1


def test_large_frames_are_shrunk_and_their_flow_scaled_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamvid.motion.flow.MAX_LINES", 120)
    now, before = tensors(picture(240, 320, dx=4, dy=2), picture(240, 320))
    assert now.shape == (1, 3, 120, 160)
    motion = estimate_on_device(now, before, (240, 320))
    assert motion.backward.shape == (240, 320, 2) and motion.mask.shape == (240, 320)
    assert (motion.backward[40:-40, 40:-40].median(0).values.median(0).values
            - torch.tensor([-4.0, -2.0])).abs().max() < 0.2  # fmt: skip


@pytest.mark.parametrize("size", [(1, 1), (7, 40), (31, 17)])
def test_tiny_frames_have_motion_too(size: tuple[int, int]) -> None:
    now, before = tensors(picture(*size), picture(*size))
    motion = estimate_on_device(now, before, size)
    assert motion.backward.isfinite().all() and motion.mask.shape == size
    assert streaks(motion.backward).shape == size


def test_nothing_waits_for_the_host() -> None:
    now, before = tensors(*pairs()["occlusion"])
    estimate_on_device(now, before, (240, 384))
    with NoWaits():
        streaks(estimate_on_device(now, before, (240, 384)).backward)


def test_averaging_is_exact_for_whole_and_broken_factors() -> None:
    planes = torch.rand(1, 3, 12, 18)
    assert torch.allclose(averaged(planes, (4, 9)), torch.nn.functional.avg_pool2d(planes, (3, 2)))
    ramp = torch.arange(10.0).expand(1, 1, 4, 10)
    assert torch.allclose(averaged(ramp, (4, 4))[0, 0, 0], torch.tensor([0.8, 3.3, 5.8, 8.2]),
                          atol=0.11)  # fmt: skip
    assert averaged(ramp, (3, 4)).mean() == pytest.approx(4.5)


def test_streaks_are_those_of_the_cpu() -> None:
    x = np.linspace(-1, 1, 320, dtype=np.float32)
    flow = np.stack([np.tile(6 * np.tanh(8 * x), (240, 1)), np.zeros((240, 320), np.float32)], 2)
    flow += texture(*np.mgrid[0:240, 0:320][::-1].astype(float))[..., :2].astype(np.float32) / 99
    assert np.abs(streaks(torch.from_numpy(flow)).numpy() - streak_mask(flow)).max() < 1e-3


def test_places_are_pixels_plus_flow() -> None:
    x, y = places(torch.full((2, 3, 2), 0.5))
    assert x.tolist() == [[0.5, 1.5, 2.5]] * 2
    assert y.tolist() == [[0.5] * 3, [1.5] * 3]
