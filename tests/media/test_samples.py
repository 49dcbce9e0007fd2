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
