"""The lap of a loop: what is kept of the dreams before it, and how they return at its end."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from tiny import tiny_dreamer

from dreamvid.sequence.frames import Frame
from dreamvid.sequence.lap import Lap, replaced
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.render import carry_for


@pytest.fixture(scope="module")
def memory() -> Memory:
    frame = Frame(0, Fraction(0), torch.zeros(3, 32, 32), None)
    return carry_for(frame, tiny_dreamer(octaves=1, iterations=1), 0.9)(frame, None)


def test_places_turn_one_after_the_other(memory: Memory) -> None:
    other = replace(memory, dreamed=torch.ones(3, 32, 32), aim=2.0)
    when = torch.linspace(0, 1, 32).expand(1, 32, 32)
    assert torch.equal(replaced(memory, other, 0.0, when).dreamed, memory.dreamed)
    late = replaced(memory, other, 1.0, when)
    assert torch.equal(late.dreamed, other.dreamed) and late.source is memory.source
    assert [replaced(memory, other, share, when).aim for share in (0.2, 0.8)] == [1.0, 2.0]
    half = replaced(memory, other, 0.5, when).dreamed
    assert torch.equal(half[..., :8], other.dreamed[..., :8])
    assert torch.equal(half[..., -8:], memory.dreamed[..., -8:])


def test_a_lap_is_led_back_to_the_dreams_before_it(memory: Memory) -> None:
    lap = Lap(count=10, fade=4)
    before = {index: torch.full((3, 32, 32), 0.5 + index / 16) for index in range(-6, 0)}
    for index, dreamed in before.items():
        lap.keep(index, replace(memory, dreamed=dreamed))
    assert lap.start is not None and torch.equal(lap.start.dreamed, before[-1])
    for index in range(7):
        assert lap.led(index, memory) is memory
    # The memory before frame 9 is that after frame 8, whose place before the lap is -2.
    assert torch.equal(lap.led(9, memory).dreamed, before[-2])
    changed = [(lap.led(k, memory).dreamed != memory.dreamed).float().mean() for k in (7, 8, 9)]
    assert 0 < changed[0] < changed[1] < changed[2] == 1
