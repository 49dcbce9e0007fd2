"""The crew: pieces of a batch, on as many threads, give the gradients of the whole."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from lessons import GREY, UNIT, small_model

from dreamvid.networks.training.crew import Crew


def test_pieces_give_the_gradients_of_the_whole() -> None:
    model = small_model(norm=False)
    images = torch.rand(7, 3, 24, 24, requires_grad=True)
    targets = F.one_hot(torch.tensor([0, 1, 1, 0, 1, 0, 0]), 2).float()
    logits = model((images - 0.5) / 0.25)
    whole = F.cross_entropy(logits, targets, label_smoothing=0.1)
    parameters = list(model.parameters())
    wanted = torch.autograd.grad(whole, [images, *parameters])

    crew = Crew(model, mean=GREY, std=UNIT, smoothing=0.1, dtype=torch.float32)
    loss, told = crew(images, targets)
    assert abs(loss - whole.item()) < 1e-5
    assert abs(told - (logits.argmax(1) == targets.argmax(1)).float().mean().item()) < 1e-6
    for found, expected in zip((images, *parameters), wanted, strict=True):
        assert found.grad is not None
        assert torch.allclose(found.grad, expected, atol=1e-6)


def test_every_member_learns_what_one_does() -> None:
    model = small_model()
    crew = Crew(model, mean=GREY, std=UNIT, smoothing=0.0, dtype=torch.float32)
    images, targets = torch.rand(8, 3, 24, 24), torch.eye(2)[torch.arange(8) % 2]
    crew(images, targets)
    torch.optim.SGD(model.parameters(), lr=0.5).step()
    model.zero_grad()
    model.eval()
    for twin in crew._members:
        twin.eval()
        for own, shared in zip(twin.parameters(), model.parameters(), strict=True):
            assert torch.equal(own, shared)


def test_images_that_ask_for_no_gradient_get_none() -> None:
    crew = Crew(small_model(), mean=GREY, std=UNIT, smoothing=0.0, dtype=torch.float32)
    images = torch.rand(4, 3, 24, 24)
    crew(images, torch.eye(2)[[0, 1, 0, 1]])
    assert images.grad is None


def test_the_rest_of_the_program_keeps_its_threads() -> None:
    before = torch.get_num_threads()
    crew = Crew(small_model(), mean=GREY, std=UNIT, smoothing=0.0, dtype=torch.float32)
    images = torch.rand(4, 3, 24, 24)
    crew(images, torch.eye(2)[[0, 1, 0, 1]])
    assert torch.get_num_threads() == before > 1
