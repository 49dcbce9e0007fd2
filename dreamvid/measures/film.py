"""Measure stability, strength, sharpness and evenness of a dreamed film against its source.

D = dreamed - source; W = warp along the source's backward flow (DIS, Lanczos4); M = pixels where
the flow is consistent by the published formulas, not by the mask that the carry itself uses.
Colours are 0..1. A pair of frames with less than a tenth of trusted pixels is a cut and is excluded
from the measures that compare neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

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
)
from dreamvid.motion.flow import Array, Flow, FlowEstimator, estimator, resize_flow, shrink
from dreamvid.motion.warp import places

SHRINK = 8
"""Factor by which frames are shrunk for `legible`."""

FINE = 2.0
"""Sigma in pixels of the Gaussian high-pass filter for `fringe`."""

LEAST_TRUSTED = 0.1
"""A share of trusted pixels below this means a cut."""


@dataclass(frozen=True)
class Measures:
    """The measures of one film; None where undefined.

    `r`: relative difference of the dream between neighbouring frames, 0 carried perfectly, 2
    independent. `e_warp`: mean squared difference of a frame from the warped previous one (Lai et
    al. 2018); `e_ratio`: that of the dream over that of the source. `gain`: mean squared
    activations of a judge, dreamed over source. `hf`: standard deviation of the Laplacian of luma.
    `drift`: gain of the last quarter over that of the second. `fresh`: mean |D| where M has just
    failed over mean |D| elsewhere. `legible`: correlation of source and dreamed luma, shrunk 8
    times.
    `fringe`: square root of mean chroma^2 over mean luma^2 of D, high-pass filtered with a Gaussian
    of sigma 2; chroma^2 is the mean of (R - Y)^2 and (B - Y)^2. `alive`: mean squared activations
    of the dreamed film, last third over first second. `seam`: step from the last frame to the
    first over the median step between neighbours. `flashes`: the most general flashes of the
    dreamed film within any second (WCAG 2.2). `trusted`: mean share of pixels in M.
    `damage` describes damaged or missing frames.
    """

    frames: int
    r: float | None
    e_warp: float | None
    e_ratio: float | None
    gain: float | None
    hf: float
    drift: float | None
    fresh: float | None
    legible: float | None
    fringe: float | None
    alive: float | None
    seam: float | None
    flashes: int | None
    trusted: float | None
    damage: str | None = None

    def relative_to(self, independent: Measures) -> dict[str, float | None]:
        """Measures relative to those of a film with independently dreamed frames."""
        return {
            name: ratio(getattr(self, name), getattr(independent, name))
            for name in ("e_warp", "gain", "hf", "alive")
        }


def measure(
    source: Iterable[Array],
    dreamed: Iterable[Array],
    *,
    judge: Judge | None = None,
    rate: float | None = None,
    loop: bool = False,
) -> Measures:
    """Measure a dreamed film against its source, frame by frame, up to the end of the shorter one.

    The arrays are [H, W, 3] RGB, uint8 or uint16, of equal size. Without a judge there is no gain,
    drift and `alive`, which also needs the frame rate, as `flashes` do; `seam` is measured only for
    a loop. Raises UsageError for films of different sizes or without frames.
    """
    meter = _Meter(judge, rate)
    for source_array, dreamed_array in zip(source, dreamed, strict=False):
        meter.add(source_array, dreamed_array)
    return meter.result(loop=loop)


@dataclass
class _Moment:
    """One frame of both films, colours 0..1."""

    small: Array
    source: Picture
    dreamed: Picture

    @property
    def dream(self) -> Picture:
        return self.dreamed - self.source


@dataclass
class _Meter:
    """Accumulates the measures; keeps one frame, and a few numbers per frame."""

    judge: Judge | None
    rate: float | None
    flow: FlowEstimator = field(default_factory=estimator)
    first: _Moment | None = None
    before: _Moment | None = None
    notes: Notes = field(default_factory=Notes)

    def __post_init__(self) -> None:
        self.flashes = FlashMeter(self.rate)

    def add(self, source: Array, dreamed: Array) -> None:
        if source.shape != dreamed.shape:
            raise UsageError(
                f"the source is {source.shape[1]}x{source.shape[0]}, "
                f"the dream {dreamed.shape[1]}x{dreamed.shape[0]}",
                remedy="give films of the same size",
            )
        now = _Moment(shrink(source), unit(source), unit(dreamed))
        self._look(now, source, dreamed)
        if self.before is not None:
            self.notes.note("step", np.abs(now.dreamed - self.before.dreamed).mean())
            self._compare(now, self.before)
        self.first, self.before = self.first or now, now

    def _look(self, now: _Moment, source: Array, dreamed: Array) -> None:
        """Measure a frame by itself."""
        luma = luma_of(now.dreamed)
        self.notes.note("hf", hf_of(luma))
        self.flashes.add(now.dreamed)
        likeness = _likeness(luma, luma_of(now.source))
        if likeness is not None:
            self.notes.note("legible", likeness)
        fine = now.dream - cv2.GaussianBlur(now.dream, (0, 0), FINE)
        fine_luma = luma_of(fine)
        self.notes.add("fine luma", np.square(fine_luma, dtype=np.float64).mean())
        fine_chroma = chroma_of(fine, fine_luma)
        self.notes.add("fine chroma", np.square(fine_chroma, dtype=np.float64).mean())
        if self.judge is not None:
            self.notes.note("power", power_of(self.judge, dreamed))
            self.notes.note("source power", power_of(self.judge, source))

    def _compare(self, now: _Moment, before: _Moment) -> None:
        """Compare a frame with the previous one."""
        back, there = self.flow(now.small, before.small), self.flow(before.small, now.small)
        mask = _resize_truth(trusted(back, there), now.source)
        back = resize_flow(back, *now.source.shape[:2])
        self.notes.note("trusted", mask.mean())
        if mask.mean() < LEAST_TRUSTED:
            return
        carried, dream = along(before.dream, back), now.dream
        self.notes.note("e_warp", _square(now.dreamed - along(before.dreamed, back), mask).mean())
        self.notes.note("e_source", _square(now.source - along(before.source, back), mask).mean())
        self.notes.add("change", _square(dream - carried, mask).sum())
        self.notes.add("size", 0.5 * (_square(dream, mask).sum() + _square(carried, mask).sum()))
        amount = np.abs(dream).mean(axis=2, dtype=np.float64)
        for name, part in (("fresh", ~mask), ("elsewhere", mask)):
            self.notes.add(name, amount[part].sum())
            self.notes.add(f"{name} pixels", float(part.sum()))

    def result(self, *, loop: bool) -> Measures:
        if self.first is None or self.before is None:
            raise UsageError("there are no frames to measure", remedy="give two films with frames")
        notes, total = self.notes, self.notes.total
        count, fringe = len(notes.series("hf")), ratio(total("fine chroma"), total("fine luma"))
        return Measures(
            frames=count,
            r=ratio(total("change"), total("size")),
            e_warp=notes.mean("e_warp"),
            e_ratio=ratio(notes.mean("e_warp"), notes.mean("e_source")),
            gain=self._gain(0, count),
            hf=float(np.mean(notes.series("hf"))),
            drift=ratio(
                self._gain(count - count // 4, count), self._gain(count // 4, count // 4 * 2)
            ),
            fresh=ratio(
                ratio(total("fresh"), total("fresh pixels")),
                ratio(total("elsewhere"), total("elsewhere pixels")),
            ),
            legible=notes.mean("legible"),
            fringe=None if fringe is None else fringe**0.5,
            alive=alive(notes, self.rate),
            seam=seam_of(self.first.dreamed, self.before.dreamed, notes.series("step"))
            if loop
            else None,
            flashes=self.flashes.most,
            trusted=notes.mean("trusted"),
        )

    def _gain(self, start: int, end: int) -> float | None:
        notes = self.notes
        return ratio(notes.mean("power", start, end), notes.mean("source power", start, end))


def trusted(backward: Flow, forward: Flow) -> NDArray[np.bool_]:
    """M: where a backward flow can be trusted (Sundaram et al. 2010), without scaling.

    With w the backward flow and w' the forward flow at x + w: |w + w'|^2 <= 0.01 (|w|^2 + |w'|^2)
    + 0.5, x + w inside the picture, and no motion boundary, |grad w|^2 <= 0.01 |w|^2 + 0.002.
    Thresholds apply at the working size of the flow (at most 540 lines).
    """
    height, width = backward.shape[:2]
    x, y = places(backward)
    back = cv2.remap(forward, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    length = (backward**2).sum(axis=2)
    agreed = ((backward + back) ** 2).sum(axis=2) <= 0.01 * (length + (back**2).sum(axis=2)) + 0.5
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    steep = np.zeros_like(length)
    for axis in (axis for axis in (0, 1) if backward.shape[axis] > 1):
        steep += (np.gradient(backward, axis=axis) ** 2).sum(axis=2)
    mask: NDArray[np.bool_] = agreed & inside & (steep <= 0.01 * length + 0.002)
    return mask


def _square(picture: Picture, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.square(picture[mask], dtype=np.float64)


def _resize_truth(mask: NDArray[np.bool_], like: Picture) -> NDArray[np.bool_]:
    size = like.shape[1], like.shape[0]
    resized = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized, np.bool_)


def _likeness(a: Array, b: Array) -> float | None:
    """Correlation of two planes after shrinking; None if one of them is constant."""
    size = max(1, a.shape[1] // SHRINK), max(1, a.shape[0] // SHRINK)
    a, b = (cv2.resize(x, size, interpolation=cv2.INTER_AREA).ravel() for x in (a, b))
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else None
