"""Frames on a card: the images of a film sent ahead, their motion found there, pictures fetched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamvid.device.card import Card
from dreamvid.device.cuda_graph import CudaGraphed, GraphPool
from dreamvid.device.numbers import Later, kept_by_stream
from dreamvid.motion.dis import InverseSearch
from dreamvid.motion.estimate import Motion, estimate_motion
from dreamvid.motion.flow import Array, Dis, FlowEstimator
from dreamvid.motion.on_device import DeviceMotion, estimate_on_device, seen
from dreamvid.motion.shots import EMPTY_MASK

Estimate = Callable[[Tensor, Tensor], tuple[Tensor, ...]]


class CardSight:
    """Images and motion of the frames of a film on a card.

    OpenCV's DIS becomes the inverse search on tensors, except on MPS, where it was never tried;
    other estimators work as on a CPU, and what they find is sent.
    """

    def __init__(self, card: Card, flow: FlowEstimator) -> None:
        self._card, self._flow, self._pool = card, flow, GraphPool()
        self._estimates: dict[tuple[int, int], Estimate] = {}
        self._last: tuple[Array, Tensor, Tensor] | None = None

    def image(self, array: Array) -> Tensor:
        """The image [3, H, W] of an array; that of the latest one is kept."""
        return self._look(array)[1]

    def _look(self, array: Array) -> tuple[Array, Tensor, Tensor]:
        if self._last is None or self._last[0] is not array:
            image = sent(self._card, array)
            self._last = array, image, seen(image)
        return self._last

    def motion(self, array: Array, previous: Array) -> DeviceMotion:
        """The motion between two arrays [H, W, 3]."""
        if not isinstance(self._flow, Dis | InverseSearch) or self._card.device.type == "mps":
            found = estimate_motion(self._flow, array, previous)
            return DeviceMotion(self._card.send(found.backward), self._card.send(found.mask))
        _, _, before = self._look(previous)
        _, image, now = self._look(array)
        return DeviceMotion(*self._estimate((image.shape[-2], image.shape[-1]))(now, before))

    def _estimate(self, size: tuple[int, int]) -> Estimate:
        """What estimates the motion of frames of a size (height, width); a graph on a GPU."""
        if size not in self._estimates:

            def estimate(now: Tensor, before: Tensor) -> tuple[Tensor, ...]:
                motion = estimate_on_device(now, before, size)
                return motion.backward, motion.mask

            graphed = self._card.device.type == "cuda"
            self._estimates[size] = CudaGraphed(estimate, self._pool) if graphed else estimate
        return self._estimates[size]

    def indicates_cut(self, motion: DeviceMotion) -> bool:
        """Whether the mask is so empty that there must be a cut; waits for the motion alone."""
        return Later(motion.mask.mean()).values()[0] < EMPTY_MASK

    def on_host(self, motion: DeviceMotion) -> Motion:
        """The motion as arrays; waits for it."""
        return motion.on_host()


def sent(card: Card, array: NDArray[Any]) -> Tensor:
    """Send an array [H, W, C] of uint8 or uint16 and make it an image, as `to_image` does."""
    if array.dtype == np.uint8:
        levels = card.send(array)
    else:  # torch knows little of uint16
        levels = card.send(array.view(np.int16)).to(torch.int32).bitwise_and_(0xFFFF)
    planes = levels.permute(2, 0, 1).to(torch.float32, memory_format=torch.contiguous_format)
    return planes.mul_(1.0 / np.iinfo(array.dtype).max)


class Levels:
    """A picture on its way to the encoder: an array [H, W, C] of uint8 or uint16."""

    def __init__(self, card: Card, image: Tensor, bits: int) -> None:
        levels = image.detach().clamp(0, 1).mul((1 << bits) - 1).round_().permute(1, 2, 0)
        whole = levels.to(torch.uint8) if bits == 8 else levels.to(torch.int32).to(torch.int16)
        self._coming, self._deep = card.fetch(whole), bits > 8

    def array(self) -> NDArray[Any]:
        """The levels, as `to_array` gives them; waits for them."""
        array = self._coming.array()
        return array.view(np.uint16) if self._deep else array


def enlarged(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge planes [C, h, w] to a size (height, width) by Lanczos4, as OpenCV does."""
    height, width = planes.shape[-2:]
    down = _lanczos(height, size[0], planes.device)
    return down @ planes @ _lanczos(width, size[1], planes.device).mT


@kept_by_stream(16)
def _lanczos(old: int, new: int, device: torch.device) -> Tensor:
    """The weight of each of `old` pixels in each of `new` [new, old]; the border is repeated."""
    place = (torch.arange(new, dtype=torch.float64) + 0.5) * (old / new) - 0.5
    taps = place.floor()[:, None] + torch.arange(-3, 5)
    distance = taps - place[:, None]
    weight = torch.sinc(distance) * torch.sinc(distance / 4)
    weight = weight / weight.sum(1, keepdim=True)
    matrix = torch.zeros(new, old, dtype=torch.float64)
    matrix.scatter_add_(1, taps.clamp(0, old - 1).long(), weight)
    return matrix.float().to(device)
