"""Networks of timm: named, described, built, loaded from files and from a hub on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dreamvid.errors import MissingDependency, UnreadableInput, UsageError
from dreamvid.networks import efficientnet, known
from dreamvid.networks.known import choose
from dreamvid.networks.registry import describe, load_network

timm: Any = pytest.importorskip("timm")

from dreamvid.networks import timm_zoo  # noqa: E402


def seeded(name: str, **options: Any) -> nn.Module:
    torch.manual_seed(0)
    model: nn.Module = timm.create_model(name, **options).eval()
    for module in model.modules():  # batch norms as after training
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)  # type: ignore[union-attr, operator]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr, operator]
    return model


def test_a_description_comes_from_the_configuration() -> None:
    about = timm_zoo.describe("timm:test_resnet")
    assert (about.mean, about.view) == ((0.5, 0.5, 0.5), 160)
    assert about.labels == known.labels("googlenet")
    larger = timm_zoo.describe("timm:convnext_base.fb_in22k_ft_in1k")
    assert larger.mean == pytest.approx((0.485, 0.456, 0.406))
    many = timm_zoo.describe("timm:convnextv2_tiny.fcmae_ft_in22k_in1k")
    assert len(many.labels) == 1000
    beasts = timm_zoo.describe("timm:tf_efficientnetv2_s.in21k").labels
    assert len(beasts) == 21_843 and "great grey owl" in beasts


@pytest.mark.parametrize(
    "name", ["test_resnet", "test_efficientnet", "test_convnext", "test_byobnet", "test_nfnet"]
)
def test_a_trunk_gives_what_timm_gives(name: str, tmp_path: Path) -> None:
    model = seeded(name)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    network = load_network(f"timm:{name}", weights=tmp_path / "w.safetensors")
    batch = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (network.description.mean,
                                                          network.description.std))  # fmt: skip
    with torch.no_grad():
        wanted = model((batch - mean) / std)
        found = network.trunk([network.label_layer])(batch)[network.label_layer]
    assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))


def test_the_weights_of_our_own_network_give_the_same_in_timm(tmp_path: Path) -> None:
    own = torch.load(efficientnet.weights_path(), weights_only=True)
    names = timm.create_model("tf_efficientnet_lite0").state_dict()
    # The two architectures list their layers in the same order.
    save_file(
        {a: own[b].contiguous() for a, b in zip(names, own, strict=True)},
        tmp_path / "a.safetensors",
    )
    timms = load_network(str(tmp_path / "a.safetensors"), arch="timm:tf_efficientnet_lite0")
    ours = load_network("efficientnet_lite0")
    batch = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    one, two = ours.trunk(["5c"])(batch)["5c"], timms.trunk(["blocks.4"])(batch)["blocks.4"]
    assert float((one - two).abs().mean()) < 0.01 * float(one.abs().mean())  # another mean and std
    assert [timms.aliases[a] for a in ("textures", "patterns", "parts")] == \
        ["blocks.1", "blocks.2", "blocks.4.0"]  # fmt: skip


def test_layers_of_torch_take_the_place_of_those_of_timm() -> None:
    model = timm_zoo.plain(timm_zoo.build("timm:tf_efficientnet_lite0", classes=5))
    kinds = {type(module).__name__ for module in model.modules()}
    assert not kinds & {"BatchNormAct2d", "Conv2dSame"}
    assert not any(getattr(module, "inplace", False) for module in model.modules())


@pytest.mark.parametrize(("arch", "near"), [("resnet5O", "timm:resnet50"), ("", "see dreamvid")])
def test_unknown_architectures_get_near_misses(arch: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"unknown network 'timm:{arch}'.*{near}"):
        choose(f"timm:{arch}")


def test_unknown_weights_get_near_misses() -> None:
    with pytest.raises(UsageError, match=r"no weights 'a1_in2k' for resnet50; use .*\.a1_in1k"):
        describe("timm:resnet50.a1_in2k")


def test_without_timm_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "has_timm", lambda: False)
    with pytest.raises(MissingDependency, match=r"pip install 'dreamvid\[timm\]'") as caught:
        choose("timm:resnet50")
    assert caught.value.exit_code == 6


def test_the_address_of_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    url, file = timm_zoo.source("timm:resnet50.a1_in1k")
    assert url == "https://huggingface.co/timm/resnet50.a1_in1k/resolve/main/model.safetensors"
    assert file == "timm-resnet50.a1_in1k.safetensors"
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9/")
    assert timm_zoo.source("timm:test_resnet")[0].startswith("http://127.0.0.1:9/timm/test_resnet")
    with pytest.raises(MissingDependency, match=r"no weights for timm:resnet10t_x|--weights FILE"):
        monkeypatch.setattr(timm_zoo, "_settings", lambda name: timm.models.PretrainedCfg())
        timm_zoo.source("timm:resnet10t_x")


def test_weights_are_fetched_from_a_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = tmp_path / "timm" / "test_resnet.r160_in1k" / "resolve" / "main"
    hub.mkdir(parents=True)
    save_file(seeded("test_resnet").state_dict(), hub / "model.safetensors")
    monkeypatch.setenv("HF_ENDPOINT", tmp_path.as_uri())
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path / "cache"))
    with pytest.raises(MissingDependency, match="--offline is set"):
        load_network("timm:test_resnet.r160_in1k", offline=True)
    told: list[tuple[int, int]] = []
    network = load_network("timm:test_resnet.r160_in1k", progress=lambda *at: told.append(at))
    assert told and told[-1][0] == told[-1][1] and len(network.weights_sha256) == 64
    assert (tmp_path / "cache" / "timm-test_resnet.r160_in1k.safetensors").is_file()
    assert load_network("timm:test_resnet.r160_in1k", offline=True).labels[0] == "tench"


def test_nothing_is_fetched_for_a_network_that_cannot_be_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", (tmp_path / "nowhere").as_uri())
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UsageError, match="timm:test_vit cannot be cut"):
        load_network("timm:test_vit")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file(seeded("test_resnet").state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(UnreadableInput, match="not the weights of timm:test_convnext"):
        load_network("timm:test_convnext", weights=tmp_path / "w.safetensors")
    few = seeded("test_resnet", num_classes=7)
    save_file(few.state_dict(), tmp_path / "few.safetensors")
    found = load_network(str(tmp_path / "few.safetensors"), arch="timm:test_resnet")
    assert found.labels == tuple("0123456")
