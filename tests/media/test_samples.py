"""The sample films are what their formulas say."""

from __future__ import annotations

import importlib.util
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from media_clips import frames_of

from dreamvid.media.reader import VideoReader

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="module")
def samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_samples", SAMPLES / "make_samples.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_samples"] = module
    sys.path.insert(0, str(SAMPLES))  # where the scenes lie
    spec.loader.exec_module(module)
    return module


def test_drift_is_the_film_of_its_formulas(samples: ModuleType) -> None:
    with VideoReader(SAMPLES / "drift.mp4") as film:
        frames = [frame.array.astype(float) for frame in film]
        info = film.info
    assert (info.width, info.height, info.rate, info.frames) == (320, 180, 24, 96)
    assert info.has_audio and info.matrix == "bt709"
    assert len(frames) == 96
    assert (SAMPLES / "drift.mp4").stat().st_size < 1_000_000
    for n, shot, t in ((20, 0, 20), (60, 1, 0)):
        made = samples.DRIFT[shot].frame(t).astype(float)
        assert np.abs(frames[n] - made).mean() < 4
    steps = [np.abs(b - a).mean() for a, b in pairwise(frames)]
    assert int(np.argmax(steps)) == 59  # the cut
    assert steps[59] > 2 * sorted(steps)[-2]


@pytest.mark.parametrize("shot", [0, 1])
def test_the_flow_is_exact(samples: ModuleType, shot: int) -> None:
    size = (160, 90)
    film = samples.DRIFT[shot]
    before, after, flow = film.frame(4, size), film.frame(5, size), film.flow(5, size)
    y, x = np.mgrid[0:90, 0:160].astype(np.float32)
    carried = cv2.remap(before, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC)
    inside = (slice(8, -8), slice(8, -8))
    error = np.abs(carried.astype(float) - after)[inside].mean(axis=2)
    still = np.abs(before.astype(float) - after)[inside].mean(axis=2)
    assert np.median(error) < 1.5
    assert error.mean() < 0.4 * still.mean()


def test_reef_has_a_broken_rate_and_no_sound() -> None:
    with VideoReader(SAMPLES / "reef.mp4") as film:
        assert film.info.rate == Fraction(30000, 1001)
        assert not film.info.has_audio
    assert len(frames_of(SAMPLES / "reef.mp4")) == 60
    assert frames_of(SAMPLES / "dusk.png")[0].array.shape == (360, 640, 3)


def test_the_valley_is_the_picture_of_its_formulas(samples: ModuleType) -> None:
    valley = samples.Valley.make()
    small = valley.photograph((160, 100), 1.5).astype(float)
    kept = frames_of(SAMPLES / "valley.png")[0].array
    assert kept.shape == (400, 640, 3)
    assert kept.min() > 0 and kept.max() < 255
    shrunk = cv2.resize(kept, (160, 100), interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(small - shrunk).mean() < 6
    again = valley.photograph((160, 100), 1.5)
    assert np.array_equal(again, small)


def test_the_film_of_the_valley_moves_by_parallax() -> None:
    path = SAMPLES / "valley.mp4"
    assert path.stat().st_size < 700_000
    with VideoReader(path) as film:
        assert (film.info.width, film.info.height, film.info.rate) == (432, 240, 24)
        assert not film.info.has_audio
        frames = [cv2.cvtColor(frame.array, cv2.COLOR_RGB2GRAY) for frame in film]
    assert len(frames) == 72
    flow = cv2.calcOpticalFlowFarneback(
        frames[30], frames[33], np.zeros((240, 432, 2), np.float32), 0.5, 4, 21, 5, 7, 1.5, 0
    )
    near, far = np.median(flow[220:, :, 0]), np.median(flow[70:100, :, 0])
    assert near < -4 < -1 < far  # the camera goes right: what is near goes left, quickly
