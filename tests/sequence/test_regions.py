"""Regions: each dreams as it would alone, is shown by its mask, and the rest is the film."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import known_frames, moved, source_frames, texture, tiny_dreamer

from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.objectives import creatures, layer
from dreamvid.errors import UnreadableInput
from dreamvid.image import to_image
from dreamvid.motion.estimate import Motion
from dreamvid.sequence.dream_size import at_full_size, shrunk
from dreamvid.sequence.film_carry import FilmCarry
from dreamvid.sequence.frames import Frame, film_frames
from dreamvid.sequence.lap import Lap
from dreamvid.sequence.masks import box_plane, size_of
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.regions import Region, Regions, blended, layered
from dreamvid.sequence.render import render, render_with_memory

COUNT, CUT = 7, 4
FRAMES = known_frames(moved(COUNT), cuts=(CUT,))
LEFT = (0.0, 0.0, 0.5, 1.0)


def box(left: float, top: float, width: float, height: float) -> Callable[..., np.ndarray]:
    return lambda frame, _: box_plane((left, top, width, height), size_of(frame))


def always(dream: Dreamer) -> Callable[[int], Dreamer]:
    return lambda index: dream


def shown(
    regions: Regions | Dreamer, frames: Sequence[Frame] = FRAMES, memory: Memory | None = None
) -> list[tuple[torch.Tensor, Memory]]:
    """What is written of each frame, and its memory."""
    rendered = render_with_memory(frames, regions, stability=0.9, memory=memory)
    return [(at_full_size(frame, after)[0], after) for frame, after in rendered]


def unlike(one: torch.Tensor, other: torch.Tensor, source: torch.Tensor) -> float:
    """The difference of two dreams of a source, relative to what they add to it."""
    return float((one - other).abs().mean() / (other - source).abs().mean())


def test_outside_is_the_film_and_inside_the_dream_of_the_whole_film() -> None:
    """The first frame to the bit; later ones are controlled by what is inside."""
    dream = tiny_dreamer()
    masked = shown(Regions([Region(always(dream), box(*LEFT))]))
    plain = shown(dream)
    for frame, (image, _), (whole, _) in zip(FRAMES, masked, plain, strict=True):
        assert frame.image is not None
        assert torch.equal(image[..., 32:], frame.image[..., 32:])
        if frame.motion is None:
            assert torch.equal(image[..., :32], whole[..., :32])
        assert unlike(image[..., :32], whole[..., :32], frame.image[..., :32]) < 0.15


def uneven(count: int) -> list[Frame]:
    """A texture that stands still; its right half is dim, so that little is dreamed there."""
    array = texture()
    array[:, 32:] = 20 + array[:, 32:] // 16
    return known_frames([array] * count, dx=0, dy=0)


@pytest.mark.parametrize("half", [slice(0, 32), slice(32, 64)], ids=["strong", "weak"])
def test_inside_a_mask_the_dream_is_as_strong_as_the_full_dose_there(half: slice) -> None:
    """Over the whole frame a strong half would be evened down, and a weak one up."""
    dream, frames = tiny_dreamer(), uneven(41)
    left = half.start / 64
    regions = Regions([Region(always(dream), box(left, 0, 0.5, 1))])
    made, plain = ([image for image, _ in shown(which, frames)] for which in (regions, dream))
    source = frames[0].image
    assert source is not None

    def strength(image: torch.Tensor) -> float:
        return float((image - source)[..., half].square().mean().sqrt())

    full = strength(made[0])
    masked, whole = (sum(map(strength, images[-9:])) / 9 / full for images in (made, plain))
    assert 0.85 < masked < 1.2
    assert half.start == 0 or abs(masked - 1) < abs(whole - 1)


def test_a_soft_edge_mixes_dream_and_film() -> None:
    dream, half = tiny_dreamer(), np.full((48, 64), 0.25, np.float32)
    masked = shown(Regions([Region(always(dream), lambda *_: half)]))
    for frame, (image, _), (whole, _) in zip(FRAMES, masked, shown(dream), strict=True):
        assert frame.image is not None
        assert torch.allclose(image, 0.75 * frame.image + 0.25 * whole, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2])
def test_the_film_that_is_left_alone_is_not_the_steadied_one(scale: int) -> None:
    """Also if the dream is smaller: nothing of what is hidden is enlarged."""
    rng = np.random.default_rng(0)
    grainy = [
        (64 + texture(dx=2 * t, height=48 * scale, width=64 * scale) // 2
         + rng.integers(0, 30, (48 * scale, 64 * scale, 3))).astype(np.uint8)
        for t in range(4)
    ]  # fmt: skip
    frames = list(film_frames(shrunk(source_frames(grainy), (48, 64))))
    made = shown(Regions([Region(always(tiny_dreamer()), box(0.5, 0, 0.5, 1))]), frames)
    for array, (image, _) in zip(grainy, made, strict=True):
        half = 32 * scale
        assert torch.equal(image[..., :half], to_image(array)[..., :half])
        assert not torch.equal(image[..., half:], to_image(array)[..., half:])
    assert float((frames[-1].image - made[-1][1].source).abs().mean()) > 0.005


def test_without_a_mask_nothing_changes() -> None:
    dream = tiny_dreamer()
    for (image, memory), (whole, _) in zip(
        shown(Regions([Region(always(dream))])), shown(dream), strict=True
    ):
        assert torch.equal(image, whole) and memory.mask is None and memory.others == ()


def test_two_regions_dream_as_each_would_alone() -> None:
    one, two = tiny_dreamer(), tiny_dreamer(layer("one"), seed=3)
    left, right = Region(always(two), box(*LEFT)), Region(always(one), box(0.5, 0, 0.5, 1))
    regions = Regions([Region(always(one)), left])
    alone = zip(shown(Regions([right])), shown(Regions([left])), strict=True)
    for (image, memory), ((first, _), (second, after)) in zip(shown(regions), alone, strict=True):
        assert torch.equal(image[..., :32], second[..., :32])
        assert torch.equal(image[..., 32:], first[..., 32:])
        assert torch.equal(memory.others[0].dreamed, after.dreamed)
        assert memory.others[0].others == ()


def test_the_last_region_is_on_top_and_the_others_take_what_it_leaves() -> None:
    masks = [torch.tensor([[[1.0, 0.7, 0.2]]]), None, torch.tensor([[[0.0, 0.4, 1.0]]])]
    shares = layered(masks)
    assert [share.flatten().tolist() for share in shares] == [
        [0, 0, 0], pytest.approx([1, 0.6, 0]), pytest.approx([0, 0.4, 1]),
    ]  # fmt: skip
    above = layered([torch.tensor([[[0.7]]]), torch.tensor([[[0.8]]])])
    assert [float(share) for share in above] == pytest.approx([0.2, 0.8])


def test_masks_that_add_up_to_1_meet_without_a_seam() -> None:
    soft = torch.linspace(0, 1, 50).view(1, 1, 50)
    shares = layered([soft, 1 - soft])
    film, dream = torch.zeros(3, 1, 50), torch.full((3, 1, 50), 0.6)
    assert torch.allclose(blended(film, [dream, dream], shares), dream, atol=1e-6)


def test_a_share_of_0_or_1_is_exact() -> None:
    film, dream = torch.rand(3, 4, 4), torch.rand(3, 4, 4)
    none, whole = torch.zeros(1, 4, 4), torch.ones(1, 4, 4)
    assert torch.equal(blended(film, [dream], [none]), film)
    assert torch.equal(blended(film, [dream], [whole]), dream)
    assert torch.equal(blended(film, [film, dream], [none, whole]), dream)


def moving_frames() -> list[Frame]:
    """A square that crosses a still background, as film frames with what moves."""
    arrays = []
    for t in range(COUNT):
        array = texture(height=96, width=128)
        array[30:62, 20 + 5 * t : 52 + 5 * t] = 255 - texture(5, height=32, width=32)
        arrays.append(array)
    return list(film_frames(source_frames(arrays), moving=True))


def moving_region(dream: Dreamer) -> Regions:
    def mask(frame: Frame, moving: np.ndarray | None) -> np.ndarray:
        assert moving is not None
        return moving

    return Regions([Region(always(dream), mask)], follow_motion=True)


def test_what_moves_is_dreamed_from_the_first_frame_on() -> None:
    frames = moving_frames()
    for t, (image, memory) in enumerate(shown(moving_region(tiny_dreamer()), frames)):
        assert memory.mask is not None and memory.mask.shape == (1, 96, 128)
        assert float(memory.mask[0, 34:58, 24 + 5 * t : 48 + 5 * t].mean()) > 0.9
        source = frames[t].image
        assert source is not None
        assert torch.equal(image[:, 75:], source[:, 75:])
        assert torch.equal(image[..., 100:], source[..., 100:])


def test_a_frame_that_stands_alone_has_nothing_that_moves() -> None:
    (frame,) = film_frames(source_frames([texture()]), moving=True)
    assert frame.moving is None
    ((image, memory),) = shown(moving_region(tiny_dreamer()), [frame])
    assert torch.equal(image, to_image(texture()))
    assert memory.moving is not None and memory.moving.max() == 0


def test_motion_is_only_looked_at_when_it_is_asked_for() -> None:
    plain = list(film_frames(source_frames(moved(3))))
    asked = list(film_frames(source_frames(moved(3)), moving=True))
    assert [frame.moving for frame in plain] == [None] * 3
    for one, other in zip(plain, asked, strict=True):
        assert other.moving is not None and (one.index, one.time) == (other.index, other.time)
        assert (one.motion is None) == (other.motion is None)


@pytest.mark.parametrize("stop", [2, CUT, 5])
def test_a_saved_memory_goes_on_to_the_bit(stop: int, tmp_path: Path) -> None:
    """Also of what moves, and of every region."""
    dream = tiny_dreamer()
    frames = moving_frames()
    regions = Regions(
        [*moving_region(dream).regions, Region(always(tiny_dreamer(layer("one"))), box(*LEFT))],
        follow_motion=True,
    )
    whole = shown(regions, frames)
    whole[stop - 1][1].save(tmp_path / "memory")
    loaded = Memory.load(tmp_path / "memory", device=torch.device("cpu"))
    assert len(loaded.others) == 1 and loaded.moving is not None
    arrays = [to_source(frame) for frame in frames]
    resumed = film_frames(source_frames(arrays), moving=True, skip=stop)
    for (image, _), (expected, _) in zip(
        shown(regions, list(resumed), loaded), whole[stop:], strict=True
    ):
        assert torch.equal(image, expected)


def to_source(frame: Frame) -> np.ndarray:
    assert frame.image is not None
    return (frame.image.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)


def test_a_damaged_memory_is_told(tmp_path: Path) -> None:
    _, memory = shown(Regions([Region(always(tiny_dreamer()), box(*LEFT))]))[-1]
    path = tmp_path / "memory"
    memory.save(path)
    path.write_bytes(path.read_bytes().replace(b"0.fresh", b"9.fresh"))
    with pytest.raises(UnreadableInput, match="the saved state is damaged"):
        Memory.load(path, device=torch.device("cpu"))


def test_a_lap_leads_every_region_back() -> None:
    one, two = tiny_dreamer(), tiny_dreamer(layer("one"))
    regions = Regions([Region(always(one), box(*LEFT)), Region(always(two))])
    count, fade = 4, 2
    lap = Lap(count, fade)
    before = known_frames(moved(4))
    for frame, (_, memory) in zip(before, shown(regions, before), strict=True):
        lap.keep(frame.index - 4, memory)
    assert lap.start is not None and len(lap.start.others) == 1
    led = lap.led(count - 1, lap.start)
    kept = [memory for _, memory in shown(regions, before)][-2:]
    assert torch.allclose(led.dreamed, kept[0].dreamed.half().float())
    assert torch.allclose(led.others[0].dreamed, kept[0].others[0].dreamed.half().float())
    assert torch.equal(led.others[0].source, lap.start.others[0].source)


def test_the_regions_of_a_lap_repeat() -> None:
    asked: list[int] = []

    def mask(frame: Frame, moving: object) -> np.ndarray:
        asked.append(frame.index)
        return np.ones((48, 64), np.float32)

    dreams = [tiny_dreamer(), tiny_dreamer()]
    regions = Regions([Region(lambda n: dreams[n], mask), Region(lambda n: dreams[n])])
    twice = regions.repeating(2)
    assert [twice(n) for n in (-1, 0, 1, 2)] == [dreams[1], dreams[0], dreams[1], dreams[0]]
    twice.shares(replace(FRAMES[0], index=-1))
    twice.shares(replace(FRAMES[0], index=5))
    assert asked == [1, 1] and twice.regions[1].mask is None
    assert Regions(regions.regions, follow_motion=True).repeating(2).follow_motion


def test_beings_stand_where_the_mask_shows_them() -> None:
    dream = tiny_dreamer(creatures("ant", "bee"))
    image = to_image(texture(height=96, width=160))
    everywhere = dream.places(image)
    mask = torch.from_numpy(box_plane((0, 0, 0.5, 1), (48, 80)))[None]
    inside = dream.places(image, shown=mask)
    assert any(place.x > 0.55 for place in everywhere)
    assert inside and all(place.x < 0.5 for place in inside)
    assert dream.places(image, shown=torch.zeros(1, 8, 8)) == ()
    kept = (everywhere[-1],)
    assert dream.places(image, kept, torch.zeros(1, 8, 8)) == kept


def test_new_beings_of_later_frames_stand_inside_as_well() -> None:
    dream = tiny_dreamer(creatures("ant"), iterations=1)
    frames = known_frames([texture(height=96, width=160)] * 2, dx=0, dy=0)
    for regions, inside in ((dream, False), (Regions([Region(always(dream), box(*LEFT))]), True)):
        ((_, first),) = shown(regions, frames[:1])
        ((_, after),) = shown(regions, frames[1:], replace(first, places=()))
        assert after.places and all(place.x < 0.5 for place in after.places) == inside


def test_every_frame_tells_the_carry_where_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float | None] = []
    carry = FilmCarry.__call__

    def spy(self: FilmCarry, frame: Frame, previous: Memory | None) -> Memory:
        seen.append(None if frame.shown is None else float(frame.shown.mean()))
        return carry(self, frame, previous)

    monkeypatch.setattr(FilmCarry, "__call__", spy)
    list(render(FRAMES[:2], Regions([Region(always(tiny_dreamer()), box(*LEFT))])))
    assert seen == [0.5, 0.5]
    list(render(FRAMES[:1], tiny_dreamer()))
    assert seen[2:] == [None]


def test_motion_without_flow_finds_nothing() -> None:
    still = Motion(np.zeros((48, 64, 2), np.float32), np.ones((48, 64), np.float32))
    frame = Frame(1, Fraction(1, 25), to_image(texture()), still)
    _, memory = shown(moving_region(tiny_dreamer()), [frame])[0]
    assert memory.mask is not None and float(memory.mask.max()) == 0
