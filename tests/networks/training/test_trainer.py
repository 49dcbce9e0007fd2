"""The trainer: it learns, it withstands attacks, it goes on where it was."""

from __future__ import annotations

import os
import signal
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from lessons import GREY, UNIT, Call, Laden, Stripes, small_model

from dreamvid.networks.training.recipe import Recipe
from dreamvid.networks.training.stream import stream
from dreamvid.networks.training.trainer import Lesson, Trainer


def trainer(**recipe: Any) -> Trainer:
    wanted = {"minutes": 1000, "sizes": (24,), "shares": (1.0,), "batch": 32, "rate": 0.03}
    cpu = torch.device("cpu")
    return Trainer(
        small_model(), Stripes(), Recipe(**wanted | recipe), mean=GREY, std=UNIT, device=cpu
    )


def lessons(taught: Trainer, count: int) -> list[Lesson]:
    return list(islice(taught, count))


def test_it_learns_to_tell_stripes() -> None:
    taught = trainer()
    last = lessons(taught, 120)[-1]
    assert last.told > 0.9 and last.loss < 0.5
    assert (last.step, last.pictures, last.size) == (120, 120 * 32, 24)
    assert last.attacked == 0


def test_attacked_pictures_are_harder_and_count_as_pictures() -> None:
    taught = trainer(attack=8.0, calm=-1.0)
    seen = lessons(taught, 100)
    assert seen[0].step == 2 and seen[0].pictures == 64
    assert 0 < seen[-1].attacked < seen[-1].told


def test_the_average_comes_after_the_model() -> None:
    taught = trainer()
    lessons(taught, 40)
    model, mean = taught.model.state_dict(), taught.averaged.module.state_dict()
    away = [float((model[key] - mean[key]).abs().max()) for key in ("0.weight", "7.weight")]
    assert all(distance > 0 for distance in away)


def test_it_goes_on_where_it_was() -> None:
    first, second = trainer(), trainer(seed=5)
    lessons(first, 12)
    second.restore(first.state())
    assert (second.step, second.pictures, second.seconds) == (12, 12 * 32, first.seconds)
    for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)
    (lesson,) = lessons(second, 1)
    assert lesson.step == 13 and second.seconds > first.seconds


def test_it_ends_when_its_time_is_over() -> None:
    taught = trainer(minutes=1e-9)
    assert len(list(taught)) == 1
    assert list(taught) == []


def test_a_probe_is_what_the_model_takes() -> None:
    (batch,) = trainer().probe(1)
    assert batch.shape == (32, 3, 24, 24)
    assert abs(float(batch.mean())) < 0.2 and 0.5 < float(batch.std()) < 2


def test_streams_follow_their_seed() -> None:
    def some(seed: int) -> list[torch.Tensor]:
        batches = stream(Stripes(), size=16, batch=4, seed=seed, workers=1)
        return [pictures for pictures, _ in islice(batches, 3)]

    first, again, other = some(1), some(1), some(2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0]) and not torch.equal(first[0], first[1])
    assert first[0].dtype == torch.uint8 and first[0].shape == (4, 16, 16, 3)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no masks of signals")
def test_a_process_that_begins_does_not_hear_ctrl_c() -> None:
    struck = Laden(load=(Call(signal.raise_signal, (signal.SIGINT,)),))
    pictures, _ = next(stream(struck, size=16, batch=4, seed=1, workers=1))
    assert len(pictures) == 4


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no Ctrl-C to one process")
def test_stopped_while_a_process_begins_it_is_sent_everything(tmp_path: Path) -> None:
    arrived = tmp_path / "arrived"
    stop, last = Call(os.kill, (os.getpid(), signal.SIGINT)), Call(Path.touch, (arrived,))
    with pytest.raises(KeyboardInterrupt):
        stream(Laden(load=(stop, bytes(1 << 22), last)), size=16, batch=4, seed=1, workers=1)
    for _ in range(200):
        if arrived.exists():
            return
        time.sleep(0.1)
    pytest.fail("what it was sent was cut off")
