"""Endless training pictures, made by a process of their own while the network learns."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import resource_tracker
from typing import Protocol

import cv2
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from dreamvid.bestiary.renders import Batch

Pictures = tuple[Tensor, Tensor, Tensor]
"""Pictures and their grounds uint8 [N, S, S, 3], RGB, and targets float32 [N, labels]."""


class Composer(Protocol):
    """Makes training pictures, for ever."""

    def batch(self, count: int) -> Batch:
        """Make so many square pictures, their grounds and their targets."""
        ...


class Source(Protocol):
    """Where training pictures come from. It travels to another process, so it stays small."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes."""
        ...

    def composer(self, *, size: int, seed: int) -> Composer:
        """A composer of square pictures of this size; the same seed gives the same pictures."""
        ...


def stream(source: Source, *, size: int, batch: int, seed: int, workers: int) -> Iterator[Pictures]:
    """Give batches for ever.

    They depend on the seed and on the number of workers.
    """
    endless = _Endless(source, size, batch, seed)
    # Spawned, not forked: OpenCV's threads do not survive a fork, and wait for each other for ever.
    loader: DataLoader[Pictures] = DataLoader(
        endless,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4,
        worker_init_fn=_begin,
        multiprocessing_context="spawn",
    )
    # Begun by a thread, which no signal interrupts: what the processes are sent arrives whole.
    with ThreadPoolExecutor(1, initializer=_deafen) as thread:
        return thread.submit(iter, loader).result()


def to_images(pictures: Tensor) -> Tensor:
    """Pictures uint8 [N, S, S, 3] as images [N, 3, S, S] of float32 in 0..1."""
    return pictures.permute(0, 3, 1, 2).float() / 255


class _Endless(IterableDataset[Pictures]):
    def __init__(self, source: Source, size: int, batch: int, seed: int) -> None:
        self.source, self.size, self.count, self.seed = source, size, batch, seed

    def __iter__(self) -> Iterator[Pictures]:
        worker = get_worker_info()
        composer = self.source.composer(
            size=self.size, seed=self.seed + (worker.id if worker else 0)
        )
        while True:
            made = composer.batch(self.count)
            yield (
                torch.from_numpy(made.pictures),
                torch.from_numpy(made.grounds),
                torch.from_numpy(made.targets),
            )


def _deafen() -> None:
    """Keep Ctrl-C from the processes that this thread begins, also while they import torch."""
    if hasattr(signal, "pthread_sigmask"):  # Windows has none
        resource_tracker.ensure_running()  # would let it through again when it is begun later
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _begin(worker: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the trainer hears Ctrl-C, and ends this process
    cv2.setNumThreads(1)
