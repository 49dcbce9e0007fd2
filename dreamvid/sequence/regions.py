"""Regions: each is dreamed with its own Dreamer over the whole frame, and shown by its mask.

The dream goes on where the mask hides it, so that it is there already when the mask reaches a
place. What is hidden is not counted when the strength of the dream is controlled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from dreamvid.device.card import card_of
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.octaves import resize
from dreamvid.image import to_array
from dreamvid.motion.flow import Array, working_size
from dreamvid.motion.moving import outlined, remembered
from dreamvid.motion.on_device import DeviceMotion
from dreamvid.motion.warp import Plane
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.memory import Memory


@dataclass(frozen=True)
class Region:
    """The Dreamer of a region at each frame index, and its mask; None is everywhere.

    `mask(frame, moving)` is a plane [H, W], 0..1, at the size of the film.
    """

    dream: Callable[[int], Dreamer]
    mask: Callable[[Frame, Plane | None], Plane] | None = None


class Regions:
    """The regions of a film, the last on top; `regions(index)` is the first Dreamer.

    Masks that `follow_motion` need frames with what moves in them.
    """

    def __init__(self, regions: Sequence[Region], *, follow_motion: bool = False) -> None:
        self.regions, self.follow_motion = tuple(regions), follow_motion

    def __call__(self, index: int) -> Dreamer:
        """The Dreamer of the first region at a frame."""
        return self.regions[0].dream(index)

    def shares(self, frame: Frame, moving: Plane | None = None) -> tuple[torch.Tensor, ...]:
        """Where each region is shown, [1, H, W] at the size of the film; () if it is everywhere."""
        planes = [region.mask(frame, moving) if region.mask else None for region in self.regions]
        if all(plane is None for plane in planes):
            return ()
        return layered([None if plane is None else torch.from_numpy(plane)[None]
                        for plane in planes])  # fmt: skip

    def repeating(self, count: int) -> Regions:
        """The regions of a film that repeats after `count` frames."""
        repeated = [_repeating(region, count) for region in self.regions]
        return Regions(repeated, follow_motion=self.follow_motion)


class RegionsCarry:
    """Carries every region on its own: the memory of the first one holds those of the others."""

    def __init__(
        self,
        carries: Sequence[Callable[[Frame, Memory | None], Memory]],
        regions: Regions,
    ) -> None:
        self._carries, self._regions = carries, regions

    def __call__(self, frame: Frame, memory: Memory | None) -> Memory:
        """Dream the next frame in every region."""
        before = [None] * len(self._carries) if memory is None else [memory, *memory.others]
        moving = self._moving(frame, memory)
        shown = None if moving is None else outlined(moving, _array_of(frame))
        shares = self._shares(frame, shown) or (None,)
        first, *others = [
            replace(carry(_seen(frame, share), previous), mask=share, others=())
            for carry, previous, share in zip(self._carries, before, shares, strict=True)
        ]
        kept = None if moving is None else torch.from_numpy(moving)[None]
        return replace(first, others=tuple(others), moving=kept)

    def _shares(self, frame: Frame, shown: Plane | None) -> tuple[torch.Tensor, ...]:
        """Where each region is shown, on the device of its dream."""
        card = card_of(self._regions(frame.index).device)
        return tuple(card.send(share.numpy()) for share in self._regions.shares(frame, shown))

    def _moving(self, frame: Frame, memory: Memory | None) -> Plane | None:
        """The memory of what moves, after this frame."""
        if not self._regions.follow_motion:
            return None
        found = frame.moving
        if found is None:  # a shot of one frame
            found = np.zeros(working_size(*_array_of(frame).shape[:2]), np.float32)
        if memory is None or memory.moving is None or frame.motion is None or frame.moved is None:
            return found
        before, motion = memory.moving[0].cpu().numpy(), frame.motion
        if isinstance(motion, DeviceMotion):
            motion = motion.on_host()
        return remembered(before, found, motion, frame.moved.speed)


def _seen(frame: Frame, share: torch.Tensor | None) -> Frame:
    """A frame whose dream will be seen through a mask [1, H, W], at the size of the film."""
    if share is None:
        return frame
    assert frame.image is not None
    size = frame.image.shape[-2], frame.image.shape[-1]
    return replace(frame, shown=resize(share, size).clamp(0, 1))


def _array_of(frame: Frame) -> Array:
    """The array [H, W, 3] of uint8 that the motion of a frame was estimated on."""
    assert frame.image is not None
    return to_array(frame.image)


def layered(masks: Sequence[torch.Tensor | None]) -> tuple[torch.Tensor, ...]:
    """The share that each mask [1, H, W] gets of every pixel, the last on top.

    Each takes what those above it leave, so that masks that add up to 1 meet without a seam. None
    is a mask that is 1 everywhere; at least one is not.
    """
    left = torch.ones_like(next(mask for mask in masks if mask is not None))
    shares = []
    for mask in reversed(masks):
        share = left if mask is None else torch.minimum(mask, left)
        shares.append(share)
        left = left - share
    return tuple(reversed(shares))


def blended(
    film: torch.Tensor, dreams: Sequence[torch.Tensor], shares: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Lay dreams over a film, all images [3, H, W], by shares [1, H, W] that add up to at most 1.

    Where a share is 1 the result is that dream, where all are 0 the film, without rounding.
    """
    total = (1 - torch.stack(list(shares)).sum(dim=0)).clamp_min_(0) * film
    for dream, share in zip(dreams, shares, strict=True):
        total = total + share * dream
    return total


def _repeating(region: Region, count: int) -> Region:
    def dream(index: int) -> Dreamer:
        return region.dream(index % count)

    def mask(frame: Frame, moving: Plane | None) -> Plane:
        assert region.mask is not None
        return region.mask(replace(frame, index=frame.index % count), moving)

    return Region(dream, mask if region.mask else None)
