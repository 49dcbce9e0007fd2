"""A function recorded on a GPU and played again: its hundreds of launches then cost one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

Slope = Callable[[Tensor], tuple[Tensor, Tensor]]

SEEN = 12
"""So often a size is computed as it comes, before it is recorded: recording takes as long as some
twenty calls, and a Dreamer that dreams one frame alone never has so many."""


class Recording(NamedTuple):
    """A CUDA graph, the tensor it reads, and those it writes."""

    graph: torch.cuda.CUDAGraph
    source: Tensor
    results: tuple[Tensor, Tensor]


class Recorded:
    """Calls `function` on images of a GPU; for sizes that come often, plays its recording.

    `function` must do the same operations for all images of one size, and wait for none of them.
    One that cannot be recorded, or whose recording gives other bits, is called as before. All
    recordings share their memory: results are copied out before the next one plays.
    """

    _pool: ClassVar[Any] = None

    def __init__(self, function: Slope) -> None:
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
        Recorded._pool = Recorded._pool or torch.cuda.graph_pool_handle()
        source, graph = image.clone(), torch.cuda.CUDAGraph()
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # libraries set themselves up anew for a stream
            expected = self._function(source)
        torch.cuda.current_stream().wait_stream(aside)
        # Only this thread: another finds the motion of the next frames meanwhile.
        how = {"pool": Recorded._pool, "stream": aside, "capture_error_mode": "thread_local"}
        with torch.cuda.graph(graph, **how):
            results = self._function(source)
        graph.replay()
        same = all(map(torch.equal, results, expected))
        return Recording(graph, source, results) if same else None
