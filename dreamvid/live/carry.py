"""The carry of a live picture: that of films and zooms, while dials and sizes change."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import torch

from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Gauge
from dreamvid.dream.octaves import Size, octave_sizes, resize
from dreamvid.live.frames import LiveFrame
from dreamvid.live.looks import Looks
from dreamvid.live.renewal import renewed
from dreamvid.sequence.film_carry import FilmCarry
from dreamvid.sequence.memory import Memory, Reference
from dreamvid.sequence.render import adapt_memory
from dreamvid.sequence.tone import sharpness
from dreamvid.sequence.tuning import CarryTuning
from dreamvid.sequence.zoom_feedback import ZoomFeedback

LIVE = CarryTuning(measure_every=2**62)
"""The tuning of films, but the full dose is measured beside the frames, see Measuring: within one
frame it would take the time of ten."""

MEASURE_EVERY = 20.0
"""Seconds between measurements of the full dose."""

SETTLED = 2.0
"""Seconds after which a changed dose or size is measured, if it has not changed again."""


class LiveCarry:
    """Dreams each frame with the Dreamer of its moment, from the memory of the one before."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._before: Dreamer | None = None
        self._time = 0.0
        self._measuring = Measuring()

    def __call__(self, frame: LiveFrame, memory: Memory | None) -> Memory:
        """Dream the next frame; without a memory it is the first."""
        size = size_of(frame, memory)
        dream, stability = self._looks(size, frame.begun)
        if frame.times != 1:
            dream = longer(dream, frame.times)
        if memory is not None and self._before is not None:
            memory = resized(memory, size)
            if not alike(self._before, dream):
                memory = adapt_memory(memory, self._before, dream, frame)
        passed = frame.begun - self._time
        self._before, self._time = dream, frame.begun
        if frame.image is None:
            return ZoomFeedback(dream, stability)(frame, memory)
        if memory is not None and frame.motion is not None:
            memory = renewed(memory, frame.begun, passed)
        now = FilmCarry(dream, stability, LIVE)(frame, memory)
        return self._measuring(now, dream, frame.begun)


def size_of(frame: LiveFrame, memory: Memory | None) -> Size:
    """The size (height, width) of a frame, whether it has an image or only a motion."""
    if frame.image is not None:
        return int(frame.image.shape[1]), int(frame.image.shape[2])
    assert frame.motion is not None and memory is not None, "a zoom begins with an image"
    return frame.motion.mask.shape[0], frame.motion.mask.shape[1]


def alike(one: Dreamer, other: Dreamer) -> bool:
    """Whether two Dreamers differ in nothing but the size of the picture."""
    same = one.objective is other.objective and one.layers == other.layers
    return same and one.dose == other.dose


def longer(dream: Dreamer, times: float) -> Dreamer:
    """A Dreamer with more iterations."""
    iterations = tuple(round(count * times) for count in dream.dose.iterations)
    dose = replace(dream.dose, iterations=iterations)
    return dream.with_dose(dose, dream.octave_scale, dream.shape)


def resized(memory: Memory, size: Size) -> Memory:
    """The memory at another size (height, width): the residual keeps its place and strength."""
    if memory.dreamed.shape[-2:] == size:
        return memory
    source = resize(memory.source, size).clamp_(0, 1)
    dreamed = (source + resize(memory.dreamed - memory.source, size)).clamp_(0, 1)
    fresh = resize(memory.fresh, size).clamp_(0, 1)
    return replace(memory, source=source, dreamed=dreamed, fresh=fresh)


class Measuring:
    """Measures the full dose on a frame, one iteration with each of the frames that follow.

    This is what FilmCarry measures within one frame (sequence/reference.py), up to the running mean
    of the gradients. It is done every MEASURE_EVERY seconds, and after the dose has changed.
    """

    def __init__(self) -> None:
        self._run: Generator[None, None, Reference] | None = None
        self._dream: Dreamer | None = None
        self._due = MEASURE_EVERY

    def __call__(self, memory: Memory, dream: Dreamer, now: float) -> Memory:
        """The memory, with a new reference if a measurement has just been finished."""
        if memory.age == 0:  # the full dose has just been measured
            self._dream, self._run, self._due = dream, None, now + MEASURE_EVERY
            return memory
        if dream is not self._dream:
            self._dream, self._run, self._due = dream, None, now + SETTLED
        if self._run is None:
            if now < self._due or dream.dose.step == 0:
                return memory
            self._run, self._due = measuring(dream, memory), now + MEASURE_EVERY
        try:
            next(self._run)
        except StopIteration as end:
            self._run = None
            return replace(memory, reference=end.value)
        return memory


def measuring(dream: Dreamer, memory: Memory) -> Generator[None, None, Reference]:
    """Dream on the source of a memory with the full dose, and return its effect; yields often."""
    source, gauge, shift = memory.source, Gauge(), 0
    dreamed, detail = source, torch.zeros_like(source)
    sizes = octave_sizes(
        int(source.shape[1]),
        int(source.shape[2]),
        octaves=len(dream.dose.iterations),
        scale=dream.octave_scale,
        minimum=dream.network.minimum_size,
    )
    for place, octave in enumerate(sizes):
        base = resize(source, octave)
        dreamed = base + resize(detail, octave)
        iterations, step = dream.dose.on_octave(place - len(sizes))
        one = replace(dream.dose, iterations=(1,), step=step, shares=())
        for _ in range(iterations):
            dreamed = dream.ascend(
                dreamed, one, gauge=gauge, source=base, first_shift=shift, places=memory.places
            )
            shift += 1
            yield
        detail = dreamed - base
    spread = max(1e-6, float((dreamed - source).square().mean().sqrt()))
    edges = sharpness(dreamed) ** 2 - sharpness(source) ** 2
    return Reference(spread, dream.rate(dreamed, source), edges)
