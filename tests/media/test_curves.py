"""The sRGB curve there and back."""

from __future__ import annotations

import numpy as np
import pytest

from dreamvid.media.curves import from_linear, to_linear


def test_every_level_survives_the_way_there_and_back() -> None:
    levels = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(from_linear(to_linear(levels)), levels)


@pytest.mark.parametrize(("encoded", "light"), [(0, 0), (0.5, 0.21404), (0.02, 0.001548), (1, 1)])
def test_the_curve_is_that_of_the_standard(encoded: float, light: float) -> None:
    level = np.array([round(encoded * 65535)], np.uint16)
    assert float(to_linear(level)[0]) == pytest.approx(light, rel=1e-3, abs=1e-6)


def test_light_outside_the_range_is_clipped_and_what_is_no_number_is_black() -> None:
    light = np.array([-1, 2, np.inf, -np.inf, np.nan], np.float32)
    assert from_linear(light).tolist() == [0, 65535, 65535, 0, 0]
