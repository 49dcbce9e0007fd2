"""Capture a function as a CUDA graph: replaying it costs one launch instead of hundreds."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

CALLS_BEFORE_CAPTURE = 12
"""Calls with an image size before it is captured: capturing takes as long as about twenty calls,
and a single image of ten iterations never has that many."""


class CapturedGraph(NamedTuple):
    """A CUDA graph, its input tensor and its output tensors."""

    graph: torch.cuda.CUDAGraph
    source: Tensor
    results: tuple[Tensor, Tensor]


class CudaGraphed:
    """Call `function` on GPU images; for recurring sizes, replay a captured CUDA graph.

    `function` must run the same operations for all images of one size, without synchronising with
    the CPU. If it cannot be captured, or a replay is not bit-identical, it is called directly. All
    graphs share one memory pool, so they are captured on one stream, and results are copied before
    the next replay.
    """

    _pool: ClassVar[Any] = None
    _stream: ClassVar[Any] = None

    def __init__(self, function: Callable[[Tensor], tuple[Tensor, Tensor]]) -> None:
        self._function = function
        self._calls: Counter[torch.Size] = Counter()
        self._graphs: dict[torch.Size, CapturedGraph | None] = {}

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The results of the function for an image."""
        captured = self._graph_for(image)
        if captured is None:
            return self._function(image)
        captured.source.copy_(image)
        captured.graph.replay()
        value, gradient = captured.results
        return value.clone(), gradient.clone()

    def _graph_for(self, image: Tensor) -> CapturedGraph | None:
        size = image.shape
        if size not in self._graphs:
            self._calls[size] += 1
            if self._calls[size] <= CALLS_BEFORE_CAPTURE:
                return None
            try:
                self._graphs[size] = self._capture(image)
            except RuntimeError:
                self._graphs[size] = None
        return self._graphs[size]

    def _capture(self, image: Tensor) -> CapturedGraph | None:
        """Capture the function for this image size; None if a replay is not bit-identical."""
        CudaGraphed._pool = CudaGraphed._pool or torch.cuda.graph_pool_handle()
        CudaGraphed._stream = side = CudaGraphed._stream or torch.cuda.Stream()  # type: ignore[no-untyped-call]
        source, graph, here = image.clone(), torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        side.wait_stream(here)
        with torch.cuda.stream(side):  # warm-up: libraries initialise themselves per stream
            expected = self._function(source)
        here.wait_stream(side)
        # Restrict capture to this thread: another one estimates motion at the same time.
        how = {"pool": CudaGraphed._pool, "stream": side, "capture_error_mode": "thread_local"}
        with _capture_guard(here), torch.cuda.graph(graph, **how):
            results = self._function(source)
        graph.replay()
        same = all(map(torch.equal, results, expected))
        return CapturedGraph(graph, source, results) if same else None


@contextmanager
def _capture_guard(here: torch.cuda.Stream) -> Iterator[None]:
    """Prevent what would invalidate a capture; restore the current stream if it fails."""
    collecting = gc.isenabled()
    gc.disable()  # freeing another graph would abort the capture
    # A graph stores the address of the cuBLAS workspace: allocate it from the graph's pool.
    torch._C._cuda_clearCublasWorkspaces()
    try:
        yield
    finally:
        torch._C._cuda_clearCublasWorkspaces()
        torch.cuda.set_stream(here)
        if collecting:
            gc.enable()
