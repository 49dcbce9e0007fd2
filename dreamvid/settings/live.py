"""The settings of `dreamvid live`."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from dreamvid.errors import UsageError
from dreamvid.settings.base import Settings
from dreamvid.settings.dials import changing
from dreamvid.settings.tables import (
    CameraSettings,
    DreamSettings,
    NetworkSettings,
    SteadySettings,
)
from dreamvid.settings.values import (
    BOUNDS,
    DREAM_LINES,
    FULL_SIZE,
    LONGEST_SIDE,
    DreamSize,
    Duration,
    Rate,
    Seconds,
    Size,
    named,
)

GLIDING = ("strength", "stability", "colours", "detail", "pull", "smooth")
"""The dials that a live control may turn: numbers that glide."""

CHOSEN = ("layer", "label", "guide", "model", "preset")
"""What a live control may choose by name: cross-faded once it is ready."""

Name = Annotated[str, AfterValidator(named), Field(max_length=1000)]


def _texts(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _number(value: object) -> object:
    """A camera is named by its number or by its device."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class ShowSettings(Settings):
    """What is shown live, where, and how fast."""

    camera: Annotated[Name, BeforeValidator(_number)] | None = Field(
        None, description="Camera to dream, by its number or device, as 0 or /dev/video2."
    )
    input: Name | None = Field(
        None,
        description="Dream this instead of a camera: a film, which repeats, a picture, the address "
        "of a stream, or 'screen'.",
    )
    zoom: Name | None = Field(
        None, description="Show an endless zoom into this picture, or into 'noise'."
    )
    loop: Name | None = Field(
        None, description="Show an exact loop of a zoom into this picture, or into 'noise'."
    )
    output: Annotated[tuple[Name, ...], BeforeValidator(_texts)] = Field(
        ("window",),
        min_length=1,
        description="Where it is shown: window, FILE, http://:8080, v4l2:/dev/video9, ndi:NAME, "
        "spout:NAME or syphon:NAME. Repeat the flag for several.",
    )
    fps: Rate = Field(
        Fraction(20), description="Frames per second to keep; the dream shrinks to keep them."
    )
    latency: Annotated[Duration, Field(gt=0)] | None = Field(
        None, description="Longest delay to keep, as 80ms; the dream shrinks to keep it."
    )
    size: Size | None = Field(
        None,
        description="Size that is shown, as 1280x720. Default: that of the input, with the longer "
        f"side at most {LONGEST_SIDE}.",
    )
    dream_size: DreamSize | None = Field(
        None,
        description="Largest size to dream at: a width, or a size as 960x540, or "
        f"'{FULL_SIZE}', the size that is shown. Default: {DREAM_LINES} lines.",
    )
    seconds: Annotated[Seconds, Field(gt=0)] | None = Field(
        None, description="Stop after this time. Default: run until Ctrl-C."
    )
    osc: Name | None = Field(
        None, description="Listen to OSC messages at this port, as 9000 or 0.0.0.0:9000."
    )
    midi: Name | None = Field(
        None, description="Listen to this MIDI port, by the beginning of its name."
    )

    @field_validator("osc", mode="before")
    @classmethod
    def _port(cls, value: object) -> object:
        return _number(value)

    @model_validator(mode="after")
    def _one_input(self) -> Self:
        given = [name for name in ("camera", "input", "zoom", "loop") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)}: give only one of them")
        return self


class MidiSettings(Settings):
    """What the controllers of a MIDI device turn."""

    cc: dict[int, str] = Field(
        {1: "strength", 2: "stability", 3: "colours", 4: "detail"},
        description="Dials by the numbers of controllers; 'strength 0..2' limits the range.",
    )

    @field_validator("cc")
    @classmethod
    def _known(cls, value: dict[int, str]) -> dict[int, str]:
        for number, text in value.items():
            if not 0 <= number <= 127:
                raise ValueError(f"controller {number} is not 0 to 127")
            turned(text)
        return value


def turned(text: str) -> tuple[str, float, float]:
    """The dial, and its values at both ends, of a controller; ValueError if it is none."""
    name, _, span = text.strip().partition(" ")
    if name not in GLIDING:
        raise ValueError(f"'{name}' is not a dial; use one of {', '.join(GLIDING)}")
    bounds = BOUNDS[name]
    try:
        low, high = (float(end) for end in (span or f"{bounds.low}..{bounds.high}").split(".."))
    except ValueError:
        raise ValueError(f"'{text}' must be a dial and a range, as 'strength 0..2'") from None
    if not (bounds.low <= low <= bounds.high and bounds.low <= high <= bounds.high):
        raise ValueError(f"'{text}': {name} is {bounds.low:g} to {bounds.high:g}")
    return name, low, high


class LiveSettings(Settings):
    """Settings of `dreamvid live`."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    motion: SteadySettings = SteadySettings()
    camera: CameraSettings = CameraSettings()
    live: ShowSettings = ShowSettings()
    midi: MidiSettings = MidiSettings()

    @model_validator(mode="after")
    def _no_schedules(self) -> Self:
        """A live picture has no length to spread a schedule over: the controls change it."""
        name = changing(self.dream)
        name = name or ("stability" if isinstance(self.motion.stability, str) else None)
        name = name or next((key for key, value in self.camera if _is_schedule(key, value)), None)
        if name:
            raise UsageError("a live picture takes no schedules", where=name,
                             remedy="give one value; keys, OSC and MIDI change it")  # fmt: skip
        return self

    @property
    def gliding(self) -> dict[str, float]:
        """The numbers that glide, by the names of their dials."""
        tables = (self.dream, self.motion)
        return {
            name: float(getattr(table, name))
            for name in GLIDING
            for table in tables
            if hasattr(table, name)
        }


def _is_schedule(name: str, value: object) -> bool:
    return name in BOUNDS and isinstance(value, str)
