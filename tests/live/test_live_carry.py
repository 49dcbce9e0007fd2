"""The carry of a live picture: sizes and dials change without a jump, nothing burns in."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
from tiny import texture
from wall_kit import Array, Small, difference, looks_of, noisy, residual, settings_of

from dreamvid.dream.gradient import Gauge
from dreamvid.dream.octaves import resize
from dreamvid.live import carry
from dreamvid.live.carry import LIVE, LiveCarry, measuring, resized
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.reference import FullDoseReference


def scene(time: float) -> Array:
    return noisy(texture(height=36, width=64), time)


def memory_of(small: Small, frames: int) -> Memory:
    return list(islice(small, frames))[-1][1]


def test_the_dream_is_carried() -> None:
    small = Small(scene)
    memory = memory_of(small, 10)
    assert memory.age == 9 and float(residual(memory).abs().mean()) > 0.005


def test_a_smaller_size_keeps_the_residual_and_its_strength() -> None:
    memory = memory_of(Small(scene), 10)
    smaller = resized(memory, (30, 54))
    assert smaller.dreamed.shape == smaller.source.shape == (3, 30, 54)
    assert smaller.fresh.shape == (1, 30, 54)
    back = resize(residual(smaller), (36, 64))
    kept = float((back * residual(memory)).sum() / residual(memory).square().sum())
    assert 0.6 < kept < 1.2
    assert resized(memory, (36, 64)) is memory


def test_the_picture_does_not_jump_when_the_size_changes() -> None:
    """The step at the change is about as large as those between the frames before it."""
    small, pictures = Small(scene, size=(72, 128), dream_size=(72, 128)), []
    small.pace._place = 0
    for number, (_, _, picture) in enumerate(islice(small, 40)):
        pictures.append(picture)
        if number == 29:
            small.pace._place = 1
    steps = [difference(a, b) for a, b in pairwise(pictures)]
    assert steps[29] < 1.6 * max(steps[20:29])


def test_strength_glides_into_the_picture() -> None:
    small = Small(scene, looks=looks_of(settings_of(strength=0.2)))
    strengths = []
    for number, (_, memory, _) in enumerate(islice(small, 90)):
        if number == 30:
            small.looks.turn("strength", 3.0, small.clock.now())
        strengths.append(float(residual(memory).square().mean().sqrt()))
    assert strengths[-1] > 2 * strengths[30]
    steps = np.diff(strengths[30:])
    assert steps.max() < 0.34 * (strengths[-1] - strengths[30])  # not in one frame


def test_a_strength_of_nothing_shows_the_input_and_can_be_raised_again() -> None:
    small = Small(scene, looks=looks_of(settings_of(strength=0)))
    sizes = []
    for number, (frame, memory, picture) in enumerate(islice(small, 60)):
        sizes.append(float(residual(memory).abs().mean()))
        if number == 20:
            assert frame.full is not None and difference(picture, frame.full) < 0.6
            small.looks.turn("strength", 1.0, small.clock.now())
    assert sizes[20] == 0 and sizes[-1] > 0.003


def test_the_full_dose_is_measured_over_many_frames() -> None:
    memory, dream = memory_of(Small(scene), 5), looks_of()((36, 64), 0.0)[0]
    run, count = measuring(dream, memory), 0
    while True:
        try:
            next(run)
        except StopIteration as end:
            found = end.value
            break
        count += 1
    assert count == sum(dream.dose.iterations)
    expected = FullDoseReference(dream, LIVE).measure(memory.source, (), None, Gauge())[1]
    assert found.spread == pytest.approx(expected.spread, rel=0.35)
    assert found.height == pytest.approx(expected.height, rel=0.35)
    assert found.edges == pytest.approx(expected.edges, rel=0.6)


def test_the_reference_is_renewed_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carry, "MEASURE_EVERY", 1.0)
    seen = [memory.reference for _, memory, _ in islice(Small(scene), 65)]
    assert len(set(seen)) == 3


def test_feedback_goes_on_from_the_last_dream_and_stays_alive() -> None:
    small = Small(lambda time: scene(time) if time < 1 else None)
    spreads = [float(m.dreamed.std()) for _, m, _ in islice(small, 150)]
    assert small.frames.state == "lost"
    assert min(spreads) > 0.5 * spreads[20] and max(spreads) < 2 * spreads[20]


def test_the_first_frame_can_take_more_iterations() -> None:
    looks = looks_of()
    frame, *_ = next(iter(Small(scene)))
    plain = LiveCarry(looks)(frame, None)
    more = LiveCarry(looks)(replace(frame, times=3), None)
    assert residual(more).norm() > 1.3 * residual(plain).norm()


def test_a_dream_shrinks_to_a_size_with_fewer_bands() -> None:
    """Small octaves are halved into fewer bands (SMALLEST_BAND in dream/shaping.py)."""
    small = Small(scene, size=(64, 112), dream_size=(64, 112))
    small.pace._place = 0
    for number, (_, memory, _) in enumerate(islice(small, 12)):  # noqa: B007
        if number == 4:
            small.pace._place = len(small.pace._sizes) - 1
    assert memory.age == 11 and float(residual(memory).abs().mean()) > 0.001
