"""The crew: pieces of a batch, on as many threads, give the gradients of the whole."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from lessons import GREY, UNIT, small_model
from torch import Tensor, nn

from dreamvid.bestiary.training.aligned import agreement
from dreamvid.bestiary.training.crew import Crew
from dreamvid.bestiary.training.tasks import ALIGNED, CLASS, CLASSIFIED, Alignment, Classification

pytestmark = pytest.mark.usefixtures("two_threads")

IMAGES = torch.rand(7, 3, 24, 24, generator=torch.Generator().manual_seed(1))
FULL = torch.rand(7, 3, 24, 24, generator=torch.Generator().manual_seed(2))
TARGETS = F.one_hot(torch.tensor([0, 1, 1, 0, 1, 0, 0]), 2).float()


def crew_of(model: nn.Module) -> Crew:
    return Crew(model, mean=GREY, std=UNIT, dtype=torch.float32)


def normal(images: Tensor) -> Tensor:
    return (images - 0.5) / 0.25


def test_pieces_give_the_gradients_of_the_whole() -> None:
    model, images = small_model(norm=False), IMAGES.clone().requires_grad_()
    logits = model(normal(images))
    whole = F.cross_entropy(logits, TARGETS, label_smoothing=0.1)
    parameters = list(model.parameters())
    wanted = torch.autograd.grad(whole, [images, *parameters])

    told = crew_of(model)(Classification(7, 0.1, attacked=True), IMAGES, TARGETS)
    assert abs(sum(loss for loss, _, _ in told) / 7 - whole.item()) < 1e-5
    assert sum(right for _, right, _ in told) == (logits.argmax(1) == TARGETS.argmax(1)).sum()
    gradients = [gradient for _, _, gradient in told if gradient is not None]
    found = [torch.cat(gradients), *(parameter.grad for parameter in parameters)]
    for one, expected in zip(found, wanted, strict=True):
        assert one is not None and torch.allclose(one, expected, atol=1e-6)


@pytest.mark.parametrize("goal", ["3", CLASS])
def test_pieces_align_as_the_whole_does(goal: str) -> None:
    model, images = small_model(norm=False), IMAGES.clone().requires_grad_()
    logits = model(normal(images))
    energy = model[:4](normal(images)).square().mean((1, 2, 3)).log()
    heights = energy if goal else (TARGETS * logits.log_softmax(1)).sum(1)
    (gradient,) = torch.autograd.grad(heights.sum(), images, create_graph=True)
    aligned = agreement(gradient, FULL - IMAGES)
    loss = ALIGNED * (1 - aligned).mean() + CLASSIFIED * F.cross_entropy(logits, TARGETS)
    parameters = list(model.parameters())
    wanted = torch.autograd.grad(loss, parameters)

    told = crew_of(model)(Alignment(7, 0.0, goal), IMAGES, FULL, TARGETS)
    assert abs(sum(one for one, _ in told) - float(aligned.detach().sum())) < 1e-4
    assert torch.allclose(
        torch.cat([one for _, one in told]), gradient.detach(), rtol=1e-3, atol=1e-6
    )
    for parameter, expected in zip(parameters, wanted, strict=True):
        assert parameter.grad is not None
        assert torch.allclose(parameter.grad, expected, rtol=1e-3, atol=1e-5)


def test_a_layer_that_is_dead_gives_numbers() -> None:
    model = small_model(norm=False)
    for parameter in model[3].parameters():
        nn.init.constant_(parameter, 0)
    crew_of(model)(Alignment(7, 0.0, "3"), IMAGES, FULL, TARGETS)
    for parameter in model.parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all()


def test_every_member_learns_what_one_does() -> None:
    model = small_model()
    crew = crew_of(model)
    crew(Classification(7, 0.0, attacked=False), IMAGES, TARGETS)
    torch.optim.SGD(model.parameters(), lr=0.5).step()
    model.zero_grad()
    for member in crew._members:
        for own, shared in zip(member.model.parameters(), model.parameters(), strict=True):
            assert torch.equal(own, shared)


def test_images_that_are_not_attacked_get_no_gradient() -> None:
    told = crew_of(small_model())(Classification(7, 0.0, attacked=False), IMAGES, TARGETS)
    assert all(gradient is None for _, _, gradient in told)


def test_the_rest_of_the_program_keeps_its_threads() -> None:
    before = torch.get_num_threads()
    crew_of(small_model())(Classification(7, 0.0, attacked=False), IMAGES, TARGETS)
    assert torch.get_num_threads() == before > 1
