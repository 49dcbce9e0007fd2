"""Checks of a live request that need no network; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dreamvid.commands.dream_checks import check_dream
from dreamvid.commands.shapes import check_closes
from dreamvid.errors import UsageError
from dreamvid.live.inputs import Source, source_of
from dreamvid.live.outputs import Output, output_of
from dreamvid.media.source import check_file
from dreamvid.media.target import same_file
from dreamvid.settings.live import LiveSettings
from dreamvid.settings.loops import ZoomLoop

if TYPE_CHECKING:
    from dreamvid.live.controls import Controls

NOISE = "noise"
"""Stands for the picture of a zoom or a loop that begins from noise."""


class Listener(Protocol):
    """Listens to controls: OSC or MIDI."""

    def start(self, controls: Controls) -> None:
        """Send what is heard to the Controls."""
        ...

    def close(self) -> None:
        """Stop listening; also if it was never started."""
        ...


@dataclass(frozen=True)
class LiveRequest:
    """A checked request: settings, outputs, listeners, and source, None for a zoom or a loop."""

    settings: LiveSettings
    outputs: Sequence[Output]
    listeners: Sequence[Listener]
    source: Source | None

    @property
    def picture(self) -> Path | None:
        """The picture of a zoom or a loop, None for noise."""
        text = self.settings.live.zoom or self.settings.live.loop
        return None if text in (None, NOISE) else Path(str(text))


def check_live(settings: LiveSettings, *, overwrite: bool = False) -> LiveRequest:
    """Check a request of `dreamvid live`; raises any DreamvidError."""
    live = settings.live
    check_dream(settings.network, settings.dream)
    grown = live.zoom or live.loop
    source = None if grown else source_of(live)
    if grown not in (None, NOISE):
        check_file(Path(str(grown)))
    if len(set(live.output)) < len(live.output):
        raise UsageError("named twice", where="output", remedy="name each output once")
    for output in live.output:
        if any(same_file(Path(output), Path(file)) for file in (live.input, grown) if file):
            raise UsageError("the output is the source file", where=output,
                             remedy="use another name")  # fmt: skip
    if live.loop:
        if live.osc is not None or live.midi is not None:
            raise UsageError("a loop is dreamed once: nothing can be turned", where="loop",
                             remedy="use --zoom, or leave out --osc and --midi")  # fmt: skip
        check_closes(loop_settings(settings))
    with ExitStack() as made:
        outputs, listeners = [], []
        for listener in _listeners(settings):  # before the outputs: a recording imports torch
            listeners.append(listener)
            made.callback(listener.close)
        for text in live.output:
            outputs.append(output_of(text, overwrite=overwrite))
            made.callback(outputs[-1].close)
        made.pop_all()  # all went well: the run closes them
        return LiveRequest(settings, outputs, listeners, source)


def loop_settings(settings: LiveSettings) -> ZoomLoop:
    """The settings of the exact loop that is shown; UsageError for what a loop does not have."""
    given = settings.model_dump(exclude_unset=True, include={"network", "dream", "camera"})
    clip: dict[str, object] = {"fps": settings.live.fps}
    if settings.live.size is not None:
        clip["size"] = settings.live.size
    return ZoomLoop.checked({**given, "clip": clip})


def _listeners(settings: LiveSettings) -> Iterator[Listener]:
    live = settings.live
    if live.osc is not None:
        from dreamvid.live.controls.osc import Osc

        yield Osc(live.osc)
    if live.midi is not None:
        from dreamvid.live.controls.midi import Midi

        yield Midi(live.midi, settings.midi.cc)
