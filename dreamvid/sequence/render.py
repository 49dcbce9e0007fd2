"""The loop: carry the dream from frame to frame and add to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import torch

from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Gauge
from dreamvid.sequence.film_carry import FilmCarry, check_stability
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.lap import Lead
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.regions import Regions, RegionsCarry
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
    carry, memory = make_carry(dream, stability), None
    for frame in frames:
        memory = carry(frame, memory)
        yield memory.dreamed


def render_with_memory(
    frames: Iterable[Frame],
    dream: Dreamer | DreamerAt,
    *,
    stability: float | Callable[[int], float],
    memory: Memory | None = None,
    lead: Lead | None = None,
) -> Iterator[tuple[Frame, Memory]]:
    """Dream a sequence: yields every frame with the memory after it.

    With the `memory` of an earlier frame the sequence resumes there, and gives the same bytes as
    an uninterrupted run. `lead` may replace the memory before and after a frame.
    """
    carry = make_carry(dream, stability)
    for frame in frames:
        if lead is not None:
            memory = lead.before(frame.index, memory)
        memory = carry(frame, memory)
        if lead is not None:
            memory = lead.after(frame.index, memory)
        yield frame, memory


def make_carry(dream: Dreamer | DreamerAt, stability: float | Callable[[int], float]) -> Carry:
    """The carry of a whole sequence; UsageError for a stability out of range."""
    if isinstance(dream, Regions):
        carries = [make_carry(region.dream, stability) for region in dream.regions]
        return RegionsCarry(carries, dream)
    if isinstance(dream, Dreamer) and not callable(stability):
        return SteadyCarry(dream, stability)
    return ScheduledCarry(
        (lambda _: dream) if isinstance(dream, Dreamer) else dream,
        stability if callable(stability) else lambda _: stability,
    )


class SteadyCarry:
    """Carries with one dose: film carry, or zoom feedback for frames without an image.

    The octaves are fitted to the size of the first frame.
    """

    def __init__(self, dream: Dreamer, stability: float) -> None:
        check_stability(stability)
        self._dream, self._stability = dream, stability
        self._carries: dict[bool, Carry] = {}

    def __call__(self, frame: Frame, memory: Memory | None) -> Memory:
        """Dream the next frame."""
        has_image = frame.image is not None
        if has_image not in self._carries:
            picture = frame.image if memory is None else memory.dreamed
            assert picture is not None, "a sequence begins with an image"
            dream = self._dream.fitted(*picture.shape[-2:])
            self._carries[has_image] = carry_for(frame, dream, self._stability)
        return self._carries[has_image](frame, memory)


class ScheduledCarry:
    """Wraps SteadyCarry where the dose or the stability may change from frame to frame."""

    def __init__(self, dream_at: DreamerAt, stability_at: Callable[[int], float]) -> None:
        self._dream_at, self._stability_at = dream_at, stability_at
        self._current: tuple[Dreamer, float] | None = None

    def __call__(self, frame: Frame, memory: Memory | None) -> Memory:
        """Dream the next frame with what the schedules say of it."""
        dream, stability = self._dream_at(frame.index), self._stability_at(frame.index)
        if memory is not None:
            memory = adapt_memory(memory, self._dream_at(frame.index - 1), dream, frame)
        if self._current != (dream, stability):
            self._current, self._carry = (dream, stability), SteadyCarry(dream, stability)
        return self._carry(frame, memory)


def carry_for(frame: Frame, dream: Dreamer, stability: float) -> Carry:
    """Film carry, or zoom feedback for a frame that has no image."""
    return (
        FilmCarry(dream, stability) if frame.image is not None else ZoomFeedback(dream, stability)
    )


def adapt_memory(memory: Memory, before: Dreamer, now: Dreamer, frame: Frame) -> Memory | None:
    """Adapt the memory to a changed dose; None if nothing had been dreamed before."""
    if before is now:
        return memory
    family = now.objective.family
    alike = family == before.objective.family and before.layers == now.layers
    if family and alike and now.dose == before.dose:
        return memory
    if before.layers != now.layers:  # gradient magnitudes differ
        memory = replace(memory, gauge=Gauge())
    if frame.image is None:
        return replace(memory, reference=memory.reference._replace(height=None))
    if now.dose.step == 0:
        return memory
    if before.dose.step == 0:
        return None
    spread = memory.reference.spread * now.dose.step / before.dose.step
    return replace(memory, reference=memory.reference._replace(spread=spread, height=None))
