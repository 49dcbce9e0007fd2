"""The loop: carry the dream from frame to frame and add to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import torch

from dreamvid.dream.dreamer import Dreamer, Gauge
from dreamvid.sequence.film_carry import FilmCarry
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.zoom_feedback import ZoomFeedback

Carry = Callable[[Frame, Memory | None], Memory]
"""Dreams a frame, starting from the memory of the previous one."""

DreamerAt = Callable[[int], Dreamer]
"""The Dreamer of each frame, by its index."""


def render(
    frames: Iterable[Frame],
    dream: Dreamer | DreamerAt,
    *,
    stability: float | Callable[[int], float] = 0.9,
) -> Iterator[torch.Tensor]:
    """Dream a sequence: yields an image [3, H, W] of float32 in 0..1 for every frame.

    `stability` 0..1 sets the temporal stability: 0 dreams every frame independently. It and `dream`
    may be functions of the frame index. Raises UsageError for a stability out of range.
    """
    for _, memory in render_with_memory(frames, dream, stability=stability):
        yield memory.dreamed


def render_with_memory(
    frames: Iterable[Frame],
    dream: Dreamer | DreamerAt,
    *,
    stability: float | Callable[[int], float],
    memory: Memory | None = None,
) -> Iterator[tuple[Frame, Memory]]:
    """Dream a sequence: yields every frame with the memory after it.

    With the `memory` of an earlier frame the sequence resumes from there, with the same bytes as
    without interruption.
    """
    for frame in frames:
        carry, memory = _prepared(frame, memory, dream, stability)
        memory = carry(frame, memory)
        yield frame, memory


def _prepared(
    frame: Frame,
    memory: Memory | None,
    dream: Dreamer | DreamerAt,
    stability: float | Callable[[int], float],
) -> tuple[Carry, Memory | None]:
    """The carry function for a frame, and the memory adapted to the current settings."""
    steadiness = stability(frame.index) if callable(stability) else stability
    if isinstance(dream, Dreamer):
        picture = frame.image if memory is None else memory.dreamed
        assert picture is not None, "a sequence begins with an image"
        return carry_for(frame, dream.fitted(*picture.shape[-2:]), steadiness), memory
    now = dream(frame.index)
    if memory is not None:
        memory = _adapt_memory(memory, dream(frame.index - 1), now, frame)
    return carry_for(frame, now, steadiness), memory


def carry_for(frame: Frame, dream: Dreamer, stability: float) -> Carry:
    """Film carry, or zoom feedback for a frame that has no image."""
    return (
        FilmCarry(dream, stability) if frame.image is not None else ZoomFeedback(dream, stability)
    )


def _adapt_memory(memory: Memory, before: Dreamer, now: Dreamer, frame: Frame) -> Memory | None:
    """Adapt the memory to a changed dose; None if nothing had been dreamed before."""
    if before is now:
        return memory
    if before.objective.layers != now.objective.layers:  # gradient magnitudes differ
        memory = replace(memory, gauge=Gauge())
    if frame.image is None:
        return replace(memory, reference=memory.reference._replace(height=None))
    if now.dose.step == 0:
        return memory
    if before.dose.step == 0:
        return None
    spread = memory.reference.spread * now.dose.step / before.dose.step
    return replace(memory, reference=memory.reference._replace(spread=spread, height=None))
