"""From settings to Dreamers, and frames dreamed by what each one says."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import known_frames, moved, texture, tiny_network, with_exemplars

from dreamvid.commands import raised
from dreamvid.commands.dreams import Dreams
from dreamvid.dream import objectives, patience
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import NetworkGradient
from dreamvid.dream.likeness import Exemplar
from dreamvid.dream.shaping import Shape
from dreamvid.dream.towards import Towards
from dreamvid.errors import UnreadableInput, UsageError
from dreamvid.image import save_image, to_image
from dreamvid.networks.network import Network
from dreamvid.schedules.schedule import Clock
from dreamvid.sequence.render import render, render_with_memory
from dreamvid.settings.tables import DreamSettings, NetworkSettings

QUICK = {"octaves": 2, "iterations": 2}
CPU = NetworkSettings(device="cpu", precision="fp32")


def at(text: dict[str, Any], *, frames: int = 11) -> Dreams:
    settings = DreamSettings.checked(QUICK | text)
    return Dreams((tiny_network(),), CPU, settings, Clock(Fraction(10), frames), size=(48, 64))


def test_one_dreamer_serves_all_frames_that_dream_alike() -> None:
    dreams = at({"strength": "0:(1, hold), 5:(2, hold)"})
    assert dreams(0) is dreams(4)
    assert dreams(5) is dreams(10) is not dreams(0)
    assert dreams(5).dose.step == pytest.approx(2 * dreams(0).dose.step)


def test_dreamers_that_differ_in_their_dose_climb_one_slope() -> None:
    dreams = at({"strength": "1+t/5", "octaves": "0:(2), 10:(3)", "octave_scale": "1.4+t/100"})
    first, last = dreams(0), dreams(10)
    assert first.slope is last.slope and first.gradient.climb is last.gradient.climb
    assert (len(first.dose.iterations), len(last.dose.iterations)) == (2, 3)
    assert last.dose.step == pytest.approx(3 * first.dose.step)
    assert (first.octave_scale, last.octave_scale) == (1.4, 1.5)
    other = at({"layer": ("0:(one), 5:(two)",)})
    assert other(0).slope is not other(5).slope


def test_a_picture_takes_its_time_for_a_label_and_for_nothing_else() -> None:
    def dreamer(*, patient: bool, **dream: Any) -> Dreamer:
        settings, clock = DreamSettings.checked(dream), Clock(Fraction(1), 1)
        network = tiny_network()
        return Dreams((network,), CPU, settings, clock, size=(240, 320), patient=patient)(0)

    def even(dream: Dreamer) -> bool:
        assert isinstance(dream.gradient, NetworkGradient)
        return dream.gradient.even

    still = dreamer(patient=True, label="elk", strength=2.0)
    assert still.dose == patience.patient(10, 4, 1.4, 2 * patience.STEP) and not even(still)
    assert still.shape == Shape(detail=patience.BROAD)
    given = dreamer(patient=True, label="elk", octaves=2, iterations=3, step=0.01, detail=2.0)
    assert given.dose == patience.patient(3, 2, 1.4, 0.01)
    assert given.shape == Shape(detail=2 * patience.BROAD)
    film, plain = dreamer(patient=False, label="cat"), dreamer(patient=True, layer="one")
    assert film.dose == plain.dose == Dose((10, 10), tiny_network().default_step)
    assert even(film) and even(plain) and film.shape == plain.shape == Shape()


def test_a_picture_of_a_class_is_drawn_towards_its_exemplar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_exemplars(monkeypatch)

    def made(label: str, *, patient: bool) -> Dreamer:
        settings, clock = DreamSettings.checked({"label": label}), Clock(Fraction(1), 1)
        network = tiny_network()
        return Dreams((network,), CPU, settings, clock, size=(48, 64), patient=patient)(0)

    drawn = made("cat", patient=True)
    assert isinstance(drawn.gradient, Towards) and drawn.anchored
    assert drawn.gradient.exemplar.picture.shape == (4, 128, 128)
    for free in (made("elk", patient=True), made("cat", patient=False)):  # no render is an elk
        assert not isinstance(free.gradient, Towards) and not free.anchored


def test_the_exemplar_of_a_label_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with_exemplars(monkeypatch)
    found: list[tuple[int, ...]] = []
    inner = raised.exemplar_of

    def watch(network: Network, *indices: int) -> Exemplar | None:
        found.append(indices)
        return inner(network, *indices)

    monkeypatch.setattr(raised, "exemplar_of", watch)
    settings, clock = DreamSettings.checked({"label": "cat"}), Clock(Fraction(1), 1)
    Dreams((tiny_network(),), CPU, settings, clock, size=(48, 64), patient=True)
    assert found == [(2,)]


def test_a_picture_of_a_class_is_one_view_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    network, raised = tiny_network(), []
    monkeypatch.setattr(type(network), "view_of", lambda self, name: (2,))
    monkeypatch.setattr(type(network), "labelled", lambda self, name: (2, 3))
    known = objectives.label
    monkeypatch.setattr(objectives, "label", lambda *of: raised.append(of) or known(*of))
    settings, clock = DreamSettings.checked({"label": "cat"}), Clock(Fraction(1), 1)
    for patient in (True, False):
        Dreams((network,), CPU, settings, clock, size=(48, 64), patient=patient)
    assert raised == [("logits", 2), ("logits", 2, 3)]


def test_layers_change_and_fade() -> None:
    dreams = at({"layer": ("0:(one), 10:(two*2, linear)",)})
    assert [dreams(k).objective.layers for k in (0, 5, 10)] == [("one",), ("one", "two"), ("two",)]
    image = to_image(texture())
    one, two, mid = (dreams(k).rate(image) for k in (0, 10, 5))
    assert mid == pytest.approx((one * two) ** 0.5, rel=1e-4)


def test_weights_of_layers_are_schedules() -> None:
    image = to_image(texture())
    for text in ("one*(1+t/10)", "0:(one*1), 10:(one*2, linear)"):
        dreams = at({"layer": (text,)})
        ratio = dreams(10).rate(image) / dreams(0).rate(image)
        assert ratio == pytest.approx(2, rel=1e-4)
        assert dreams(5).rate(image) == pytest.approx(1.5 * dreams(0).rate(image), rel=1e-4)


def test_what_is_not_positive_fades_by_its_share() -> None:
    below = objectives.Objective(("x",), lambda a: -a["x"])
    above = objectives.Objective(("y",), lambda a: a["y"])
    values = {"x": torch.tensor(4.0), "y": torch.tensor(8.0)}
    assert float(objectives.fade([(below, 0.25), (above, 0.75)])(values)) == pytest.approx(5)


def test_guides_are_schedules(picture: Path, tmp_path: Path) -> None:
    save_image(tmp_path / "b.png", to_image(texture(3)))
    dreams = at({"guide": f"0:({picture}), 10:({tmp_path / 'b.png'}, linear)", "layer": ("one",)})
    image = to_image(texture(5))
    rates = [dreams(k).rate(image) for k in (0, 5, 10)]
    assert rates[1] == pytest.approx((rates[0] * rates[2]) ** 0.5, rel=1e-4)
    with pytest.raises(UnreadableInput, match=r"gone\.png"):
        at({"guide": f"0:({picture}), 10:(gone.png)"})


def test_a_large_guide_is_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_image(tmp_path / "large.png", to_image(texture(height=300, width=1200)))
    seen: list[tuple[int, ...]] = []
    inner = raised.guide

    def watch(picture: objectives.Activations, match: str) -> objectives.Objective:
        seen.append(tuple(picture["one"].shape[2:]))
        return inner(picture, match=match)

    monkeypatch.setattr(raised, "guide", watch)
    at({"guide": str(tmp_path / "large.png"), "layer": ("one",)})
    assert seen == [(128, 512)]


@pytest.mark.parametrize(("last", "said"), [("nowhere", "nowhere"), ("one:99", "no channel 99")])
def test_an_unknown_layer_is_reported_before_its_time(last: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        at({"layer": (f"0:(one), 10:({last})",)})


def test_creatures_stand_where_a_layer_could() -> None:
    dreams = at({"layer": ("0:(creatures:cat, dog), 10:(one*2, linear)", "two*0.5")})
    first, middle, last = (dreams(k).objective for k in (0, 5, 10))
    assert dict(first.kinds) == {"cat": 1.0, "dog": 1.0} and first.layers == ("two",)
    assert dict(middle.kinds) == {"cat": 0.5, "dog": 0.5} and middle.layers == ("one", "two")
    assert last.kinds == () and dreams(10).beings is None
    assert first.ground == pytest.approx(objectives.GROUND + 0.5)


def test_creatures_stand_beside_a_guide(picture: Path) -> None:
    objective = at({"guide": str(picture), "layer": ("one", "creatures")})(0).objective
    assert dict(objective.kinds) == {"animal": 1.0} and objective.layers == ("one",)
    alone = at({"guide": str(picture), "layer": ("creatures",)})(0).objective
    assert dict(alone.kinds) == {"animal": 1.0} and alone.layers == ("two",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0:(creatures:cat), 10:(creatures:catt)", "unknown label 'catt'; try cat"),
        ("creatures*0", "the weights add up to zero"),
    ],
)
def test_creatures_that_cannot_be_are_reported_at_once(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        at({"layer": (text,)})


def test_creatures_need_a_network_with_labels() -> None:
    network = tiny_network()
    network.labels = ()
    clock, settings = Clock(Fraction(1), 1), DreamSettings(layer=("creatures",))
    with pytest.raises(UsageError, match="tiny has no labels; name one of its layers"):
        Dreams((network,), CPU, settings, clock, size=(48, 64))


def test_a_film_is_dreamed_by_what_each_frame_says() -> None:
    frames = known_frames(moved(6))
    dreams = at({"strength": "0:(0, hold), 3:(1, hold)"}, frames=6)
    seen = list(render(frames, dreams, stability=lambda index: 0.9))
    amounts = [
        float((image - frame.image).abs().mean())
        for frame, image in zip(frames, seen, strict=True)
        if frame.image is not None
    ]
    assert max(amounts[:3]) < 1e-6 < 1e-3 < min(amounts[3:])


def test_schedules_go_on_where_a_film_was_stopped() -> None:
    frames = known_frames(moved(6))
    dreams = at({"strength": "0:(0.5), 5:(2)", "layer": ("0:(one), 3:(two)",)}, frames=6)
    whole = list(render_with_memory(frames, dreams, stability=0.9))
    late = list(render_with_memory(frames[4:], dreams, stability=0.9, memory=whole[3][1]))
    assert torch.equal(late[-1][1].dreamed, whole[-1][1].dreamed)


def test_another_layer_begins_another_gauge() -> None:
    frames = known_frames(moved(4))
    steady, changed = (
        list(render_with_memory(frames, at({"layer": (text,)}, frames=4), stability=0.9))[-1][
            1
        ].gauge.sizes
        for text in ("two*1000", "0:(one), 3:(two*1000)")
    )
    assert steady.keys() == changed.keys()
    ratios = torch.cat([(changed[key] / steady[key]).flatten() for key in steady])
    assert ratios.min() > 0.2 and ratios.max() < 5
