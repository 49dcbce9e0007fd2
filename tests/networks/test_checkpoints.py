"""State dicts as they are found: prefixes, old names, old formats, other classes."""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamvid.bench.chance import random_network
from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.networks.network import Network
from dreamvid.networks.registry import load_network
from dreamvid.networks.weights import read_state

State = dict[str, Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    """Random weights of a ResNet-18."""
    return random_network("resnet18")._traced.model.state_dict()


def places(state: State) -> State:
    """The same with a head of 365 classes."""
    generator = torch.Generator().manual_seed(1)
    head = {"fc.weight": torch.rand(365, 512, generator=generator), "fc.bias": torch.zeros(365)}
    return {**state, **head}


def activations(network: Network) -> State:
    """What a picture of noise gives in two layers."""
    batch = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    return network.trunk(["layer2", "layer4.0"])(batch)


@pytest.fixture(scope="module")
def wanted(state: State, tmp_path_factory: pytest.TempPathFactory) -> State:
    """The activations of these weights, read from a plain file."""
    path = saved(state, tmp_path_factory.mktemp("plain") / "plain.pth")
    return activations(load_network("resnet18", weights=path))


def dreams_alike(wanted: State, path: Path, *, model: str, arch: str | None = None) -> None:
    """Check that a file gives these activations."""
    files = {"weights": path} if arch is None else {"arch": arch}
    found = activations(load_network(model, **files))  # type: ignore[arg-type]
    assert wanted.keys() == found.keys()
    assert all(torch.equal(wanted[layer], found[layer]) for layer in wanted)


def saved(value: object, path: Path) -> Path:
    torch.save(value, path)
    return path


WRAPPINGS: dict[str, Callable[[State], object]] = {
    "plain": lambda state: state,
    "parallel": lambda state: {
        "arch": "resnet18", "epoch": 9, "best_prec1": 54.6,
        "state_dict": {f"module.{key}": value for key, value in state.items()},
    },
    "compiled": lambda state: {f"_orig_mod.{key}": value for key, value in state.items()},
    "parallel in parts": lambda state: {
        key.replace(".", ".module.", 1) if key.startswith("layer") else key: value
        for key, value in state.items()
    },
    "robust": lambda state: {
        "epoch": 90, "schedule": {"step_size": 30}, "nat_prec1": np.float64(53.1),
        "model": {
            "module.normalizer.new_mean": torch.zeros(3, 1, 1),
            "module.normalizer.new_std": torch.ones(3, 1, 1),
            **{f"module.model.{key}": value for key, value in state.items()},
            "module.attacker.normalize.new_mean": torch.zeros(3, 1, 1),
            "module.attacker.normalize.new_std": torch.ones(3, 1, 1),
            **{f"module.attacker.model.{key}": value for key, value in state.items()},
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kind", WRAPPINGS)
def test_wrapped_weights_are_found(
    kind: str, legacy: bool, state: State, wanted: State, tmp_path: Path
) -> None:
    path = tmp_path / "w.pth.tar"
    torch.save(WRAPPINGS[kind](state), path, _use_new_zipfile_serialization=not legacy)
    dreams_alike(wanted, path, model="robust-resnet18")
    dreams_alike(wanted, path, model=str(path), arch="resnet18")


def test_places_is_read_from_its_old_format(state: State, wanted: State, tmp_path: Path) -> None:
    scenes = {k: v for k, v in places(state).items() if not k.endswith("num_batches_tracked")}
    path = tmp_path / "resnet18_places365.pth.tar"
    torch.save(WRAPPINGS["parallel"](scenes), path, _use_new_zipfile_serialization=False)
    dreams_alike(wanted, path, model="places365-resnet18")
    network = load_network("places365-resnet18", weights=path)
    assert network.labelled("volcano") == (350,)
    logits = network.trunk(["fc"])(torch.rand(1, 3, 64, 64))["fc"]
    assert logits.shape == (1, 365)


def test_pickles_of_python_2_are_read(state: State, tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    torch.save({"conv.weight": state["conv1.weight"]}, path, _use_new_zipfile_serialization=False)
    new, old = b"X\x0b\x00\x00\x00conv.weight", b"U\x0bconv.weight"
    data = path.read_bytes()
    assert new in data
    path.write_bytes(data.replace(new, old))
    assert list(read_state(path)) == ["conv.weight"]


def test_other_classes_are_numbered(state: State, tmp_path: Path) -> None:
    network = load_network(str(saved(places(state), tmp_path / "mine.pth")), arch="resnet18")
    assert network.name == "mine" and network.labels[:2] == ("0", "1")
    assert network.labelled("364") == (364,)
    with pytest.raises(UsageError, match="unknown label '365'"):
        network.labelled("365")


def test_old_names_of_dense_networks(tmp_path: Path) -> None:
    state = random_network("densenet121")._traced.model.state_dict()
    old = {
        key.replace("norm1", "norm.1").replace("conv2", "conv.2"): value
        for key, value in state.items()
    }
    network = load_network(str(saved(old, tmp_path / "dense.pth")), arch="densenet121")
    assert network.labels[0] == "tench"


def test_what_does_not_fit_is_named(state: State, tmp_path: Path) -> None:
    path = saved(state, tmp_path / "a.pth")
    with pytest.raises(UnreadableInput, match=r"not the weights of resnet34 \('layer1\.2\.conv1"):
        load_network(str(path), arch="resnet34")
    with pytest.raises(UnreadableInput, match=r"look like weights of resnet18; use resnet18"):
        load_network(str(path), arch="vgg11")
    wide = {**state, "layer1.0.conv1.weight": torch.zeros(64, 32, 3, 3)}
    with pytest.raises(UnreadableInput, match="is 64x32x3x3, expected 64x64x3x3"):
        load_network(str(saved(wide, path)), arch="resnet18")


def test_the_archives_of_torch_0_1_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "oldest.pth.tar"
    with tarfile.open(path, "w:") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            data = pickle.dumps(0)
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    with pytest.raises(UnreadableInput, match=r"archive of torch 0\.1.*save it again") as caught:
        load_network("resnet18", weights=path)
    assert caught.value.exit_code == 3
