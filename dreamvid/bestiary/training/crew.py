"""The gradient of a batch: on a CPU each core takes a piece of it.

One thread a piece, each working alone on its pictures, beats all threads together on every
operation, above all when other processes want the cores: at 64 px in bfloat16, beside two of them
on 2 cores, threads that met at each operation learned from 48 pictures a second, threads that met
once a batch from 508.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

Told = TypeVar("Told")


class Member:
    """One of a crew, with a model of its own that shares its weights with all others."""

    def __init__(self, model: nn.Module, *, mean: Tensor, std: Tensor, dtype: torch.dtype) -> None:
        self.model, self._mean, self._std, self._dtype = model, mean, std, dtype
        self._weights = list(model.parameters())

    def normal(self, images: Tensor) -> Tensor:
        """Images [N, 3, S, S], RGB in 0..1, as the model takes them."""
        normal = (images.to(self._mean.device) - self._mean) / self._std
        return normal.contiguous(memory_format=torch.channels_last)

    def logits(self, images: Tensor) -> Tensor:
        """What the model tells of images."""
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
        """Add the gradient of a loss to those of the weights, and to nothing else."""
        torch.autograd.backward(loss, inputs=self._weights)


class Crew:
    """Computes the gradients of a model's parameters on a batch, a piece for each member."""

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
            for one in (model, *(_twin(model) for _ in range(count - 1)))
        ]
        self._pool, self._device = ThreadPoolExecutor(count), device

    def __call__(self, task: Callable[..., Told], *batch: Tensor) -> list[Told]:
        """Let each member do `task(member, *piece)`, and sum up what it has learned.

        `batch` are tensors of one length. Gradients are left in the parameters. Gives what each
        task gave, in the order of the pieces.
        """
        pieces = zip(*(values.chunk(len(self._members)) for values in batch), strict=True)
        with one_thread_each(self._device):
            told = list(self._pool.map(lambda m, piece: task(m, *piece), self._members, pieces))
        first, *others = self._members
        for other in others:
            _hand_over(other.model, first.model)
        return told

    def normal(self, images: Tensor) -> Tensor:
        """Images as the model takes them."""
        return self._members[0].normal(images)


@contextmanager
def one_thread_each(device: torch.device) -> Iterator[None]:
    """Let no member ask for more threads than its own; the rest of the program has them all."""
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _twin(model: nn.Module) -> nn.Module:
    """A copy that shares the model's parameters, but neither gradients nor batch statistics."""
    twin = copy.deepcopy(model)
    for mine, shared in zip(twin.parameters(), model.parameters(), strict=True):
        mine.data = shared.data
    return twin


def _hand_over(twin: nn.Module, model: nn.Module) -> None:
    for own, sum_ in zip(twin.parameters(), model.parameters(), strict=True):
        if own.grad is not None and sum_.grad is not None:
            sum_.grad.add_(own.grad)
            own.grad = None
