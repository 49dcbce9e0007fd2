"""Captured graphs replace a function once it has been called often enough.

Capturing on a GPU is tested in tests/dream/test_gpu.py; here a stand-in replays it.
"""

from __future__ import annotations

import threading
from typing import cast

import pytest
import torch
from torch import Tensor
from torch.torch_version import TorchVersion

from dreamvid.device.cuda_graph import CALLS_BEFORE_CAPTURE, CapturedGraph, CudaGraphed, dream_pool

SMALL, LARGE = torch.full((3, 4, 4), 2.0), torch.full((3, 8, 8), 3.0)


class Graph:
    """Plays a function again into the same tensors, as a CUDA graph does."""

    def __init__(self, source: Tensor, results: tuple[Tensor, Tensor]) -> None:
        self.source, self.results = source, results

    def replay(self) -> None:
        for result, now in zip(self.results, squared(self.source), strict=True):
            result.copy_(now)


def squared(image: Tensor) -> tuple[Tensor, Tensor]:
    return image.square().sum(), 2 * image


class OnPaper(CudaGraphed):
    """Records without a GPU; `calls` counts how often the function itself was called."""

    def __init__(self) -> None:
        self.calls = 0
        super().__init__(self.counted)

    def counted(self, image: Tensor) -> tuple[Tensor, Tensor]:
        self.calls += 1
        return squared(image)

    def _capture(self, inputs: tuple[Tensor, ...]) -> CapturedGraph | None:
        (source,), results = [given.clone() for given in inputs], squared(*inputs)
        graph = cast(torch.cuda.CUDAGraph, Graph(source, results))
        return CapturedGraph(graph, (source,), results)


def test_only_sizes_that_come_often_are_played() -> None:
    slope = OnPaper()
    for _ in range(CALLS_BEFORE_CAPTURE + 5):
        slope(SMALL)
    assert slope.calls == CALLS_BEFORE_CAPTURE
    slope(LARGE)
    assert slope.calls == CALLS_BEFORE_CAPTURE + 1


def test_what_is_played_belongs_to_the_image_given_and_stays() -> None:
    slope = OnPaper()
    for _ in range(CALLS_BEFORE_CAPTURE + 1):
        slope(SMALL)
    value, gradient = slope(SMALL)
    other, steeper = slope(5 * SMALL)
    assert (float(value), float(other)) == (4.0 * 48, 100.0 * 48)
    assert torch.equal(gradient, 2 * SMALL) and torch.equal(steeper, 10 * SMALL)


def test_another_thread_captures_anew() -> None:
    slope = OnPaper()
    for _ in range(CALLS_BEFORE_CAPTURE + 1):
        slope(SMALL)
    thread = threading.Thread(target=slope, args=(SMALL,))
    thread.start()
    thread.join()
    assert slope.calls == CALLS_BEFORE_CAPTURE + 1
    slope(SMALL)
    assert slope.calls == CALLS_BEFORE_CAPTURE + 2


@pytest.mark.parametrize("version", ["2.9.1", "2.10.0", "2.14.1"])
def test_torch_that_cannot_capture_beside_threads_is_called(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "__version__", TorchVersion(version))
    slope = OnPaper()
    for _ in range(CALLS_BEFORE_CAPTURE + 3):
        slope(SMALL)
    assert slope.calls == CALLS_BEFORE_CAPTURE + (3 if version == "2.9.1" else 0)


@pytest.mark.parametrize("error", [RuntimeError("operation not permitted"), None])
def test_what_cannot_be_recorded_or_plays_otherwise_is_called(
    error: RuntimeError | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def record(self: OnPaper, inputs: tuple[Tensor, ...]) -> CapturedGraph | None:
        tried.append(inputs)
        if error is not None:
            raise error
        return None

    monkeypatch.setattr(OnPaper, "_capture", record)
    slope = OnPaper()
    for _ in range(CALLS_BEFORE_CAPTURE + 3):
        assert float(slope(SMALL)[0]) == 4.0 * 48
    assert slope.calls == CALLS_BEFORE_CAPTURE + 3
    assert len(tried) == 1


def test_functions_of_several_tensors_are_told_apart_by_all_their_sizes() -> None:
    summed = CudaGraphed(lambda a, b: (a + b, a - b))
    added, left = summed(SMALL, SMALL)
    assert torch.equal(added, 2 * SMALL) and not left.any()
    summed(SMALL, SMALL[:1])
    assert sorted(summed._calls.values()) == [1, 1]


def test_dreams_share_memory_only_with_those_of_their_stream() -> None:
    assert dream_pool("one") is dream_pool("one")
    assert dream_pool("one") is not dream_pool("another")
