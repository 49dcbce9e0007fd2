"""MIDI: controllers turn dials, program changes choose presets."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from dreamvid.errors import UsageError
from dreamvid.live.controls import Controls, Message
from dreamvid.live.outputs import require
from dreamvid.settings import presets
from dreamvid.settings.live import turned


class Midi:
    """Listens to the MIDI port whose name begins with `name`; `cc` are dials by controllers."""

    def __init__(self, name: str, cc: Mapping[int, str]) -> None:
        require("mido", "midi", "MIDI")
        require("rtmidi", "midi", "MIDI")
        self._mido: Any = import_module("mido")
        there = list(dict.fromkeys(self._mido.get_input_names()))
        found = next((port for port in there if port.lower().startswith(name.lower())), None)
        if found is None:
            ports = f"there are: {', '.join(there)}" if there else "no MIDI input was found"
            raise UsageError("no such MIDI input", where=name, remedy=ports)
        self._name, self._cc = found, dict(cc)
        self._port: Any = None

    def start(self, controls: Controls) -> None:
        """Listen; the messages come in a thread of the MIDI library."""

        def heard(message: Any) -> None:
            if (meant := meaning(message, self._cc)) is not None:
                controls.send(*meant)

        self._port = self._mido.open_input(self._name, callback=heard)

    def close(self) -> None:
        """Stop listening."""
        if self._port is not None:
            self._port.close()


def meaning(message: Any, cc: Mapping[int, str]) -> Message | None:
    """What a MIDI message means; None for nothing."""
    if message.type == "control_change" and message.control in cc:
        name, low, high = turned(cc[message.control])
        return "set", name, low + (high - low) * message.value / 127
    if message.type == "program_change":
        names = presets.names()
        return "set", "preset", names[message.program % len(names)]
    return None
