"""The settings of signals: their envelopes; and which of them the schedules of a run read."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import Field, model_validator

from dreamvid.errors import UsageError
from dreamvid.schedules.envelope import Envelope
from dreamvid.schedules.parse import parse_schedule
from dreamvid.schedules.schedule import Schedule
from dreamvid.schedules.signals import kind_of
from dreamvid.settings.base import Settings
from dreamvid.settings.dials import NUMBERS, RATES, texts_of
from dreamvid.settings.tables import CameraSettings, DreamSettings, SteadySettings
from dreamvid.settings.values import Duration


class EnvelopeTimes(Settings):
    """How fast signals rise and fall; the flags of the command line."""

    attack: Duration | None = Field(
        None,
        description="Time in which the signals of schedules rise, such as 20ms. Default: each its "
        "own, see docs/zooms.md.",
    )
    release: Duration | None = Field(
        None, description="Time in which they fall, such as 300ms. Default: each its own."
    )


class FallSettings(Settings):
    """The envelope of a signal that rises at once, as a cut does."""

    release: Duration | None = Field(None, description="Time in which the signal falls.")
    threshold: float = Field(0.0, ge=0, lt=1, description="Values up to this one become 0.")
    gain: float = Field(1.0, ge=0, le=100, description="What the signal is multiplied by.")


class EnvelopeSettings(FallSettings):
    """The envelope of one signal."""

    attack: Duration | None = Field(None, description="Time in which the signal rises.")


Row = Annotated[EnvelopeSettings | None, Field(description="The envelope of this signal.")]


class SignalSettings(EnvelopeTimes):
    """The envelopes of all signals, and of each; `bands` and `curve` are those of all of these."""

    rms: Row = None
    bass: Row = None
    mid: Row = None
    treble: Row = None
    onset: Row = None
    bands: Row = None
    beat: Row = None
    motion: Row = None
    brightness: Row = None
    cut: Annotated[FallSettings | None, Field(description="The envelope of cuts.")] = None
    curve: Row = None

    @model_validator(mode="before")
    @classmethod
    def _known(cls, values: Any) -> Any:
        for name in values if isinstance(values, dict) else ():
            if name not in cls.model_fields:
                near = get_close_matches(str(name), cls.model_fields, n=1)
                known = f"did you mean {near[0]}?" if near else f"use {', '.join(cls.model_fields)}"
                raise UsageError(f"unknown signal {name!r}", where="signals", remedy=known)
        return values

    def envelope(self, name: str) -> Envelope:
        """The envelope of a signal by its name; its own times come before those of all."""
        own: FallSettings = getattr(self, kind_of(name)) or EnvelopeSettings()
        attack = own.attack if isinstance(own, EnvelopeSettings) else None
        if kind_of(name) == "cut":  # it lasts one frame, of any length: what rises would miss it
            attack = 0.0
        return Envelope(
            self.attack if attack is None else attack,
            self.release if own.release is None else own.release,
            own.threshold,
            own.gain,
        )


def schedules_in(
    dream: DreamSettings, motion: SteadySettings, camera: CameraSettings | None = None
) -> Iterator[Schedule]:
    """Every schedule of numbers in these settings, among them the weights of layers.

    Raises ScheduleError for a weight that cannot be read.
    """
    for model, names in ((dream, NUMBERS), (motion, ("stability",)), (camera, RATES)):
        for name in names if model is not None else ():
            value = getattr(model, name)
            if isinstance(value, str):
                yield parse_schedule(value, where=name)
    for text in dream.layer:
        for value in texts_of(text, "layer"):
            if weight := value.partition("*")[2].strip():
                yield parse_schedule(weight, where="layer")
