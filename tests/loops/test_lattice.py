"""The torus of an exact loop: which textures fit, and where a pixel reads them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamvid.errors import UsageError
from dreamvid.loops.lattice import (
    GRAIN,
    LARGEST,
    Lattice,
    fit_lattice,
    pan_view,
    unwrap_places,
    zoom_view,
)

LATTICE = Lattice(64, 128)


@given(st.floats(1.2, 50), st.integers(1, 6), st.floats(60, 400))
@settings(max_examples=60, deadline=None)
def test_a_lattice_zooms_by_what_was_asked_within_its_grain(
    zoom: float, symmetry: int, density: float
) -> None:
    lattice = fit_lattice(zoom, density, symmetry=symmetry)
    assert lattice.height % GRAIN == lattice.width % GRAIN == 0
    slide = lattice.slide((1, 0))
    height, width = density * math.log(zoom), math.tau * density / symmetry
    off = GRAIN / 2 / height + GRAIN / 2 / width
    if min(height, width) >= GRAIN:
        assert abs(math.log(slide.zoom) / math.log(zoom) - 1) < 1.5 * off
    assert abs(slide.degrees) < 1e-9
    turn = lattice.slide((0, 1))
    assert turn.zoom == pytest.approx(1) and turn.degrees == pytest.approx(360 / symmetry)


@given(st.floats(1.2, 2), st.integers(-3, 3).filter(bool))
@settings(max_examples=40, deadline=None)
def test_arms_turn_while_they_zoom(zoom: float, arms: int) -> None:
    lattice = fit_lattice(zoom, 300, arms=arms)
    slide = lattice.slide((1, 0))
    assert slide.zoom == pytest.approx(zoom, rel=0.08)
    assert math.copysign(1, slide.degrees) == math.copysign(1, arms)


@pytest.mark.parametrize(
    ("zoom", "options", "says"),
    [
        (1.0, {}, "zoom: 1 is out of range; give 1.05"),
        (1e7, {}, "zoom: 1e.07 is out of range"),
        (math.inf, {}, "zoom: inf is out of range"),
        (math.nan, {}, "zoom: nan is out of range"),
        (2, {"symmetry": 0}, "symmetry: 0 is too small; give 1 or more"),
        (100, {"arms": 3}, "twist: a spiral of 3 arms cannot zoom by 100 per loop; zoom by at"),
        (1e6, {"density": 3000}, "zoom: the loop needs a texture of .*; zoom less per loop"),
    ],
)
def test_a_torus_that_does_not_exist_is_refused(
    zoom: float, options: dict[str, int], says: str
) -> None:
    density = options.pop("density", 200)
    with pytest.raises(UsageError, match=says):
        fit_lattice(zoom, density, **options)


def test_the_most_that_is_offered_for_a_spiral_is_possible() -> None:
    most = math.exp(math.pi / 3)
    assert fit_lattice(most * 0.999, 200, arms=3).arms == 3
    with pytest.raises(UsageError, match=r"twist: .* zoom by at most 2\.85 per loop"):
        fit_lattice(most * 1.001, 200, arms=3)


def test_no_side_is_larger_than_can_be_addressed() -> None:
    lattice = fit_lattice(1e6, LARGEST / math.log(1e6) * 0.4)
    assert max(lattice.height, lattice.width) <= LARGEST


@pytest.mark.parametrize("arms", [-2, 0, 3])
def test_once_around_the_centre_is_whole_periods(arms: int) -> None:
    lattice = Lattice(64, 128, symmetry=3, arms=arms)
    around = lattice.pitch * 1j * math.tau
    assert around.real == pytest.approx(arms * 64) and around.imag == pytest.approx(3 * 128)


@pytest.mark.parametrize("center", [(0.5, 0.5), (0.25, 0.75), (2.0, -1.0)])
def test_a_view_of_a_zoom_lies_within_the_texture(center: tuple[float, float]) -> None:
    view = zoom_view(LATTICE, 40, 30, center=center)
    for plane in view.rows, view.columns, view.scale:
        assert plane.shape == (30, 40) and plane.dtype == np.float32
    assert view.rows.min() >= 0 and view.rows.max() <= 64
    assert view.columns.min() >= 0 and view.columns.max() <= 128
    assert view.scale.min() > 0


def test_texels_grow_with_the_distance_from_the_centre() -> None:
    scale = zoom_view(LATTICE, 40, 30).scale
    assert scale[15, 39] > scale[15, 30] > scale[15, 21]
    far = np.hypot(39.5 - 20, 0.5)
    assert scale[15, 39] == pytest.approx(far / abs(LATTICE.pitch), rel=1e-5)


def test_the_centre_has_no_pole() -> None:
    view = zoom_view(LATTICE, 41, 31)  # a pixel lies on the centre
    assert np.isfinite(view.rows).all() and np.isfinite(view.columns).all()


def test_places_of_a_view_unwrap_to_its_pixels() -> None:
    width, height = 40, 30
    view = zoom_view(LATTICE, width, height)
    x, y = unwrap_places(LATTICE, view.rows, view.columns)
    radius = math.hypot(width, height) / 2
    wanted_x = np.arange(width) + 0.5 - width / 2
    angle = np.arctan2(y, x)
    wanted = np.arctan2((np.arange(height) + 0.5 - height / 2)[:, None], wanted_x)
    assert np.abs(np.angle(np.exp(1j * (angle - wanted)))).max() < 1e-3
    zooms = np.hypot(x, y) * radius / np.hypot(wanted_x, (np.arange(height) - 14.5)[:, None])
    steps = np.log(zooms) / math.log(LATTICE.slide((1, 0)).zoom)
    assert np.abs(steps - np.rint(steps)).max() < 1e-3  # whole periods inwards


@pytest.mark.parametrize("scale", [1.0, 2.0, 0.5])
def test_a_view_of_a_pan_repeats_the_texture(scale: float) -> None:
    view = pan_view((8, 16), 40, 30, scale=scale)
    assert view.rows.shape == view.columns.shape == view.scale.shape == (30, 40)
    assert view.rows.max() < 8 and view.columns.max() < 16
    assert view.columns[0, 3] == 3 / scale and view.rows[3, 0] == 3 / scale
    assert (view.scale == scale).all() and (view.rows == view.rows[:, :1]).all()
