"""Where a training starts: from nothing, from the bestiary, from one of torchvision's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from dreamvid.bestiary.training.folding import folded
from dreamvid.bestiary.training.start import start
from dreamvid.errors import UsageError
from dreamvid.networks import zoo
from dreamvid.networks.embedded import SHIPPED
from dreamvid.networks.registry import load_saved

LABELS = ("ant", "bee", "cat")


def test_a_blank_bestiary_has_batch_norm_and_the_labels() -> None:
    begun = start("bestiary", LABELS, blank=True)
    assert begun.plan.kind == SHIPPED and begun.description.labels == LABELS
    assert any(isinstance(module, nn.BatchNorm2d) for module in begun.model.modules())
    assert begun.model.eval()(torch.rand(1, 3, 64, 64)).shape == (1, 3)


def test_the_same_seed_gives_the_same_weights() -> None:
    def stem(seed: int) -> torch.Tensor:
        return start("bestiary", LABELS, blank=True, seed=seed).model.state_dict()[
            "4a.a.conv.weight"
        ]

    assert torch.equal(stem(1), stem(1)) and not torch.equal(stem(1), stem(2))


def test_the_bestiary_keeps_all_but_its_last_layer() -> None:
    begun, (file, _) = start("bestiary", LABELS), load_saved("bestiary")
    assert begun.plan.kind == file.plan.kind and not begun.blank
    for name, value in begun.model.state_dict().items():
        if name.startswith("logits"):
            assert value.shape[0] == 3
        else:
            assert torch.equal(value, file.state[name]), name


def test_what_learns_own_pictures_takes_longer_steps_to_show_them() -> None:
    (file, _), own = load_saved("bestiary"), start("bestiary", LABELS)
    same = start("bestiary", file.description.labels)
    assert same.description == file.description
    assert own.description.default_step > same.description.default_step


def test_a_network_of_torchvisions_keeps_all_but_its_last_layer(tmp_path: Path) -> None:
    given = zoo.build("squeezenet1_1").state_dict()
    torch.save(given, tmp_path / "weights.pth")
    begun = start("squeezenet1_1", LABELS, weights=tmp_path / "weights.pth")
    found = begun.model.state_dict()
    assert found["classifier.1.weight"].shape[0] == 3
    assert torch.equal(found["features.0.weight"], given["features.0.weight"])
    assert begun.description.labels == LABELS and begun.description.label_layer == "classifier"


def test_a_blank_network_of_torchvisions_needs_no_weights() -> None:
    begun = start("mobilenet_v3_large", LABELS, blank=True, offline=True)
    assert begun.blank and begun.plan.kind == "mobilenet_v3_large"


def test_an_unknown_network_gets_near_misses() -> None:
    with pytest.raises(UsageError, match="did you mean googlenet"):
        start("googelnet", LABELS)


def test_a_finished_network_of_torchvisions_has_batch_norms_again() -> None:
    begun = start("mobilenet_v3_large", LABELS, blank=True)
    model, plan = begun.finished(folded(begun.model))
    assert plan == begun.plan and model.state_dict().keys() == plan.build().state_dict().keys()
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(model(images), begun.model.eval()(images), atol=1e-4)
