"""A stretch of a finished film: out of the frame before it, and back to the film at its end."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from tiny import source_frames, texture, tiny_dreamer

from dreamvid.image import to_image
from dreamvid.media.reader import SourceFrame
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.rejoin import Rejoin, fade_of
from dreamvid.sequence.render import carry_for

FIRST, END = 10, 30
FADE = fade_of(FIRST, END)
FILM = {index: np.full((48, 64, 3), 100 + index, np.uint8) for index in range(9, 30)}


@pytest.fixture(scope="module")
def memory() -> Memory:
    frame = Frame(9, Fraction(0), to_image(texture()), None)
    alone = carry_for(frame, tiny_dreamer(octaves=1, iterations=1), 0.9)(frame, None)
    return replace(alone, others=(alone,))


def rejoin(memory: Memory, dreamed: dict[int, np.ndarray] | None = None) -> Rejoin:
    asked: list[int] = []

    def begin(source: SourceFrame) -> Memory:
        asked.append(source.index)
        assert asked == [FIRST - 1]
        return memory

    return Rejoin(FIRST, END, FILM if dreamed is None else dreamed, begin)


def test_it_grows_out_of_the_frame_before_in_every_region(memory: Memory) -> None:
    lead = rejoin(memory)
    sources = source_frames([texture(dx=t) for t in range(15)])
    assert list(lead.watched(sources)) == sources
    found = lead.before(FIRST, None)
    assert found is not None
    for region in (found, *found.others):
        assert torch.equal(region.dreamed, to_image(FILM[9]))
        assert torch.equal(region.source, memory.source)
    assert lead.before(FIRST, memory) is memory  # it goes on after a part
    assert lead.before(FIRST + 3, memory) is memory


def test_the_first_frame_of_a_film_has_none_before_it(memory: Memory) -> None:
    assert Rejoin(0, 9, {}, lambda source: memory).before(0, None) is None


def test_at_its_end_it_gives_way_to_the_film(memory: Memory) -> None:
    lead, shares = rejoin(memory), []
    for index in range(FIRST, END):
        found, there = lead.after(index, memory), to_image(FILM[index])
        shares.append(float((found.dreamed == there).float().mean()))
    assert shares[: END - FADE - FIRST] == [0.0] * (END - FADE - FIRST)
    assert shares[-FADE:] == sorted(shares[-FADE:])
    assert shares[-1] > 0.8


def test_before_a_cut_it_does_not(memory: Memory) -> None:
    lead = rejoin(memory, {9: FILM[9]})
    assert all(lead.after(index, memory) is memory for index in range(FIRST, END))


def test_parts_do_not_end_because_of_it(memory: Memory) -> None:
    assert not any(rejoin(memory).is_break(index) for index in range(40))


@pytest.mark.parametrize(("first", "end", "fade"), [(0, 1, 1), (0, 4, 2), (5, 500, 48)])
def test_at_most_half_of_a_stretch_is_led_back(first: int, end: int, fade: int) -> None:
    assert fade_of(first, end) == fade
