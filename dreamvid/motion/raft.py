"""RAFT optical flow (Teed and Deng 2020), as in torchvision; needs a weights file."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
import torch

from dreamvid.errors import MissingDependency
from dreamvid.files import cache_folder
from dreamvid.motion.flow import Array, Flow, OneByOne, at_working_size, pad, resize_flow

FILES = {
    "raft-small": "raft_small_C_T_V2-01064c6d.pth",
    "raft-large": "raft_large_C_T_SKHT_V2-ff5fadd5.pth",
}
"""File names of the weights published by torchvision."""

MAX_MEMORY = 1 << 30
"""Memory limit in bytes for the all-pairs correlation volume: 4 (HW / 64)^2."""

SMALLEST = 128
"""Smallest side for RAFT: its coarsest correlation level needs two cells."""


class Raft(OneByOne):
    """RAFT, small or large: sharper edges than DIS, at a hundred times the cost.

    `weights` is a torchvision state dict; by default the file is searched in the cache folder
    (DREAMVID_CACHE, else the platform's) and in torch's cache. Nothing is downloaded. Raises
    MissingDependency if there is none, or if it belongs to another network.
    """

    def __init__(self, name: str, *, weights: Path | None = None, device: str = "cpu") -> None:
        from torchvision.models import optical_flow

        path = weights or _find(FILES[name])
        make = optical_flow.raft_small if name == "raft-small" else optical_flow.raft_large
        self._device = torch.device(device)
        self._network = make(weights=None).eval()
        try:
            self._network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
        except (OSError, RuntimeError, TypeError, AttributeError, pickle.UnpicklingError) as error:
            raise MissingDependency(
                f"not the weights of {name} ({str(error).splitlines()[0]})",
                where=path,
                remedy="give the file that torchvision publishes, or use --flow dis",
            ) from error
        self._network.requires_grad_(False).to(self._device)

    def __call__(self, a: Array, b: Array) -> Flow:
        return at_working_size(a, b, self._estimate)

    def _estimate(self, a: Array, b: Array) -> Flow:
        height, width = a.shape[:2]
        scale = min(1.0, (MAX_MEMORY / 4) ** 0.25 * 8 / (height * width) ** 0.5)
        size = max(1, int(width * scale)), max(1, int(height * scale))
        with torch.inference_mode():
            flow = self._network(self._batch(a, size), self._batch(b, size))[-1][0]
        flow = flow[:, : size[1], : size[0]].permute(1, 2, 0).float().cpu().numpy()
        return resize_flow(np.ascontiguousarray(flow), height, width)

    def _batch(self, array: Array, size: tuple[int, int]) -> torch.Tensor:
        """A batch [1, 3, H, W] in -1..1 whose sides are multiples of 8."""
        if size != (array.shape[1], array.shape[0]):
            array = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA))
        height, width = (max(SMALLEST, -(-side // 8) * 8) for side in array.shape[:2])
        planes = torch.from_numpy(pad(array, height, width)).permute(2, 0, 1)
        return planes[None].to(self._device).float().div_(127.5).sub_(1)


def _find(name: str) -> Path:
    folders = cache_folder(), Path(torch.hub.get_dir()) / "checkpoints"
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise MissingDependency(
        f"the weights file {name} is missing",
        where=folders[0],
        remedy="put the file from torchvision into that folder, or use --flow dis",
    )
