"""The renders: every label draws something finite and sensible, the same each time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from dreamvid import renders
from dreamvid.errors import UsageError
from dreamvid.renders import layers
from dreamvid.renders.palettes import natural_colours
from dreamvid.renders.registry import ANIMAL_FAMILIES, FAMILIES

LABELS = renders.labels()


def test_there_are_enough_classes_and_labels_and_each_label_is_single() -> None:
    assert len(renders.classes()) >= 64
    assert len(LABELS) >= 250
    assert len(set(LABELS)) == len(LABELS)


def test_at_least_half_of_the_labels_are_animals_and_no_family_is_empty() -> None:
    count = Counter(renders.families()[label.split("/")[0]] for label in LABELS)
    assert sum(count[family] for family in ANIMAL_FAMILIES) >= len(LABELS) / 2
    assert set(count) == set(FAMILIES)


@pytest.mark.parametrize("part", range(8))
def test_every_label_draws_at_64_and_128_with_a_sensible_mask(part: int) -> None:
    for k, label in enumerate(LABELS[part::8]):
        size = 64 if k % 4 else 128
        layer = renders.render(label, seed=(7, k), size=size)
        assert layer.shape == (size, size, 4)
        assert layer.dtype == np.uint8
        cover = layer[..., 3].mean() / 255
        low, high = (1.0, 1.0) if renders.full_frame()[LABELS.index(label)] else (0.05, 0.99)
        assert low <= cover <= high, label
        assert (layer[..., :3] <= layer[..., 3:].astype(int) + 1).all(), f"{label}: premultiplied"
        assert layer[..., :3].std() > 4, f"{label}: a flat patch"


def test_no_painter_gives_numbers_that_are_not_finite() -> None:
    from dreamvid.renders.catalogue import REGISTER

    for kind in REGISTER.kinds.values():
        painter = next(iter(kind.painters.values()))
        rgb, alpha = painter(np.random.default_rng(3), 64)
        assert np.isfinite(rgb).all(), kind.name
        assert np.isfinite(alpha).all(), kind.name


@pytest.mark.parametrize("label", ["fox/front", "owl/perched", "pagoda/roofs", "honeycomb/open"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(label: str) -> None:
    first, again, other = (renders.render(label, seed=s, size=64) for s in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first.astype(int) - other).mean() > 4


def test_sizes_up_to_512_show_the_same_thing() -> None:
    small, large = (renders.render("sphere/striped", seed=5, size=s) for s in (128, 512))
    reduced = large.reshape(128, 4, 128, 4, 4).mean((1, 3))
    assert np.abs(reduced - small).mean() < 10
    with pytest.raises(UsageError, match=r"size 32"):
        renders.render("sphere/striped", seed=0, size=32)


def test_an_unknown_class_is_refused_with_near_misses() -> None:
    with pytest.raises(UsageError, match="octopus"):
        renders.sheet(["octopuss"])


def test_a_bank_holds_every_label_equally_and_does_not_depend_on_the_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layers, "CHUNK", 4)
    names = ["pagoda", "sphere", "star"]
    bank = renders.render_layers(10, size=64, seed=3, classes=names)
    assert bank.layers.shape == (10, 64, 64, 4)
    assert set(Counter(bank.labels.tolist()).values()) == {2}
    shared = renders.render_layers(10, size=64, seed=3, classes=names, workers=2)
    assert shared.layers.tobytes() == bank.layers.tobytes()


def test_backgrounds_differ_and_repeat() -> None:
    several = renders.render_backgrounds(12, size=64, seed=1)
    assert several.shape == (12, 64, 64, 3)
    assert len({picture.tobytes() for picture in several}) == 12
    assert renders.render_backgrounds(12, size=64, seed=1).tobytes() == several.tobytes()


@pytest.fixture(scope="module")
def bank() -> renders.Bank:
    names = ["fox", "owl", "honeycomb", "star"]
    return renders.render_layers(20, size=64, seed=0, classes=names)


def test_soft_labels_sum_to_one_and_name_what_is_in_the_bank(bank: renders.Bank) -> None:
    batch = renders.Compositor(bank, size=48, seed=1, backgrounds=4).batch(40)
    assert batch.pictures.shape == (40, 48, 48, 3)
    assert np.allclose(batch.targets.sum(1), 1)
    assert set(np.flatnonzero(batch.targets.sum(0))) <= set(bank.labels.tolist())
    mixed = (batch.targets > 0).sum(1) == 2
    assert 0.1 < mixed.mean() < 0.8


def test_without_second_objects_each_picture_has_one_label(bank: renders.Bank) -> None:
    mixture = renders.Mixture(second=0.0)
    batch = renders.Compositor(bank, size=48, mixture=mixture, backgrounds=4).batch(10)
    assert (batch.targets.max(1) == 1).all()


def test_grounds_are_pictures_without_what_is_named(bank: renders.Bank) -> None:
    still = renders.Exposure(blur=0.0, noise=0.0)
    mixture = renders.Mixture(second=0.0, plain=1.0, exposure=still, zoom=(0.3, 0.4))
    batch = renders.Compositor(bank, size=48, seed=2, mixture=mixture, backgrounds=4).batch(40)
    away = np.abs(batch.pictures.astype(int) - batch.grounds).max(3)
    textures = renders.full_frame()[batch.targets.argmax(1)]
    assert (away[~textures] == 0).mean() > 0.3  # around the object, exposed alike
    assert (away[~textures].max((1, 2)) > 30).all()
    assert (away[textures] == 0).mean() < 0.1


def test_textures_are_as_rare_as_asked_for(bank: renders.Bank) -> None:
    def share(full: float) -> float:
        mixture = renders.Mixture(second=0.0, full=full)
        compositor = renders.Compositor(bank, size=32, seed=3, mixture=mixture, backgrounds=4)
        return float(renders.full_frame()[compositor.batch(200).targets.argmax(1)].mean())

    assert share(0.0) == 0 < share(0.25) < 0.6 * share(1.0)


def test_the_compositor_repeats_with_its_seed(bank: renders.Bank) -> None:
    one, two, three = (
        renders.Compositor(bank, size=48, seed=s, backgrounds=4).batch(3).pictures.tobytes()
        for s in (5, 5, 6)
    )
    assert one == two != three


def test_the_pictures_of_a_sheet_are_captioned() -> None:
    plain, told = (renders.sheet(["eye"], cell=64, gap=4, letters=n) for n in (0, 12))
    rows = len(plain) // 68
    assert told.shape == (plain.shape[0] + 18 * rows, *plain.shape[1:])
    assert np.array_equal(told[4:68], plain[4:68])
    assert (told[68:86, 4:68] > 150).any()


def test_a_sheet_shows_each_label_of_the_classes_named() -> None:
    page = renders.sheet(["eye", "jewel"], seed=4, columns=5, cell=64, gap=4)
    assert page.shape == (72, 5 * 68 + 4, 3)
    assert page.tobytes() == renders.sheet(["eye", "jewel"], seed=4, columns=5, cell=64).tobytes()


def test_natural_colours_are_those_of_the_species() -> None:
    views = ["koala/front", "flamingo/perched"]
    drawn = [(view, seed) for view in views for seed in range(12)]
    free = [renders.render(view, seed=seed, size=64) for view, seed in drawn]
    with natural_colours():
        natural = [renders.render(view, seed=seed, size=64) for view, seed in drawn]
    for layer, (view, _) in zip(natural, drawn, strict=True):
        red, green, blue = layer[layer[..., 3] > 200][:, :3].mean(0)
        if view == views[0]:
            assert max(red, green, blue) - min(red, green, blue) < 40  # grey
        else:
            assert red > 1.1 * max(green, blue)
    changed = [(a != b).any() for a, b in zip(natural, free, strict=True)]
    assert 0.05 < np.mean(changed) < 0.7
