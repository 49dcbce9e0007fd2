"""Beings: places well apart, the class that is strongest there, and what raises it."""

from __future__ import annotations

import math
from itertools import combinations, islice

import numpy as np
import pytest
import torch
from tiny import texture, tiny_dreamer, tiny_network, with_exemplars

from dreamvid.dream import beings as module
from dreamvid.dream import objectives, views
from dreamvid.dream.beings import SIZE, Beings
from dreamvid.dream.dreamer import Dose, Dreamer
from dreamvid.dream.gradient import Gauge
from dreamvid.dream.objectives import Objective, creatures, fade, layer, likeness
from dreamvid.dream.shaping import Shape
from dreamvid.dream.terms import parse
from dreamvid.dream.views import OUTER, Place, Places, view_variations
from dreamvid.errors import UsageError
from dreamvid.image import to_image
from dreamvid.networks.network import Network
from dreamvid.networks.registry import load_network
from dreamvid.renders import catalogue

CPU = torch.device("cpu")
WIDE = to_image(texture(height=96, width=192))


def beings_of(*words: str) -> Beings:
    return Beings(tiny_network(), creatures(*words), device=CPU, dtype=torch.float32)


def logits_at(image: torch.Tensor, place: Place) -> torch.Tensor:
    """What the tiny network says of a being, cut out plainly."""
    view = views.Look(place, (0, 0, 0), image, 96).view
    return tiny_network().trunk(["logits"])(view[None])["logits"][0]


def apart(a: Place, b: Place, image: torch.Tensor) -> float:
    height, width = (side / min(image.shape[1:]) for side in image.shape[1:])
    return math.hypot((a.y - b.y) * height, (a.x - b.x) * width)


def test_places_are_well_apart_and_leave_no_room() -> None:
    places = beings_of().find_places(WIDE)
    assert len(places) > 6
    assert all(apart(a, b, WIDE) >= SIZE for a, b in combinations(places, 2))
    spots = module._spots(*WIDE.shape[1:])
    assert all(min(apart(spot, place, WIDE) for place in places) < SIZE for spot in spots)
    assert beings_of().find_places(WIDE, places) == places


def test_places_are_found_beside_those_that_are_kept() -> None:
    kept = (Place(0.5, 0.5, SIZE, "cat", 2), Place(0.5, 0.9, SIZE, "ant", 0))
    places = beings_of("cat", "dog").find_places(WIDE, kept)
    assert places[0] == kept[0] and len(places) > 4
    assert {place.word for place in places} == {"cat", "dog"}  # ants are not asked for any more


def test_a_being_stands_where_it_is_strongest() -> None:
    """Of two words each takes the place that is more like it, whatever it is everywhere."""
    found = beings_of("ant", "bee", "cat", "dog", "elk")
    scores = found._scores(WIDE, spots := module._spots(*WIDE.shape[1:]))
    best, first = int(scores.max(1).values.argmax()), found.find_places(WIDE)[0]
    assert (first.y, first.x) == (spots[best].y, spots[best].x)
    assert first.label == int(scores[best].argmax())


@pytest.mark.parametrize("name", ["ladybird/top", "owl/head"])
def test_a_being_that_is_there_is_found_where_it_is(name: str) -> None:
    kind, _, variant = name.partition("/")
    network = load_network("bestiary")
    picture = torch.full((3, 160, 320), 0.5)
    paint = catalogue.REGISTER.kind(kind).painters[variant]
    colour, cover = map(torch.from_numpy, paint(np.random.default_rng(3), 80))
    here = picture[:, 60:140, 200:280]
    here.copy_(torch.lerp(here, colour.permute(2, 0, 1).float(), cover.float()))
    beings = Beings(network, creatures(), device=CPU, dtype=torch.float32)
    first = beings.find_places(picture)[0]
    assert network.labels[first.label].startswith(f"{kind}/")
    assert abs(first.y - 100 / 160) < 0.2 and abs(first.x - 240 / 320) < 0.1


def test_a_class_that_is_there_already_is_asked_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OFTEN", 0.0)
    alike = beings_of().find_places(WIDE)
    monkeypatch.setattr(module, "OFTEN", 100.0)
    varied = beings_of().find_places(WIDE)
    assert len({place.label for place in varied}) == 4 > len({place.label for place in alike})


def test_a_word_that_is_there_already_gives_way_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = torch.tensor([0.0, 0, -1.5, 0, 0]).expand(len(module._spots(96, 192)), 5)
    monkeypatch.setattr(Beings, "_scores", lambda *_: scores)
    first, second, third, *_ = beings_of("animal", "cat").find_places(WIDE)
    assert [place.word for place in (first, second, third)] == ["animal", "animal", "cat"]


def test_a_class_counts_less_for_what_it_is_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    beings, spots = beings_of(), module._spots(96, 192)
    usual = beings._scores(WIDE, spots)
    monkeypatch.setattr(module, "USUAL", 0.0)
    plain = beings._scores(WIDE, spots)
    torch.testing.assert_close(plain.exp().sum(1), torch.ones(len(spots)))
    torch.testing.assert_close(usual, plain - 0.5 * plain.mean(0))


def test_a_dream_raises_the_class_of_every_being_at_its_place() -> None:
    dream = tiny_dreamer(creatures(), iterations=12, step=0.005)
    places = dream.places(WIDE)
    dreamed = dream.ascend(WIDE, dream.dose, gauge=Gauge(), places=places)
    bare = dream.ascend(WIDE, dream.dose, gauge=Gauge())
    assert torch.equal(dreamed, dream(WIDE))
    for place in places:
        logits = [logits_at(image, place) for image in (WIDE, bare, dreamed)]
        above = [float(row[place.label] - row.mean()) for row in logits]
        assert above[2] > max(above[:2]) + 0.002


def test_a_being_is_drawn_towards_the_exemplar_of_its_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_exemplars(monkeypatch)
    dream = tiny_dreamer(creatures("cat"), step=0.02)
    assert dream.beings is not None
    trunk, places = tiny_network().trunk(["two"]), dream.places(WIDE)[:3]
    bare, dreamed = (
        dream.ascend(WIDE, dream.dose, gauge=Gauge(), places=some) for some in ((), places)
    )
    for place in places:
        found = []
        for image in (bare, dreamed):
            look = views.Look(place, (0, 0, 0), image, 96)
            wanted = dream.beings._exemplars.on([look])
            assert wanted is not None
            with torch.no_grad():
                one, other = (trunk(view)["two"] for view in (look.view[None], wanted))
            found.append(float(likeness(one, other)))
        assert found[1] > found[0] + 0.005


def test_the_exemplar_stands_where_the_being_is_however_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_exemplars(monkeypatch)
    exemplars = views.Exemplars(tiny_network())
    white = torch.ones(3, 96, 192)
    place = Place(0.5, 0.5, SIZE, "cat", 2)
    for variation in ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, -1.0)):
        look = views.Look(place, variation, white, 96)
        shown = exemplars.on([look])
        assert shown is not None
        there = (shown[0] - 1).abs().sum(0) > 0.1
        rows, columns = (there.any(dim).nonzero().flatten() for dim in (1, 0))
        nearer, down, right = variation
        side = 1.4 * (1 + 0.35 * nearer)
        assert abs(float(rows.float().mean()) / 96 - 0.5 + 0.15 * down / side) < 0.08
        assert abs(float(columns.float().mean()) / 96 - 0.5 + 0.15 * right / side) < 0.08
        assert 0.5 < len(columns) / 96 * side / 1.1 <= 1.02


def test_of_the_labels_of_a_word_those_with_exemplars_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Network, "labelled", lambda self, word: (2, 4) if word == "it" else (4,))
    assert beings_of("it")._labels["it"].tolist() == [2, 4]
    with_exemplars(monkeypatch)
    assert beings_of("it")._labels["it"].tolist() == [2]  # no render is an elk
    assert [labels.tolist() for labels in beings_of("elk")._labels.values()] == [[4]]


def test_beings_without_an_exemplar_look_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with_exemplars(monkeypatch)
    exemplars = views.Exemplars(tiny_network())
    elk, cat = (
        views.Look(Place(0.5, 0.5, SIZE, "it", label), (0, 0, 0), WIDE, 96) for label in (4, 2)
    )
    assert exemplars.on([elk]) is None
    both = exemplars.on([elk, cat])
    assert both is not None and torch.equal(both[0], elk.view)
    assert not torch.allclose(both[1], cat.view, atol=0.2)


@pytest.mark.parametrize("side", [100, 400, 1500])
def test_a_step_of_a_view_arrives_whole_at_any_size(side: int) -> None:
    image, total = torch.zeros(3, side, 2 * side), torch.zeros(3, side, 2 * side)
    look = views.Look(Place(0.5, 0.5, SIZE, "cat", 2), (0.6, -0.4, 0.8), image, 96)
    look.lay(total, torch.ones_like(look.view))
    assert total[:, side // 2, side].tolist() == pytest.approx([1.0] * 3, abs=0.01)
    assert total.max() < 1.01 and not total[:, 0].any()


def test_colours_of_an_exemplar_are_taken_by_networks_trained_on_renders_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_exemplars(monkeypatch)
    place, looks = Place(0.5, 0.5, SIZE, "bee", 1), [(0.0, 0.0, 0.0)]
    assert not beings_of("bee").gradient(WIDE, (place,), looks)[1].any()
    bestiary = load_network("bestiary")
    place = place._replace(word="owl", label=bestiary.labels.index("owl/perched"))
    dream = Dreamer(bestiary, creatures("owl"), precision="fp32")
    assert dream.beings is not None
    _, colours = dream.beings.gradient(WIDE, (place,), looks)
    assert colours.abs().max() > 0.2 and colours.mean(0).abs().max() < 1e-4
    warmer = []
    for amount in (0.0, 1.0):
        made = dream.with_dose(Dose((8,), 0.02), 1.4, Shape(colours=amount))
        dreamed = made.ascend(WIDE, made.dose, gauge=Gauge(), places=(place,))
        warmer.append(float((dreamed - WIDE)[0, 40:56, 88:104].mean()
                            - (dreamed - WIDE)[2, 40:56, 88:104].mean()))  # fmt: skip
    assert abs(warmer[0]) < 0.01 < 0.05 < warmer[1]  # an owl is brown


def test_a_being_is_raised_within_its_window_alone() -> None:
    beings, place = beings_of("cat"), Place(0.4, 0.3, SIZE, "cat", 2)
    gradient, _ = beings.gradient(WIDE, (place,), list(islice(view_variations(0), 2)))
    window = beings.window(WIDE, (place,))
    y, x = torch.meshgrid(torch.arange(96) + 0.5, torch.arange(192) + 0.5, indexing="ij")
    distance = ((y - 0.4 * 96).square() + (x - 0.3 * 192).square()).sqrt() / (SIZE * 96)
    assert torch.equal(window[0] > 0, distance < OUTER) and window.max() == 1
    assert gradient[:, window[0] == 0].abs().max() == 0
    assert gradient[:, distance < 0.3].abs().min() > 0


def test_the_gradient_is_that_of_the_view() -> None:
    """The way back of a view is the transpose of the way there."""
    image = WIDE.clone().requires_grad_()
    place, glance = Place(0.1, 0.95, SIZE, "cat", 2), (0.4, -0.7, 0.2)
    look = views.Look(place, glance, image, 96)
    weights = torch.rand(look.view.shape, generator=torch.Generator().manual_seed(0))
    (expected,) = torch.autograd.grad((look.view * weights).sum(), image)
    near = views.near(place, slice(0, 96), slice(0, 192), image)
    total = torch.zeros_like(WIDE)
    look.add(total, weights)
    torch.testing.assert_close(total, expected * near, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [20.0, 96.0, 700.0])
def test_views_neither_darken_nor_skip_pixels(side: float) -> None:
    taps = views._Taps(5.0, side, 96, 400, CPU)
    torch.testing.assert_close(taps.weights.sum(1), torch.ones(96))
    assert taps.part.start == 0
    if side > 96:  # every pixel within is looked at
        assert (taps.weights.sum(0) > 0).all()


def test_the_ground_between_beings_is_dreamed_on_a_little() -> None:
    dream = tiny_dreamer(creatures("cat"), octaves=1, iterations=2)
    places: Places = (Place(0.5, 0.2, SIZE, "cat", 2),)
    dreamed = dream.ascend(WIDE, dream.dose, gauge=Gauge(), places=places)
    bare = dream.ascend(WIDE, dream.dose, gauge=Gauge())
    little = dream.ascend(WIDE, Dose((2,), dream.dose.step * objectives.GROUND), gauge=Gauge())
    change = [(image - WIDE)[:, :, 120:].abs().mean() for image in (dreamed, bare, little)]
    assert change[0] == pytest.approx(float(change[2]), rel=0.2)
    assert change[0] < 0.5 * change[1]


def test_a_heavier_being_takes_longer_steps() -> None:
    places: Places = (Place(0.5, 0.5, SIZE, "cat", 2),)
    power = []
    for weight in (1.0, 3.0):
        dream = tiny_dreamer(weight * creatures("cat"), octaves=1, iterations=1, step=0.001)
        dreamed = dream.ascend(WIDE, dream.dose, gauge=Gauge(), places=places)
        power.append(float((dreamed - WIDE)[:, 40:56, 88:104].abs().mean()))
    assert power[1] > 2 * power[0]


def test_beings_add_scale_and_fade_beside_other_objectives() -> None:
    total = layer("one") * 0.5 + 2 * creatures("cat", "dog") + creatures("cat")
    assert total.layers == ("one",)
    assert dict(total.kinds) == {"cat": 3.0, "dog": 2.0}
    assert total.ground == pytest.approx(0.5 + 3 * objectives.GROUND)
    faded = fade([(layer("one"), 0.25), (creatures("cat"), 0.75)])
    assert faded.layers == ("one",) and dict(faded.kinds) == {"cat": 0.75}
    assert faded.ground == pytest.approx(0.25 + 0.75 * objectives.GROUND)
    activations = tiny_network().trunk(["one"])(WIDE[None])
    assert float(faded(activations)) == pytest.approx(float(layer("one")(activations)) ** 0.25)
    both = fade([(creatures("ant"), 0.5), (creatures("bee"), 0.5)])
    assert both.layers == () and dict(both.kinds) == {"ant": 0.5, "bee": 0.5}


@pytest.mark.parametrize(
    "text, words",
    [
        ("creatures", {"animal": 1.0}),
        ("creatures:cat", {"cat": 1.0}),
        (" creatures : cat, elk * 0.5", {"cat": 0.5, "elk": 0.5}),
        ("creatures*2", {"animal": 2.0}),
    ],
)
def test_text_is_read_as_beings(text: str, words: dict[str, float]) -> None:
    parsed: Objective = parse(text, tiny_network())
    assert dict(parsed.kinds) == words and parsed.layers == ()


def test_words_that_mean_no_class_are_reported_with_near_misses() -> None:
    with pytest.raises(UsageError, match=r"unknown label 'catt'; try cat"):
        tiny_dreamer(creatures("catt"))


def test_a_being_is_looked_at_as_often_as_the_dose_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """In other views before every update, and in the same ones in every ascent."""
    seen: list[list[tuple[float, float, float]]] = []
    inner = Beings.gradient

    def watched(self, image, places, view_variations):
        seen.append(list(view_variations))
        return inner(self, image, places, view_variations)

    monkeypatch.setattr(Beings, "gradient", watched)
    dream, places = tiny_dreamer(creatures("cat")), (Place(0.5, 0.5, SIZE, "cat", 2),)
    for looks, turn in ((2, 0), (1, 7)):
        dose = Dose((1, 2), 0.01, looks=looks)
        dream.ascend(WIDE, dose, gauge=Gauge(), places=places, first_shift=turn)
    assert [len(view_variations) for view_variations in seen] == [2, 2, 2, 1, 1, 1]
    assert len({glance for view_variations in seen[:3] for glance in view_variations}) == 6
    assert [view_variations[0] for view_variations in seen[3:]] == [*seen[0], seen[1][0]]


def test_strength_0_looks_for_no_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Beings, "find_places", lambda *_: pytest.fail("looked for places"))
    assert torch.equal(tiny_dreamer(creatures(), strength=0)(WIDE), WIDE)


def test_the_same_picture_gets_the_same_beings_to_the_bit() -> None:
    assert torch.equal(tiny_dreamer(creatures())(WIDE), tiny_dreamer(creatures())(WIDE))


def test_a_narrow_picture_has_room_for_a_being() -> None:
    for size in ((3, 30, 200), (3, 200, 30), (3, 16, 16)):
        image = torch.rand(size, generator=torch.Generator().manual_seed(1))
        assert tiny_dreamer(creatures(), iterations=1)(image).shape == size
