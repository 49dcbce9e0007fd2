"""What the settings raise in a network, and in several."""

from __future__ import annotations

import gc
import weakref
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import known_frames, moved, texture, tiny_network

from dreamvid.commands.dreams import KEPT_GUIDED, Dreams
from dreamvid.commands.raised import Raised
from dreamvid.dream import guides
from dreamvid.dream.mixture import MixedGradient
from dreamvid.dream.palette import Palette, keep_colours
from dreamvid.errors import UsageError
from dreamvid.image import save_image, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.networks.network import Network
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.render import render_with_memory
from dreamvid.settings.tables import DreamSettings, NetworkSettings

QUICK = {"octaves": 2, "iterations": 2}


def other_network() -> Network:
    """The tiny network with other weights, other names of layers and other classes."""
    network = tiny_network(seed=1)
    network.aliases = {"objects": "two"}
    network.labels = ("cat", "fox", "gnu", "hen", "ibis")
    network.name = "other"
    return network


def dreams(text: dict[str, Any], *networks: Network, frames: int | None = 4, **how: Any) -> Dreams:
    chosen = networks or (tiny_network(),)
    network = {"model": tuple(part.name for part in chosen), "device": "cpu", "precision": "fp32"}
    return Dreams(
        chosen,
        NetworkSettings.checked(network | how),
        DreamSettings.checked(QUICK | text),
        Clock(Fraction(10), frames),
        size=(48, 64),
    )


def film(path: Path, frames: int = 4, *, seed: int = 0) -> Path:
    info = FilmInfo(None, 64, 48, Fraction(10), Fraction(1, 10), frames=frames)
    with VideoWriter(path, like=info, codec="ffv1") as out:
        for k in range(frames):
            out.write(np.ascontiguousarray(texture(seed + k)))
    return path


# --- several networks ----------------------------------------------------------------------------


def test_two_networks_dream_together() -> None:
    dream = dreams({"layer": "objects"}, tiny_network(), other_network())(0)
    assert isinstance(dream.gradient, MixedGradient)
    assert [network.name for network in dream.networks] == ["tiny", "other"]
    alone = [dreams({"layer": "objects"}, network)(0) for network in dream.networks]
    image = to_image(texture())
    dreamed = dream(image)
    assert all(part.rate(dreamed) > part.rate(image) for part in alone)


def test_their_weights_are_those_of_the_settings() -> None:
    both = dreams({}, tiny_network(), other_network(), model=("tiny", "other*0.25"))(0)
    assert isinstance(both.gradient, MixedGradient) and both.gradient.weights == (1.0, 0.25)


def test_each_network_dreams_the_layers_that_it_has() -> None:
    dream = dreams({"layer": ["textures", "objects"]}, tiny_network(), other_network())(0)
    assert dream.layers == ("tiny.one", "tiny.two", "other.two")


def test_a_network_with_none_of_the_layers_is_refused() -> None:
    with pytest.raises(UsageError, match="other has none of the layers; use aliases"):
        dreams({"layer": "textures"}, tiny_network(), other_network())
    with pytest.raises(UsageError, match="tiny has no layer 'nowhere'"):
        dreams({"layer": "nowhere"})


def test_a_network_without_the_layer_of_a_later_frame_is_refused_at_the_start() -> None:
    layers, pair = "0:(objects), 2:(label:ant)", (tiny_network(), other_network())
    with pytest.raises(UsageError, match="other has none of the layers; use aliases"):
        dreams({"layer": layers}, *pair)
    assert dreams({"layer": [layers, "objects"]}, *pair)(2).layers[-1] == "other.two"


def test_a_label_is_dreamed_by_the_networks_that_know_it() -> None:
    pair = tiny_network(), other_network()
    assert len(dreams({"label": "cat"}, *pair)(0).networks) == 2
    assert [n.name for n in dreams({"label": "ibis"}, *pair)(0).networks] == ["other"]
    assert [n.name for n in dreams({"label": "ant"}, *pair)(0).networks] == ["tiny"]
    with pytest.raises(UsageError, match="unknown label 'unicorn'"):
        dreams({"label": "unicorn"}, *pair)


def test_classes_stand_beside_layers() -> None:
    objective = dreams({"layer": ["one", "label:cat*0.5"]})(0).objective
    assert objective.layers == ("one", "logits")
    with pytest.raises(UsageError, match="unknown label 'catt'; try cat"):
        dreams({"layer": ["one", "label:catt"]})


def test_a_channel_of_an_anchored_sum_is_checked() -> None:
    assert dreams({"layer": ["one:anchored", "two:3"]})(0).anchored
    with pytest.raises(UsageError, match="layer 'two' has no channel 12; use 0 to 11"):
        dreams({"layer": ["one:anchored", "two:12"]})


# --- guides --------------------------------------------------------------------------------------


def test_a_film_guides_a_film_frame_by_frame(tmp_path: Path) -> None:
    path = film(tmp_path / "g.mkv")
    guided, image = dreams({"guide": str(path), "layer": "one"}), to_image(texture(9))
    rates = [guided(k).rate(image) for k in range(4)]
    pictures = []
    for k in range(4):
        save_image(tmp_path / f"{k}.png", to_image(texture(k)))
        one = dreams({"guide": str(tmp_path / f"{k}.png"), "layer": "one"})
        pictures.append(one(0).rate(image))
    assert rates == pytest.approx(pictures, rel=0.02) and len(set(rates)) == 4


def test_guides_that_have_changed_are_read_anew(tmp_path: Path) -> None:
    folder, path, image = tmp_path / "f", tmp_path / "g.mkv", to_image(texture(9))
    folder.mkdir()
    found = []
    for seed in (0, 5):
        save_image(folder / f"{seed}.png", to_image(texture(seed)))
        path.unlink(missing_ok=True)
        film(path, 4, seed=seed)
        guided = (dreams({"guide": str(guide), "layer": "one"})(3) for guide in (path, folder))
        found.append([dream.rate(image) for dream in guided])
    assert found[0][0] != found[1][0] and found[0][1] != found[1][1]


def test_few_frames_of_a_film_that_guides_are_held(tmp_path: Path) -> None:
    guided = dreams({"guide": str(film(tmp_path / "g.mkv", 8)), "layer": "one"}, frames=8)
    held = [weakref.ref(guided(k)) for k in range(8)]
    gc.collect()
    assert sum(one() is not None for one in held) == KEPT_GUIDED
    assert guided(7) is held[7]() and guided(6) is held[6]()


def test_what_a_film_of_a_guide_is_measured_by_is_kept(tmp_path: Path) -> None:
    guided = dreams({"guide": str(film(tmp_path / "g.mkv")), "layer": "one"})
    frames = known_frames(moved(4))
    heights = [
        memory.reference.height for _, memory in render_with_memory(frames, guided, stability=0.9)
    ]
    assert None not in heights and len(set(heights)) == 1
    assert guided(0).objective.family == guided(3).objective.family == str(tmp_path / "g.mkv")


def test_what_a_film_of_a_guide_is_measured_by_is_not_kept_on_another_layer(tmp_path: Path) -> None:
    layers = "0:(one), 2:(two)"
    guided = dreams({"guide": str(film(tmp_path / "g.mkv")), "layer": layers})
    frames = known_frames(moved(4))
    heights = [
        memory.reference.height for _, memory in render_with_memory(frames, guided, stability=0.9)
    ]
    assert heights[:2] == heights[:1] * 2 and heights[2:] == [None, None]


def test_all_pictures_of_a_folder_guide_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guides, "PAIRS", 1 << 30)  # compare all of their places
    for k in range(3):
        save_image(tmp_path / f"{k}.png", to_image(texture(k)))
    image = to_image(texture(9))
    whole = dreams({"guide": str(tmp_path), "layer": "one"}, frames=1)(0).rate(image)
    single = [
        dreams({"guide": str(tmp_path / f"{k}.png"), "layer": "one"}, frames=1)(0).rate(image)
        for k in range(3)
    ]
    assert whole > max(single)


def test_a_guide_is_matched_as_the_settings_say(picture: Path) -> None:
    image = to_image(texture(9))
    rates = {
        match: dreams({"guide": str(picture), "layer": "one", "guide_match": match})(0).rate(image)
        for match in ("dot", "cosine", "gram")
    }
    assert len(set(rates.values())) == 3 and rates["cosine"] <= 1


def rate(layer: str | list[str], guide: Path | None) -> float:
    settings = {"layer": layer} | ({"guide": str(guide)} if guide else {})
    return dreams(settings, frames=1)(0).rate(to_image(texture(9)))


def test_a_guide_keeps_the_weights_of_its_layers(picture: Path) -> None:
    one, two = rate("one", picture), rate("two", picture)
    assert rate(["one", "two*3"], picture) == pytest.approx(one + 3 * two, rel=1e-3)
    assert rate(["one*-2"], picture) == pytest.approx(-2 * one, rel=1e-3)


@pytest.mark.parametrize("term", ["two:3", "two:mean", "one:anchored", "label:cat"])
def test_parts_of_layers_and_classes_stand_beside_a_guide(picture: Path, term: str) -> None:
    both = rate(["one", f"{term}*2"], picture)
    assert both == pytest.approx(rate("one", picture) + 2 * rate(term, None), rel=1e-3)
    default = rate("objects", picture)
    assert rate(term, picture) == pytest.approx(default + rate(term, None), rel=1e-3)


def test_a_guide_smaller_than_the_network_takes_is_enlarged() -> None:
    network = tiny_network()
    network.minimum_size = 64
    raised = Raised(network, patient=False)
    seen = raised._activations(to_image(texture(height=32, width=40)), ("one",))["one"]
    assert seen.shape[2:] == (64, 80)


# --- what holds the dream ---------------------------------------------------------


def test_pull_and_smoothing_reach_the_dose() -> None:
    made = dreams({"pull": "0:(0), 3:(0.3)", "smooth": 1.5})
    assert [made(k).dose.fade for k in (0, 3)] == [0.0, pytest.approx(0.3)]
    assert made(0).dose.smooth == 1.5


def test_the_palette_is_the_one_of_the_settings(picture: Path) -> None:
    assert dreams({})(0).palette is None
    own, given = (dreams({"palette": name})(0).palette for name in ("source", str(picture)))
    assert isinstance(own, Palette) and own.mean is None
    assert isinstance(given, Palette) and given.mean is not None
    assert given.mean.tolist() == pytest.approx(
        to_image(texture()).mean(dim=(1, 2)).tolist(), abs=1e-3
    )


def test_kept_colours_are_those_of_the_source() -> None:
    dream, image = dreams({"keep_colours": True})(0), 0.3 + 0.4 * to_image(texture())
    assert dream.palette is keep_colours and dream.shape is not None and dream.shape.colours == 0
    change = dream(image) - image
    assert change.abs().mean() > 1e-3
    assert torch.allclose(change[0], change[2], atol=1e-5)
