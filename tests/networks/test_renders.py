"""The renders: every label draws something, the same each time."""

from __future__ import annotations

import numpy as np

from dreamvid.networks import renders


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (renders.render("fox/front", seed=s, size=64) for s in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)
