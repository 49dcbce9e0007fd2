"""Flashes are counted as WCAG 2.2 and ITU-R BT.1702 define them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from dreamvid.media.curves import to_linear
from dreamvid.motion.flashes import (
    CELLS,
    FIELD,
    FlashCounter,
    covers,
    field_shares,
    linear,
    luminance,
    spread,
)

Levels = Iterable[float | NDArray[np.float64]]


def most(levels: Levels, fps: int = 30) -> int:
    """The most flashes of a film whose frames have a luminance, or one for each cell."""
    counter = FlashCounter()
    return max(
        counter.add(np.broadcast_to(level, (CELLS, CELLS)), Fraction(n, fps))
        for n, level in enumerate(levels)
    )


def square(hertz: float, dark: float, bright: float, *, fps: int = 30, seconds: int = 3):
    return [bright if int(2 * hertz * n / fps) % 2 else dark for n in range(seconds * fps)]


@pytest.mark.parametrize("fps", [24, 30, 60])
@pytest.mark.parametrize("hertz", [1, 2, 3, 4, 6])
def test_flashes_are_counted_in_any_second_at_every_rate(hertz: int, fps: int) -> None:
    assert most(square(hertz, 0.1, 0.5, fps=fps), fps) == hertz


@pytest.mark.parametrize(
    ("dark", "bright", "counts"),
    [
        (0, 0.1, True),
        (0, 0.099, False),
        (0.5, 0.601, True),
        (0.79, 0.9, True),
        (0.8, 1, False),  # the darker one is bright
        (0.7, 0.79, False),
    ],
)
def test_a_flash_is_a_tenth_of_luminance_unless_both_are_bright(
    dark: float, bright: float, counts: bool
) -> None:
    assert (most(square(5, dark, bright)) == 5) is counts


def test_slow_changes_count_as_one_and_ripples_do_not_reset_them() -> None:
    up = np.linspace(0, 0.5, 20)
    assert most([*up, *up[::-1]]) == 1  # one flash, however many steps it has
    ripples = up + 0.03 * (-1) ** np.arange(20)
    assert most([*ripples, *ripples[::-1]]) == 1
    assert most(up) == 0  # a change without its opposite


def test_cuts_and_fades_between_shots_are_no_flashes_of_any_number() -> None:
    assert most([0.1] * 30 + [0.6] * 30 + [0.2] * 30) == 0  # more than a second apart
    assert most([0.1] * 30 + [0.6] * 10 + [0.2] * 30) == 1


def block(rows: int, columns: int) -> NDArray[np.bool_]:
    """A region in a corner."""
    mask = np.zeros((CELLS, CELLS), bool)
    mask[:rows, -columns:] = True
    return mask


def test_a_quarter_of_a_field_is_enough_and_less_is_not() -> None:
    def film(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
        return [np.where(mask, level, 0.3) for level in square(5, 0.1, 0.6)]

    assert FIELD == CELLS // 3
    assert most(film(block(2, 4))) == 5  # 8 of the 25 cells of a field
    assert most(film(block(2, 3))) == 0  # 6 are less than a quarter
    assert covers(block(2, 4)) and not covers(block(2, 3))
    scattered = np.zeros((CELLS, CELLS), bool)
    scattered[::2, ::2] = True
    assert most(film(scattered)) == 5
    thin = np.zeros((CELLS, CELLS), bool)
    thin[::3, ::3] = True
    assert most(film(thin)) == 0


def test_areas_add_up_whatever_their_phases() -> None:
    left = np.arange(CELLS) < CELLS // 2
    film = [np.where(left, level, 0.7 - level) for level in square(4, 0.1, 0.6)]
    assert most(film) == 4


def test_what_moves_through_the_picture_does_not_flash_but_what_changes_together_does() -> None:
    stripes = np.arange(CELLS)[None, :] + np.zeros((CELLS, 1))
    panned = [np.where((stripes + n // 3) % 5 < 1, 0.1, 0.7) for n in range(90)]
    assert most(panned) == 0  # each cell changes twice in half a second, few at a time
    soft = [0.4 - 0.25 * np.cos(2 * np.pi * 4 * n / 30) * np.linspace(0.5, 1, CELLS)
            for n in range(90)]  # fmt: skip
    assert most(soft) == 4  # the darker cells change a little later than the brighter


def test_the_cells_of_a_field_are_those_it_was_counted_from() -> None:
    fields = np.zeros((CELLS - FIELD + 1,) * 2, bool)
    fields[3, 5] = True
    cells = spread(fields)
    assert np.argwhere(cells).tolist() == [
        [row, column] for row in range(3, 3 + FIELD) for column in range(5, 5 + FIELD)
    ]
    assert np.argwhere(field_shares(cells) == 1).tolist() == [[3, 5]]


def test_linear_light_is_that_of_srgb() -> None:
    levels = np.arange(0, 65536, 257, dtype=np.uint16)
    np.testing.assert_allclose(linear((levels / 65535).astype(np.float32)), to_linear(levels),
                               atol=1e-6)  # fmt: skip


@pytest.mark.parametrize(("height", "width"), [(15, 30), (97, 131), (180, 320), (10, 7), (1, 1)])
def test_the_luminance_of_cells_is_a_mean_at_every_size(height: int, width: int) -> None:
    light = np.random.default_rng(0).random((height, width, 3)).astype(np.float32)
    cells = luminance(light)
    assert cells.shape == (CELLS, CELLS)
    assert luminance(np.ones_like(light)) == pytest.approx(np.ones((CELLS, CELLS)), abs=1e-6)
    corner = light[: max(1, height // CELLS), : max(1, width // CELLS)].mean(axis=(0, 1))
    assert cells[0, 0] == pytest.approx(corner @ [0.2126, 0.7152, 0.0722], abs=1e-6)
