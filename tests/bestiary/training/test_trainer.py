"""The trainer: it learns, it withstands attacks, it goes on where it was."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lessons import GREY, UNIT, Call, Laden, Stripes, small_model
from torch import Tensor, nn
from waiting import wait_for

from dreamvid.bestiary.training import portraits
from dreamvid.bestiary.training.aligned import agreement
from dreamvid.bestiary.training.portraits import PortraitOctaves, PortraitRenders, nearest
from dreamvid.bestiary.training.recipe import Recipe
from dreamvid.bestiary.training.stream import stream
from dreamvid.bestiary.training.tasks import CLASS, Alignment
from dreamvid.bestiary.training.trainer import Lesson, Trainer


def trainer(portrait_octaves: PortraitOctaves | None = None, **recipe: Any) -> Trainer:
    """One that only tells, without attacks, unless the recipe says something else."""
    wanted = {
        "minutes": 1000, "telling": 0.9, "sizes": (24, 24), "batch": 32, "rate": 0.03,
        "aligned_batch": 16, "aligned_rate": 0.01,
    }  # fmt: skip
    return Trainer(
        small_model(), Stripes(), Recipe(**wanted | recipe), mean=GREY, std=UNIT,
        goals={"4": 0.7, CLASS: 0.3}, shaping=lambda gradient: gradient, device=torch.device("cpu"),
        portrait_octaves=portrait_octaves,
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


def discs() -> PortraitRenders:
    """A dark disc is a thing of the first class, a bright one of the second."""
    at = np.hypot(*np.mgrid[-1:1:24j, -1:1:24j])
    layers = np.zeros((16, 24, 24, 4), np.uint8)
    layers[:, at < 0.6, 3] = 255
    layers[8:, at < 0.6] = 255
    return PortraitRenders(layers, np.repeat([0, 1], 8))


def test_classes_are_drawn_towards_portraits_in_one_step_with_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(portraits, "PIXELS", 32 * 24**2)
    portrait_octaves = PortraitOctaves(discs(), 24, {"4": 0.5}, torch.device("cpu"))
    taught = trainer(telling=0.0, plain=0.0, portrait_octaves=portrait_octaves)
    before = towards_discs(taught.model)
    first = lessons(taught, 1)[0]
    portrayed = [octave.count for octave in (portrait_octaves.next(), portrait_octaves.next())]
    assert first.step == 1 and first.pictures == 3 * 16 + sum(portrayed)
    last = lessons(taught, 40)[-1]
    assert towards_discs(taught.model) > before + 0.1
    assert last.aligned is not None and last.attacked > 0


def towards_discs(model: nn.Module) -> float:
    """How well the gradient of the class points from bare grounds to discs."""
    torch.manual_seed(1)
    portrait = discs().portraits(32, 24, soft=False, device=torch.device("cpu"))
    images = portrait.grounds.clone().requires_grad_()
    logits = model((images - 0.5) / 0.25).log_softmax(1)
    logits.gather(1, portrait.labels[:, None]).sum().backward()
    assert images.grad is not None
    return float(agreement(images.grad, nearest(portrait) - images.detach()).mean())


def test_portraits_come_after_the_plain_share() -> None:
    portrait_octaves = PortraitOctaves(discs(), 24, {}, torch.device("cpu"))
    taught = trainer(telling=0.0, plain=0.5, portrait_octaves=portrait_octaves)
    lessons(taught, 1)
    assert "portrayed" not in taught._means
    taught.seconds = 0.6 * 60 * taught.recipe.minutes
    lessons(taught, 1)
    assert "portrayed" in taught._means


def test_chains_are_learned_from() -> None:
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


def test_batch_norms_are_folded_once_it_can_tell() -> None:
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
def test_it_goes_on_where_it_was(telling: float, passes: int, count: int) -> None:
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


def test_the_rate_goes_on_rising_where_it_was() -> None:
    first, second = trainer(telling=1e-9), trainer(telling=1e-9)
    lessons(first, 4)
    second.restore(first.state())
    lessons(first, 1)
    lessons(second, 1)
    rates = [taught.optimiser.param_groups[0]["lr"] for taught in (first, second)]
    assert rates[0] == pytest.approx(rates[1], rel=1e-3) and second.state()["begun"] == 1


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
        return [pictures for pictures, _, _ in islice(batches, 3)]

    first, again, other = some(1), some(1), some(2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0]) and not torch.equal(first[0], first[1])
    assert first[0].dtype == torch.uint8 and first[0].shape == (4, 16, 16, 3)


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
