"""The sheet of what a network sees: what is shown on it, and what is refused."""

from __future__ import annotations

import pytest
import torch
from tiny import tiny_network
from torch import Tensor

from dreamvid.bestiary import atlas as drawing
from dreamvid.bestiary.sight_sheet import Seen, large_size
from dreamvid.commands import explain as command
from dreamvid.commands.explain import explain
from dreamvid.dream.objectives import channel
from dreamvid.errors import UsageError
from dreamvid.sequence.progress import Progress


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small dreams of few iterations."""
    monkeypatch.setattr(drawing, "PATTERN_SIDE", 32)
    monkeypatch.setattr(drawing, "PATTERN_ITERATIONS", 2)
    monkeypatch.setattr("dreamvid.bestiary.sight_sheet.BOX", (90, 120))
    monkeypatch.setattr("dreamvid.bestiary.sight_sheet.NARROWEST", 40)


@pytest.fixture
def image() -> Tensor:
    return torch.rand(3, 60, 80, generator=torch.Generator().manual_seed(0))


def test_the_sheet_shows_the_channels_with_their_dreams(
    image: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, object] = {}

    def noted(large: Tensor, dreamed: Tensor, seen: list[Seen], classes: list[object]) -> Tensor:
        told.update(large=large, dreamed=dreamed, seen=seen, classes=classes)
        return large

    monkeypatch.setattr(command, "sight_sheet", noted)
    network = tiny_network()
    explain(network, image, layer="objects", count=3)
    large, dreamed, seen = told["large"], told["dreamed"], told["seen"]
    assert isinstance(large, Tensor) and isinstance(dreamed, Tensor) and isinstance(seen, list)
    assert tuple(large.shape[1:]) == large_size(image) and dreamed.shape == large.shape
    assert [one.name for one in seen] == [f"objects:{one.sighting.channel}" for one in seen]
    assert len({one.name for one in seen}) == 3
    for one in seen:
        dream = drawing.pattern(network, channel("two", one.sighting.channel))
        assert torch.equal(one.dream, dream)
    names = told["classes"]
    assert isinstance(names, list) and len(names) == 4
    raised = [channel("two", one.sighting.channel) for one in seen]
    trunk = network.trunk(["two"])
    before, after = (
        sum(float(goal(trunk(picture[None]))) for goal in raised) for picture in (large, dreamed)
    )
    assert after > before


def test_the_default_layer_and_a_network_without_labels(image: Tensor) -> None:
    network = tiny_network()
    network.labels = ()
    events: list[Progress] = []
    sheet = explain(network, image, count=2, on_progress=events.append)
    assert sheet.shape[0] == 3 and float(sheet.amin()) >= 0 and float(sheet.amax()) <= 1
    assert [(event.task, event.done, event.total) for event in events] == [
        ("pictures", 1, 3), ("pictures", 2, 3), ("pictures", 3, 3),
    ]  # fmt: skip


def test_a_layer_of_fewer_channels_shows_them_all(image: Tensor) -> None:
    events: list[Progress] = []
    explain(tiny_network(), image, layer="one", count=20, on_progress=events.append)
    assert events[-1].total == 9  # eight channels, and all together


@pytest.mark.parametrize(
    ("layer", "what"), [("three", "no layer 'three'"), ("logits", "has no positions")]
)
def test_layers_that_cannot_be_shown_are_refused(image: Tensor, layer: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        explain(tiny_network(), image, layer=layer)
