"""Capture a function as a CUDA graph: replaying it costs one launch instead of hundreds."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

CALLS_BEFORE_CAPTURE = 12
"""Calls with a size before it is captured: capturing takes as long as about twenty calls, and a
single image of ten iterations never has that many."""

_CAPTURING = threading.Lock()
"""One capture at a time: dreams, and the motion ahead of each, are captured in several threads."""


def capturable() -> bool:
    """Whether this torch captures graphs safely beside other threads.

    Before 2.10 two threads could clear and use the workspaces of cuBLAS at once (pytorch#167928).
    """
    return torch.__version__ >= "2.10"  # as versions, not as words


class GraphPool:
    """The memory of graphs that are replayed one after the other, on one stream.

    They share it, so they are captured on one stream, and results are copied before the next
    replay. Graphs that may run at the same time need pools of their own.
    """

    def __init__(self) -> None:
        self.handle: Any = None
        self.stream: Any = None

    def open(self) -> None:
        """Reserve the pool, on the first capture."""
        self.handle = self.handle or torch.cuda.graph_pool_handle()
        # Torch gives out 32 streams of each priority, again and again. The work of another thread
        # on the same stream would be captured too; only captures, one at a time, have a high one.
        self.stream = self.stream or torch.cuda.Stream(priority=-1)  # type: ignore[no-untyped-call]


_DREAMS: dict[Hashable, GraphPool] = {}
"""The pools of dreams by the stream on which they take turns."""


def dream_pool(stream: Hashable) -> GraphPool:
    """The pool of the dreams of a stream."""
    return _DREAMS.setdefault(stream, GraphPool())


class CapturedGraph(NamedTuple):
    """A CUDA graph, its input tensors and its output tensors."""

    graph: torch.cuda.CUDAGraph
    sources: tuple[Tensor, ...]
    results: tuple[Tensor, ...]


class CudaGraphed:
    """Call `function` on GPU tensors; for recurring sizes, replay a captured CUDA graph.

    `function` must run the same operations for all inputs of one size, without synchronising with
    the CPU, and what it caches must outlive this object. If it cannot be captured, or a replay is
    not bit-identical, it is called directly. Without a `pool` it is that of the dreams of the
    stream on which it is called. Another thread captures graphs of its own: cuDNN keeps what they
    run for each thread, and may unload it with the thread.
    """

    def __init__(
        self, function: Callable[..., tuple[Tensor, ...]], pool: GraphPool | None = None
    ) -> None:
        self._function, self._pool = function, pool
        self._calls: Counter[Hashable] = Counter()
        self._graphs: dict[Hashable, CapturedGraph | None] = {}
        self._thread: threading.Thread | None = None

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The results of the function for these inputs."""
        captured = self._graph_for(inputs)
        if captured is None:
            return self._function(*inputs)
        for source, given in zip(captured.sources, inputs, strict=True):
            source.copy_(given)
        captured.graph.replay()
        return tuple(result.clone() for result in captured.results)

    def _graph_for(self, inputs: tuple[Tensor, ...]) -> CapturedGraph | None:
        if not capturable():
            return None
        if self._thread is not (here := threading.current_thread()):
            self._thread = here
            self._calls.clear()
            self._graphs.clear()
        size = tuple(given.shape for given in inputs)
        if size not in self._graphs:
            self._calls[size] += 1
            if self._calls[size] <= CALLS_BEFORE_CAPTURE:
                return None
            try:
                self._graphs[size] = self._capture(inputs)
            except RuntimeError:
                self._graphs[size] = None
        return self._graphs[size]

    def _capture(self, inputs: tuple[Tensor, ...]) -> CapturedGraph | None:
        """Capture the function for these sizes; None if a replay is not bit-identical."""
        with _CAPTURING:
            here = torch.cuda.current_stream()
            pool = self._pool or dream_pool(here)
            pool.open()
            side = pool.stream
            sources, graph = tuple(given.clone() for given in inputs), torch.cuda.CUDAGraph()
            side.wait_stream(here)
            with torch.cuda.stream(side):  # warm-up: libraries initialise themselves per stream
                expected = self._function(*sources)
            here.wait_stream(side)
            # Restrict capture to this thread: others dream and estimate motion at the same time.
            how = {
                "pool": pool.handle,
                "stream": side,
                "capture_error_mode": "thread_local",
            }
            with _capture_guard(here), torch.cuda.graph(graph, **how):
                results = self._function(*sources)
            graph.replay()
            same = all(map(torch.equal, results, expected))
        return CapturedGraph(graph, sources, results) if same else None


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
