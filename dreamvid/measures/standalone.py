"""Measure a film without a source: a zoom or a loop.

W = warp along the exact motion of a zoom's camera (Lanczos4), if known. Colours are 0..1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from dreamvid.errors import UsageError
from dreamvid.measures.terms import (
    FlashMeter,
    Judge,
    Notes,
    Picture,
    alive,
    along,
    chroma_of,
    hf_of,
    luma_of,
    power_of,
    ratio,
    seam_of,
    unit,
    whole_second,
)
from dreamvid.motion.estimate import Motion
from dreamvid.motion.flow import Array

Moves = Callable[[int], Motion | None]
"""The motion from the previous frame to a frame, None if unknown or if there is none."""


@dataclass(frozen=True)
class StandaloneMeasures:
    """The measures of a film without a source; None where undefined.

    `r`: change along the motion, sum |V_t - W V_(t-1)|^2 over half the sum of |V_t - m|^2 and
    |W V_(t-1) - m|^2, m the mean colour of both, over pixels visible in the previous frame: 0
    carried perfectly, 2 independent. `hf`: standard deviation of the Laplacian of luma. `alive`:
    mean squared activations of a judge, last third over first second. Last second over first:
    `brightness` and `contrast`, mean and standard deviation of luma Y, and `colour`, standard
    deviation of chroma (R - Y, B - Y); `tint` is how far the mean chroma has moved. `seam`: step
    from the last frame to the first over the median step between neighbours. `flashes`: the most
    general flashes within any second (WCAG 2.2). `damage` describes damaged or missing frames.
    """

    frames: int
    r: float | None
    hf: float
    alive: float | None
    brightness: float | None
    contrast: float | None
    colour: float | None
    tint: float | None
    seam: float | None
    flashes: int | None
    damage: str | None = None


def measure_standalone(
    frames: Iterable[Array],
    *,
    judge: Judge | None = None,
    rate: float | None = None,
    moves: Moves | None = None,
    loop: bool = False,
) -> StandaloneMeasures:
    """Measure a film without a source, frame by frame.

    The arrays are [H, W, 3] RGB, uint8 or uint16. `r` needs the motion, `alive` a judge and the
    frame rate, `flashes` the rate; `seam` is measured only for a loop. Raises UsageError without
    frames.
    """
    meter = _Meter(judge, FlashMeter(rate))
    for index, pixels in enumerate(frames):
        meter.add(pixels, moves(index) if moves and index else None)
    return meter.result(rate, loop=loop)


@dataclass
class _Meter:
    """Accumulates the measures; keeps one frame, and a few numbers per frame."""

    judge: Judge | None
    flashes: FlashMeter
    first: Picture | None = None
    before: Picture | None = None
    notes: Notes = field(default_factory=Notes)

    def add(self, pixels: Array, motion: Motion | None) -> None:
        now = unit(pixels)
        self._look(now)
        self.flashes.add(now)
        if self.judge is not None:
            self.notes.note("power", power_of(self.judge, pixels))
        if self.before is None:
            self.first = now
        else:
            self.notes.note("step", np.abs(now - self.before).mean())
            if motion is not None:
                self._compare(now, self.before, motion)
        self.before = now

    def _look(self, now: Picture) -> None:
        """Measure a single frame."""
        luma = luma_of(now)
        chroma = chroma_of(now, luma)
        self.notes.note("hf", hf_of(luma))
        self.notes.note("brightness", luma.mean(dtype=np.float64))
        self.notes.note("contrast", luma.std(dtype=np.float64))
        for name, plane in (("red", chroma[..., 0]), ("blue", chroma[..., 1])):
            self.notes.note(name, plane.mean(dtype=np.float64))
        self.notes.note("colour", np.sqrt(chroma.var(axis=(0, 1), dtype=np.float64).mean()))

    def _compare(self, now: Picture, before: Picture, motion: Motion) -> None:
        """Compare a frame with the previous one."""
        shown = (
            motion.mask > 0.5
        )  # the soft edge lies within the visible part of the previous frame
        here = now[shown].astype(np.float64)
        carried = along(before, motion.backward)[shown].astype(np.float64)
        if not len(here):
            return
        middle = (here.mean(axis=0) + carried.mean(axis=0)) / 2
        self.notes.add("change", np.square(here - carried).sum())
        spread = np.square(here - middle).sum() + np.square(carried - middle).sum()
        self.notes.add("size", 0.5 * spread)

    def result(self, rate: float | None, *, loop: bool) -> StandaloneMeasures:
        if self.first is None or self.before is None:
            raise UsageError("there are no frames to measure", remedy="give a film with frames")
        notes = self.notes
        count = len(notes.series("hf"))
        second = None if rate is None else whole_second(rate, count // 2)
        seam = seam_of(self.first, self.before, notes.series("step")) if loop else None
        return StandaloneMeasures(
            frames=count,
            r=ratio(notes.total("change"), notes.total("size")),
            hf=float(np.mean(notes.series("hf"))),
            alive=alive(notes, rate),
            brightness=self._late("brightness", second),
            contrast=self._late("contrast", second),
            colour=self._late("colour", second),
            tint=None if second is None else self._tint(second),
            seam=seam,
            flashes=self.flashes.most,
        )

    def _late(self, name: str, second: int | None) -> float | None:
        """The last second over the first."""
        if second is None:
            return None
        return ratio(self.notes.mean(name, -second), self.notes.mean(name, 0, second))

    def _tint(self, second: int) -> float:
        """The distance between the mean chroma of the last and the first second."""
        moved = [
            np.mean(values[-second:]) - np.mean(values[:second])
            for values in (self.notes.series("red"), self.notes.series("blue"))
        ]
        return float(np.sqrt(np.mean(np.square(moved))))
