"""Shared parts of the measures of films with and without a source."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from fractions import Fraction

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from dreamvid.image import to_image
from dreamvid.motion.flashes import FlashCounter, linear, luminance
from dreamvid.motion.flow import Array, Flow
from dreamvid.motion.warp import places

Picture = NDArray[np.float32]
Judge = Callable[[torch.Tensor], torch.Tensor]
"""Returns the activations (of any shape) of an image [3, H, W] in 0..1."""

LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)


class Notes:
    """Named sums over all frames, and named series with one number per frame."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._series: dict[str, array[float]] = {}

    def add(self, name: str, value: float) -> None:
        """Add to a sum."""
        self._sums[name] = self._sums.get(name, 0.0) + float(value)

    def note(self, name: str, value: float) -> None:
        """Append to a series."""
        self._series.setdefault(name, array("d")).append(float(value))

    def total(self, name: str) -> float | None:
        """A sum; None if nothing was added."""
        return self._sums.get(name)

    def series(self, name: str) -> Sequence[float]:
        """A series; empty if nothing was appended."""
        return self._series.get(name, array("d"))

    def mean(self, name: str, start: int = 0, end: int | None = None) -> float | None:
        """The mean of a slice of a series; None if it is empty."""
        values = self.series(name)[start:end]
        return float(np.mean(values)) if values else None


class FlashMeter:
    """The most flashes within any second of a film at a rate; None if that is unknown."""

    def __init__(self, rate: float | None) -> None:
        self._rate, self._frames = rate, 0
        self._counter = FlashCounter()
        self.most: int | None = None if rate is None else 0

    def add(self, picture: Picture) -> None:
        """Take note of the next frame."""
        if self._rate is not None and self.most is not None:
            time = Fraction(self._frames) / Fraction(self._rate)
            self.most = max(self.most, self._counter.add(luminance(linear(picture)), time))
        self._frames += 1


def unit(pixels: Array) -> Picture:
    """Convert an array of uint8 or uint16 to float32 in 0..1."""
    return np.asarray(pixels / np.float32(np.iinfo(pixels.dtype).max), np.float32)


def along(picture: Picture, flow: Flow) -> Picture:
    """Warp a picture [H, W, 3] along a backward flow with Lanczos4."""
    x, y = places(flow)
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LANCZOS4, borderMode=border), np.float32)


def luma_of(picture: Picture) -> Picture:
    """Luma Y [H, W] of a picture [H, W, 3]."""
    return np.asarray(cv2.transform(picture, LUMA), np.float32)


def chroma_of(picture: Picture, luma: Picture) -> Picture:
    """Chroma (R - Y, B - Y) [H, W, 2] of a picture [H, W, 3]."""
    return picture[..., ::2] - luma[..., None]


def hf_of(luma: Picture) -> float:
    """Standard deviation of the Laplacian."""
    return float(cv2.Laplacian(luma, cv2.CV_32F, ksize=1).std())


def power_of(judge: Judge, pixels: Array) -> float:
    """Mean of the squared activations of an array [H, W, 3]."""
    with torch.no_grad():
        return judge(to_image(pixels)).square().mean().item()


def whole_second(rate: float, count: int) -> int | None:
    """The number of frames in a second; None if the film is shorter."""
    frames = max(1, round(rate))
    return frames if frames <= count else None


def alive(notes: Notes, rate: float | None) -> float | None:
    """Mean power of the last third of a film over that of its first second.

    None without a rate, or if the film is so short that both overlap.
    """
    count = len(notes.series("power"))
    second = None if rate is None else whole_second(rate, count)
    if second is None or second + count // 3 > count or count < 3:
        return None
    return ratio(notes.mean("power", count - count // 3), notes.mean("power", 0, second))


def seam_of(first: Picture, last: Picture, steps: Sequence[float]) -> float | None:
    """The step from the last frame to the first over the median step between neighbours."""
    step = float(np.abs(first - last).mean())
    return ratio(step, float(np.median(steps)) if len(steps) else None)


def ratio(part: float | None, whole: float | None) -> float | None:
    """The ratio of two values; None if one is None or the divisor is 0."""
    return part / whole if part is not None and whole else None
