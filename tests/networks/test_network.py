"""Networks and trunks: names, cuts, strides, files of our own, arithmetic."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dreamvid.bench import flops
from dreamvid.bench.chance import random_network
from dreamvid.bench.flops import matmul_rate, step_flops
from dreamvid.errors import UsageError
from dreamvid.networks import kinds
from dreamvid.networks.registry import describe, load_network
from dreamvid.networks.threads import limit_openmp_spin
from dreamvid.renders import catalogue
from dreamvid.renders.registry import ANIMAL_FAMILIES

SEVERAL = ("bestiary", "efficientnet_lite0", "googlenet", "squeezenet1_0", "vgg16", "resnet18",
           "inception_v3", "mobilenet_v3_large", "convnext_tiny", "densenet121")  # fmt: skip


def test_a_trunk_ends_behind_the_deepest_layer() -> None:
    network = load_network("bestiary")
    inside = {name.split(".")[0] for name, _ in network.trunk(["3a", "conv2"]).body.named_modules()}
    assert inside - {""} == {"stem", "pool1", "conv2", "pool2", "3a"}
    shallow, deep = (sum(p.numel() for p in network.trunk([n]).parameters()) for n in ("3a", "5b"))
    assert shallow < deep / 10


def test_trunks_are_kept_and_frozen() -> None:
    network = load_network("bestiary")
    parts = network.aliases["parts"]
    trunk = network.trunk(["parts", parts])
    assert trunk is network.trunk([parts]) and trunk.layers == (parts,)
    assert not trunk.training and not any(p.requires_grad for p in trunk.parameters())
    assert not any(
        isinstance(m, nn.BatchNorm2d)
        for m in random_network("googlenet").trunk(["conv2"]).modules()
    )


def test_a_cut_network_sees_what_the_whole_one_saw() -> None:
    network = random_network("googlenet")
    model, batch = network._traced.model, torch.rand(1, 3, 70, 90)
    seen = {}
    hook = model.get_submodule("inception3b").register_forward_hook(
        lambda module, inputs, output: seen.update(out=output)
    )
    with torch.no_grad():
        model((batch - 0.5) / 0.5)
        out = network.trunk(["inception3b"])(batch)["inception3b"]
    hook.remove()
    assert torch.allclose(seen["out"], out, rtol=1e-4, atol=1e-4)


def test_a_layer_is_read_before_an_in_place_relu_behind_it() -> None:
    network = random_network("vgg16")
    activations = network.trunk(["features.0", "features.1"])(torch.rand(1, 3, 32, 32))
    assert activations["features.0"].min() < 0
    assert torch.equal(activations["features.0"].relu(), activations["features.1"])


def test_a_trunk_on_another_device_leaves_the_others_where_they_are() -> None:
    network = load_network("bestiary")
    batch = torch.rand(1, 3, 40, 40)
    before = network.trunk(["3a"])(batch)["3a"]
    away = network.trunk(["3a"], torch.device("meta"))
    assert away is not network.trunk(["3a"])
    assert all(p.is_meta for p in away.parameters())
    assert torch.equal(network.trunk(["3a"])(batch)["3a"], before)
    assert network.trunk(["4a"])(batch)["4a"].isfinite().all()


@pytest.mark.parametrize("name", SEVERAL)
def test_strides_tell_the_size_of_activations(name: str) -> None:
    network = describe(name)
    layers = list(network.aliases.values())
    body = network._traced.cut(layers)
    found = body(torch.zeros(1, 3, 448, 448, device="meta")) if name != "bestiary" else None
    found = found or network.trunk(layers)(torch.zeros(1, 3, 448, 448))
    for layer in layers:
        assert abs(448 / network.stride(layer) - found[layer].shape[3]) <= 6, layer


@pytest.mark.parametrize("name", SEVERAL)
def test_the_minimum_size_is_enough_for_every_alias(name: str) -> None:
    network = describe(name)
    size = network.minimum_size
    layers = list(network.aliases.values())
    device = "cpu" if name == "bestiary" else "meta"
    found = network._traced.cut(layers)(torch.zeros(1, 3, size, size, device=device))
    assert all(min(found[layer].shape[2:]) >= 1 for layer in layers)


def test_near_misses_of_layers() -> None:
    network = describe("googlenet")
    assert network.resolve("parts") == "inception4c"
    with pytest.raises(UsageError, match=r"did you mean.*patterns"):
        network.resolve("patern")
    with pytest.raises(UsageError, match="inception4e"):
        network.resolve("4e")
    with pytest.raises(UsageError, match="try textures"):
        network.resolve("")


def test_described_networks_hold_no_weights() -> None:
    assert all(p.is_meta for p in describe("vgg19")._traced.model.parameters())


def test_layers_of_our_own_network_have_short_names() -> None:
    tops = [layer for layer in describe("bestiary").layers if "." not in layer]
    assert tops[:5] == ["stem", "pool1", "conv2", "pool2", "3a"]
    assert tops[-2:] == ["mean", "logits"]


def test_flops_are_counted_by_hand() -> None:
    network = load_network("bestiary")
    stem = 2 * 2 * 24 * 16 * 24 * 3 * 49
    second = 2 * 2 * 48 * 8 * 12 * 24 * 9
    assert step_flops(network.trunk(["stem"]), (32, 48)) == stem
    assert step_flops(network.trunk(["conv2"]), (32, 48)) == stem + second


def test_the_rate_of_the_machine_is_that_of_its_best_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert matmul_rate(seconds=0.01) > 0
    times = iter([4.0, 2.0])
    monkeypatch.setattr(flops, "_SIDE", 64)
    monkeypatch.setattr(flops, "_best", lambda product, seconds: next(times))
    assert matmul_rate() == 2 * 64**3 / 2.0


def test_waiting_threads_are_calmed_only_before_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert not limit_openmp_spin()
    monkeypatch.delitem(__import__("sys").modules, "torch")
    assert limit_openmp_spin() and not limit_openmp_spin()
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)


def test_a_class_means_all_its_labels() -> None:
    network = load_network("bestiary")
    foxes = network.labelled("fox")
    assert len(foxes) > 1 and all(network.labels[k].startswith("fox/") for k in foxes)
    assert network.labelled(network.labels[foxes[1]]) == (foxes[1],)


def test_one_view_of_a_class_is_its_most_telling_label_and_words_for_many_stay_many() -> None:
    network = load_network("bestiary")
    assert network.view_of("fox") == network.labelled("fox")[:1]
    assert network.view_of("camel") == network.labelled("camel/body")
    assert network.view_of("fox/side") == network.labelled("fox/side")
    assert network.view_of("bird") == network.labelled("bird") and len(network.view_of("bird")) > 9


@pytest.mark.parametrize(
    "model, word, label",
    [
        ("googlenet", "owl", "great grey owl"),
        ("googlenet", "Owls", "great grey owl"),
        ("googlenet", "fish", "anemone fish"),
        ("googlenet", "cat", "Siamese cat"),
        ("googlenet", "animal", "tench"),
        ("bestiary", "fish", "puffer/side"),
        ("bestiary", "birds", "owl/head"),
        ("bestiary", "animal", "wasp/top"),
    ],
)
def test_a_word_means_all_labels_that_it_stands_for(model: str, word: str, label: str) -> None:
    network = describe(model)
    assert label in {network.labels[k] for k in network.labelled(word)}


def test_words_for_animals_mean_animals_alone() -> None:
    network = describe("googlenet")
    meant = {word: network.labelled(word) for word in kinds.IMAGENET}
    animals = set(meant["animal"])
    assert len(animals) == 398 and all(set(places) <= animals for places in meant.values())
    assert "Madagascar cat" not in {network.labels[k] for k in meant["cat"]}  # a lemur
    assert {"abacus", "spider web"}.isdisjoint(network.labels[k] for k in animals)


def test_every_class_of_the_renders_that_lives_is_an_animal() -> None:
    kinds_of = catalogue.REGISTER.kinds
    living = {name for name, kind in kinds_of.items() if kind.family in ANIMAL_FAMILIES}
    assert set(kinds.RENDERS["animal"].split()) == living - {"insectface"}


def test_where_no_label_is_known_to_live_all_do() -> None:
    assert kinds.group(("gold", "night"), "animal") == (0, 1)
    assert kinds.group(("gold", "night"), "bird") == ()


def test_near_misses_of_labels() -> None:
    with pytest.raises(UsageError, match=r"unknown label 'foxx'.*try fox/"):
        load_network("bestiary").labelled("foxx")
    with pytest.raises(UsageError, match="goldfish"):
        describe("googlenet").labelled("goldfis")
    with pytest.raises(UsageError, match="has no labels"):
        random_network("vgg16").labelled("fox")
