"""A function recorded on a GPU and played again: its hundreds of launches then cost one."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

SEEN = 12
"""So often a size is computed as it comes, before it is recorded: recording takes as long as some
twenty calls, and a picture of ten iterations never has so many."""


class Recording(NamedTuple):
    """A CUDA graph, the tensor it reads, and those it writes."""

    graph: torch.cuda.CUDAGraph
    source: Tensor
    results: tuple[Tensor, Tensor]


class CudaGraphed:
    """Calls `function` on images of a GPU; for sizes that come often, plays its recording.

    `function` must do the same operations for all images of one size, and wait for none of them.
    One that cannot be recorded, or whose recording gives other bits, is called as before. All
    recordings share their memory, for which they are made on one stream: results are copied out
    before the next one plays.
    """

    _pool: ClassVar[Any] = None
    _aside: ClassVar[Any] = None

    def __init__(self, function: Callable[[Tensor], tuple[Tensor, Tensor]]) -> None:
        self._function = function
        self._seen: Counter[torch.Size] = Counter()
        self._recordings: dict[torch.Size, Recording | None] = {}

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """What the function gives for an image."""
        recording = self._recording_for(image)
        if recording is None:
            return self._function(image)
        recording.source.copy_(image)
        recording.graph.replay()
        value, gradient = recording.results
        return value.clone(), gradient.clone()

    def _recording_for(self, image: Tensor) -> Recording | None:
        size = image.shape
        if size not in self._recordings:
            self._seen[size] += 1
            if self._seen[size] <= SEEN:
                return None
            try:
                self._recordings[size] = self._record(image)
            except RuntimeError:
                self._recordings[size] = None
        return self._recordings[size]

    def _record(self, image: Tensor) -> Recording | None:
        """Record the function for images of this size; None if it then gives other bits."""
        CudaGraphed._pool = CudaGraphed._pool or torch.cuda.graph_pool_handle()
        CudaGraphed._aside = aside = CudaGraphed._aside or torch.cuda.Stream()  # type: ignore[no-untyped-call]
        source, graph, here = image.clone(), torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        aside.wait_stream(here)
        with torch.cuda.stream(aside):  # libraries set themselves up anew for a stream
            expected = self._function(source)
        here.wait_stream(aside)
        # Only this thread: another finds the motion of the next frames meanwhile.
        how = {"pool": CudaGraphed._pool, "stream": aside, "capture_error_mode": "thread_local"}
        with _undisturbed(here), torch.cuda.graph(graph, **how):
            results = self._function(source)
        graph.replay()
        same = all(map(torch.equal, results, expected))
        return Recording(graph, source, results) if same else None


@contextmanager
def _undisturbed(here: torch.cuda.Stream) -> Iterator[None]:
    """Keep out what spoils a recording, and give the thread its stream back if one fails."""
    collecting = gc.isenabled()
    gc.disable()  # an older graph that died meanwhile would end this one
    # A graph keeps the address of cuBLAS's scratch memory: let it be of the graph's own pool.
    torch._C._cuda_clearCublasWorkspaces()
    try:
        yield
    finally:
        torch._C._cuda_clearCublasWorkspaces()
        torch.cuda.set_stream(here)
        if collecting:
            gc.enable()
