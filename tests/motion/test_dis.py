"""Inverse search on tensors: what OpenCV's DIS finds, as well, without a wait for the host."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scenes import grid, picture, scene, texture
from torch.utils._python_dispatch import TorchDispatchMode

from dreamvid.errors import MissingDependency
from dreamvid.motion.dis import InverseSearch, inverse_search
from dreamvid.motion.estimate import sample
from dreamvid.motion.flow import Dis, FlowEstimator, estimator, names
from dreamvid.motion.refine import refined, sampled

HEIGHT, WIDTH = 240, 320
SKATER = Path(__file__).parents[3] / "shared" / "clips" / "skater_360p30_audio.mp4"

Array = NDArray[np.uint8]
Pair = tuple[Array, Array, NDArray[np.float64]]


def moved(dx: float, dy: float) -> Pair:
    truth = np.broadcast_to((dx, dy), (HEIGHT, WIDTH, 2))
    return picture(HEIGHT, WIDTH), picture(HEIGHT, WIDTH, dx, dy), truth


def affine(matrix: tuple[tuple[float, float], tuple[float, float]]) -> Pair:
    """A picture and itself under a linear map about its centre."""
    x, y = grid(HEIGHT, WIDTH)
    x, y = x - WIDTH / 2, y - HEIGHT / 2
    (a, b), (c, d) = matrix
    (e, f), (g, h) = np.linalg.inv(matrix)
    back = texture(e * x + f * y + WIDTH / 2, g * x + h * y + HEIGHT / 2)
    truth = np.stack([a * x + b * y - x, c * x + d * y - y], axis=2)
    return picture(HEIGHT, WIDTH), np.rint(back).astype(np.uint8), truth


def turned(degrees: float) -> Pair:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return affine(((c, -s), (s, c)))


def occluded(noise: float = 0.0) -> Pair:
    """A square that moves by 6 pixels over ground that moves by 1.5."""
    before, square = scene(0, height=HEIGHT, width=WIDTH, noise=noise)
    after, _ = scene(1, height=HEIGHT, width=WIDTH, noise=noise)
    return before, after, np.where(square[..., None], (6.0, 0.0), (1.5, 0.0))


PAIRS: dict[str, Callable[[], Pair]] = {
    "shift": lambda: moved(3, -2),
    "fraction": lambda: moved(0.4, 0.7),
    "long shift": lambda: moved(-7.5, 4.25),
    "zoom": lambda: affine(((1.04, 0), (0, 1.04))),
    "large zoom": lambda: affine(((1.1, 0), (0, 1.1))),
    "turn": lambda: turned(2),
    "large turn": lambda: turned(6),
    "occlusion": occluded,
    "noise": lambda: occluded(noise=4),
}


def end_point_error(flow: FlowEstimator, pair: Pair) -> float:
    before, after, truth = pair
    error = np.hypot(*np.moveaxis(flow(before, after) - truth, 2, 0))
    return float(error[16:-16, 16:-16].mean())


@pytest.mark.parametrize("name", PAIRS)
def test_it_is_about_as_exact_as_that_of_opencv(name: str) -> None:
    pair = PAIRS[name]()
    ours, theirs = (end_point_error(flow, pair) for flow in (InverseSearch(), Dis()))
    assert ours <= max(1.5 * theirs, 0.02)
    assert ours < 0.15


@pytest.mark.parametrize("name", ["shift", "zoom", "turn", "occlusion"])
@pytest.mark.parametrize("flow", [name for name in names() if name != "none"])
def test_every_estimator_finds_known_motion(flow: str, name: str) -> None:
    try:
        found = estimator(flow)
    except MissingDependency as error:
        pytest.skip(str(error))
    assert end_point_error(found, PAIRS[name]()) < 0.6


def skater(frames: int) -> Iterator[Array]:
    """Frames of a hand-held clip, four apart: the motion is fast."""
    with av.open(SKATER) as film:
        for index, frame in enumerate(film.decode(video=0)):
            if index >= 4 * frames:
                return
            if index % 4 == 0:
                yield frame.to_ndarray(format="rgb24")


@pytest.mark.skipif(not SKATER.exists(), reason="needs the clips")
def test_a_film_warped_along_it_is_as_near_to_itself_as_along_that_of_opencv() -> None:
    frames = list(skater(9))
    errors = []
    for flow in (InverseSearch(), Dis()):
        unlike = [
            cv2.absdiff(now, sample(before, flow(now, before))).mean()
            for before, now in itertools.pairwise(frames)
        ]
        errors.append(np.mean(unlike))
    assert errors[0] < 0.98 * errors[1]


def luma(*arrays: Array) -> torch.Tensor:
    gray = [cv2.cvtColor(array, cv2.COLOR_RGB2GRAY) for array in arrays]
    return torch.from_numpy(np.stack(gray))[:, None].float()


def test_both_directions_are_found_in_one_batch() -> None:
    a, b, _ = moved(3, -2)
    both = inverse_search(luma(a, b), luma(b, a))
    for k, pair in enumerate(((a, b), (b, a))):
        alone = inverse_search(luma(pair[0]), luma(pair[1]))[0]
        assert (both[k] - alone).abs().max() < 1e-3


def test_a_change_of_brightness_does_not_move_anything() -> None:
    a, _, _ = moved(0, 0)
    assert inverse_search(luma(a), luma(a) * 0.9 + 20).abs().mean() < 0.1


def test_flat_pictures_do_not_move_on_noise() -> None:
    random = torch.Generator().manual_seed(0)
    a, b = 90 + torch.randn(2, 1, 1, 120, 160, generator=random)
    assert inverse_search(a, b).abs().mean() < 2


class NoWaits(TorchDispatchMode):
    """Fails on operations that wait for a device, or whose result has a shape of its own."""

    waiting = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "is_nonzero")

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        assert func.overloadpacket.__name__ not in self.waiting, func
        return func(*args, **(kwargs or {}))


def test_nothing_waits_for_the_host() -> None:
    a, b, _ = moved(3, -2)
    first, second = luma(a), luma(b)
    inverse_search(first, second)  # fills the caches
    with NoWaits():
        inverse_search(first, second)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_the_flow_of_a_gpu_is_that_of_the_cpu_without_a_wait() -> None:
    a, b, _ = moved(3, -2)
    here = inverse_search(luma(a), luma(b))
    first, second = luma(a).cuda(), luma(b).cuda()
    inverse_search(first, second)
    torch.cuda.set_sync_debug_mode("error")
    try:
        there = inverse_search(first, second)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert (there.cpu() - here).abs().mean() < 0.01


def test_refinement_brings_a_rough_flow_nearer_to_the_truth() -> None:
    before, after, truth = affine(((1.04, 0), (0, 1.04)))
    exact = torch.from_numpy(np.moveaxis(truth, 2, 0).copy())[None].float()
    x = torch.arange(WIDTH) / 2
    rough = exact + 0.3 * torch.sin(x)
    better = refined(luma(before), luma(after), rough)
    assert (better - exact).abs().mean() < 0.5 * (rough - exact).abs().mean()


def test_sampling_along_a_whole_flow_copies_pixels_and_repeats_the_border() -> None:
    planes = torch.rand(1, 2, 5, 7)
    flow = torch.zeros(1, 2, 5, 7)
    assert torch.allclose(sampled(planes, flow), planes, atol=1e-5)
    flow[:, 0] = 1
    shifted = sampled(planes, flow)
    assert torch.allclose(shifted[..., :-1], planes[..., 1:], atol=1e-5)
    assert torch.allclose(shifted[..., -1], planes[..., -1], atol=1e-5)
