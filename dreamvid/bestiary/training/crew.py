"""Data-parallel gradients of a batch: on a CPU each core computes a slice of it.

One thread per slice is faster than parallelising every operation, above all if other processes
compete for the cores: at 64 px in bfloat16, with two other processes on 2 cores, threads that
synchronised at each operation processed 48 images per second, threads that synchronised once per
batch 508.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

Result = TypeVar("Result")


class Member:
    """One worker thread's replica of the model; all replicas share their weights."""

    def __init__(self, model: nn.Module, *, mean: Tensor, std: Tensor, dtype: torch.dtype) -> None:
        self.model, self._mean, self._std, self._dtype = model, mean, std, dtype
        self._weights = list(model.parameters())

    def normal(self, images: Tensor) -> Tensor:
        """Normalise images [N, 3, S, S], RGB in 0..1, for the model."""
        normal = (images.to(self._mean.device) - self._mean) / self._std
        return normal.contiguous(memory_format=torch.channels_last)

    def logits(self, images: Tensor) -> Tensor:
        """The logits of the model for images."""
        device, dtype = self._mean.device.type, self._dtype
        with torch.autocast(device, dtype, enabled=dtype != torch.float32):
            logits: Tensor = self.model(self.normal(images))
        return logits.float()

    def look(self, images: Tensor, layer: str) -> tuple[Tensor, Tensor]:
        """The activations of a layer and the logits."""
        found: list[Tensor] = []
        module = self.model.get_submodule(layer)
        with module.register_forward_hook(lambda _m, _i, activations: found.append(activations)):
            logits = self.logits(images)
        return found[0].float(), logits

    def learn(self, loss: Tensor) -> None:
        """Accumulate the gradient of a loss in the weights only."""
        torch.autograd.backward(loss, inputs=self._weights)


class Crew:
    """Compute the parameter gradients of a model on a batch, one slice per member."""

    def __init__(
        self,
        model: nn.Module,
        *,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        dtype: torch.dtype,
    ) -> None:
        device = next(model.parameters()).device
        count = torch.get_num_threads() if device.type == "cpu" else 1
        constants = (torch.tensor(value, device=device).view(1, 3, 1, 1) for value in (mean, std))
        middle, unit = constants
        self._members = [
            Member(one, mean=middle, std=unit, dtype=dtype)
            for one in (model, *(_replica(model) for _ in range(count - 1)))
        ]
        self._pool, self._device = ThreadPoolExecutor(count), device

    def __call__(self, task: Callable[..., Result], *batch: Tensor) -> list[Result]:
        """Run `task(member, *piece)` on each member and sum the gradients.

        `batch` are tensors of equal length. Gradients are left in the parameters. Returns the
        results of the tasks, in the order of the slices.
        """
        pieces = zip(*(values.chunk(len(self._members)) for values in batch), strict=True)
        with one_thread_each(self._device):
            results = list(self._pool.map(lambda m, piece: task(m, *piece), self._members, pieces))
        first, *others = self._members
        for other in others:
            _add_gradients(other.model, first.model)
        return results

    def normal(self, images: Tensor) -> Tensor:
        """Normalise images for the model."""
        return self._members[0].normal(images)


@contextmanager
def one_thread_each(device: torch.device) -> Iterator[None]:
    """Limit torch to one thread on a CPU within the context, then restore the setting."""
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _replica(model: nn.Module) -> nn.Module:
    """A replica that shares the parameters, but neither gradients nor batch statistics."""
    twin = copy.deepcopy(model)
    for mine, shared in zip(twin.parameters(), model.parameters(), strict=True):
        mine.data = shared.data
    return twin


def _add_gradients(twin: nn.Module, model: nn.Module) -> None:
    for own, sum_ in zip(twin.parameters(), model.parameters(), strict=True):
        if own.grad is not None and sum_.grad is not None:
            sum_.grad.add_(own.grad)
            own.grad = None
