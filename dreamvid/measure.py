"""How calm, strong, sharp and even a dreamed film is, judged against its source.

D = dreamed - source; W = warp along the source's backward flow (DIS, Lanczos4); M = pixels where
that flow may be trusted by the published formulas, not by the mask that the carry itself uses.
Colours are 0..1. A pair of frames of which less than a tenth can be trusted is a cut and is left
out of what compares neighbours.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.errors import UsageError
from dreamvid.image import to_image
from dreamvid.motion.flow import Array, Flow, FlowEstimator, estimator, resize_flow, shrink
from dreamvid.motion.warp import places

Judge = Callable[[torch.Tensor], torch.Tensor]
"""Gives the activations (of any shape) of an image [3, H, W] in 0..1."""

LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)

SHRINK = 8
"""How many times smaller pictures are compared by `legible`."""

LEAST_TRUSTED = 0.1
"""A smaller share of trusted pixels than this means a cut."""


@dataclass(frozen=True)
class Measures:
    """The measures of one film; None where there is nothing to measure.

    `r`: how far the dream of neighbouring frames differs, 0 carried perfectly, 2 independent.
    `e_warp`: mean square of what a frame differs from the warp of the one before it (Lai et al.
    2018); `e_ratio`: that of the dream over that of the source. `gain`: mean squared activations
    of a judge, dreamed over source. `hf`: standard deviation of the Laplacian of luma. `drift`:
    gain of the last quarter over that of the second. `fresh`: mean |D| where M has just failed
    over mean |D| elsewhere. `legible`: correlation of source and dreamed luma, 8 times smaller.
    `seam`: step from the last frame to the first over the median step between neighbours.
    `trusted`: mean share of pixels in M. `damage` says what of the two films could not be read.
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
    seam: float | None
    trusted: float | None
    damage: str | None = None

    def relative_to(self, independent: Measures) -> dict[str, float | None]:
        """e_warp, gain and hf over those of a film whose every frame was dreamed for itself."""
        return {
            "e_warp": _ratio(self.e_warp, independent.e_warp),
            "gain": _ratio(self.gain, independent.gain),
            "hf": _ratio(self.hf, independent.hf),
        }


def measure(
    source: Iterable[Array],
    dreamed: Iterable[Array],
    *,
    judge: Judge | None = None,
    loop: bool = False,
) -> Measures:
    """Measure a dreamed film against its source, frame by frame, as far as the shorter one goes.

    The arrays are [H, W, 3] RGB, uint8 or uint16, the two films of one size. Without a judge there
    is no gain and no drift; `seam` is measured for a loop only. Raises UsageError for films of
    different sizes and when there is no frame.
    """
    meter = _Meter(judge)
    for source_array, dreamed_array in zip(source, dreamed, strict=False):
        meter.add(source_array, dreamed_array)
    return meter.result(loop=loop)


@dataclass
class _Moment:
    """One frame of both films, colours 0..1."""

    small: Array
    source: NDArray[np.float32]
    dreamed: NDArray[np.float32]

    @property
    def dream(self) -> NDArray[np.float32]:
        return self.dreamed - self.source


@dataclass
class _Meter:
    """Sums over the frames seen so far; keeps one frame, and a few numbers a frame."""

    judge: Judge | None
    flow: FlowEstimator = field(default_factory=estimator)
    first: _Moment | None = None
    before: _Moment | None = None
    sums: dict[str, float] = field(default_factory=dict)
    series: dict[str, array[float]] = field(default_factory=dict)

    def add(self, source: Array, dreamed: Array) -> None:
        if source.shape != dreamed.shape:
            raise UsageError(
                f"the source is {source.shape[1]}x{source.shape[0]}, "
                f"the dream {dreamed.shape[1]}x{dreamed.shape[0]}",
                remedy="measure films of one size",
            )
        now = _Moment(shrink(source), _unit(source), _unit(dreamed))
        self._look(now, source, dreamed)
        if self.before is not None:
            self._note("step", np.abs(now.dreamed - self.before.dreamed).mean())
            self._compare(now, self.before)
        self.first, self.before = self.first or now, now

    def _look(self, now: _Moment, source: Array, dreamed: Array) -> None:
        """Measure a frame by itself."""
        luma, source_luma = cv2.transform(now.dreamed, LUMA), cv2.transform(now.source, LUMA)
        self._note("hf", cv2.Laplacian(luma, cv2.CV_32F, ksize=1).std())
        likeness = _likeness(luma, source_luma)
        if likeness is not None:
            self._note("legible", likeness)
        if self.judge is not None:
            with torch.no_grad():
                self._note("power", self.judge(to_image(dreamed)).square().mean().item())
                self._note("source power", self.judge(to_image(source)).square().mean().item())

    def _compare(self, now: _Moment, before: _Moment) -> None:
        """Measure a frame against the one before it."""
        back, there = self.flow(now.small, before.small), self.flow(before.small, now.small)
        mask = _resize_truth(trusted(back, there), now.source)
        back = resize_flow(back, *now.source.shape[:2])
        self._note("trusted", mask.mean())
        if mask.mean() < LEAST_TRUSTED:
            return
        carried, dream = _along(before.dream, back), now.dream
        self._note("e_warp", _square(now.dreamed - _along(before.dreamed, back), mask).mean())
        self._note("e_source", _square(now.source - _along(before.source, back), mask).mean())
        self._sum("change", _square(dream - carried, mask).sum())
        self._sum("size", 0.5 * (_square(dream, mask).sum() + _square(carried, mask).sum()))
        amount = np.abs(dream).mean(axis=2, dtype=np.float64)
        for name, part in (("fresh", ~mask), ("elsewhere", mask)):
            self._sum(name, amount[part].sum())
            self._sum(f"{name} pixels", float(part.sum()))

    def _sum(self, name: str, value: float) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + float(value)

    def _note(self, name: str, value: float) -> None:
        self.series.setdefault(name, array("d")).append(float(value))

    def result(self, *, loop: bool) -> Measures:
        if self.first is None or self.before is None:
            raise UsageError("there is no frame to measure", remedy="give two films with frames")
        count, total = len(self.series["hf"]), self.sums.get
        seam = float(np.abs(self.first.dreamed - self.before.dreamed).mean()) if loop else None
        steps = self.series.get("step")
        return Measures(
            frames=count,
            r=_ratio(total("change"), total("size")),
            e_warp=self._mean("e_warp"),
            e_ratio=_ratio(self._mean("e_warp"), self._mean("e_source")),
            gain=self._gain(0, count),
            hf=float(np.mean(self.series["hf"])),
            drift=_ratio(
                self._gain(count - count // 4, count), self._gain(count // 4, count // 4 * 2)
            ),
            fresh=_ratio(
                _ratio(total("fresh"), total("fresh pixels")),
                _ratio(total("elsewhere"), total("elsewhere pixels")),
            ),
            legible=self._mean("legible"),
            seam=_ratio(seam, float(np.median(steps)) if steps else None),
            trusted=self._mean("trusted"),
        )

    def _mean(self, name: str, start: int = 0, end: int | None = None) -> float | None:
        values = self.series.get(name, array("d"))[start:end]
        return float(np.mean(values)) if values else None

    def _gain(self, start: int, end: int) -> float | None:
        return _ratio(self._mean("power", start, end), self._mean("source power", start, end))


def trusted(backward: Flow, forward: Flow) -> NDArray[np.bool_]:
    """M: where a backward flow may be trusted (Sundaram et al. 2010), without any scaling.

    With w the backward flow and w' the forward flow at x + w: |w + w'|^2 <= 0.01 (|w|^2 + |w'|^2)
    + 0.5, x + w inside the picture, and no motion boundary, |grad w|^2 <= 0.01 |w|^2 + 0.002.
    Thresholds hold at the (at most 540) lines on which flow is estimated.
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


def _unit(array: Array) -> NDArray[np.float32]:
    return np.asarray(array / np.float32(np.iinfo(array.dtype).max), np.float32)


def _along(picture: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    x, y = places(flow)
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LANCZOS4, borderMode=border), np.float32)


def _square(picture: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.square(picture[mask], dtype=np.float64)


def _resize_truth(mask: NDArray[np.bool_], like: NDArray[np.float32]) -> NDArray[np.bool_]:
    size = like.shape[1], like.shape[0]
    resized = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized, np.bool_)


def _likeness(a: Array, b: Array) -> float | None:
    """Correlation of two planes, shrunk; None where one of them is a single tone."""
    size = max(1, a.shape[1] // SHRINK), max(1, a.shape[0] // SHRINK)
    a, b = (cv2.resize(x, size, interpolation=cv2.INTER_AREA).ravel() for x in (a, b))
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else None


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None
