"""Numbers: floats on a CPU, tensors elsewhere, the same values."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dreamvid.device import numbers
from dreamvid.device.numbers import (
    Later,
    chosen,
    column,
    exact_mean,
    kept_by_stream,
    larger,
    limited,
    number,
    root,
    smaller,
    stays,
    stored,
)

CPU = torch.device("cpu")
values = st.floats(0.0, 1e6, width=32)


def test_a_number_is_read_at_once_only_where_it_costs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert number(torch.tensor(0.5)) == 0.5 and isinstance(number(torch.tensor(0.5)), float)
    assert not stays(CPU) and stays(torch.device("cuda")) and stays(torch.device("mps"))
    assert stored(0.25, CPU) == 0.25
    monkeypatch.setattr(numbers, "AT_ONCE", set())
    value = torch.tensor(0.5)
    assert number(value) is value
    assert torch.equal(torch.as_tensor(stored(0.25, CPU)), torch.tensor(0.25))


@given(values, values, values)
def test_tensors_give_what_floats_give(a: float, b: float, c: float) -> None:
    tensor, low, high = torch.tensor(a), min(b, c), max(b, c)
    pairs = [
        (larger(b, a), larger(b, tensor)),
        (smaller(b, a), smaller(b, tensor)),
        (limited(a, low, high), limited(tensor, low, high)),
        (root(a), root(tensor)),
        (chosen(a, b, c), chosen(tensor, b, c)),
        (chosen(a - b, b, c), chosen(tensor - b, torch.tensor(b), torch.tensor(c))),
    ]
    for here, there in pairs:
        assert isinstance(here, float) and isinstance(there, torch.Tensor)
        assert math.isclose(float(there), here, rel_tol=1e-6)


def test_the_mean_is_exact() -> None:
    planes = torch.full((1 << 20,), 0.1)
    assert exact_mean(planes) == pytest.approx(float(torch.tensor(0.1)), abs=1e-12)


def test_a_column_is_made_once() -> None:
    one = column((1.0, 2.0), CPU)
    assert one.shape == (2, 1, 1) and column((1.0, 2.0), CPU) is one


def test_each_stream_keeps_what_it_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another stream neither gets it nor lets it be forgotten, while it may be read."""
    made: list[int] = []

    @kept_by_stream(1)
    def make(value: int, device: torch.device) -> object:
        made.append(value)
        return object()

    monkeypatch.setattr(numbers, "_stream", lambda device: 7)
    here = make(1, CPU)
    monkeypatch.setattr(numbers, "_stream", lambda device: 8)
    assert make(1, CPU) is not here
    make(2, CPU)
    monkeypatch.setattr(numbers, "_stream", lambda device: 7)
    assert make(1, CPU) is here
    assert made == [1, 1, 2]


def test_what_comes_later_is_what_it_was() -> None:
    value = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    later = Later(value)
    value.zero_()
    assert later.values() == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_what_comes_later_from_a_gpu_waits_for_its_own_work_only() -> None:
    torch.cuda.set_sync_debug_mode("error")
    try:
        value = torch.full((), 2.0, device="cuda")
        later = Later(value)
        value.zero_()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert later.values() == [2.0]
