"""Frames on their way to a card and back: pinned memory, and streams of their own.

Three stages run at once: a thread decodes frames and sends them ahead of the dream, on a stream of
its own; the dream is queued without waiting; pictures come back on a third stream, and are encoded
as they arrive. Without a card the same calls are plain copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[Any]
Item = TypeVar("Item")


class Mark(Protocol):
    """A point in the work of a card."""

    def arrive(self, *tensors: Tensor) -> None:
        """Let the current stream, which then uses these tensors, wait for it."""
        ...


class Coming(Protocol):
    """A tensor on its way to the host."""

    def array(self) -> Array:
        """The values; waits for them. They may change once this object is gone."""
        ...


class Card(Protocol):
    """A device that frames are sent to and fetched from."""

    device: torch.device

    def aside(self) -> AbstractContextManager[object]:
        """What this thread queues within it goes beside the dream, to a stream of its own."""
        ...

    def along(self) -> AbstractContextManager[object]:
        """What this thread queues within it goes to the stream on which the card was made."""
        ...

    def send(self, array: Array) -> Tensor:
        """The array as a tensor on the device; the array may change afterwards."""
        ...

    def fetch(self, tensor: Tensor) -> Coming:
        """Start to copy a tensor to the host, after what was queued so far."""
        ...

    def mark(self) -> Mark:
        """What this thread has queued so far on its current stream."""
        ...


def card_of(device: torch.device) -> Card:
    """The card of a device; each stream of a GPU has one, as torch has few streams."""
    if device.type != "cuda":
        return PlainCard(device)
    return _cuda_card(device, torch.cuda.current_stream(device))


@cache
def _cuda_card(device: torch.device, here: torch.cuda.Stream) -> Card:
    return CudaCard(device, here)


def own_stream(device: torch.device) -> Callable[[], AbstractContextManager[object]]:
    """A new stream of a GPU: what is queued within a call of the result goes there.

    Torch has 32 of them, so at most as many threads can have one of their own. Other devices have
    none.
    """
    if device.type != "cuda":
        return nullcontext
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return partial(torch.cuda.stream, stream)


def aside(card: Card, items: Iterator[Item]) -> Iterator[Item]:
    """The items, whose work is queued beside the dream; for a thread of its own."""
    with card.aside():
        yield from items


def along(card: Card, items: Iterator[Item]) -> Iterator[Item]:
    """The items, whose work is queued where the card was made; for a thread of its own."""
    with card.along():
        yield from items


class PlainCard:
    """A device without streams: everything is done at once."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def aside(self) -> AbstractContextManager[object]:
        return nullcontext()

    def along(self) -> AbstractContextManager[object]:
        return nullcontext()

    def send(self, array: Array) -> Tensor:
        return torch.from_numpy(np.array(array)).to(self.device)

    def fetch(self, tensor: Tensor) -> Coming:
        return Arrived(tensor.cpu().numpy())

    def mark(self) -> Mark:
        return Passed()


class Passed:
    """The mark of a device without streams."""

    def arrive(self, *tensors: Tensor) -> None:
        pass


class Arrived:
    """An array that is there already."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def array(self) -> Array:
        return self._array


class CudaCard:
    """A CUDA GPU: frames come and go through pinned memory, each way on a stream beside `here`.

    Torch caches pinned memory, and reuses it only after the copies that were queued with it.
    """

    def __init__(self, device: torch.device, here: torch.cuda.Stream) -> None:
        self.device, self._here = device, here
        self._ahead, self._back = (torch.cuda.Stream(device) for _ in range(2))  # type: ignore[no-untyped-call]

    def aside(self) -> AbstractContextManager[object]:
        return torch.cuda.stream(self._ahead)

    def along(self) -> AbstractContextManager[object]:
        return torch.cuda.stream(self._here)

    def send(self, array: Array) -> Tensor:
        source = torch.from_numpy(np.ascontiguousarray(array))
        pinned = torch.empty(source.shape, dtype=source.dtype, pin_memory=True)
        pinned.copy_(source)
        return pinned.to(self.device, non_blocking=True)

    def fetch(self, tensor: Tensor) -> Coming:
        tensor = tensor.contiguous()
        pinned = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        self._back.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self._back):
            pinned.copy_(tensor, non_blocking=True)
            ready = self._back.record_event()
        tensor.record_stream(self._back)  # else its memory may be reused before it is read
        return _Fetched(pinned, ready)

    def mark(self) -> Mark:
        return _Queued(torch.cuda.current_stream(self.device).record_event())


class _Queued:
    def __init__(self, event: torch.cuda.Event) -> None:
        self._event = event

    def arrive(self, *tensors: Tensor) -> None:
        here = torch.cuda.current_stream()
        here.wait_event(self._event)
        for tensor in tensors:  # they belong to another stream, which might reuse them too early
            tensor.record_stream(here)


class _Fetched:
    def __init__(self, pinned: Tensor, ready: torch.cuda.Event) -> None:
        self._pinned, self._ready = pinned, ready

    def array(self) -> Array:
        self._ready.synchronize()
        return self._pinned.numpy()
