"""Seams: how the dream of one piece is led to that of the next, and what is kept of a warm-up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest
import torch
from tiny import known_frames, moved, tiny_dreamer

from dreamvid.sequence.frames import Frame
from dreamvid.sequence.lap import Lap
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.plan import Shot
from dreamvid.sequence.render import carry_for, render_with_memory
from dreamvid.sequence.seams import Seams

SHOTS = (Shot(0, 8), Shot(8, 16, 6, 4), Shot(16, 20), Shot(20, 28, 6, 4))
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def memory() -> Memory:
    frame = Frame(0, Fraction(0), torch.zeros(3, 32, 32), None)
    return carry_for(frame, tiny_dreamer(octaves=1, iterations=1), 0.9)(frame, None)


class Warmer:
    """Makes warm-ups whose images tell the index of their frame, and counts them."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.asked = memory, list[int]()

    @contextmanager
    def __call__(self, shot: Shot) -> Iterator[Iterator[Memory]]:
        self.asked.append(shot.first)
        indices = range(shot.first - shot.warm, shot.first)
        yield (replace(self.memory, dreamed=image_of(n), aim=2.0, shot=9) for n in indices)


def image_of(index: int) -> torch.Tensor:
    return torch.full((3, 32, 32), 0.5 + index / 64)


@pytest.fixture
def warmer(memory: Memory) -> Warmer:
    return Warmer(memory)


@pytest.fixture
def seams(warmer: Warmer, tmp_path: Path) -> Seams:
    return Seams(tmp_path, SHOTS, warmer, device=CPU)


def test_parts_end_where_pieces_begin(seams: Seams) -> None:
    assert [index for index in range(40) if seams.is_break(index)] == [8, 20]


def test_before_a_seam_the_dream_is_replaced_by_the_warm_up(seams: Seams, memory: Memory) -> None:
    for index in (0, 4, 9, 16, 28, 99):
        assert seams.before(index, memory) is memory
    shares = []
    for index in (5, 6, 7):
        found = seams.before(index, memory)
        assert found is not None and found.shot == memory.shot
        shares.append(float((found.dreamed == image_of(index - 1)).float().mean()))
    assert shares[0] < shares[1] < shares[2] == 1  # the dream of the frame before


def test_a_piece_begins_with_the_memory_of_its_warm_up(seams: Seams, memory: Memory) -> None:
    for before in (None, replace(memory, shot=3)):
        found = seams.before(20, before)
        assert found is not None and torch.equal(found.dreamed, image_of(19))
        assert torch.equal(found.source, memory.source)  # all of it
        assert found.shot == (9 if before is None else 3)
    assert seams.before(0, None) is None


def test_a_warm_up_is_dreamed_once_and_kept(
    seams: Seams, warmer: Warmer, memory: Memory, tmp_path: Path
) -> None:
    seams.before(8, None)
    again = Seams(tmp_path, SHOTS, warmer, device=CPU)
    again.before(6, memory)
    assert warmer.asked == [8]
    assert len(list((tmp_path / "seam-000000008").glob("*.memory"))) == 4


@pytest.mark.parametrize("harm", ["byte", "file", "digests"])
def test_a_damaged_one_is_dreamed_again(
    harm: str, seams: Seams, warmer: Warmer, memory: Memory, tmp_path: Path
) -> None:
    seams.before(8, None)
    place = tmp_path / "seam-000000008"
    last = max(place.glob("*.memory"))
    if harm == "byte":
        data = bytearray(last.read_bytes())
        data[-1] ^= 1
        last.write_bytes(data)
    else:
        (last if harm == "file" else place / "digests.json").unlink()
    found = Seams(tmp_path, SHOTS, warmer, device=CPU).before(8, None)
    assert warmer.asked == [8, 8]
    assert found is not None and torch.equal(found.dreamed, image_of(7))


def test_warm_ups_go_when_both_pieces_have_them_here_or_elsewhere(
    seams: Seams, tmp_path: Path
) -> None:
    for first in (8, 20):
        seams.before(first, None)
    for elsewhere, left in (((), [8, 20]), ({8, 20}, [8, 20]), ({0, 8}, [20]), ({16, 20}, [])):
        seams.tidy(elsewhere)
        assert sorted(int(seam.name[5:]) for seam in tmp_path.glob("seam-*/")) == left


def test_what_fails_leaves_nothing(memory: Memory, tmp_path: Path) -> None:
    @contextmanager
    def broken(shot: Shot) -> Iterator[Iterator[Memory]]:
        def one() -> Iterator[Memory]:
            yield memory
            raise RuntimeError("no more")

        yield one()

    with pytest.raises(RuntimeError, match="no more"):
        Seams(tmp_path, SHOTS, broken, device=CPU).before(8, None)
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_the_last_frame_before_a_seam_is_that_of_the_warm_up(tmp_path: Path) -> None:
    """The join is as smooth as the warm-up itself; without the lead it is a jump."""
    dream, frames = tiny_dreamer(iterations=3), known_frames(moved(24))

    @contextmanager
    def warm(shot: Shot) -> Iterator[Iterator[Memory]]:
        first, *others = frames[shot.first - shot.warm : shot.first]
        alone = [replace(first, motion=None), *others]
        yield (memory for _, memory in render_with_memory(alone, dream, stability=0.9))

    lead = Seams(tmp_path, (Shot(0, 16), Shot(16, 24, 8, 6)), warm, device=CPU)
    with warm(Shot(16, 24, 8, 6)) as memories:
        *_, last = memories
    rendered = render_with_memory(iter(frames), dream, stability=0.9, lead=lead)
    led = [memory.dreamed for _, memory in islice(rendered, 24)]
    plain = [memory.dreamed for _, memory in render_with_memory(frames, dream, stability=0.9)]
    assert (led[15] - last.dreamed).abs().mean() < 0.02 < (plain[15] - last.dreamed).abs().mean()
    assert all(torch.equal(one, two) for one, two in zip(led[:11], plain[:11], strict=True))


def test_after_a_frame_nothing_is_changed(seams: Seams, memory: Memory) -> None:
    for lead in (seams, Lap(10, 4)):
        assert lead.after(7, memory) is memory
    assert not Lap(10, 4).is_break(3)
