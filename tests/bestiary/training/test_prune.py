"""Pruning: what never fires goes, and nothing else changes."""

from __future__ import annotations

import torch
from torch import nn

from dreamvid.bestiary.training.prune import prune
from dreamvid.networks.embedded import Bestiary, Widths

WIDTHS = Widths(4, 6, (((3, 2, 3, 2, 3, 3),), ((3, 2, 4, 2, 2, 2), (2, 2, 2, 2, 2, 2))))


def deadened(*dead: tuple[str, int]) -> Bestiary:
    """A model as it is trained, in which some channels of some units can never fire."""
    torch.manual_seed(1)
    model = Bestiary(WIDTHS, 5, norm=True).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.constant_(module.bias, 1)  # then all the others fire
    for unit, channel in dead:
        norm = model.get_submodule(f"{unit}.norm")
        with torch.no_grad():
            norm.get_parameter("weight")[channel] = 0
            norm.get_parameter("bias")[channel] = -1
    return model


def test_dead_channels_go_and_the_result_stays() -> None:
    model = deadened(("3a.a", 1), ("3a.b.1", 0), ("4a.c.2", 1), ("4b.b.1", 0))
    pictures = [torch.randn(8, 3, 64, 64) for _ in range(4)]
    pruned, widths = prune(model, WIDTHS, pictures)
    (first,), (second, third) = widths.groups
    assert (first, second, third) == ((2, 2, 2, 2, 3, 3), (3, 2, 4, 2, 2, 1), (2, 2, 1, 2, 2, 2))
    with torch.no_grad():
        assert torch.allclose(model(pictures[0]), pruned(pictures[0]), atol=1e-5)
    fresh = Bestiary(widths, 5, norm=True)
    fresh.load_state_dict(pruned.state_dict())


def test_a_model_that_is_all_alive_is_left_as_it_is() -> None:
    model = deadened()
    pictures = [torch.randn(16, 3, 96, 96) for _ in range(4)]
    pruned, widths = prune(model, WIDTHS, pictures)
    assert widths == WIDTHS
    for name, value in pruned.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])


def test_a_branch_that_is_all_dead_keeps_one_channel() -> None:
    model = deadened(("4b.a", 0), ("4b.a", 1))
    pruned, widths = prune(model, WIDTHS, [torch.randn(4, 3, 64, 64)])
    assert widths.groups[1][1][0] == 1
    assert pruned(torch.randn(1, 3, 64, 64)).shape == (1, 5)
