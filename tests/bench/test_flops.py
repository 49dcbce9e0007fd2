"""Counting the arithmetic of a dream step, on networks whose count is known."""

from __future__ import annotations

import time

import pytest
import torch
from tiny import tiny_network

from dreamvid.bench.flops import matmul_rate, now, step_flops

ONE = 2 * (8 * 48 * 64) * (3 * 5 * 5)
"""Two for each multiply-add: 8 channels of 48x64, each from 5x5 pixels of 3 channels."""

TWO = 2 * (12 * 24 * 32) * (8 * 3 * 3)
"""After the pool: 12 channels of 24x32, each from 3x3 places of 8 channels."""


@pytest.mark.parametrize(("layer", "forward"), [("one", ONE), ("two", ONE + TWO)])
def test_convolutions_up_to_the_layer_count_there_and_back(layer: str, forward: int) -> None:
    assert step_flops(tiny_network().trunk((layer,)), (48, 64)) == 2 * forward


def test_the_classifier_counts_where_it_is_used() -> None:
    trunk = tiny_network().trunk(("logits",))
    assert step_flops(trunk, (48, 64)) == 2 * (ONE + TWO + 2 * 12 * 5)


def test_counting_leaves_no_hooks() -> None:
    trunk = tiny_network().trunk(("two",))
    assert step_flops(trunk, (48, 64)) == step_flops(trunk, (48, 64))
    assert not any(module._forward_hooks for module in trunk.body.modules())


def test_the_rate_of_this_machine_is_above_one_gigaflop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamvid.bench.flops._SIDE", 256)
    assert matmul_rate(seconds=0.05) > 1e9


def test_arithmetic_of_one_thread_is_timed_by_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that programs beside it hardly matter."""
    monkeypatch.setattr(time, "process_time", lambda: 1.0)
    monkeypatch.setattr(time, "perf_counter", lambda: 2.0)
    for threads, clock in ((1, 1.0), (2, 2.0)):
        monkeypatch.setattr(torch, "get_num_threads", lambda count=threads: count)
        assert now() == clock
