"""The dream step: it raises, repeats, keeps the source's detail and takes any size."""

from __future__ import annotations

import inspect
from itertools import islice
from typing import Any

import pytest
import torch
from tiny import HEIGHT, WIDTH, texture, tiny_dreamer, tiny_network

from dreamvid.dream import objectives
from dreamvid.dream.dreamer import REACH, Dose, Dreamer, jitter, pick_device, pick_dtype
from dreamvid.dream.gradient import Gauge, Watched
from dreamvid.dream.octaves import resize
from dreamvid.errors import UsageError
from dreamvid.image import to_image
from dreamvid.settings.tables import DreamSettings, NetworkSettings

IMAGE = to_image(texture())


def power(image: torch.Tensor) -> float:
    with torch.no_grad():
        return float(tiny_network().trunk(["two"])(image[None])["two"].square().mean())


def test_a_dream_raises_its_objective_and_more_iterations_raise_it_more() -> None:
    none, few, many = (
        power(tiny_dreamer(iterations=n)(IMAGE)) if n else power(IMAGE) for n in (0, 3, 12)
    )
    assert none < few < many


def test_the_rate_of_an_image_is_the_objective_at_it() -> None:
    dream = tiny_dreamer(octaves=1, iterations=4)
    assert dream.rate(IMAGE) == pytest.approx(power(IMAGE), rel=1e-4)
    assert dream.rate(dream(IMAGE)) > 1.2 * dream.rate(IMAGE)


def test_the_rate_of_a_picture_of_many_tiles_is_their_mean() -> None:
    dream, wide = tiny_dreamer(tile=32), IMAGE[:, :32, :64]
    alone = [dream.rate(wide[:, :, start : start + 32]) for start in (0, 16, 32)]
    assert dream.rate(wide) == pytest.approx(sum(alone) / 3)
    assert dream.rate(wide) != pytest.approx(tiny_dreamer().rate(wide))


def test_an_ascent_tells_the_objective_at_each_iteration_before_its_update() -> None:
    dream, gauge = tiny_dreamer(octaves=1, iterations=4), Gauge()
    dream.ascend(IMAGE, dream.dose, gauge=gauge)
    rolled = IMAGE.roll(next(jitter(dream.seed)), (1, 2))
    assert gauge.objective_values[0] == pytest.approx(power(rolled), rel=1e-4)
    assert len(gauge.objective_values) == 4
    assert (
        gauge.objective_values == sorted(gauge.objective_values)
        and gauge.objective_values[3] > 1.2 * gauge.objective_values[0]
    )
    dream.ascend(IMAGE, Dose((2,), 0.01), gauge=gauge)
    assert len(gauge.objective_values) == 2
    dream.ascend(IMAGE, Dose((2,), 0.0), gauge=gauge)
    assert gauge.objective_values == []


def test_the_height_of_a_picture_of_many_tiles_is_their_mean() -> None:
    dream, wide, gauge = tiny_dreamer(tile=32), IMAGE[:, :32, :64], Gauge()
    dream.ascend(wide, Dose((1,), 0.01), gauge=gauge)
    rolled = wide.roll(next(jitter(dream.seed)), (1, 2))
    assert gauge.objective_values == pytest.approx([dream.rate(rolled)])


def test_the_updates_of_a_picture_are_known_and_can_be_watched() -> None:
    told: list[int] = []
    for options in ({"octaves": 3}, {"octaves": 12}, {"octaves": None}, {"strength": 0.0}):
        dream = tiny_dreamer(**options)
        watched = dream.with_gradient(
            lambda whole: Watched(whole, lambda image, key: told.append(1))
        )
        assert torch.equal(watched(IMAGE), dream(IMAGE))
        assert len(told) == dream.updates(HEIGHT, WIDTH)
        assert watched.rate(IMAGE) == dream.rate(IMAGE)
        told.clear()


def test_a_dream_stays_within_0_to_1_and_leaves_its_input_alone() -> None:
    before = IMAGE.clone()
    dreamed = tiny_dreamer(step=0.5)(IMAGE)
    assert dreamed.shape == IMAGE.shape and dreamed.dtype == torch.float32
    assert dreamed.min() >= 0 and dreamed.max() <= 1
    assert torch.equal(IMAGE, before) and not IMAGE.requires_grad
    assert not dreamed.requires_grad


def test_strength_0_gives_the_image_back_to_the_bit() -> None:
    assert torch.equal(tiny_dreamer(strength=0)(IMAGE), IMAGE)


def test_strength_scales_what_is_added() -> None:
    half, one, two = (
        float((tiny_dreamer(strength=s, iterations=2)(IMAGE) - IMAGE).square().mean().sqrt())
        for s in (0.5, 1, 2)
    )
    assert half < 0.8 * one < 0.64 * two


def test_what_is_dreamed_fades_with_every_iteration() -> None:
    once: list[float] = []  # the gradient is there the first time only

    def value(activations: objectives.Activations) -> torch.Tensor:
        once.append(0.0 if once else 1.0)
        return activations["one"].float().sum() * once[-1]

    dream = tiny_dreamer(objectives.Objective(("one",), value), octaves=1)
    image = torch.full((3, 48, 64), 0.5)
    first = dream.ascend(image, Dose((1,), 0.01), gauge=Gauge()) - image
    once.clear()
    third = dream.ascend(image, Dose((3,), 0.01, fade=0.3), gauge=Gauge()) - image
    assert float(first.abs().mean()) > 0.003
    assert torch.allclose(third, 0.7**2 * first, atol=1e-6)


def test_a_dose_with_sway_sees_the_picture_at_other_sizes() -> None:
    seen: list[int] = []

    def value(activations: objectives.Activations) -> torch.Tensor:
        seen.append(activations["one"].shape[-1])
        return activations["one"].float().square().mean()

    dream = tiny_dreamer(objectives.Objective(("one",), value), octaves=1)
    dreamed = dream.ascend(IMAGE, Dose((5,), 0.01, sway=0.2), gauge=Gauge())
    assert dreamed.shape == IMAGE.shape and not torch.equal(dreamed, IMAGE)
    assert min(seen) < 58 and max(seen) > 70 and seen[0] == 64
    seen.clear()
    dream.ascend(IMAGE, Dose((5,), 0.01), gauge=Gauge())
    assert set(seen) == {64}


def test_a_dose_with_noise_takes_gradients_beside_the_image_and_leaves_none_in_it() -> None:
    seen: list[float] = []

    def value(activations: objectives.Activations) -> torch.Tensor:
        seen.append(float(activations["one"].detach().float().mean()))
        return activations["one"].float().sum()

    dream = tiny_dreamer(objectives.Objective(("one",), value), octaves=1)
    flat = torch.full((3, 48, 64), 0.5)
    noisy = dream.ascend(flat, Dose((1,), 0.01, noise=0.2), gauge=Gauge())
    clean = dream.ascend(flat, Dose((1,), 0.01), gauge=Gauge())
    again = dream.ascend(flat, Dose((1,), 0.01, noise=0.2), gauge=Gauge())
    assert seen[0] == seen[2] != seen[1]
    assert torch.equal(noisy, again)
    assert float((noisy - flat).std()) < 2 * float((clean - flat).std())


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (tiny_dreamer(seed=s)(IMAGE) for s in (3, 3, 4))
    dream = tiny_dreamer(seed=3)
    dream(torch.rand_like(IMAGE))
    torch.rand(5)  # the global generator decides nothing
    assert torch.equal(first, again)
    assert torch.equal(first, dream(IMAGE))
    assert not torch.equal(first, other)


def test_the_sharpness_of_the_source_outlives_the_octaves() -> None:
    stripes = (torch.arange(64) % 2 * 0.4 + 0.3).expand(3, 48, 64).contiguous()
    nothing = objectives.Objective(("one",), lambda a: a["one"].float().sum() * 0)
    dreamed = tiny_dreamer(nothing, octaves=4)(stripes)
    assert torch.allclose(dreamed, stripes, atol=1e-6)
    blurred = resize(resize(stripes, (24, 32)), (48, 64))
    assert (blurred - stripes).abs().mean() > 0.1  # what carrying the picture itself would give


def test_what_a_small_octave_adds_arrives_in_the_picture() -> None:
    dream = tiny_dreamer(octaves=2, octave_scale=1.5, iterations=4)
    both = dream(IMAGE) - IMAGE
    small = (32, 43)
    base = resize(IMAGE, small)
    alone = tiny_dreamer(octaves=1, iterations=4)
    first = resize(alone(base) - base, (48, 64))
    own = alone(IMAGE) - IMAGE

    def likeness(a: torch.Tensor, b: torch.Tensor) -> float:
        return float(torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1])

    assert likeness(both, first) > likeness(own, first) + 0.1


def test_octaves_below_the_networks_minimum_are_skipped() -> None:
    narrow = IMAGE[:, :20]  # the next smaller one has 14 lines; the network needs 16
    one, many = (tiny_dreamer(octaves=n)(narrow) for n in (1, 5))
    assert torch.equal(one, many)


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (31, 17), (32, 32), (47, 65), (33, 120)])
def test_any_size_can_be_dreamed_on(size: tuple[int, int]) -> None:
    dream = Dreamer("bestiary", iterations=2, octaves=3, device="cpu")
    image = torch.rand(3, *size, generator=torch.Generator().manual_seed(1))
    dreamed = dream(image)
    assert dreamed.shape == image.shape
    assert torch.isfinite(dreamed).all()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_plain_picture_is_dreamed_without_a_hitch(level: float) -> None:
    plain = torch.full_like(IMAGE, level)
    assert torch.isfinite(tiny_dreamer()(plain)).all()
    dead = objectives.Objective(("one",), lambda a: (a["one"].float() * 0).mean())
    assert torch.allclose(tiny_dreamer(dead)(plain), plain, atol=1e-6)


def test_a_weight_says_where_is_dreamed() -> None:
    dream = tiny_dreamer(octaves=1)
    weight = torch.zeros(1, 48, 64)
    weight[:, :, 32:] = 1
    dreamed = dream.ascend(IMAGE, dream.dose, gauge=Gauge(), weight=weight)
    assert torch.equal(dreamed[:, :, :32], IMAGE[:, :, :32])
    assert (dreamed - IMAGE)[:, :, 32:].abs().mean() > 0.02
    whole = dream.ascend(IMAGE, dream.dose, gauge=Gauge(), weight=torch.ones(1, 48, 64))
    assert torch.equal(whole, dream(IMAGE))


def test_dreams_grow_also_where_the_picture_is_plain() -> None:
    image = IMAGE.clone()
    image[:, :, :32] = 0.5 + 0.02 * (image[:, :, :32] - 0.5)
    added = (tiny_dreamer()(image) - image).abs().mean(dim=(0, 1))
    assert added[4:28].mean() > 0.3 * added[36:60].mean()


def test_the_shifts_are_spread_evenly_and_always_the_same() -> None:
    shifts = list(islice(jitter(5), 64))
    assert shifts == list(islice(jitter(5), 64))
    assert shifts[10:] == list(islice(jitter(5, 10), 54))
    assert shifts != list(islice(jitter(6), 64))
    cells = {(down * 4 // REACH, right * 4 // REACH) for down, right in shifts}
    assert len(cells) == 16
    for count in (10, 30, 64):
        for axis in (0, 1):
            mean = sum(shift[axis] for shift in shifts[:count]) / count
            assert abs(mean + 0.5) < 0.12 * REACH
            assert all(-REACH <= 2 * shift[axis] < REACH for shift in shifts)


def test_the_jitter_is_undone() -> None:
    network = tiny_network(pool=False)
    dream = Dreamer(network, octaves=1, iterations=1, step=1e-3, device="cpu")
    assert next(jitter(dream.seed)) != (0, 0)
    image = 0.2 + 0.6 * IMAGE
    added = dream(image) - image
    batch = image[None].clone().requires_grad_()
    network.trunk(["two"])(batch)["two"].square().mean().backward()
    assert batch.grad is not None
    pair = torch.stack([added, batch.grad[0]])[:, :, 8:-8, 8:-8].flatten(1)
    assert torch.corrcoef(pair)[0, 1] > 0.6


def test_the_gauge_is_a_running_mean_for_each_key() -> None:
    gauge, two, four, eight = Gauge(), *(torch.tensor(size) for size in (2.0, 4.0, 8.0))
    assert gauge("0.0", two) == 2.0
    assert gauge("0.1", eight) == 8.0
    second = gauge("0.0", four)
    assert 2.0 < second < 3.0
    for _ in range(200):
        last = gauge("0.0", four)
    assert float(last) == pytest.approx(4.0)
    assert gauge.sizes["0.1"] == 8.0


def test_a_gauge_that_knows_the_film_calms_a_frame_that_stands_out() -> None:
    dream = tiny_dreamer(octaves=1, iterations=1)
    gauge = Gauge()
    weak = 0.5 + 0.1 * (IMAGE - 0.5)
    first = dream.ascend(IMAGE, dream.dose, gauge=gauge)
    flat = dream.ascend(weak, dream.dose, gauge=gauge)
    alone = dream.ascend(weak, dream.dose, gauge=Gauge())
    strong, calmed, jumpy = (
        float((a - b).abs().mean()) for a, b in ((first, IMAGE), (flat, weak), (alone, weak))
    )
    assert jumpy > 0.7 * strong  # by itself it is dreamed on like any other
    assert calmed < 0.6 * jumpy


def test_the_defaults_are_those_of_the_settings() -> None:
    """A default is written once; a Dreamer made by hand dreams like the command line."""
    told = inspect.signature(Dreamer).parameters
    dream, network = DreamSettings(), NetworkSettings()
    for name in ("octaves", "octave_scale", "iterations", "step", "strength", "seed", "tile"):
        assert told[name].default == getattr(dream, name), name
    for name in ("device", "precision"):
        assert told[name].default == getattr(network, name), name
    assert (told["network"].default,) == network.model


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    assert (pick_device("auto").type, pick_device("mps").type) == ("cpu", "mps")
    with pytest.raises(UsageError, match="device 'quantum' is not available; use auto or cpu"):
        pick_device("quantum")


@pytest.mark.parametrize(
    ("name", "value"),
    [("octaves", 0), ("octave_scale", 1.0), ("iterations", -1), ("strength", float("nan"))],
)
def test_numbers_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"{name}: {value} is too small"):
        tiny_dreamer(**{name: value})


@pytest.mark.parametrize("weight", [float("nan"), 1e308])
def test_numbers_that_are_none_are_reported(weight: float) -> None:
    with pytest.raises(UsageError, match="tiny: the network returns NaN or infinity"):
        tiny_dreamer(objectives.layer("two") * weight)(IMAGE)


def test_a_gradient_too_steep_to_dream_along_is_reported() -> None:
    with pytest.raises(UsageError, match=r"tiny: the gradient is too large .*; reduce the weight"):
        tiny_dreamer(objectives.layer("two") * 1e30)(IMAGE)
    assert torch.equal(tiny_dreamer(objectives.layer("two") * 1e30, strength=0)(IMAGE), IMAGE)


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(UsageError, match="precision 'fp8' is not available; use auto, fp32"):
        tiny_dreamer(precision="fp8")


def test_bf16_dreams_about_the_same() -> None:
    full, half = (tiny_dreamer(precision=p, iterations=2)(IMAGE) for p in ("fp32", "bf16"))
    assert half.dtype == torch.float32
    assert not torch.equal(full, half)
    assert (full - half).abs().mean() < 0.5 * (full - IMAGE).abs().mean()


@pytest.mark.parametrize(
    ("amx", "avx512", "vendor", "fast"),
    [
        (False, False, "AuthenticAMD", False),
        (False, True, "AuthenticAMD", True),
        (False, True, "GenuineIntel", False),  # as many multiplications in a cycle as in float32
        (True, True, "GenuineIntel", True),
    ],
)
def test_bf16_is_the_default_where_the_cpu_multiplies_it_faster(
    amx: bool, avx512: bool, vendor: str, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512, raising=False)
    monkeypatch.setattr("dreamvid.dream.dreamer._cpu_text", lambda: f"vendor_id : {vendor}")
    wanted = torch.bfloat16 if fast else torch.float32
    assert pick_dtype("auto", torch.device("cpu")) == wanted
    assert tiny_dreamer(precision="auto").dtype == wanted


def test_an_octave_dreams_with_its_share_of_the_step() -> None:
    dream, image = tiny_dreamer(octaves=2), 0.25 + 0.5 * IMAGE  # far from where it is clipped

    def ascend(*dose: Any, first_shift: int = 0) -> torch.Tensor:
        return dream.ascend(image, Dose(*dose), gauge=Gauge(), first_shift=first_shift)

    whole = ascend((1, 1), 0.02)
    assert torch.equal(whole, ascend((1, 1), 0.04, (0.5, 0.5)))
    assert not torch.equal(whole, ascend((1, 1), 0.02, (0.5, 1)))
    only_large = ascend((1,), 0.02, first_shift=1)  # the small octave takes the first of the shifts
    assert torch.allclose(ascend((1, 1), 0.02, (0, 1)), only_large, atol=1e-3)
