"""Weight files: fetched once and checked, read without running anything, refused when strange."""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dreamvid.bench.chance import random_network
from dreamvid.errors import MissingDependency, UnreadableInput, UsageError
from dreamvid.files import sha256
from dreamvid.networks import zoo
from dreamvid.networks.registry import load_network
from dreamvid.networks.weights import fetch, read_state

SHARED = Path(__file__).parents[3] / "shared" / "weights" / "squeezenet1_0_imagenet.pth"


@pytest.fixture(scope="module")
def squeezenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of squeezenet1_1, as torch writes them."""
    path = tmp_path_factory.mktemp("weights") / "squeeze.pth"
    torch.save(random_network("squeezenet1_1")._traced.model.state_dict(), path)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DREAMVID_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Server(http.server.ThreadingHTTPServer):
    """A file server on this machine that counts requests and can break off."""

    requests = 0
    broken = False
    announced = ""


class Handler(http.server.SimpleHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        if self.server.broken:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"half")
        elif self.path.startswith("/hub/"):  # as model hubs do: announce, then redirect
            self.send_response(302)
            self.send_header("X-Linked-ETag", f'"{self.server.announced}"')
            self.send_header("Location", self.path.removeprefix("/hub"))
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, squeezenet: Path) -> Iterator[tuple[Server, str]]:
    """The server, and the address of a file whose name ends in the start of its sha256."""
    folder = tmp_path / "served"
    folder.mkdir()
    name = f"net-{sha256(squeezenet)[:8]}.pth"
    (folder / name).write_bytes(squeezenet.read_bytes())
    server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server, f"http://127.0.0.1:{server.server_port}/{name}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_weights_are_fetched_once_with_progress(cache: Path, server: tuple[Server, str]) -> None:
    counts: list[tuple[int, int]] = []
    path = fetch(server[1], model="m", progress=lambda done, total: counts.append((done, total)))
    size = path.stat().st_size
    assert path.parent == cache and counts[-1] == (size, size) and len(counts) > 1
    assert fetch(server[1], model="m") == fetch(server[1], model="m", offline=True) == path
    assert server[0].requests == 1
    record = path.with_name(path.name + ".sha256").read_text()
    assert record.split()[0] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_network_by_name_dreams_with_fetched_weights(
    cache: Path, server: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zoo, "url", lambda name: server[1])
    network = load_network("squeezenet1_1")
    assert network.weights_sha256.startswith(server[1][-12:-4])
    assert network.trunk(["textures"])(torch.rand(1, 3, 40, 40))["features.4"].isfinite().all()


def test_a_download_that_breaks_off_leaves_nothing(cache: Path, server: tuple[Server, str]) -> None:
    server[0].broken = True
    with pytest.raises(MissingDependency, match=r"ended after 4 of 1000000 bytes.*--weights FILE"):
        fetch(server[1], model="m")
    assert list(cache.iterdir()) == []


def test_a_download_with_another_digest_is_refused(cache: Path, server: tuple[Server, str]) -> None:
    url = server[1].replace(server[1][-12:-4], "00000000")
    served = Path(server[0].RequestHandlerClass.keywords["directory"])  # type: ignore[attr-defined]
    next(served.iterdir()).rename(served / url.rpartition("/")[2])
    with pytest.raises(MissingDependency, match=r"sha256 checksum is .*, expected 00000000"):
        fetch(url, model="m")
    assert list(cache.iterdir()) == []


def test_the_digest_that_a_hub_announces_is_checked(
    cache: Path, server: tuple[Server, str], squeezenet: Path
) -> None:
    url = server[1].replace("/net-", "/hub/net-")
    server[0].announced = "0" * 64
    with pytest.raises(MissingDependency, match=f"announced {'0' * 64}"):
        fetch(url, model="m", file="timm-m.pth")
    assert list(cache.iterdir()) == []
    server[0].announced = sha256(squeezenet)
    assert fetch(url, model="m", file="timm-m.pth") == cache / "timm-m.pth"


def test_a_kept_file_that_changes_is_refused(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "plain.pth").write_bytes(b"first")  # a name that publishes no digest
    url = (tmp_path / "plain.pth").as_uri()
    path = fetch(url, model="m")
    path.write_bytes(b"later")
    with pytest.raises(MissingDependency, match="on first use it was") as caught:
        fetch(url, model="m")
    assert str(path) in str(caught.value) and "delete" in caught.value.remedy


def test_offline_never_tries(cache: Path, server: tuple[Server, str]) -> None:
    with pytest.raises(MissingDependency, match="--offline") as caught:
        fetch(server[1], model="m", offline=True)
    assert str(cache / server[1].rpartition("/")[2]) in caught.value.remedy
    assert server[0].requests == 0 and not cache.exists()


def test_without_a_network_the_remedy_is_reported(cache: Path) -> None:
    with pytest.raises(MissingDependency, match="--weights FILE"):
        fetch("http://127.0.0.1:9/net-00000000.pth", model="m")


def test_weights_from_a_file_of_either_kind(squeezenet: Path, tmp_path: Path) -> None:
    save_file(read_state(squeezenet), tmp_path / "same.safetensors")
    wrapped = {
        "epoch": 3,
        "state_dict": {f"module.{k}": v for k, v in read_state(squeezenet).items()},
    }
    torch.save(wrapped, tmp_path / "wrapped.pt")
    batch = torch.rand(1, 3, 40, 40)
    results = [
        load_network("squeezenet1_1", weights=path).trunk(["features.3"])(batch)["features.3"]
        for path in (squeezenet, tmp_path / "same.safetensors", tmp_path / "wrapped.pt")
    ]
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])


@pytest.mark.parametrize("head", ["365 classes", "none", "another module"])
def test_layers_need_no_head_and_labels_do(squeezenet: Path, tmp_path: Path, head: str) -> None:
    state = read_state(squeezenet)
    kept = {key: value for key, value in state.items() if key.startswith("features.")}
    if head == "365 classes":
        shape = state["classifier.1.weight"].shape
        kept |= {
            "classifier.1.weight": torch.rand(365, *shape[1:]),
            "classifier.1.bias": torch.rand(365),
        }
    elif head == "another module":
        kept |= {"classifier.4.weight": torch.rand(7, 5)}
    wrapped = {"arch": "x", "state_dict": {f"module.{k}": v for k, v in kept.items()}}
    torch.save(wrapped, tmp_path / "other.pth.tar")
    network = load_network("squeezenet1_1", weights=tmp_path / "other.pth.tar")
    batch = torch.rand(1, 3, 64, 64)
    wanted = load_network("squeezenet1_1", weights=squeezenet).trunk(["features.12"])(batch)
    found = network.trunk(["features.12"])(batch)
    assert torch.equal(found["features.12"], wanted["features.12"])
    if head == "365 classes":
        assert network.labelled("364") == (364,)  # no one has named them
        return
    with pytest.raises(UsageError, match="squeezenet1_1 has no labels; name one of its layers"):
        network.labelled("owl")


def test_layers_that_are_missing_are_no_missing_head(squeezenet: Path, tmp_path: Path) -> None:
    state = read_state(squeezenet)
    del state["features.3.squeeze.weight"], state["classifier.1.weight"]
    torch.save(state, tmp_path / "cut.pth")
    with pytest.raises(UnreadableInput, match=r"'features\.3\.squeeze\.weight' is missing"):
        load_network("squeezenet1_1", weights=tmp_path / "cut.pth")


def test_files_older_than_torch_1_6_are_read(squeezenet: Path, tmp_path: Path) -> None:
    torch.save(read_state(squeezenet), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert load_network("squeezenet1_1", weights=tmp_path / "old.pth").name == "squeezenet1_1"


def test_auxiliary_heads_are_ignored(tmp_path: Path) -> None:
    state = random_network("googlenet")._traced.model.state_dict()
    torch.save({**state, "aux1.conv.conv.weight": torch.zeros(2)}, tmp_path / "g.pth")
    assert "fc" in load_network("googlenet", weights=tmp_path / "g.pth").layers


def test_weights_of_another_network_are_named(squeezenet: Path) -> None:
    with pytest.raises(UnreadableInput) as caught:
        load_network("vgg16", weights=squeezenet)
    assert "'features.0.weight' is 64x3x3x3" not in str(caught.value)
    assert "look like weights of squeezenet1_1" in str(caught.value)
    assert caught.value.exit_code == 3
    with pytest.raises(
        UnreadableInput, match=r"'features\.0\.weight' is 64x3x3x3, expected 96x3x7x7"
    ):
        load_network("squeezenet1_0", weights=squeezenet)


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    (tmp_path / "bomb.pth").write_bytes(pickle.dumps(Bomb()))
    torch.save({"layer": Bomb()}, tmp_path / "zipped.pth")
    torch.save(nn.Linear(2, 2), tmp_path / "module.pth")
    for name in ("bomb.pth", "zipped.pth", "module.pth"):
        with pytest.raises(UnreadableInput, match="state dict"):
            load_network("squeezenet1_1", weights=tmp_path / name)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04broken"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_that_are_no_weights(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"strange{suffix}"
    path.write_bytes(content)
    with pytest.raises(UnreadableInput):
        load_network("squeezenet1_1", weights=path)


def test_a_state_dict_of_no_tensors_and_a_missing_file(tmp_path: Path) -> None:
    torch.save({"a": 1}, tmp_path / "numbers.pth")
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(UnreadableInput, match="'a' is not a tensor"):
        read_state(tmp_path / "numbers.pth")
    with pytest.raises(UnreadableInput, match="a list, not a state dict"):
        read_state(tmp_path / "list.pth")
    with pytest.raises(UnreadableInput, match="no such weights file"):
        read_state(tmp_path / "none.pth")


def test_weights_that_are_no_plain_floats(squeezenet: Path, tmp_path: Path) -> None:
    state = torch.load(squeezenet)
    torch.save({key: value.int() for key, value in state.items()}, tmp_path / "whole.pth")
    torch.save({key: value.to_sparse() for key, value in state.items()}, tmp_path / "sparse.pth")
    with pytest.raises(UnreadableInput, match=r"'features\.0\.weight' is int32, expected float32"):
        load_network("squeezenet1_1", weights=tmp_path / "whole.pth")
    with pytest.raises(UnreadableInput, match=r"entry 'features\.0\.weight' is a sparse tensor"):
        load_network("squeezenet1_1", weights=tmp_path / "sparse.pth")


@pytest.mark.skipif(not SHARED.is_file(), reason="no real weights here")
def test_real_weights_see_something() -> None:
    network = load_network("squeezenet1_0", weights=SHARED)
    activations = network.trunk(["parts"])(torch.rand(1, 3, 64, 64))["features.10"]
    assert 0 < float((activations > 0).float().mean()) < 0.9
