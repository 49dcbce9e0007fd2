"""An input is alive, black, frozen or lost."""

from __future__ import annotations

import numpy as np
from tiny import texture
from wall_kit import noisy

from dreamvid.live.watch import BLACK_AFTER, FROZEN_AFTER, LOST_AFTER, Watch

BLACK = np.zeros((36, 64, 3), np.uint8)


def test_a_picture_that_changes_is_alive() -> None:
    watch = Watch()
    for time in range(100):
        watch.see(noisy(texture(), time), time / 10)
        assert watch.state(time / 10) == "live"


def test_a_picture_may_be_a_view_of_a_larger_one() -> None:
    watch = Watch()
    watch.see(texture()[4:, 4:], 0)
    watch.see(texture()[4:, 4:], FROZEN_AFTER + 1)
    assert watch.state(FROZEN_AFTER + 1) == "frozen"


def test_one_that_stays_to_the_bit_is_frozen_until_it_changes() -> None:
    watch = Watch()
    for time in range(100):
        watch.see(texture(), time / 10)
        assert watch.state(time / 10) == ("live" if time / 10 <= FROZEN_AFTER else "frozen")
    watch.see(texture(1), 10)
    assert watch.state(10) == "live"


def test_black_is_noticed_under_noise_and_short_black_is_not() -> None:
    watch = Watch()
    watch.see(texture(), 0)
    for time in range(1, 100):
        watch.see(noisy(BLACK, time), time / 10)
        assert watch.state(time / 10) == ("live" if time / 10 <= BLACK_AFTER else "black")
    watch.see(texture(), 10)
    assert watch.state(10) == "live"


def test_an_input_that_is_black_from_its_beginning() -> None:
    watch = Watch()
    watch.see(BLACK, 0)
    watch.see(BLACK + 1, 3)
    assert watch.state(1) == "live" and watch.state(3) == "black"


def test_without_pictures_it_is_lost() -> None:
    watch = Watch()
    assert watch.state(0) == "lost"
    watch.see(texture(), 1)
    assert watch.state(1 + LOST_AFTER) == "live"
    assert watch.state(1.1 + LOST_AFTER) == "lost"


def test_a_picture_may_stay_as_it_is_and_be_dark() -> None:
    watch = Watch(still=True)
    for time in range(100):
        watch.see(BLACK, time)
        assert watch.state(time) == "live"
