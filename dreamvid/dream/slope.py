"""The value and gradient of an objective at an image."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from dreamvid.dream import objectives
from dreamvid.networks.network import Network


class Slope:
    """An objective on a network: `slope(image)` returns its value [] and gradient [3, H, W].

    For images [3, H, W] of float32 in 0..1 on `device`, or [6, H, W] with the source of the image
    in the last three planes, for an anchored objective; without it the image is its own source. The
    network runs in `dtype`, float32 or half precision. Deterministic: the same image gives the same
    bits.
    """

    def __init__(
        self,
        network: Network,
        objective: objectives.Objective,
        *,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.trunk = network.trunk(objective.layers, device)
        self._objective, self._dtype = objective, dtype
        self._least = network.minimum_size
        self._names = {name: network.resolve(name) for name in objective.layers}

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The value and the gradient at an image."""
        batch = image[None, :3].detach().requires_grad_()
        with deterministic():
            value = self._objective(self._activations(batch, image[None, -3:]))
            return value.detach(), torch.autograd.grad(value, batch)[0][0]

    def value(self, image: Tensor) -> Tensor:
        """Only the value, at half the cost."""
        with deterministic(), torch.no_grad():
            return self._objective(self._activations(image[None, :3], image[None, -3:]))

    def _activations(self, batch: Tensor, source: Tensor) -> objectives.Activations:
        found = self._seen(batch)
        if self._objective.anchored:
            with torch.no_grad():
                before = self._seen(source)
            found |= {objectives.source_of(name): seen for name, seen in before.items()}
        return found

    def _seen(self, batch: Tensor) -> dict[str, Tensor]:
        height, width = batch.shape[-2:]
        if min(height, width) < self._least:  # some kernels are larger than the image
            right, down = max(0, self._least - width), max(0, self._least - height)
            batch = _repeated(_repeated(batch, right, 3), down, 2)
        activations = self.trunk(batch, self._dtype)
        return {name: activations[known] for name, known in self._names.items()}


@contextmanager
def deterministic() -> Iterator[None]:
    """Restrict cuDNN to deterministic convolutions; the TF32 setting is kept.

    The setting is that of the whole process: where several threads dream, it is also made around
    them all, or the first to leave would undo it for the others.
    """
    tf32 = torch.backends.cudnn.allow_tf32
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=tf32):
        yield


def _repeated(batch: Tensor, count: int, dim: int) -> Tensor:
    """A batch whose last line along a dimension is repeated so many times.

    The gradient of torch's own padding adds in an order that varies on a GPU.
    """
    last = batch.narrow(dim, -1, 1)
    return torch.cat((batch, *[last] * count), dim=dim)
