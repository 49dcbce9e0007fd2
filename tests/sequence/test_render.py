"""The loop: the dream moves with the film, calmly and as strongly, and a cut forgets everything."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from tiny import known_frames, moved, tiny_dreamer

from dreamvid.dream.dreamer import Dreamer
from dreamvid.errors import UsageError
from dreamvid.sequence.frames import Frame
from dreamvid.sequence.render import render
from dreamvid.settings.tables import MotionSettings

DX, DY, COUNT = 2, 1, 16
FRAMES = known_frames(moved(COUNT, dx=DX, dy=DY), dx=DX, dy=DY)


def residuals(stability: float, frames: list[Frame] = FRAMES) -> list[torch.Tensor]:
    dreamed = render(frames, tiny_dreamer(), stability=stability)
    return [
        image - frame.image
        for image, frame in zip(dreamed, frames, strict=True)
        if frame.image is not None
    ]


def restlessness(dreams: list[torch.Tensor]) -> float:
    """r of the measures, along the motion that is known, away from the border."""
    change = size = 0.0
    for before, now in pairwise(dreams[4:]):
        a = now[:, 8:-8, 8:-8]
        b = before.roll((DY, DX), (1, 2))[:, 8:-8, 8:-8]
        change += float((a - b).square().sum())
        size += 0.5 * float(a.square().sum() + b.square().sum())
    return change / size


def strength(dreams: list[torch.Tensor]) -> float:
    return float(torch.stack(dreams[6:]).square().mean().sqrt())


def test_the_dream_moves_with_the_film() -> None:
    assert restlessness(residuals(0.9)) < 0.1


def test_stability_is_a_dial_of_calm_and_not_of_strength() -> None:
    dial = [residuals(stability) for stability in (0, 0.4, 0.8, 1)]
    calm = [restlessness(dreams) for dreams in dial]
    assert calm[0] > calm[1] > 5 * max(calm[2:])
    assert calm[0] > 5 * calm[2]
    alone = strength(dial[0])
    for dreams in dial[1:]:
        assert 0.5 * alone < strength(dreams) < 2 * alone


def test_a_long_shot_neither_fades_nor_overcooks() -> None:
    arrays = moved(COUNT, dx=DX, dy=DY)
    frames = known_frames([*arrays, *arrays[::-1], *arrays], dx=0, dy=0)
    dreams = residuals(0.9, frames)
    early, late = strength(dreams[6:20]), strength(dreams[-14:])
    assert 0.6 * early < late < 1.6 * early


def test_stability_0_dreams_every_frame_for_itself() -> None:
    dream = tiny_dreamer()
    for image, frame in zip(render(FRAMES[:5], dream, stability=0), FRAMES, strict=False):
        assert frame.image is not None
        assert torch.equal(image, dream(frame.image))


def test_the_first_frame_gets_the_full_dose_at_any_stability() -> None:
    first = FRAMES[0].image
    assert first is not None
    assert torch.equal(next(render(FRAMES, tiny_dreamer(), stability=1)), tiny_dreamer()(first))


def test_strength_0_gives_the_film_back_to_the_bit() -> None:
    for image, frame in zip(render(FRAMES, tiny_dreamer(strength=0)), FRAMES, strict=True):
        assert frame.image is not None and torch.equal(image, frame.image)


def test_a_cut_forgets_all_that_was_before_it() -> None:
    arrays = [*moved(4, seed=5), *moved(6, dx=DX, dy=DY)]
    cut = known_frames(arrays, dx=DX, dy=DY, cuts=(4,))
    after = list(render(cut, tiny_dreamer()))[4:]
    alone = list(render(known_frames(arrays[4:], dx=DX, dy=DY), tiny_dreamer()))
    for a, b in zip(after, alone, strict=True):
        assert torch.equal(a, b)


def test_the_same_film_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (
        torch.stack(list(render(FRAMES[:5], tiny_dreamer(seed=seed)))) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first[-1], other[-1])


def test_images_stay_within_0_to_1_and_frames_are_left_alone() -> None:
    before = [frame.image.clone() for frame in FRAMES if frame.image is not None]
    for image in render(FRAMES, tiny_dreamer(strength=4), stability=0.9):
        assert image.shape == (3, 48, 64) and image.dtype == torch.float32
        assert image.min() >= 0 and image.max() <= 1
    for frame, image in zip(FRAMES, before, strict=True):
        assert frame.image is not None and torch.equal(frame.image, image)


def test_ground_just_uncovered_is_soon_dreamed_on() -> None:
    frames = known_frames(moved(14, dx=DX, dy=DY), dx=DX, dy=DY)
    hole = (slice(None), slice(12, 36), slice(20, 44))
    for frame in frames[6:7]:
        assert frame.motion is not None
        frame.motion.mask[hole[1:]] = 0
        frame.motion.backward[hole[1:]] = 0
    dreams = residuals(0.9, frames)
    inside = dreams[9][:, 16:36, 28:48].square().mean().sqrt()
    assert inside > 0.5 * dreams[9].square().mean().sqrt()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_shot_that_begins_plain_comes_to_dream(level: int) -> None:
    arrays = moved(10, dx=DX, dy=DY)
    arrays[0][:], arrays[1][:] = level, level
    dreams = residuals(0.9, known_frames(arrays, dx=DX, dy=DY))
    assert all(torch.isfinite(dream).all() for dream in dreams)
    assert strength(dreams) > 0.4 * strength(residuals(0.9)[:10])


@pytest.mark.parametrize(
    "size",
    [
        (1, 1),
        (2, 3),
        (17, 31),
        (33, 32),
    ],
)
def test_films_of_any_size_are_dreamed(size: tuple[int, int]) -> None:
    height, width = size
    arrays = [array[:height, :width].copy() for array in moved(3, dx=0, dy=0)]
    dream = Dreamer("bestiary", iterations=2, device="cpu")
    for image in render(known_frames(arrays, dx=0, dy=0), dream):
        assert image.shape == (3, *size) and torch.isfinite(image).all()


def test_only_the_last_frame_is_remembered() -> None:
    alive: list[weakref.ref[torch.Tensor]] = []

    def film() -> Iterator[Frame]:
        for frame in known_frames(moved(10)):
            assert frame.image is not None
            image = frame.image.clone()
            alive.append(weakref.ref(image))
            yield Frame(frame.index, frame.time, image, frame.motion)
            del image

    dreams = []
    for image in render(film(), tiny_dreamer(iterations=1)):
        dreams.append(weakref.ref(image))
        del image
        assert sum(ref() is not None for ref in alive) <= 2
        assert sum(ref() is not None for ref in dreams) <= 2


def test_the_default_is_that_of_the_settings() -> None:
    told = inspect.signature(render).parameters["stability"].default
    assert told == MotionSettings().stability


@pytest.mark.parametrize("stability", [-0.5, 1.5, float("nan")])
def test_a_stability_out_of_range_is_refused(stability: float) -> None:
    with pytest.raises(UsageError, match="out of range; give 0 to 1"):
        next(render(known_frames(moved(2)), tiny_dreamer(), stability=stability))
