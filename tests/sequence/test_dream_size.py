"""Dreaming small: its size, the film that comes back, and what of it is held on to."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from tiny import source_frames, texture, tiny_dreamer

from dreamvid.dream.octaves import octaves_for
from dreamvid.image import to_array, to_image
from dreamvid.media.reader import SourceFrame
from dreamvid.sequence.dream_size import added, at_full_size, dream_at_size, dream_size, shrunk
from dreamvid.sequence.frames import Frame, film_frames
from dreamvid.sequence.memory import Memory
from dreamvid.sequence.render import render_with_memory

SMALL = (24, 32)
ARRAYS = [texture(dx=4 * t, dy=2 * t, height=96, width=128) for t in range(4)]


def dreamed(arrays: list[np.ndarray], **options: object) -> list[tuple[Frame, Memory]]:
    """The frames of a film and their dreams, four times smaller."""
    frames = film_frames(shrunk(source_frames(arrays), SMALL))
    return list(render_with_memory(frames, tiny_dreamer(**options), stability=0.9))


@pytest.mark.parametrize(
    "film, asked, size",
    [
        ((2160, 3840), "960x540", (540, 960)),
        ((2160, 3840), "960", (540, 960)),
        ((1600, 3840), "960x540", (400, 960)),
        ((2160, 2880), "960x540", (540, 720)),
        ((3840, 2160), "960x540", (540, 304)),
        ((3840, 2160), "540", (960, 540)),
        ((2160, 3840), "full", (2160, 3840)),
        ((360, 640), "960x540", (360, 640)),
        ((360, 640), "640", (360, 640)),
        ((333, 1001), "100", (33, 100)),
        ((16, 16384), "100", (1, 100)),
    ],
)
def test_a_dream_has_the_films_shape_and_is_never_larger(
    film: tuple[int, int], asked: str, size: tuple[int, int]
) -> None:
    assert dream_size(film, asked, on_cpu=True) == size
    assert dream_size(film, asked, on_cpu=False) == size


def test_a_size_that_was_fitted_stays_as_it_is() -> None:
    films = [(1000, 333), (333, 1000), (2076, 3840), (719, 719), (1080, 2538)]
    for film, width, height in itertools.product(films, range(50, 330, 7), (None, 97, 200, 301)):
        asked = str(width) if height is None else f"{width}x{height}"
        high, wide = size = dream_size(film, asked, on_cpu=True)
        assert wide <= width and high <= (height or 1000)
        assert dream_size(film, f"{wide}x{high}", on_cpu=True) == size


@pytest.mark.parametrize(
    "film, size",
    [
        ((2160, 3840), (540, 960)),
        ((3840, 2160), (960, 540)),
        ((1600, 3840), (540, 1296)),
        ((1080, 1920), (1080, 1920)),
        ((1920, 1080), (1920, 1080)),
    ],
)
def test_large_films_are_dreamed_small_on_a_cpu(
    film: tuple[int, int], size: tuple[int, int]
) -> None:
    assert dream_size(film, None, on_cpu=True) == size
    assert dream_size(film, None, on_cpu=False) == film


def test_the_largest_features_keep_their_share_of_the_picture() -> None:
    """The sides of the smallest octave, on which they grow."""
    least = [lines / 1.4 ** (octaves_for(lines, 2 * lines) - 1) for lines in (540, 1080, 2160)]
    assert max(least) < 1.2 * min(least)


def test_a_shrunk_pixel_is_the_mean_of_an_area_at_any_depth() -> None:
    for array in (ARRAYS[0], ARRAYS[0].astype(np.uint16) * 257):
        (frame,) = shrunk(source_frames([array]), SMALL)
        means = array.reshape(24, 4, 32, 4, 3).mean(axis=(1, 3))
        assert frame.array.dtype == array.dtype
        assert np.abs(frame.array - means).max() <= 0.5
        assert frame.full is array


def test_a_film_of_the_size_of_the_dream_is_left_alone() -> None:
    frames = source_frames(ARRAYS)
    assert list(shrunk(frames, (96, 128))) == frames
    for frame, memory in render_with_memory(
        film_frames(frames), tiny_dreamer(iterations=1), stability=0.9
    ):
        assert frame.full is None
        assert at_full_size(frame, memory) == (memory.dreamed, memory.source)


@pytest.mark.parametrize("scale", [1, 257])
def test_strength_0_gives_the_film_back_to_the_bit(scale: int) -> None:
    arrays = [array.astype(np.uint8 if scale == 1 else np.uint16) * scale for array in ARRAYS]
    for array, (frame, memory) in zip(arrays, dreamed(arrays, strength=0), strict=True):
        image, source = at_full_size(frame, memory)
        assert np.array_equal(to_array(image, 8 if scale == 1 else 16), array)
        assert torch.equal(image, source)


def test_what_was_dreamed_is_added_and_the_film_stays_sharp() -> None:
    """Shrunk again, what was added is the residual; it is smooth where that has steps."""
    noise = np.random.default_rng(0)
    arrays = [(64 + array // 2 + noise.integers(0, 9, array.shape)).astype(np.uint8)
              for array in ARRAYS]  # fmt: skip
    for array, (frame, memory) in zip(arrays, dreamed(arrays), strict=True):
        image, source = at_full_size(frame, memory)
        assert torch.equal(source, to_image(array))
        change = (image - source).numpy()
        residual = (memory.dreamed - memory.source).numpy()
        blocks = change.reshape(3, 24, 4, 32, 4)
        means = blocks.mean(axis=(2, 4))
        assert np.abs(residual).mean() > 0.01
        assert np.corrcoef(means.ravel(), residual.ravel())[0, 1] > 0.97
        steps = np.abs(np.diff(change, axis=2)).mean()
        assert steps < 0.5 * np.abs(np.diff(residual, axis=2)).mean()


def test_a_steadied_source_takes_no_grain_from_the_film() -> None:
    frame, memory = dreamed(ARRAYS)[-1]
    moved = torch.rand(memory.source.shape) * 0.1
    changed = replace(memory, source=memory.source + moved, dreamed=memory.dreamed + moved)
    image, _ = at_full_size(frame, memory)
    assert torch.allclose(at_full_size(frame, changed)[0], image, atol=1e-6)


def test_a_sum_stays_within_0_to_1_and_leaves_the_residual_alone() -> None:
    residual = torch.tensor([1.0, -1.0, 0.0]).view(3, 1, 1).expand(3, 4, 4).contiguous()
    before = residual.clone()
    for size in (4, 8):
        image = torch.full((3, size, size), 0.5)
        total = added(residual, image)
        assert torch.equal(total, torch.tensor([1.0, 0.0, 0.5]).view(3, 1, 1).expand_as(image))
    assert torch.equal(residual, before)


def test_a_picture_is_dreamed_small_and_keeps_its_size() -> None:
    dream, image = tiny_dreamer(), to_image(ARRAYS[0])
    assert torch.equal(dream_at_size((96, 128), dream, image), dream(image))
    small = torch.from_numpy(image.numpy().reshape(3, 24, 4, 32, 4).mean(axis=(2, 4)))
    expected = added(dream(small) - small, image)
    assert torch.allclose(dream_at_size(SMALL, dream, image), expected, atol=2e-3)
    assert float((expected - image).abs().mean()) > 0.01
    assert torch.equal(dream_at_size(SMALL, tiny_dreamer(strength=0), image), image)


def test_no_frame_of_the_film_is_held_on_to() -> None:
    alive: list[weakref.ref[np.ndarray]] = []

    def film() -> Iterator[SourceFrame]:
        for t in range(8):
            array = texture(dx=t, height=96, width=128)
            alive.append(weakref.ref(array))
            yield SourceFrame(t, Fraction(t, 25), array)
            del array

    frames = film_frames(shrunk(film(), SMALL))
    for frame, memory in render_with_memory(frames, tiny_dreamer(iterations=1), stability=0.9):
        at_full_size(frame, memory)
        del frame, memory
        assert sum(ref() is not None for ref in alive) <= 3
