"""The border between ComfyUI's images [B, H, W, C] and those of dreamvid, [3, H, W]."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from dreamvid.errors import UsageError


def split(images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor | None]:
    """The images [3, H, W] of a batch, 0..1, and its alpha channel [B, H, W, 1] if it has one.

    They are copies: a node must not change its input. UsageError for another number of channels.
    """
    channels = images.shape[-1]
    if images.dim() != 4 or channels not in (3, 4):
        raise UsageError(f"images of shape {tuple(images.shape)} cannot be dreamed on",
                         remedy="give a batch [B, H, W, C] of 3 or 4 channels")  # fmt: skip
    alpha = images[..., 3:] if channels == 4 else None
    planes = images[..., :3].permute(0, 3, 1, 2).float().clamp(0, 1)
    return [plane.contiguous() for plane in planes], alpha


def join(images: Sequence[torch.Tensor], alpha: torch.Tensor | None = None) -> torch.Tensor:
    """The batch [B, H, W, C] of images [3, H, W], with an alpha channel if there was one."""
    batch = torch.stack(list(images)).permute(0, 2, 3, 1).clamp(0, 1)
    return batch.contiguous() if alpha is None else torch.cat((batch, alpha.to(batch)), dim=-1)
