"""Sheets of dreams: where pictures stand, and that they show what they should."""

from __future__ import annotations

import pytest
import torch
from tiny import tiny_network
from torch import Tensor

from dreamvid.bestiary.atlas import (
    GAP,
    GREY,
    LETTERS,
    MARGIN,
    VIVID,
    atlas,
    captioned,
    from_noise,
    spread,
    tiled,
)
from dreamvid.dream.objectives import label


def test_pictures_stand_row_by_row_with_gaps() -> None:
    images = [torch.full((3, 10, 10), k / 4) for k in range(4)]
    sheet = tiled(images, columns=3)
    assert sheet.shape == (3, 2 * (10 + GAP) + GAP, 3 * (10 + GAP) + GAP)
    for k in range(4):
        y, x = GAP + k // 3 * (10 + GAP), GAP + k % 3 * (10 + GAP)
        assert (sheet[:, y : y + 10, x : x + 10] == k / 4).all()
    assert (sheet[:, :GAP] < 0.1).all()


def test_a_caption_stands_below_its_picture() -> None:
    owl, blank = (captioned(torch.zeros(3, 20, 60), text, 12) for text in ("owl", ""))
    assert owl.shape == blank.shape == (3, 20 + 12 + 6, 60)
    assert (owl[:, :20] == 0).all()
    assert float(owl[:, 20:].max()) > 0.7 and float(blank[:, 20:].max()) < 0.1


@pytest.mark.parametrize("name", ["mushroom/toadstool", "American Staffordshire terrier"])
def test_a_long_caption_is_written_smaller_and_whole(name: str) -> None:
    narrow, wide = (captioned(torch.zeros(3, 8, side), name, 14)[0, 8:] for side in (144, 400))
    assert (narrow[:, -MARGIN:] < 0.1).all()
    columns = [(strip > 0.5).any(0).nonzero() for strip in (narrow, wide)]
    assert columns[0].max() > 0.7 * min(144, columns[1].max())  # nearly all of the width


def test_names_are_spread_evenly() -> None:
    assert spread("abcdef", 3) == ("a", "c", "e")
    assert spread("ab", 3) == ("a", "b")


def test_noise_becomes_what_is_asked_for() -> None:
    network = tiny_network()
    trunk = network.trunk(["logits"])
    dreams = [from_noise(network, label("logits", index), size=48) for index in range(5)]
    with torch.no_grad():
        told = torch.stack([trunk(dream[None])["logits"][0].softmax(0) for dream in dreams])
    assert told.argmax(dim=0).tolist() == [0, 1, 2, 3, 4]  # each class is likeliest in its own


def test_one_thing_stands_in_the_middle_of_the_picture() -> None:
    dream = from_noise(tiny_network(), label("logits", 2), size=64)
    change = (dream - GREY).square().mean(0)
    rim = torch.cat((change[:6].flatten(), change[-6:].flatten()))
    assert dream.shape == (3, 64, 64)
    assert float(change[26:38, 26:38].mean()) > 3 * float(rim.mean())
    assert float(change.mean().sqrt()) == pytest.approx(VIVID, rel=0.2)


def test_the_same_seed_gives_the_same_sheet() -> None:
    network = tiny_network()
    first, again, other = (atlas(network, labels=["ant"], size=32, seed=s) for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.shape == (3, 32 + LETTERS + 6 + 2 * GAP, 5 * (32 + GAP) + GAP)


def test_each_dream_has_its_alias_or_label_below(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def noted(image: Tensor, text: str, letters: int) -> Tensor:
        written.append(text)
        return image

    monkeypatch.setattr("dreamvid.bestiary.atlas.captioned", noted)
    monkeypatch.setattr("dreamvid.bestiary.atlas.from_noise", lambda *_, **__: torch.zeros(3, 8, 8))
    atlas(tiny_network(), labels=["ant"])
    assert written == ["textures", "patterns", "parts", "objects", "ant"]
