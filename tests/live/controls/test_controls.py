"""Live control: messages turn dials, and no message takes the picture down."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import texture
from wall_kit import Small, difference, looks_of, settings_of

from dreamvid.live.controls import ALIASES, MOST, Controls, with_choice
from dreamvid.live.controls.keys import KEYS, TerminalKeys, pressed
from dreamvid.live.glide import GLIDE
from dreamvid.live.looks import Looks
from dreamvid.settings import presets
from dreamvid.settings.live import LiveSettings


class Chosen(Looks):
    """Looks that only remember what was chosen."""

    def choose(self, settings: LiveSettings) -> None:
        self._wanted = settings


class Desk:
    """Controls, and what became of their messages."""

    def __init__(self, **dream: Any) -> None:
        self.told: list[str] = []
        self.done: list[str] = []
        first = settings_of(**dream)
        self.looks = Chosen(first, looks_of()._make, self.told.append)
        self.controls = Controls(
            self.looks, first, complain=self.told.append,
            reset=lambda: self.done.append("reset"), quit=lambda: self.done.append("quit"),
        )  # fmt: skip

    def heard(self, name: str, value: Any = None) -> None:
        self.controls.send("set", name, value)
        self.controls.apply(0.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("strength", 2.5), ("stability", 0), ("colours", 3), ("detail", 0.25), ("pull", 0.1)],
)
def test_a_number_is_turned(name: str, value: float) -> None:
    desk = Desk()
    desk.heard(name, value)
    assert desk.looks.numbers[name] == value and not desk.told


@pytest.mark.parametrize("value", [99, -1, "0:(1), 5:(2)", "", None, True, b"1", float("nan"),
                                   float("inf"), [], 10**400])  # fmt: skip
def test_a_number_out_of_its_bounds_is_told(value: Any) -> None:
    desk = Desk()
    desk.heard("strength", value)
    assert desk.looks.numbers["strength"] == 1 and len(desk.told) == 1
    assert desk.told[0].startswith("strength: ") and len(desk.told[0]) < 300


def test_names_are_chosen() -> None:
    desk = Desk()
    desk.heard("layer", "parts")
    assert desk.looks.settings.dream.layer == ("parts",)
    desk.heard("label", "cat")
    assert desk.looks.settings.dream.label == "cat" and desk.looks.settings.dream.layer == ()
    desk.heard("guide", "lion.jpg")
    assert desk.looks.settings.dream.guide == "lion.jpg"
    desk.heard("guide", "none")
    assert desk.looks.settings.dream.guide is None
    desk.heard("model", "bestiary")
    network = desk.looks.settings.network
    assert network.model == ("bestiary",) and network.offline, "a message downloads nothing"
    assert not desk.told


def test_a_preset_begins_from_the_first_settings() -> None:
    desk = Desk(strength=0.4)
    desk.heard("preset", "fur")
    assert desk.looks.settings.dream.detail == 2
    assert desk.looks.numbers["strength"] == 0.6 and desk.looks.numbers["detail"] == 2
    desk.heard("preset", "gentle")
    gentle = presets.preset("gentle")["dream"]
    assert desk.looks.numbers["detail"] == gentle.get("detail", 1)


def test_the_order_does_not_matter_for_what_excludes_each_other() -> None:
    first = settings_of(layer="one")
    labelled = with_choice(first, first, "label", "cat")
    again = with_choice(labelled, first, "layer", "two")
    assert again.dream.label is None and again.dream.layer == ("two",)


@pytest.mark.parametrize(
    ("name", "value"),
    [("", 1), ("nothing", 1), ("__class__", "x"), ("layer", 3), ("layer", ""), ("layer", "x" * 999),
     ("layer", "0:(parts), 5s:(objects)"), ("preset", "no such"), ("preset", "../../etc/passwd"),
     ("octaves", 12), ("tile", 128), ("model", None), ("seed", 1)],
)  # fmt: skip
def test_whatever_else_comes_is_told_and_left_out(name: str, value: Any) -> None:
    desk = Desk()
    before = desk.looks.settings
    desk.heard(name, value)
    assert len(desk.told) == 1 and desk.looks.settings == before and not desk.done
    assert "\n" not in desk.told[0] and len(desk.told[0]) <= 200


DESK = Desk()


VALUES = st.one_of(st.none(), st.text(), st.floats(), st.integers(), st.binary())


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), VALUES)
def test_no_message_raises(name: str, value: Any) -> None:
    DESK.heard(name, value)
    DESK.heard("strength", value)
    DESK.heard("layer", value)


def test_a_flood_of_messages_is_bounded() -> None:
    desk = Desk()
    for _ in range(10 * MOST):
        desk.controls.send("add", "strength", 0.001)
    desk.controls.apply(0.0)
    assert desk.looks.numbers["strength"] <= 1.001 + 0.001 * MOST
    desk.controls.apply(0.0)
    assert not desk.told


def test_actions() -> None:
    desk = Desk()
    desk.heard("reset")
    desk.heard("quit", 1)
    assert desk.done == ["reset", "quit"]


def test_keys_add_go_on_and_stay_in_bounds() -> None:
    desk = Desk()
    for key in "+++--]cCdDlqrx\x1b":
        pressed(desk.controls, key)
    desk.controls.apply(0.0)
    assert desk.looks.numbers["strength"] <= 1.2 and desk.done == ["quit", "reset"]
    for _ in range(200):
        pressed(desk.controls, "]")
    desk.controls.apply(2 * GLIDE)
    assert desk.looks.numbers["stability"] == 1
    assert not desk.told and len(KEYS) > 10


def test_a_key_goes_through_all_layers_and_presets() -> None:
    desk, layers = Desk(), []
    for _ in range(5):
        pressed(desk.controls, "l")
        desk.controls.apply(0.0)
        layers += desk.looks.settings.dream.layer
    assert layers == [*ALIASES, ALIASES[0]]
    for _ in range(len(presets.names()) + 1):
        pressed(desk.controls, "p")
        desk.controls.apply(0.0)
    assert not desk.told


def test_without_a_terminal_no_keys_are_read() -> None:
    seen: list[str] = []
    with TerminalKeys(seen.append) as keys:
        assert keys._before is None
    assert not seen


def test_a_message_reaches_the_picture() -> None:
    small = Small(lambda time: texture(height=36, width=64))
    controls = Controls(small.looks, settings_of(), complain=pytest.fail, reset=lambda: None,
                        quit=lambda: None)  # fmt: skip
    for number, (frame, _, picture) in enumerate(small):
        controls.apply(small.clock.now())
        if number == 5:
            controls.send("set", "strength", 0.0)
        if number == 45:
            assert frame.full is not None and difference(picture, frame.full) < 0.6
            break
