"""The flash guard: what flashes too often is held, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tiny import read, texture
from torch import Tensor

from dreamvid.image import to_array, to_image
from dreamvid.media.info import FilmInfo
from dreamvid.media.writer import VideoWriter
from dreamvid.motion.flashes import FlashCounter, linear, luminance
from dreamvid.sequence.flash_guard import FlashGuard

HEIGHT, WIDTH = 90, 160


def flashing(hertz: float, *, fps: int = 30, seconds: int = 3, columns: int = WIDTH,
             depth: float = 0.8) -> list[Tensor]:  # fmt: skip
    """A texture whose left columns are lit and dimmed at a rate, while it moves."""
    frames = []
    for n in range(seconds * fps):
        image = to_image(texture(height=HEIGHT, width=WIDTH, dx=n))
        if int(2 * hertz * n / fps) % 2 == 0:
            image[:, :, :columns] *= 1 - depth
        frames.append(image)
    return frames


def most(images: Iterable[Tensor], fps: int = 30) -> int:
    counter = FlashCounter()
    shown = (to_array(image) / np.float32(255) for image in images)
    return max(
        counter.add(luminance(linear(picture)), Fraction(n, fps)) for n, picture in enumerate(shown)
    )


def guarded(images: Iterable[Tensor], guard: FlashGuard, fps: int = 30, first: int = 0):
    return [guard(image, Fraction(n, fps)) for n, image in enumerate(images, first)]


@pytest.mark.parametrize("fps", [24, 30, 60])
@pytest.mark.parametrize("columns", [WIDTH, WIDTH // 3])
def test_ten_flashes_a_second_become_three(fps: int, columns: int) -> None:
    film = flashing(10, fps=fps, columns=columns)
    assert most(film, fps) == 10
    held = guarded(film, FlashGuard(3), fps)
    assert most(held, fps) == 3
    assert [a is b for a, b in zip(film, held, strict=True)][:5] == [True] * 5  # it is causal
    for image in held:
        assert image.shape == (3, HEIGHT, WIDTH) and 0 <= image.min() <= image.max() <= 1


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_fewer_can_be_asked_for(limit: int) -> None:
    assert most(guarded(flashing(7), FlashGuard(limit))) == limit


@pytest.mark.parametrize(
    "film",
    [
        flashing(3),
        flashing(10, columns=WIDTH // 20),  # too small an area
        flashing(10, depth=0.05),  # too small a change
        flashing(0.5),  # cuts
    ],
)
def test_a_film_that_does_not_flash_too_often_is_the_same(film: list[Tensor]) -> None:
    assert all(a is b for a, b in zip(film, guarded(film, FlashGuard(3)), strict=True))


def detail(image: Tensor) -> NDArray[np.float32]:
    """What is finer than a cell, in the left quarter."""
    picture = to_array(image)[:, 8 : WIDTH // 4].astype(np.float32)
    return picture - cv2.blur(picture, (7, 7))


def test_the_picture_moves_on_and_what_does_not_flash_is_left_alone() -> None:
    film = flashing(10, columns=WIDTH // 3, seconds=1)
    held = guarded(film, FlashGuard(3))
    changed = [n for n, (a, b) in enumerate(zip(film, held, strict=True)) if a is not b]
    assert len(changed) > 5
    for n in changed:
        right = slice(WIDTH * 5 // 6, None)
        assert torch.allclose(film[n][:, :, right], held[n][:, :, right], atol=1e-5)
    for n in changed[:5]:
        now, last = (
            np.corrcoef(detail(image).ravel(), detail(held[n]).ravel())[0, 1]
            for image in (film[n], film[n - 6])
        )
        assert now > 0.5 > 0 > last


@pytest.mark.parametrize("first", [0, 1])
def test_a_lamp_that_flickers_is_held_as_it_was(first: int) -> None:
    still = to_image(texture(height=HEIGHT, width=WIDTH)) * 0.8
    film = [still * (0.4 if (int(20 * n / 30) + first) % 2 else 1) for n in range(30)]
    held = guarded(film, FlashGuard(3))
    changed = [n for n, (a, b) in enumerate(zip(film, held, strict=True)) if a is not b]
    steps = [float((held[n] - held[n - 1]).abs().max()) for n in changed]
    assert len(steps) > 5 and max(steps) < 0.1 < float(still.mean() * 0.6)


def test_pictures_without_anything_in_common_are_mixed() -> None:
    rng = np.random.default_rng(3)
    film = [torch.from_numpy((rng.random((1, 24, 24)) > 0.5).astype(np.float32)).repeat(3, 1, 1)
            for _ in range(60)]  # fmt: skip
    assert most(film) > 5  # every cell for itself
    held = guarded(film, FlashGuard(3))
    assert most(held) <= 3
    assert sum(a is not b for a, b in zip(film, held, strict=True)) > 20


@pytest.mark.parametrize("cut", [1, 12, 31, 60])
def test_it_goes_on_from_its_state(cut: int) -> None:
    film = flashing(10, seconds=3)
    whole = guarded(film, FlashGuard(3))
    first = FlashGuard(3)
    begun = guarded(film[:cut], first)
    state = {name: plane.clone() for name, plane in first.state.items()}
    rest = guarded(film[cut:], FlashGuard(3, state), first=cut)
    assert all(torch.equal(a, b) for a, b in zip(whole, begun + rest, strict=True))
    fresh = guarded(film[cut:], FlashGuard(3), first=cut)
    assert cut == 1 or not all(torch.equal(a, b) for a, b in zip(whole[cut:], fresh, strict=True))


@pytest.mark.parametrize(("hertz", "depth", "pan"), [(5.3, 0.45, 3), (8.5, 0.7, 1)])
def test_the_codec_does_not_bring_flashes_back(
    hertz: float, depth: float, pan: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    edge = depth * ((torch.linspace(0, 1, WIDTH) - 0.3) * 2).clamp(0, 1)
    film = [
        to_image(texture(height=HEIGHT, width=WIDTH, dx=pan * n))
        * (1 - edge * (0.5 - 0.5 * np.sin(2 * np.pi * hertz * n / 30)))
        for n in range(75)
    ]
    with VideoWriter(path, like=FilmInfo.plain(WIDTH, HEIGHT, Fraction(30), len(film))) as out:
        for n, image in enumerate(guarded(film, FlashGuard(3))):
            out.write(image, Fraction(n, 30))
    assert most(map(to_image, read(path))) == 3 < most(film)


def test_a_state_of_nothing_is_that_of_a_start() -> None:
    empty = FlashGuard(3).state
    assert empty["0.times"].shape == (0, 2) and len(empty["1.turns"]) == 0
    film = flashing(10, seconds=1)
    for guard in (FlashGuard(3, {}), FlashGuard(3, empty)):
        held = guarded(film, guard)
        assert all(
            torch.equal(a, b) for a, b in zip(held, guarded(film, FlashGuard(3)), strict=True)
        )
