"""A dream does not burn in: it melts here and there, and grows anew."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
import torch
from tiny import texture
from wall_kit import Small, noisy, residual

from dreamvid.live import carry
from dreamvid.live.renewal import PERIOD, RATE, renewed
from dreamvid.sequence.memory import Memory


def scene(time: float) -> object:
    return noisy(texture(height=36, width=64), time)


@pytest.fixture(scope="module")
def memory() -> Memory:
    return list(islice(Small(scene), 8))[-1][1]  # type: ignore[arg-type]


def correlation(one: Memory, other: Memory) -> float:
    a, b = residual(one).flatten(), residual(other).flatten()
    return float(a @ b / (a.norm() * b.norm()))


def test_one_place_melts_at_a_time_and_is_fresh(memory: Memory) -> None:
    after = renewed(memory, 7.5 * PERIOD, 1 / RATE)
    change = (residual(after) - residual(memory)).square().sum(dim=0)
    assert change.max() > 100 * change.min()
    share = (after.fresh - memory.fresh).clamp_min(0)[0]
    assert float(share.max()) > 0.9 and float(share.mean()) < 0.5
    strong = change > change.mean()
    assert float(share[strong].mean()) > 2 * float(share[~strong].mean())


def test_its_size_follows_the_time_that_passed(memory: Memory) -> None:
    steps = [
        float((residual(renewed(memory, 7.5 * PERIOD, t)) - residual(memory)).norm())
        for t in (0.0, 0.02, 0.04)
    ]
    assert steps[0] < 1e-5 and steps[2] == pytest.approx(2 * steps[1], rel=0.1)
    begin = renewed(memory, 7.0 * PERIOD, 0.04)
    assert float((begin.dreamed - memory.dreamed).abs().max()) < 1e-4, "it begins gently"


def test_after_a_while_it_was_everywhere(memory: Memory) -> None:
    fresh = torch.zeros_like(memory.fresh)
    for number in range(18):
        after = renewed(replace(memory, fresh=fresh), (number + 0.5) * PERIOD, 0.04)
        fresh = torch.maximum(fresh, after.fresh)
    assert float(fresh.min()) > 0.25


def test_strength_stays(memory: Memory) -> None:
    melted = memory
    for number in range(100):
        melted = renewed(melted, (3 + number / 100) * PERIOD, 0.1)
    assert 0.6 < residual(melted).norm() / residual(memory).norm() < 1.6


@pytest.mark.parametrize("renewing", [True, False])
def test_an_unchanging_picture_is_dreamed_anew(
    renewing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without renewal the same shapes stay, as the second case shows."""
    monkeypatch.setattr("dreamvid.live.renewal.PERIOD", 0.4)
    monkeypatch.setattr("dreamvid.live.renewal.RATE", 15.0)
    if not renewing:
        monkeypatch.setattr(carry, "renewed", lambda memory, now, seconds: memory)
    seen = [m for _, m, _ in islice(Small(scene), 401)]  # type: ignore[arg-type]
    same = correlation(seen[150], seen[400])
    assert same < 0.6 if renewing else same > 0.8
