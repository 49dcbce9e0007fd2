"""MIDI: controllers turn dials, program changes choose presets."""

from __future__ import annotations

from typing import Any

import pytest

from dreamvid.errors import MissingDependency, UsageError
from dreamvid.live import outputs
from dreamvid.live.controls import midi
from dreamvid.live.controls.midi import Midi, meaning
from dreamvid.settings import presets
from dreamvid.settings.live import MidiSettings

mido = pytest.importorskip("mido")

CC = MidiSettings(cc={1: "strength 0..2", 7: "stability"}).cc


@pytest.mark.parametrize(
    ("control", "value", "meant"),
    [(1, 0, 0.0), (1, 127, 2.0), (7, 127, 1.0), (7, 0, 0.0)],
)
def test_a_controller_turns_its_dial(control: int, value: int, meant: float) -> None:
    name = CC[control].split()[0]
    message = mido.Message("control_change", control=control, value=value)
    assert meaning(message, CC) == ("set", name, meant)


def test_other_messages_mean_nothing_and_programs_are_presets() -> None:
    assert meaning(mido.Message("control_change", control=9, value=1), CC) is None
    assert meaning(mido.Message("note_on", note=60), CC) is None
    names = presets.names()
    for program in (0, len(names), 127):
        message = mido.Message("program_change", program=program)
        assert meaning(message, CC) == ("set", "preset", names[program % len(names)])


class Ports:
    """Stands for mido with two inputs."""

    opened: Any = None

    def get_input_names(self) -> list[str]:
        return ["nanoKONTROL2 MIDI 1", "Through"]

    def open_input(self, name: str, callback: Any) -> Any:
        Ports.opened = (name, callback)
        return self

    def close(self) -> None:
        Ports.opened = None


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi, "require", lambda *_: None)
    monkeypatch.setattr(midi, "import_module", lambda name: Ports())


@pytest.mark.usefixtures("ports")
def test_a_port_is_found_by_the_beginning_of_its_name() -> None:
    sent: list[Any] = []

    class Desk:
        def send(self, *message: Any) -> None:
            sent.append(message)

    listener = Midi("nanok", CC)
    listener.close()
    listener.start(Desk())  # type: ignore[arg-type]
    name, callback = Ports.opened
    assert name == "nanoKONTROL2 MIDI 1"
    callback(mido.Message("control_change", control=1, value=127))
    callback(mido.Message("note_on", note=60))
    assert sent == [("set", "strength", 2.0)]
    listener.close()
    assert Ports.opened is None


@pytest.mark.usefixtures("ports")
def test_a_port_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="nanoKONTROL2 MIDI 1, Through"):
        Midi("korg", CC)


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"dreamvid\[midi\]"):
        Midi("any", CC)
