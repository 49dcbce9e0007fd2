"""What is dreamed live changes without a jump and without waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from tiny import tiny_network
from waiting import wait_for
from wall_kit import looks_of, maker, settings_of

from dreamvid.commands.dreams import Dreams
from dreamvid.dream.mixture import MixedGradient
from dreamvid.errors import UsageError
from dreamvid.live.glide import GLIDE
from dreamvid.live.looks import Looks
from dreamvid.settings.live import LiveSettings

SIZE = (36, 64)


def waited(looks: Looks, now: float, ready: Callable[[], bool], *, step: float = 0) -> None:
    """Wait until the thread of the looks has made what was asked for; each look is a step later."""
    times = count(now, step)
    wait_for(lambda: (looks(SIZE, next(times)), ready())[1])


def test_nothing_is_made_anew_while_nothing_changes() -> None:
    looks = looks_of()
    assert looks(SIZE, 0)[0] is looks(SIZE, 9)[0]
    assert looks((30, 54), 10)[0] is not looks(SIZE, 9)[0]


def test_numbers_glide_over_a_second() -> None:
    looks = looks_of()
    step = looks(SIZE, 0)[0].dose.step
    looks.turn("strength", 2.0, 0)
    looks.turn("stability", 0.5, 0)
    half, stability = looks(SIZE, GLIDE / 2)
    assert step < half.dose.step < 2 * step and 0.5 < stability < 0.9
    dream, stability = looks(SIZE, GLIDE)
    assert dream.dose.step == pytest.approx(2 * step) and stability == 0.5
    assert looks.numbers["strength"] == 2


def test_a_layer_is_cross_faded() -> None:
    looks = looks_of(settings_of(layer="one"))
    assert looks(SIZE, 0)[0].layers == ("one",)
    looks.choose(settings_of(layer="two"))
    waited(looks, 5.0, lambda: looks._coming is not None)
    middle = looks(SIZE, 5 + GLIDE / 2)[0]
    assert isinstance(middle.gradient, MixedGradient)
    assert middle.gradient.weights == pytest.approx((0.5, 0.5))
    assert looks(SIZE, 5 + GLIDE)[0].layers == ("two",)
    assert looks._coming is None


def test_another_network_is_cross_faded_with_its_own_step() -> None:
    made: dict[int, Any] = {0: maker(), 1: maker(tiny_network(seed=1))}

    def make(settings: LiveSettings) -> Dreams:
        dreams: Dreams = made[settings.dream.seed](settings)
        return dreams

    looks = Looks(settings_of(step=0.02), make, lambda text: None)
    looks.choose(settings_of(step=0.04, seed=1))
    waited(looks, 0.0, lambda: looks._coming is not None)
    steps = [looks(SIZE, GLIDE * k / 10)[0].dose.step for k in range(11)]
    assert steps == sorted(steps) and steps[0] == 0.02 and steps[-1] == 0.04


def test_the_newest_of_many_choices_comes_last() -> None:
    looks = looks_of(settings_of(layer="one"))
    for layer in ("two", "one", "two", "one*2", "two*3"):
        looks.choose(settings_of(layer=layer))
    waited(looks, 0.0, lambda: looks._coming is not None)
    for now in (1.5, 3.0, 4.5, 6.0):
        looks(SIZE, now)
        threading.Event().wait(0.05)
    waited(looks, 9.0, lambda: looks._look.settings.dream.layer == ("two*3",), step=GLIDE)


def test_what_cannot_be_made_is_told_and_left_out() -> None:
    told: list[str] = []

    def make(settings: LiveSettings) -> Dreams:
        if settings.dream.layer == ("two",):
            raise UsageError("no such layer")
        if settings.dream.layer == ("odd",):
            raise ZeroDivisionError("deep inside")
        return maker()(settings)

    looks = Looks(settings_of(layer="one"), make, told.append)
    for layer in ("two", "odd"):
        looks.choose(settings_of(layer=layer))
        waited(looks, 0.0, lambda: bool(told))
        assert looks.settings.dream.layer == ("one",)
        assert "no such layer" in told.pop() or layer == "odd"
    assert looks(SIZE, 5)[0].layers == ("one",)


def test_one_that_cannot_be_made_does_not_undo_a_newer_choice() -> None:
    began, go, told = threading.Event(), threading.Event(), []

    def make(settings: LiveSettings) -> Dreams:
        if settings.dream.layer == ("two",):
            began.set()
            assert go.wait(60)
            raise UsageError("no such layer")
        return maker()(settings)

    looks = Looks(settings_of(layer="one"), make, told.append)
    looks.choose(settings_of(layer="two"))
    assert began.wait(60)
    looks.choose(settings_of(layer="two*3"))
    go.set()
    waited(looks, 0.0, lambda: looks._coming is not None)
    assert told and looks.settings.dream.layer == ("two*3",)


def test_the_thread_has_ended_once_closed_even_if_it_was_making_a_look() -> None:
    """Else Python, as it exits, would abort inside torch."""
    began = threading.Event()

    def make(settings: LiveSettings) -> Dreams:
        if settings.dream.layer == ("two",):
            began.set()
            threading.Event().wait(0.3)
        return maker()(settings)

    looks = looks_of(settings_of(layer="one"), make=make)
    looks.choose(settings_of(layer="two"))
    assert began.wait(60)
    looks.close()
    assert not looks._maker.is_alive()


def test_the_numbers_of_settings_that_glide() -> None:
    assert settings_of(strength=2).gliding == {
        "strength": 2, "stability": 0.9, "colours": 1, "detail": 1, "pull": 0, "smooth": 0,
    }  # fmt: skip
