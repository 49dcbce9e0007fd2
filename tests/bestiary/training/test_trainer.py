"""The trainer: it learns, it withstands attacks, it goes on where it was."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pretend
import pytest
import torch
from lessons import GREY, UNIT, Call, Laden, Stripes, small_model
from near import make_pictures_here
from torch import Tensor, nn
from waiting import wait_for

from dreamvid.bestiary.training import trainer as trainers
from dreamvid.bestiary.training.recipe import Recipe
from dreamvid.bestiary.training.stream import stream
from dreamvid.bestiary.training.tasks import CLASS, Alignment
from dreamvid.bestiary.training.trainer import Lesson, Trainer

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    make_pictures_here(monkeypatch)


def trainer(device: torch.device = CPU, **recipe: Any) -> Trainer:
    """One that only tells, without attacks, unless the recipe says something else."""
    wanted = {
        "minutes": 1000, "telling": 0.9, "sizes": (24, 24), "batch": 32, "rate": 0.03,
        "aligned_batch": 16, "aligned_rate": 0.01,
    }  # fmt: skip
    return Trainer(
        small_model(), Stripes(), Recipe(**wanted | recipe), mean=GREY, std=UNIT,
        goals={"4": 0.7, CLASS: 0.3}, shaping=lambda gradient: gradient, device=device,
    )  # fmt: skip


def lessons(taught: Trainer, count: int) -> list[Lesson]:
    return list(islice(taught, count))


def norms(model: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def test_it_learns_to_tell_stripes() -> None:
    taught = trainer()
    last = lessons(taught, 120)[-1]
    assert last.accuracy > 0.9 and last.loss < 0.5
    assert (last.step, last.pictures, last.size) == (120, 120 * 32, 24)
    assert last.attacked == 0 and last.aligned is None


@pytest.mark.pretended
def test_it_learns_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend.dream_elsewhere(monkeypatch)
    told, aligned = trainer(pretend.device(), attack=8.0), trainer(pretend.device(), telling=0.0)
    assert lessons(told, 25)[-1].accuracy > 0.5
    assert lessons(aligned, 8)[-1].aligned is not None
    assert {one.device for one in told.model.parameters()} == {pretend.device()}


def test_attacked_pictures_are_harder_and_count_as_pictures() -> None:
    taught = trainer(attack=8.0, calm=-1.0)
    seen = lessons(taught, 100)
    assert seen[0].step == 2 and seen[0].pictures == 64
    assert 0 < seen[-1].attacked < seen[-1].accuracy


def test_gradients_are_aligned() -> None:
    taught = trainer(telling=0.0)
    seen = lessons(taught, 100)
    assert seen[0].step == 3 and seen[0].pictures == 3 * 16
    assert seen[0].aligned is not None and seen[-1].aligned is not None
    assert seen[-1].aligned > seen[0].aligned + 0.04
    assert seen[-1].accuracy > 0.9


def test_chains_are_learned_from(two_threads: None) -> None:
    taught, batches = trainer(telling=0.0), list[Tensor]()
    lessons(taught, 1)  # then the crew stays
    crew = taught._crew

    def watched(task: Callable[..., Any], *batch: Tensor) -> list[Any]:
        if isinstance(task, Alignment):
            batches.append(batch[0])
        return crew(task, *batch)

    taught._crew = watched  # type: ignore[assignment]
    lessons(taught, 3)
    first, second, third = batches
    for earlier, later in ((first, second), (second, third)):
        away = (later[8:, None] - earlier[None]).abs().mean((2, 3, 4)).amin(1)
        assert ((away > 0.004) & (away < 0.031)).all()  # each is a step from one before


def test_batch_norms_are_folded_once_it_can_tell(two_threads: None) -> None:
    taught = trainer(telling=1e-9)
    assert norms(taught.model) == 1
    (lesson,) = lessons(taught, 1)
    assert norms(taught.model) == 1 and lesson.aligned is None
    (lesson,) = lessons(taught, 1)
    assert norms(taught.model) == norms(taught.averaged) == 0 and lesson.aligned is not None


def test_the_average_comes_after_the_model() -> None:
    taught = trainer()
    lessons(taught, 40)
    model, mean = taught.model.state_dict(), taught.averaged.module.state_dict()
    away = [float((model[key] - mean[key]).abs().max()) for key in ("0.weight", "7.weight")]
    assert all(distance > 0 for distance in away)


@pytest.mark.parametrize(("telling", "passes", "count"), [(0.9, 1, 32), (0.0, 3, 16)])
def test_it_goes_on_where_it_was(
    telling: float, passes: int, count: int, two_threads: None
) -> None:
    first, second = trainer(telling=telling), trainer(telling=telling, seed=5)
    steps = 12 * passes
    lessons(first, 12)
    second.restore(first.state())
    assert (second.step, second.pictures, second.seconds) == (steps, steps * count, first.seconds)
    for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)
    (lesson,) = lessons(second, 1)
    assert lesson.step == steps + passes and second.seconds > first.seconds
    assert second.state()["begun"] == (None if telling else 0)


def test_the_rate_goes_on_rising_where_it_was(two_threads: None) -> None:
    first, second = trainer(telling=1e-9), trainer(telling=1e-9)
    lessons(first, 4)
    second.restore(first.state())
    lessons(first, 1)
    lessons(second, 1)
    rates = [taught.optimiser.param_groups[0]["lr"] for taught in (first, second)]
    assert rates[0] == pytest.approx(rates[1], rel=1e-3) and second.state()["begun"] == 1


def test_pictures_of_a_process_of_their_own_teach_the_same(
    monkeypatch: pytest.MonkeyPatch, two_threads: None
) -> None:
    (here,) = lessons(trainer(), 1)
    torch.manual_seed(0)  # the model is that of before
    monkeypatch.setattr(trainers, "stream", stream)
    (apart,) = lessons(trainer(), 1)
    assert (apart.loss, apart.accuracy) == (here.loss, here.accuracy)


def test_it_ends_when_its_time_is_over() -> None:
    taught = trainer(minutes=1e-9)
    assert len(list(taught)) == 1
    assert list(taught) == []


def test_a_probe_is_what_the_model_takes() -> None:
    (batch,) = trainer().probe(1)
    assert batch.shape == (32, 3, 24, 24)
    assert abs(float(batch.mean())) < 0.2 and 0.5 < float(batch.std()) < 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no masks of signals")
def test_a_process_that_begins_does_not_hear_ctrl_c() -> None:
    struck = Laden(load=(Call(signal.raise_signal, (signal.SIGINT,)),))
    pictures, _, _ = next(stream(struck, size=16, batch=4, seed=1, workers=1))
    assert len(pictures) == 4


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no Ctrl-C to one process")
def test_stopped_while_a_process_begins_it_is_sent_everything(tmp_path: Path) -> None:
    arrived = tmp_path / "arrived"
    stop, last = Call(os.kill, (os.getpid(), signal.SIGINT)), Call(Path.touch, (arrived,))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        with pytest.raises(KeyboardInterrupt):
            stream(Laden(load=(stop, bytes(1 << 22), last)), size=16, batch=4, seed=1, workers=1)
    finally:
        signal.signal(signal.SIGINT, before)
    wait_for(arrived.exists)  # else what it was sent was cut off
