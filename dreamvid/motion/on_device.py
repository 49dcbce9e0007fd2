"""The motion of a frame on tensors: flow both ways, repaired, and its consistency mask.

The steps, constants and thresholds are those of `dreamvid.motion.estimate`; no step waits for the
host. Frames are not rounded to whole levels here, and a flow is repaired at full size, not at half
of it, which pays on a CPU alone: results differ a little.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dreamvid.motion.dis import inverse_search_both
from dreamvid.motion.estimate import MISMATCH, MISMATCH_AT_DETAIL, SOFTNESS, Motion
from dreamvid.motion.flow import working_size
from dreamvid.motion.refine import sampled
from dreamvid.motion.warp import REFERENCE_HEIGHT, streak_mask

LUMA = 0.299, 0.587, 0.114

FILLS = 12
"""The most halvings of a flow that is filled in."""


@dataclass(frozen=True)
class DeviceMotion:
    """The motion from the previous frame to this one, as in Motion, on a device.

    `backward` [H, W, 2], `mask` [H, W], both of float32.
    """

    backward: Tensor
    mask: Tensor

    def on_host(self) -> Motion:
        """The same as arrays; waits for the device."""
        return Motion(self.backward.cpu().numpy(), self.mask.cpu().numpy())


def masks_of(motion: Motion | DeviceMotion, device: torch.device) -> tuple[Tensor, Tensor]:
    """The consistency mask and the streaks of a motion, each [1, H, W] on a device."""
    if isinstance(motion, DeviceMotion):
        return motion.mask[None], streaks(motion.backward)[None]
    planes = motion.mask, streak_mask(motion.backward)
    mask, torn = (torch.from_numpy(plane)[None].to(device) for plane in planes)
    return mask, torn


def seen(image: Tensor) -> Tensor:
    """An image [3, H, W] as its motion is estimated: levels 0..255 at the working size."""
    height, width = image.shape[-2:]
    size = working_size(height, width)
    levels = 255 * image[None]
    return levels if size == (height, width) else averaged(levels, size)


def averaged(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """Shrink planes [N, C, H, W] by area averaging, as two products of matrices."""
    rows, columns = (
        _shares(old, new, planes) for old, new in zip(planes.shape[-2:], size, strict=True)
    )
    return rows @ planes @ columns.mT


def _shares(old: int, new: int, like: Tensor) -> Tensor:
    """The share of each of `old` pixels in each of `new` [new, old]."""
    edges = torch.arange(new + 1, device=like.device, dtype=like.dtype) * (old / new)
    pixels = torch.arange(old, device=like.device, dtype=like.dtype)
    first, last = edges[:-1, None], edges[1:, None]
    covered = torch.minimum(last, pixels + 1) - torch.maximum(first, pixels)
    return covered.clamp(min=0) * (new / old)


def estimate_on_device(current: Tensor, previous: Tensor, size: tuple[int, int]) -> DeviceMotion:
    """The motion between two frames that were `seen`, for frames of a size (height, width)."""
    flows = inverse_search_both(_luma(current), _luma(previous))
    motion = repaired(flows[:1], flows[1:], current, previous)
    if motion.mask.shape == size:
        return motion
    flow = _linear(motion.backward.permute(2, 0, 1)[None], size)[0]
    down, across = (new / old for new, old in zip(size, motion.mask.shape, strict=True))
    flow = torch.stack((across * flow[0], down * flow[1]), dim=2)
    return DeviceMotion(flow, _linear(motion.mask[None, None], size)[0, 0])


def repaired(backward: Tensor, forward: Tensor, current: Tensor, previous: Tensor) -> DeviceMotion:
    """Repair a backward flow [1, 2, h, w] where the forward flow contradicts it; make the mask.

    The frames are [1, 3, h, w], in levels.
    """
    agreed = _consistent(backward, forward)
    full = _filled(backward, agreed)
    allowed = MISMATCH + MISMATCH_AT_DETAIL * _contrast(_luma(current))
    error = _difference(current, previous, backward) - allowed
    error_full = _difference(current, previous, full) - allowed
    better = ~agreed & (error_full <= error.clamp(min=0))
    flow = torch.where(better, full, backward)
    bad = (torch.where(better, error_full, error) > 0) | _outside(flow)
    return DeviceMotion(flow[0].permute(1, 2, 0).contiguous(), _softened(bad)[0, 0])


def _luma(planes: Tensor) -> Tensor:
    return sum(
        (share * planes[:, k : k + 1] for k, share in enumerate(LUMA)), start=planes.new_zeros(())
    )


def _consistent(backward: Tensor, forward: Tensor) -> Tensor:
    """Where forward and backward flow agree [1, 1, h, w] (Sundaram et al. 2010)."""
    back = sampled(forward, backward)
    square = (REFERENCE_HEIGHT / backward.shape[-2]) ** 2
    lengths = _squares(backward) + _squares(back)
    return square * _squares(backward + back) <= 0.01 * square * lengths + 0.5


def _squares(flow: Tensor) -> Tensor:
    return flow.square().sum(1, keepdim=True)


def _filled(flow: Tensor, known: Tensor) -> Tensor:
    """Interpolate a flow where it is unknown, through a pyramid ("push-pull")."""
    weight = known.to(flow.dtype)
    levels = [torch.cat((flow * weight, weight), dim=1)]
    for factor in (4, *[2] * FILLS):
        levels.append(functional.avg_pool2d(levels[-1], factor, ceil_mode=True))
        if min(levels[-1].shape[-2:]) < 4:
            break
    last = levels.pop()
    guess = last[:, :2] / last[:, 2:].clamp(min=1e-6)
    for level in reversed(levels[1:]):
        wide = _linear(guess, (level.shape[-2], level.shape[-1]))
        guess = (1 - level[:, 2:]) * wide + level[:, :2]
    return _linear(guess, (flow.shape[-2], flow.shape[-1]))


def _difference(current: Tensor, previous: Tensor, flow: Tensor) -> Tensor:
    """Mean difference [1, 1, h, w] between frame and warp; a global change of light is removed."""
    warped = sampled(previous, flow)
    change = (current - warped)[..., ::8, ::8].flatten(2).sort(dim=2).values
    count = change.shape[2]
    light = (change[..., (count - 1) // 2] + change[..., count // 2]) / 2
    warped = (warped + light.round()[..., None, None]).clamp(0, 255)
    return _mean((current - warped).abs().mean(1, keepdim=True), 5)


def _contrast(luma: Tensor) -> Tensor:
    """The standard deviation of luma around each pixel."""
    mean = _mean(luma, 5)
    return (_mean(luma * luma, 5) - mean * mean).clamp(min=0).sqrt()


def _outside(flow: Tensor) -> Tensor:
    """Where a flow leads out of the frame."""
    height, width = flow.shape[-2:]
    x, y = places(flow[0].permute(1, 2, 0))
    gone = (x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5)
    return gone[None, None]


def _softened(bad: Tensor) -> Tensor:
    """A mask that is 0 on bad pixels, rising to 1 within a few pixels outside."""
    side = 2 * max(1, round(SOFTNESS * bad.shape[-2] / REFERENCE_HEIGHT)) + 1
    grown = functional.max_pool2d(bad.float(), side, 1, side // 2)
    return (1 - _mean(grown, side)).clamp(0, 1)


def _mean(planes: Tensor, side: int) -> Tensor:
    """The mean of planes [N, C, H, W] over squares; the border is repeated."""
    wide = functional.pad(planes, (side // 2,) * 4, mode="replicate")
    return functional.avg_pool2d(wide, side, 1)


def _linear(planes: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(planes, size, mode="bilinear", align_corners=False)


def places(flow: Tensor) -> tuple[Tensor, Tensor]:
    """The target positions of a flow [H, W, 2]: x and y, each [H, W], in pixels."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + torch.arange(width, device=flow.device)
    return x, flow[..., 1] + torch.arange(height, device=flow.device)[:, None]


def streaks(flow: Tensor) -> Tensor:
    """Where a warp by the flow [H, W, 2] stretches its content into streaks [H, W], 0..1.

    As `dreamvid.motion.warp.streak_mask`.
    """
    border = "reflect" if min(flow.shape[:2]) > 1 else "replicate"
    wide = functional.pad(flow.permute(2, 0, 1)[None], (1, 1, 1, 1), mode=border)
    rows = wide[..., :-2, :] + 2 * wide[..., 1:-1, :] + wide[..., 2:, :]
    columns = wide[..., :-2] + 2 * wide[..., 1:-1] + wide[..., 2:]
    across = (rows[..., 2:] - rows[..., :-2]) / 8
    down = (columns[..., 2:, :] - columns[..., :-2, :]) / 8
    gradient = (across.square() + down.square()).sum(1)[0]
    lines = REFERENCE_HEIGHT / flow.shape[0]
    limit = 0.01 * lines**2 * flow.square().sum(2) + 0.002
    return ((gradient / limit).sqrt() - 1).clamp(0, 1)
