"""Network files: what goes in comes out, and what is no network is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from dreamvid.errors import DreamvidError, UnreadableInput
from dreamvid.networks import zoo
from dreamvid.networks.embedded import Bestiary, Widths
from dreamvid.networks.network import Description
from dreamvid.networks.registry import load_network
from dreamvid.networks.saved import FORMAT, Plan, load, save

TINY = Widths(4, 6, (((2, 2, 3, 2, 3, 3),), ((3, 2, 4, 2, 2, 2), (2, 2, 2, 2, 2, 2))))
PLAN = Plan(TINY, 5)


def trained() -> tuple[Bestiary, Description]:
    """A network as training leaves it, with batch norm that does something."""
    torch.manual_seed(3)
    model = Bestiary(TINY, 5, norm=True)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    about = Description(
        name="tiny",
        aliases={"textures": "3a", "patterns": "3a", "parts": "4a", "objects": "4b"},
        default_layer="4a",
        default_step=0.02,
        labels=("owl", "eye", "rose", "fern", "car"),
        label_layer="logits",
        mean=(0.4, 0.4, 0.4),
        std=(0.2, 0.2, 0.2),
    )
    return model.eval(), about


def test_a_network_of_our_own_survives_its_file(tmp_path: Path) -> None:
    model, about = trained()
    save(tmp_path / "tiny.safetensors", model, PLAN, about)
    network = load_network(str(tmp_path / "tiny.safetensors"))
    assert network.description == about and network.default_step == 0.02
    batch = torch.rand(1, 3, 50, 60)
    with torch.no_grad():
        wanted = model((batch - 0.4) / 0.2)
        found = network.trunk(["logits"])(batch)["logits"]
    assert torch.allclose(wanted, found, rtol=0.02, atol=0.02)  # half precision
    assert next(iter(load_file(tmp_path / "tiny.safetensors").values())).dtype == torch.float16
    assert len(network.weights_sha256) == 64


def test_files_of_our_own_that_are_not(tmp_path: Path) -> None:
    model, about = trained()
    good = tmp_path / "good.safetensors"
    save(good, model, PLAN, about)
    state = load_file(good)
    widths = json.dumps({"stem": 4, "conv2": 6, "groups": []})
    description = json.dumps({"aliases": {}, "default_layer": "3a", "labels": ["a"]})
    whole = {"format": FORMAT, "architecture": widths, "description": description}
    for metadata in (
        {},
        {"format": FORMAT},
        whole,
        {**whole, "architecture": "no"},
        {**whole, "description": "[1, 2]"},
    ):
        save_file(state, tmp_path / "bad.safetensors", metadata=metadata)
        with pytest.raises(UnreadableInput, match=r"bad\.safetensors"):
            load(tmp_path / "bad.safetensors", name="bad")
    for content in (b"", good.read_bytes()[:500]):
        (tmp_path / "bad.safetensors").write_bytes(content)
        with pytest.raises(UnreadableInput):
            load_network(str(tmp_path / "bad.safetensors"))
    with pytest.raises(UnreadableInput):
        load_network(str(tmp_path / "none.safetensors"))


def test_a_network_of_torchvisions_survives_its_file(tmp_path: Path) -> None:
    plan = Plan("mobilenet_v3_large", 3)
    model = plan.build()
    nn.init.constant_(model.get_submodule("features.0.1").running_var, 1e6)  # too much for a half
    about = replace(zoo.describe("mobilenet_v3_large"), labels=("a", "b", "c"))
    save(tmp_path / "mine.safetensors", model, plan, about)
    network = load_network(str(tmp_path / "mine.safetensors"))
    assert network.labels == ("a", "b", "c")
    batch = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (about.mean, about.std))
        wanted = model((batch - mean) / std)
        found = network.trunk([network.label_layer])(batch)[network.label_layer]
    assert torch.allclose(wanted, found, rtol=0.02, atol=0.002)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    model, about = trained()
    (tmp_path / "taken.safetensors").mkdir()
    with pytest.raises(DreamvidError, match="cannot be written"):
        save(tmp_path / "taken.safetensors", model, PLAN, about)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.safetensors"]
