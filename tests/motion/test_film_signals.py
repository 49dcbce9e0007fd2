"""The signals of a film: what moves, how bright it is, where it is cut."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny import texture

from dreamvid.motion.film_signals import LEAST, FilmSignals, look
from dreamvid.schedules.envelope import Envelope

SHARP = Envelope(0, 0)
"""Follows at once."""


def seen(arrays: Iterable[NDArray], rate: int = 25) -> FilmSignals:
    return look((Fraction(n, rate), array) for n, array in enumerate(arrays))


def pan(speeds: list[float], seed: int = 0) -> list[NDArray]:
    """A texture that moves to the right, by so many pixels before each frame."""
    where = np.cumsum(speeds)
    return [texture(seed, height=72, width=128, dx=x) for x in where]


def test_motion_is_in_heights_per_second_at_every_rate() -> None:
    for rate, pixels in ((25, 2.0), (50, 1.0)):
        found = seen(pan([pixels] * 8), rate)
        assert found.motion == pytest.approx([50 / 72] * 8, rel=0.1)
        assert found.cut == (1,) + (0,) * 7


def test_motion_is_scaled_to_what_the_film_itself_has() -> None:
    calm, wild = (seen(pan([pixels * n for n in range(12)])) for pixels in (0.2, 0.4))
    mild, strong = (found.signal("motion", 25, SHARP) for found in (calm, wild))
    assert mild.min() >= 0 and mild[0] == mild[1]  # the first frame has the motion of the second
    assert mild.max() == 1 == strong.max()
    assert np.all(np.diff(mild[2:10]) > 0)
    np.testing.assert_allclose(mild, strong, atol=0.08)


def test_a_still_film_has_no_motion_and_its_grain_is_none() -> None:
    rng = np.random.default_rng(0)
    still = texture(height=72, width=128).astype(int)
    grain = [(still + rng.integers(-2, 3, still.shape)).clip(0, 255).astype(np.uint8)
             for _ in range(6)]  # fmt: skip
    assert seen([still.astype(np.uint8)] * 4).signal("motion", 25, SHARP).max() == 0
    assert seen(grain).signal("motion", 25, SHARP).max() < 0.5


def test_a_cut_is_one_frame_and_is_then_released() -> None:
    found = seen([*pan([1] * 5, seed=1), *pan([3] * 20, seed=2)])
    assert np.flatnonzero(found.cut).tolist() == [0, 5]
    assert found.motion[5] == found.motion[6] > 1.5 * found.motion[4]  # none across the cut
    own = found.signal("cut", 25, Envelope())
    np.testing.assert_allclose(own[5:10], np.exp(-np.arange(5) / 25 / 0.3), atol=1e-12)
    assert found.signal("cut", 25, Envelope(0, 0)).tolist() == list(found.cut)
    assert found.signal("cut", 25, Envelope(0, 0.1, gain=2))[6] == pytest.approx(2 * np.exp(-0.4))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_brightness_is_that_of_the_brightest_frames(depth: type) -> None:
    top = np.iinfo(depth).max
    grey = [np.full((40, 60, 3), round(top * level), depth) for level in (0, 0.1, 0.2, 0.4, 0.4)]
    found = seen(grey)
    assert found.brightness == pytest.approx([0, 0.1, 0.2, 0.4, 0.4], abs=0.01)
    assert found.signal("brightness", 25, SHARP) == pytest.approx([0, 0.25, 0.5, 1, 1], abs=0.02)
    dark = seen([np.full((40, 60, 3), 1, np.uint8)] * 3)
    assert dark.signal("brightness", 25, SHARP).max() == pytest.approx(
        1 / 255 / LEAST["brightness"]
    )


def test_smoothing_comes_before_scaling_and_the_gate_after_it() -> None:
    found = FilmSignals((0.0,) * 10 + (2.0,) + (0.0,) * 9, (0.5,) * 20, (0.0,) * 20)
    slow = found.signal("motion", 10, Envelope(0.5, 0.5))
    assert 0.3 < np.percentile(slow, 95) <= slow.max() == 1  # as small as the pulse has become
    gated = found.signal("motion", 10, Envelope(0.5, 0.5, threshold=0.5, gain=3))
    np.testing.assert_allclose(gated, 3 * np.maximum(2 * slow - 1, 0))
    own = found.signal("motion", 10, Envelope())
    assert 0 < own[11] < own[10]  # it has times of its own


def test_two_frames_at_one_time_and_films_of_one_frame_or_none() -> None:
    arrays = pan([1, 1])
    together = look([(Fraction(0), arrays[0]), (Fraction(0), arrays[1])])
    assert np.isfinite(together.motion).all() and together.cut == (1, 0)
    alone = seen(arrays[:1])
    assert (alone.motion, alone.cut) == ((0.0,), (1.0,))
    assert len(seen([]).signal("motion", 25, Envelope())) == 0


def test_signals_are_read_back_as_they_were() -> None:
    found = seen(pan([1, 2, 3]))
    assert FilmSignals.read(found.text) == found
    for text in ("", "[]", "{}", '{"motion": [1], "brightness": 3, "cut": []}'):
        with pytest.raises((ValueError, TypeError, KeyError)):
            FilmSignals.read(text)
