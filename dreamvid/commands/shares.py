"""What many workers will take for a film: an estimate from the lengths of its first shots."""

from __future__ import annotations

import heapq
import itertools
import os
from collections.abc import Iterator, Sequence

from dreamvid.sequence.plan import FADE, Shot, pieces


def pieces_like(
    lengths: Sequence[int], frames: int, every: int | None, *, fade: int = FADE
) -> tuple[Shot, ...]:
    """The pieces of a film of so many `frames` whose shots are as long as those seen, in turn.

    A single one is as long as the film. `fade` is as in `pieces`.
    """
    return tuple(_pieces_like(lengths if len(lengths) > 1 else [frames], frames, every, fade))


def _pieces_like(
    lengths: Sequence[int], frames: int, every: int | None, fade: int
) -> Iterator[Shot]:
    first = 0
    for length in itertools.cycle(lengths):
        end = min(frames, first + length)
        yield from pieces(first, end, every, fade=fade)
        if end == frames:
            return
        first = end


def threads_of_each(workers: int) -> int:
    """The number of threads of each of so many workers on this machine."""
    return max(1, (os.cpu_count() or 1) // workers)


def seconds_of(
    shots: Sequence[Shot], workers: int, *, first: float, carried: float, on_gpu: bool
) -> float:
    """The time of so many workers, each of which takes the next shot that is free.

    `first` is that of a frame that is dreamed in full, `carried` that of others, with the threads
    of one worker. Workers that share a core or a GPU wait for each other.
    """
    cores = os.cpu_count() or 1
    shared = workers if on_gpu else max(1, workers * threads_of_each(workers) / cores)
    free = [0.0] * workers
    for shot in shots:
        dreamed = shot.frames + shot.warm - 1
        heapq.heapreplace(free, free[0] + shared * (first + dreamed * carried))
    return max(free)
