"""From a dreamed frame to the picture that is shown."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
import torch
from tiny import texture
from wall_kit import Small, difference, looks_of, settings_of

from dreamvid.live.carry import resized
from dreamvid.live.frames import LiveFrame
from dreamvid.live.showing import DISSOLVE, FADE, Fading, Showing
from dreamvid.sequence.memory import Memory

SIZE = (48, 64)


@pytest.fixture(scope="module")
def shown() -> tuple[LiveFrame, Memory]:
    small = Small(lambda time: texture(), size=SIZE, looks=looks_of(settings_of()))
    frame, memory, _ = list(islice(small, 2))[-1]
    return frame, memory


def test_the_residual_is_added_to_the_frame(shown: tuple[LiveFrame, Memory]) -> None:
    frame, memory = shown
    picture = Showing(SIZE)(frame, memory)
    assert frame.full is not None and picture.dtype == np.uint8
    wanted = frame.full + 255 * (memory.dreamed - memory.source).permute(1, 2, 0).numpy()
    assert np.abs(picture - wanted.clip(0, 255)).max() <= 0.51


def test_a_small_dream_leaves_the_frame_sharp(shown: tuple[LiveFrame, Memory]) -> None:
    frame, memory = shown
    large = replace(frame, full=texture(height=96, width=128))
    nothing = replace(memory, dreamed=memory.source)
    assert np.array_equal(Showing((96, 128))(large, nothing), texture(height=96, width=128))
    picture = Showing((96, 128))(large, memory)
    assert picture.shape == (96, 128, 3)


def test_a_zoom_is_enlarged(shown: tuple[LiveFrame, Memory]) -> None:
    frame, memory = shown
    picture = Showing((96, 128))(replace(frame, full=None), memory)
    assert picture.shape == (96, 128, 3) and picture.dtype == np.uint8
    small = 255 * torch.nn.functional.avg_pool2d(
        torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255, 2
    )
    assert difference(small[0].numpy(), 255 * memory.dreamed.numpy()) < 6


def test_what_is_left_dissolves(shown: tuple[LiveFrame, Memory]) -> None:
    frame, memory = shown
    showing = Showing(SIZE)
    before = showing(replace(frame, taken=0.0), memory)
    other = replace(frame, full=255 - texture(), taken=1.0, new=True)
    goal = Showing(SIZE)(other, memory)
    assert difference(showing(other, memory), before) < 1
    half = showing(replace(other, taken=1 + DISSOLVE / 2, new=False), memory)
    assert difference(half, (before.astype(float) + goal) / 2) < 1
    last = showing(replace(other, taken=1 + DISSOLVE, new=False), memory)
    assert np.array_equal(last, goal)


def test_the_detail_of_a_larger_dream_fades(shown: tuple[LiveFrame, Memory]) -> None:
    frame, memory = shown
    showing, smaller = Showing(SIZE), resized(memory, (24, 32))
    before = showing(replace(frame, taken=0.0), memory)
    goal = Showing(SIZE)(frame, smaller)
    assert difference(before, goal) > 0.5
    assert difference(showing(replace(frame, taken=0.001), smaller), before) < 0.3
    steps = [difference(showing(replace(frame, taken=0.1 * k), smaller), goal) for k in (1, 3, 4)]
    assert steps == sorted(steps, reverse=True)
    assert np.array_equal(showing(replace(frame, taken=1.0), smaller), goal)


def test_a_fading() -> None:
    fading = Fading(texture(), 2.0, FADE)
    assert [fading.share(2 + FADE * k) for k in (0, 0.5, 1, 9)] == [1, 0.5, 0, 0]
    assert Fraction(fading.share(2.0)) == 1
