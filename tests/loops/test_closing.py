"""Closing clips: the join is found, made along the motion, and measured."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from dreamvid.errors import UsageError
from dreamvid.loops.closing import (
    Join,
    SeamMeter,
    blend,
    close_clip,
    find_join,
    loops_already,
    ping_pong,
    stands_still,
    thumbnails,
)
from dreamvid.motion.flow import estimator

FLOW = estimator("dis")


def blob(x: float, y: float, size: int = 96) -> np.ndarray:
    """A picture with texture that stands still and a bright ball that moves."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    ground = 80 + 25 * np.sin(rows / 3) * np.cos(columns / 4)
    ball = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 120)
    stripes = 0.75 + 0.25 * np.sin((columns - x) / 2) * np.sin((rows - y) / 2)
    picture = ground * (1 - ball) + 250 * ball * stripes
    return np.repeat(picture[..., None], 3, axis=2).clip(0, 255).astype(np.uint8)


def circling(count: int, period: float, drift: float = 0.0) -> list[np.ndarray]:
    angles = [math.tau * k / period for k in range(count)]
    return [
        blob(48 + 24 * math.cos(a) + drift * k, 48 + 24 * math.sin(a)) for k, a in enumerate(angles)
    ]


def test_the_period_of_a_clip_is_found() -> None:
    clip = circling(100, 40)
    join = find_join(thumbnails(clip), fade=4, least=20)
    assert len(join) % 40 == 0
    assert join.distance < 0.2
    loop = list(close_clip(clip, join, FLOW))
    assert len(loop) == len(join)
    meter = SeamMeter()
    for frame in loop:
        meter.look(frame)
    assert meter.seam is not None
    assert meter.seam <= 1.1


def test_a_long_clip_is_searched_in_two_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = circling(100, 39)
    monkeypatch.setattr("dreamvid.loops.closing.CANDIDATES", 30)
    join = find_join(thumbnails(clip), fade=4, least=20)
    assert len(join) % 39 == 0


def test_a_clip_that_never_repeats_is_joined_along_the_motion() -> None:
    clip = circling(60, 50, drift=0.2)
    join = find_join(thumbnails(clip), fade=8)
    meter = SeamMeter()
    loop = list(close_clip(iter(clip), join, FLOW))
    for frame in loop:
        meter.look(frame)
    assert meter.seam is not None
    assert meter.seam <= 1.3
    ring = np.stack([*loop, loop[0]]).astype(float)
    steps = np.abs(np.diff(ring, axis=0)).mean(axis=(1, 2, 3))
    assert steps.max() / np.median(steps) < 2


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_blend_moves_rather_than_fades(share: float) -> None:
    a, b, between = blob(44, 48), blob(52, 48), blob(44 + 8 * share, 48)
    error = np.abs(blend(a, b, share, FLOW).astype(float) - between).mean()
    faded = np.abs(a * (1 - share) + b * share - between).mean()
    assert error < 0.65 * faded


def test_a_blend_without_motion_in_common_is_a_quick_fade() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 255, (64, 64, 3), np.uint8) for _ in range(2))
    early, late = (blend(a, b, share, FLOW).astype(float) for share in (0.3, 0.7))
    assert np.abs(early - a).mean() < 0.35 * np.abs(early - b).mean()
    assert np.abs(late - b).mean() < 0.35 * np.abs(late - a).mean()


def test_sixteen_bits_stay() -> None:
    a = blob(40, 40).astype(np.uint16) * 257
    mixed = blend(a, a, 0.5, FLOW)
    assert mixed.dtype == np.uint16
    assert np.abs(mixed.astype(int) - a).mean() < 300


@pytest.mark.parametrize(
    ("clip", "loops"),
    [
        (circling(24, 24), True),
        (circling(48, 24), True),
        (circling(24, 26), False),  # two frames are missing
        (circling(24, 24, drift=0.5), False),
        ([blob(20 + 2 * min(k, 24 - k), 48) for k in range(25)], False),  # turns back at once
        ([blob(20 + 3 * min(k, 23.7 - k), 48) for k in range(24)], False),  # the same
        (circling(3, 3), False),
        ([blob(48, 48)] * 24, False),  # nothing tells
    ],
)
def test_a_clip_that_loops_already_is_recognised(clip: list[np.ndarray], loops: bool) -> None:
    assert loops_already(thumbnails(clip)) is loops


def test_a_clip_that_stands_still_is_told_from_one_that_moves() -> None:
    still = [blob(48, 48)] * 5
    noisy = [np.clip(frame.astype(int) + n % 2, 0, 255).astype(np.uint8)
             for n, frame in enumerate(still)]  # fmt: skip
    assert stands_still(thumbnails(still)) and stands_still(thumbnails(noisy))
    assert stands_still(thumbnails(still[:1]))
    assert not stands_still(thumbnails([*still, blob(52, 48)]))


def test_the_seam_is_the_worst_step_of_join_and_fade() -> None:
    clip = circling(40, 40)
    clip[36] = blob(20, 20)  # within the fade
    seams = []
    for faded in (0, 8):
        meter = SeamMeter(faded)
        for frame in clip:
            meter.look(frame)
        assert meter.seam is not None
        seams.append(meter.seam)
    assert seams[0] < 1.2 and seams[1] > 3


def test_of_equal_joins_the_longest_is_taken() -> None:
    still = thumbnails([blob(48, 48)] * 40)
    join = find_join(still, fade=4)
    assert (join.start, join.stop) == (4, 40)


def test_only_the_fade_is_kept() -> None:
    """Frames are made one by one as they are asked for, none before, and let go."""
    clip, made = circling(30, 20), []
    living: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()

    def source() -> Iterator[np.ndarray]:
        for index, frame in enumerate(clip):
            made.append(index)
            living[index] = own = frame.copy()
            yield own
            del own

    loop = close_clip(source(), Join(5, 28, 5, 0.0), FLOW)
    first = next(loop)
    assert made == list(range(6))
    assert np.array_equal(first, clip[5])
    del first
    kept = [len(living) for _ in loop]
    assert len(kept) == 22
    assert max(kept) <= 5 + 3
    assert made[-1] <= 28


@pytest.mark.parametrize("count", [2, 3, 7, 40])
def test_ping_pong_writes_the_ends_once(count: int) -> None:
    reads: list[int] = []

    def read(start: int, stop: int) -> list[np.ndarray]:
        reads.append(stop - start)
        return [np.full((1, 1, 3), k, np.uint8) for k in range(start, stop)]

    played = [int(frame[0, 0, 0]) for frame in ping_pong(read, count, chunk=5)]
    assert played == [*range(count), *range(count - 2, 0, -1)]
    assert max(reads[1:], default=0) <= 5


@pytest.mark.parametrize(("count", "least"), [(0, None), (1, None), (3, None), (20, 19)])
def test_too_short_a_clip_is_refused(count: int, least: int | None) -> None:
    small = np.zeros((count, 12), np.float32)
    with pytest.raises(UsageError, match="too few"):
        find_join(small, fade=4, least=least)
    with pytest.raises(UsageError, match="at least 2 frames"):
        list(ping_pong(lambda start, stop: [], 1))


def test_the_seam_of_a_still_or_empty_clip_is_none() -> None:
    meter = SeamMeter()
    assert meter.seam is None
    for frame in [blob(1, 1)] * 3:
        meter.look(frame)
    assert meter.seam is None


def test_a_loop_is_no_shorter_than_asked() -> None:
    small = np.random.default_rng(0).random((60, 24)).astype(np.float32)
    small[20:26] = small[10:16]  # the best join by far is ten frames long
    assert len(find_join(small, fade=3, least=5)) == 10
    assert len(find_join(small, fade=3, least=30)) >= 30
