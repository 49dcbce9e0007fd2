import cv2
import numpy as np
import pytest
import torch
from scenes import grid, texture

from dreamvid.motion import taps
from dreamvid.motion.taps import warp_by_taps
from dreamvid.motion.warp import BRIEF, CRISP, LEVEL, streak_mask, warp

WAVE_HEIGHT, WAVE_WIDTH = 40, 256


def constant(height, width, dx, dy=0.0):
    return np.full((height, width, 2), (dx, dy), np.float32)


def wave(frequency, shift=0.0):
    x, _ = grid(WAVE_HEIGHT, WAVE_WIDTH)
    plane = 0.5 + 0.4 * np.sin(2 * np.pi * frequency * (x - shift))
    return torch.from_numpy(plane.astype(np.float32)).expand(3, -1, -1).contiguous()


def strength(image, frequency):
    """Amplitude of a wave of that frequency in the middle of the image."""
    row = image[0, WAVE_HEIGHT // 2, 64:192].double().numpy()
    x = np.arange(64, 192)
    return abs(((row - 0.5) * np.exp(-2j * np.pi * frequency * x)).mean()) * 2


def share_left(frequency, warps=30):
    """The share of a wave that is left after being moved to and fro by fractions of a pixel."""
    moves = np.random.default_rng(3).uniform(-1.5, 1.5, (warps, 2))
    image = wave(frequency)
    for dx, dy in moves:
        image = warp(image, constant(WAVE_HEIGHT, WAVE_WIDTH, dx, dy))
    return strength(image, frequency) / strength(wave(frequency), frequency)


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (-5, 7)])
def test_whole_pixels_move_unchanged(shift):
    image = torch.rand(3, 24, 33, generator=torch.Generator().manual_seed(0))
    moved = warp(image, constant(24, 33, *map(float, shift)))
    expected = torch.roll(image, (-shift[1], -shift[0]), (1, 2))
    inside = slice(8, -8)
    assert (moved - expected)[:, inside, inside].abs().max() < 1e-6


def test_the_image_is_sampled_where_the_flow_points():
    x, y = grid(60, 80)
    image = torch.from_numpy(texture(x, y).astype(np.float32) / 255).permute(2, 0, 1).contiguous()
    flow = np.stack([0.05 * (x - 40) + 0.3, -0.03 * (y - 30)], axis=2).astype(np.float32)
    expected = texture(x + flow[..., 0], y + flow[..., 1]) / 255
    error = (warp(image, flow).permute(1, 2, 0).numpy() - expected)[8:-8, 8:-8]
    assert np.abs(error).mean() < 0.006


def test_the_picture_is_mirrored_at_its_border():
    image = torch.arange(5.0).view(1, 1, 5).expand(1, 3, 5).contiguous()
    mirrored = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0]).expand(1, 3, 5)
    assert torch.allclose(warp(image, constant(3, 5, 5.0)), mirrored)
    assert torch.allclose(warp(image, constant(3, 5, -5.0)), mirrored)
    assert torch.allclose(warp(image, constant(3, 5, 100.0)), image)


@pytest.mark.parametrize("frequency", [1 / 16, 1 / 8, 1 / 4])
def test_thirty_warps_leave_coarse_and_fine_detail_as_it_was(frequency):
    assert share_left(frequency) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.8125])
def test_no_detail_grows_when_the_same_move_is_repeated(fraction):
    noise = torch.rand(1, 64, 64, generator=torch.Generator().manual_seed(1)) - 0.5
    tiled = noise.repeat(1, 3, 3)  # so that the border stays out of the middle
    image = tiled
    for _ in range(40):
        image = warp(image, constant(192, 192, fraction, fraction))
    spectrum, before = (torch.fft.rfft2(plane[0, 64:128, 64:128]).abs() for plane in (image, tiled))
    strong = before > before.median()
    assert (spectrum / before)[strong].max() < 1.003**40 * 1.1


def test_a_thousand_warps_stay_bounded():
    image = torch.rand(3, 48, 64, generator=torch.Generator().manual_seed(2))
    x, y = grid(48, 64)
    flow = np.stack([(x - 32) * -0.01, (y - 24) * -0.01], axis=2).astype(np.float32)
    for _ in range(1000):
        image = warp(image, flow)
    assert image.min() > -0.5
    assert image.max() < 1.5


@pytest.mark.parametrize("band", [2**21, 100])
def test_the_taps_that_other_devices_use_give_the_same_picture(band, monkeypatch):
    monkeypatch.setattr(taps, "BAND", band)
    image = torch.rand(7, 30, 44, generator=torch.Generator().manual_seed(4))
    flow = np.random.default_rng(0).uniform(-60, 60, (30, 44, 2)).astype(np.float32)
    flow = np.round(flow * 32) / 32  # OpenCV rounds to this
    for shares in ([LEVEL] * 7, [*[CRISP] * 3, *[BRIEF] * 4]):
        there = warp_by_taps(image, torch.from_numpy(flow), lanczos=shares)
        assert (there - warp(image, flow, lanczos=shares)).abs().max() < 2e-3
        assert torch.equal(there, warp(image, torch.from_numpy(flow), lanczos=shares))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_warped_image_has_the_shape_of_the_flow(channels):
    image = torch.rand(channels, 20, 30)
    assert warp(image, constant(10, 12, 0.5)).shape == (channels, 10, 12)
    assert warp(image, torch.from_numpy(constant(10, 12, 0.5))).shape == (channels, 10, 12)


def test_the_warp_tears_at_motion_boundaries_and_nowhere_else():
    flow = np.zeros((240, 320, 2), np.float32)
    flow[:, 160:] = (6, 0)
    where = streak_mask(flow)
    assert where[:, 159:161].min() == 1
    assert where[:, :158].max() == where[:, 162:].max() == 0
    slow_turn = np.stack(np.mgrid[0:240, 0:320][::-1], axis=2).astype(np.float32) * 0.01 + 5
    assert streak_mask(slow_turn).max() == 0


def test_what_tears_does_not_depend_on_the_size_of_the_picture():
    x = np.linspace(-1, 1, 320, dtype=np.float32)
    flow = np.stack([np.tile(6 * np.tanh(8 * x), (240, 1)), np.zeros((240, 320), np.float32)], 2)
    large = cv2.resize(flow, (640, 480), interpolation=cv2.INTER_LINEAR) * 2
    assert abs(streak_mask(flow).mean() - streak_mask(large).mean()) < 0.01


def test_planes_are_warped_alike_by_any_number_of_threads(monkeypatch):
    rng = np.random.default_rng(3)
    image = torch.from_numpy(rng.random((7, 50, 60), np.float32))
    flow = rng.uniform(-3, 3, (50, 60, 2)).astype(np.float32)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda n=threads: n)
        found.append(warp(image, flow, lanczos=(*[1.0] * 3, *[0.0] * 4)))
    assert torch.equal(*found)
    for k in (0, 6):
        assert torch.equal(found[0][k], warp(image[k : k + 1], flow, lanczos=float(k == 0))[0])
