import numpy as np
import pytest
import torch
from scenes import picture

from dreamvid.errors import MissingDependency
from dreamvid.motion import raft
from dreamvid.motion.flow import estimator

torchvision = pytest.importorskip("torchvision")


@pytest.fixture(scope="module")
def random_weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / raft.FILES["raft-small"]
    torch.save(torchvision.models.optical_flow.raft_small(weights=None).state_dict(), path)
    return path


def test_raft_takes_any_size_and_gives_a_finite_flow(random_weights):
    estimate = estimator("raft-small", weights=random_weights)
    for height, width in ((17, 31), (130, 141)):
        flow = estimate(picture(height, width), picture(height, width, dx=1))
        assert flow.shape == (height, width, 2)
        assert flow.dtype == np.float32
        assert np.isfinite(flow).all()


def test_raft_finds_its_weights_in_the_cache_folder(random_weights, monkeypatch):
    monkeypatch.setenv("DREAMVID_CACHE", str(random_weights.parent))
    a, b = picture(64, 64), picture(64, 64, 1)
    given = estimator("raft-small", weights=random_weights)(a, b)
    assert np.array_equal(estimator("raft-small")(a, b), given)


def test_raft_shrinks_what_would_not_fit_the_memory(random_weights, monkeypatch):
    sizes = []
    estimate = raft.Raft("raft-small", weights=random_weights)
    monkeypatch.setattr(raft, "MAX_MEMORY", 4 * (128 * 160 // 64) ** 2)
    inner = estimate._network

    def watch(a, b):
        sizes.append(tuple(a.shape[2:]))
        return inner(a, b)

    monkeypatch.setattr(estimate, "_network", watch)
    assert estimate(picture(256, 320), picture(256, 320)).shape == (256, 320, 2)
    assert sizes == [(128, 160)]


def test_weights_of_another_network_are_refused(random_weights, tmp_path):
    with pytest.raises(MissingDependency, match="not the weights of raft-large"):
        estimator("raft-large", weights=random_weights)
    text = tmp_path / "weights.pth"
    text.write_text("no weights at all")
    for path in (text, tmp_path / "missing.pth"):
        with pytest.raises(MissingDependency, match="not the weights of raft-small"):
            estimator("raft-small", weights=path)
