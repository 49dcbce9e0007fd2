"""Folding: batch norms go into their convolutions and come back, and nothing changes."""

from __future__ import annotations

import pytest
import torch
from lessons import small_model
from torch import nn

from dreamvid.bestiary.training.folding import folded, unfolded
from dreamvid.networks import zoo
from dreamvid.networks.embedded import Bestiary, Widths

WIDTHS = Widths(4, 6, (((3, 2, 3, 2, 3, 3),), ((3, 2, 4, 2, 2, 2),)))
IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def experienced(model: nn.Module) -> nn.Module:
    """A model whose batch norms have seen something."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value, low, high in (
                (module.running_mean, -0.1, 0.1), (module.running_var, 0.5, 2.0),
                (module.weight, 0.5, 2.0), (module.bias, -0.5, 0.5),
            ):  # fmt: skip
                assert value is not None
                nn.init.uniform_(value, low, high)
    return model.eval()


def norms(model: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


@pytest.mark.parametrize("name", ["small", "bestiary", "efficientnet_lite0", "googlenet"])
def test_a_folded_model_gives_the_same_without_batch_norms(name: str) -> None:
    made = {"small": small_model, "bestiary": lambda: Bestiary(WIDTHS, 2, norm=True)}
    model = experienced(made[name]() if name in made else zoo.build(name, classes=2))
    thin = folded(model)
    assert norms(model) > norms(thin) == 0
    assert all(parameter.requires_grad for parameter in thin.parameters())
    with torch.no_grad():
        wanted = model(IMAGES)
        assert torch.allclose(thin(IMAGES), wanted, rtol=1e-3, atol=1e-4 * float(wanted.std()))


def test_a_folded_bestiary_is_one_without_batch_norms() -> None:
    thin = folded(experienced(Bestiary(WIDTHS, 2, norm=True)))
    Bestiary(WIDTHS, 2).load_state_dict(thin.state_dict())


@pytest.mark.parametrize("name", ["small", "mobilenet_v3_large"])
def test_an_unfolded_model_gives_what_the_folded_one_does(name: str) -> None:
    def fresh() -> nn.Module:
        return small_model() if name == "small" else zoo.build(name, classes=2)

    thin = folded(experienced(fresh()))
    with torch.no_grad():
        for parameter in thin.parameters():  # it has learned since
            parameter.mul_(1.1)
        back = unfolded(thin, experienced(fresh()))
        assert norms(back) > 0 and back.state_dict().keys() == fresh().state_dict().keys()
        assert torch.allclose(thin(IMAGES), back.eval()(IMAGES), rtol=1e-3, atol=1e-4)


def test_what_was_never_folded_is_left_as_it_is() -> None:
    model = experienced(small_model())
    same = unfolded(model, small_model())
    for key, value in model.state_dict().items():
        assert torch.equal(same.state_dict()[key], value)


@pytest.mark.parametrize("name", ["bestiary", "mobilenet_v3_large"])
def test_gradients_of_a_folded_model_can_be_aligned(name: str) -> None:
    model = Bestiary(WIDTHS, 2, norm=True) if name == "bestiary" else zoo.build(name, classes=2)
    thin = folded(experienced(model))
    images = IMAGES.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(thin(images).sum(), images, create_graph=True)
    parameters = list(thin.parameters())
    loss = gradient.square().sum() + thin(images).square().sum()
    torch.autograd.backward(loss, inputs=parameters)
    assert all(parameter.grad is not None for parameter in parameters)
