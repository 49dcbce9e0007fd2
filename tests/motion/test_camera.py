"""The camera: exact motion, the same at any frame rate, never black."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from dreamvid.errors import UsageError
from dreamvid.motion.camera import Camera, Edges, Move, motion_of, step_matrix
from dreamvid.motion.warp import warp
from dreamvid.schedules.parse import parse_schedule
from dreamvid.schedules.schedule import Clock

WIDTH, HEIGHT = 96, 64
FULL = Move(1.7, 25, 0.1, -0.2, 0.3, -0.1, 0.3, 0.8)


def place(matrix: np.ndarray, x: float, y: float) -> tuple[float, float]:
    found = matrix @ [x, y, 1]
    return float(found[0]), float(found[1])


@pytest.mark.parametrize("fps", [24, 30, 60, Fraction(24000, 1001)])
def test_a_second_is_the_same_at_every_rate(fps: int | Fraction) -> None:
    step = step_matrix(FULL, float(1 / Fraction(fps)), WIDTH, HEIGHT)
    second = step_matrix(FULL, 1.0, WIDTH, HEIGHT)
    count = round(fps)
    stop = step_matrix(FULL, count / float(fps), WIDTH, HEIGHT)
    np.testing.assert_allclose(np.linalg.matrix_power(step, count), stop, atol=1e-9)
    np.testing.assert_allclose(stop, second, rtol=0.02, atol=0.2)


@pytest.mark.parametrize("fps", [24, 60])
def test_a_scheduled_second_is_the_same_at_every_rate(fps: int) -> None:
    def end(rate: int) -> np.ndarray:
        clock = Clock(Fraction(rate), frames=rate + 1)
        zoom = parse_schedule("0s:(1.4), 1s:(2.2, ease-in-out)").on(clock)
        turn = parse_schedule("8*sin(2*pi*seconds)").on(clock)
        rates = {"zoom": zoom, "rotate": turn, "center_x": 0.4}
        camera = Camera(rates, fps=Fraction(rate), width=WIDTH, height=HEIGHT)
        result = np.eye(3)
        for frame in range(1, rate + 1):
            result = camera.matrix(frame) @ result
        return result

    np.testing.assert_allclose(end(fps), end(960), atol=0.02)


def test_directions() -> None:
    still = step_matrix(Move(), 1, WIDTH, HEIGHT)
    np.testing.assert_allclose(still, np.eye(3))
    zoom = step_matrix(Move(zoom=3), 1 / 30, WIDTH, HEIGHT)
    assert zoom[0, 0] == pytest.approx(3 ** (1 / 30))
    assert place(zoom, 47.5, 31.5) == pytest.approx((47.5, 31.5))
    aimed = step_matrix(Move(zoom=2, rotate=50, center_x=0.25, center_y=0.75), 1, WIDTH, HEIGHT)
    assert place(aimed, 23.5, 47.5) == pytest.approx((23.5, 47.5))
    turned = step_matrix(Move(rotate=90), 1, WIDTH, HEIGHT)
    assert place(turned, 57.5, 31.5) == pytest.approx((47.5, 21.5))  # right goes up
    panned = step_matrix(Move(pan_x=0.5, pan_y=0.25), 1, WIDTH, HEIGHT)
    assert place(panned, 0, 0) == pytest.approx((48, 16))
    sheared = step_matrix(Move(shear_x=0.5), 1, WIDTH, HEIGHT)
    assert place(sheared, 47.5, 41.5) == pytest.approx((52.5, 41.5))


def test_flow_is_backward_and_exact() -> None:
    matrix = step_matrix(FULL, 1 / 24, WIDTH, HEIGHT)
    motion = motion_of(matrix, WIDTH, HEIGHT)
    assert motion.backward.shape == (HEIGHT, WIDTH, 2)
    assert motion.backward.dtype == motion.mask.dtype == np.float32
    inside = motion.mask == 1
    assert inside.mean() > 0.7
    y, x = np.nonzero(inside)
    before = np.stack((x, y), 1) + motion.backward[y, x]
    after = np.array([place(matrix, *point) for point in before])
    np.testing.assert_allclose(after, np.stack((x, y), 1), atol=1e-3)


def test_zooming_in_trusts_all_and_out_not_the_rim() -> None:
    assert (motion_of(step_matrix(Move(), 1, 64, 48), 64, 48).mask == 1).all()
    assert (motion_of(step_matrix(Move(1.01), 1, 64, 48), 64, 48).mask == 1).all()
    out = motion_of(step_matrix(Move(0.5), 1, 64, 48), 64, 48).mask
    assert (out[:12] == 0).all()
    assert (out[-12:] == 0).all()
    assert (out[:, :16] == 0).all()
    assert (out[14:34, 18:46] == 1).all()
    slow = motion_of(step_matrix(Move(0.999), 1, 640, 480), 640, 480).mask
    assert (slow[0] < 0.5).all()
    assert (motion_of(step_matrix(Move(0.5), 1, 64, 48), 64, 48, edges="wrap").mask == 1).all()


@pytest.mark.parametrize("edges", ["mirror", "replicate", "wrap"])
def test_edges_are_never_black(edges: Edges) -> None:
    picture = torch.full((3, 48, 64), 0.5)
    picture[:, :, 32:] = 0.75
    motion = motion_of(step_matrix(Move(0.1, rotate=30, pan_x=3), 1, 64, 48), 64, 48, edges=edges)
    moved = warp(picture, motion.backward)
    assert moved.min() > 0.4
    x = np.arange(64) + motion.backward[..., 0]
    assert x.min() >= -0.5
    assert x.max() <= 63.5


def test_edges_differ_as_named() -> None:
    matrix = step_matrix(Move(pan_x=0.25), 1, 8, 8)  # two pixels to the right
    start = {
        edges: (np.arange(8) + motion_of(matrix, 8, 8, edges=edges).backward[0, :, 0])[:3].tolist()
        for edges in ("mirror", "replicate", "wrap")
    }
    assert start["mirror"] == pytest.approx([1, 0, 0])
    assert start["replicate"] == pytest.approx([0, 0, 0])
    assert start["wrap"] == pytest.approx([6, 7, 0])


def test_per_frame_rates_are_steps_in_pixels() -> None:
    rates = {"zoom": 1.05, "pan_x": 4.0}
    camera = Camera(rates, fps=Fraction(24), width=80, height=60, rates="per-frame")
    matrix = camera.matrix(7)
    assert matrix[0, 0] == pytest.approx(1.05)
    assert place(matrix, 39.5, 29.5)[0] == pytest.approx(39.5 + 4, abs=0.15)


def test_a_steady_camera_computes_its_motion_once() -> None:
    camera = Camera({"zoom": 1.5}, fps=Fraction(24), width=80, height=60)
    assert camera(1) is camera(2)
    moving = Camera({"zoom": lambda t: 1 + t / 10}, fps=Fraction(24), width=80, height=60)
    assert not np.array_equal(moving(1).backward, moving(9).backward)


@pytest.mark.parametrize("zoom", [0, -1, math.nan, math.inf, 1e9])
def test_a_zoom_that_is_none_is_refused(zoom: float) -> None:
    with pytest.raises(UsageError, match="zoom"):
        Camera({"zoom": zoom}, fps=Fraction(24), width=8, height=8)(1)


@pytest.mark.parametrize("name, rate", [("zoom", 1000), ("shear_x", 2), ("shear_y", -2)])
def test_a_step_without_an_inverse_is_refused(name: str, rate: float) -> None:
    with pytest.raises(UsageError, match=rf"{name}: .* is too much for one frame"):
        Camera({name: rate}, fps=Fraction(1, 10), width=64, height=48).matrix(1)


@pytest.mark.parametrize("rates", [{"rotate": 1e6}, {"pan_x": 1e6, "center_y": -1e6}])
@pytest.mark.parametrize("fps", [Fraction(1, 1000), 30])
def test_the_fastest_steps_have_an_inverse(rates: dict[str, float], fps: Fraction | int) -> None:
    rates = rates | {"shear_x": float(fps), "shear_y": float(fps)}
    step = Camera(rates, fps=Fraction(fps), width=64, height=48).matrix(1)
    assert np.allclose(step @ np.linalg.inv(step), np.eye(3), atol=1e-3)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError, match="unknown camera rate 'zom"):
        Camera({"zom": 1}, fps=Fraction(24), width=8, height=8)
    with pytest.raises(UsageError, match="edges"):
        motion_of(np.eye(3), 8, 8, edges="black")  # type: ignore[arg-type]
