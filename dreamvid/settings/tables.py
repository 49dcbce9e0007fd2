"""The tables of settings: every default is written here, once.

Flags, settings files (TOML), sidecars and the Python surface are all read off these models.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from dreamvid.settings.base import Settings
from dreamvid.settings.values import (
    DEFAULT_SECONDS,
    DEFAULT_SIZE,
    DEFAULT_ZOOM,
    DREAM_LINES,
    FULL_SIZE,
    MOST_FRAMES,
    Bounds,
    Device,
    DreamSize,
    Pixels,
    Precision,
    Rate,
    Seconds,
    Size,
    Words,
)


class NetworkSettings(Settings):
    """Which network dreams, and where it runs."""

    model: str = Field("efficientnet_lite0", description="Network by name, or a .safetensors file.")
    weights: Path | None = Field(
        None, description="Take the weights from this file instead of fetching them."
    )
    device: Device = Field("auto", description="Where the network runs.")
    precision: Precision = Field("auto", description="Number format of the network.")
    offline: bool = Field(False, description="Never try to fetch weights.")


class DreamSettings(Settings):
    """What is dreamed, and how hard."""

    layer: tuple[Words, ...] = Field(
        (),
        description="Layer to raise; an alias (textures, patterns, parts, objects) or a name; "
        "'name:3' is one channel, 'name*0.5' scales. 'creatures' raises whole animals, "
        "'creatures:owl,fish' these. Repeat to add. Default: the network's own. "
        "A schedule such as '0:(parts), 10s:(objects, linear)' changes it.",
    )
    label: str | None = Field(None, description="Class of the network to raise instead.")
    guide: Words | None = Field(
        None,
        description="Picture whose features are raised instead of the strongest ones, or a "
        "schedule of pictures; read at 512 pixels of its longest side.",
    )
    octaves: Annotated[int | str, BeforeValidator(Bounds(1, 12, whole=True))] | None = Field(
        None,
        description="Sizes of the picture dreamed on. Default: by its own size, 3 at 360 lines, "
        "6 at 1080.",
    )
    octave_scale: Annotated[float | str, BeforeValidator(Bounds(1.01, 4))] = Field(
        1.4, description="Ratio of neighbouring sizes."
    )
    iterations: Annotated[int | str, BeforeValidator(Bounds(1, 1000, whole=True))] = Field(
        10, description="Updates at each octave."
    )
    step: Annotated[float | str, BeforeValidator(Bounds(1e-6, 1))] | None = Field(
        None,
        description="Length of an update, of a pixel range 0..1. Default: the network's own.",
    )
    strength: Annotated[float | str, BeforeValidator(Bounds(0, 10))] = Field(
        1.0, description="Scales the dose; 0 changes nothing."
    )
    gradient: Literal["shaped", "plain"] = Field(
        "shaped",
        description="'shaped' balances colours and sizes of detail before each update; 'plain' "
        "is the method of 2015.",
    )
    colours: Annotated[float | str, BeforeValidator(Bounds(0, 3))] = Field(
        1.0, description="Colours of the dream: 0 grey, 1 natural, 3 vivid."
    )
    detail: Annotated[float | str, BeforeValidator(Bounds(0.25, 4))] = Field(
        1.0, description="Fine against coarse: below 1 broad and soft, above 1 fine and sharp."
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Decides every random number.")
    tile: int | None = Field(
        None,
        ge=128,
        le=16384,
        description="Largest side of a piece on which a gradient is computed. Default: 1024.",
    )

    @field_validator("layer", mode="before")
    @classmethod
    def _one_layer(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class SteadySettings(Settings):
    """How much of the dream is carried from frame to frame."""

    stability: Annotated[float | str, BeforeValidator(Bounds(0, 1))] = Field(
        0.9, description="How calm: 0 dreams every frame for itself, 1 holds on most."
    )


class MotionSettings(SteadySettings):
    """How the dream is carried from frame to frame of a film."""

    flow: Literal["dis", "farneback", "raft-small", "raft-large", "none"] = Field(
        "dis", description="Optical flow estimator."
    )
    cuts: bool = Field(True, description="Begin anew at cuts.")


class SizeSettings(Settings):
    """At what size a picture is dreamed."""

    width: Pixels | None = Field(None, description="Scale to this width.")
    height: Pixels | None = Field(None, description="Scale to this height.")
    size: Size | None = Field(None, description="Scale to this size, as 1280x720.")

    @property
    def target_width(self) -> int | None:
        """The width asked for, by `width` or `size`."""
        return int(self.size.split("x")[0]) if self.size else self.width

    @property
    def target_height(self) -> int | None:
        """The height asked for, by `height` or `size`."""
        return int(self.size.split("x")[1]) if self.size else self.height


class FilmSettings(SizeSettings):
    """Which part of a film is read, and at what size."""

    start: Seconds | None = Field(None, description="Where to begin: seconds or mm:ss.")
    end: Seconds | None = Field(None, description="Where to end: seconds or mm:ss.")
    frames: int | None = Field(None, ge=1, description="At most this many frames.")
    dream_size: DreamSize | None = Field(
        None,
        description="Dream at this width, or within this size, as 960x540, and add what was "
        f"dreamed, enlarged, to the film; '{FULL_SIZE}' is the film's own. Default: {DREAM_LINES} "
        "lines for films above 1920x1080 on a CPU, else the film's own.",
    )
    rate: Rate | None = Field(None, description="Frames per second of an image sequence.")


class OutputSettings(Settings):
    """How a film is written."""

    codec: str | None = Field(
        None, description="Codec of the film. Default: by the name of the output, else h264."
    )
    crf: float | None = Field(
        None, ge=0, le=63, description="Quality, lower is better. Default: the codec's own."
    )
    repeat_to: Annotated[Seconds, Field(gt=0)] | None = Field(
        None, description="Play it again until it lasts so long, for players that cannot loop."
    )
    alpha: Literal["dream"] | None = Field(
        None, description="'dream' writes only what was dreamed, transparent elsewhere."
    )


class ClipSettings(Settings):
    """How long, how fast and how large a film is that has no source."""

    seconds: Annotated[Seconds, Field(gt=0, le=360000)] | None = Field(
        None, description=f"Length: seconds or mm:ss. Default: {DEFAULT_SECONDS}."
    )
    fps: Rate = Field(Fraction(30), description="Frames per second, as 30 or 24000/1001.")
    size: Size | None = Field(
        None, description=f"Size, as 1280x720. Default: the picture's, or {DEFAULT_SIZE}."
    )
    from_noise: bool = Field(False, description="Begin with noise instead of a picture.")

    @model_validator(mode="after")
    def _not_endless(self) -> Self:
        if self.frames > MOST_FRAMES:
            much = f"{self.frames:,} frames are more than {MOST_FRAMES:,}"
            raise ValueError(f"{much}: give fewer seconds or fps")
        return self

    @property
    def length(self) -> Fraction:
        """The length in seconds."""
        return Fraction(DEFAULT_SECONDS) if self.seconds is None else self.seconds

    @property
    def frames(self) -> int:
        """The number of frames, at least one."""
        return max(1, round(self.length * self.fps))

    def size_for(self, picture: tuple[int, int] | None) -> tuple[int, int]:
        """The (width, height) asked for, else that of the picture, else the default."""
        if self.size is None and picture is not None:
            return picture
        width, height = (self.size or DEFAULT_SIZE).split("x")
        return int(width), int(height)


class SoundSettings(Settings):
    """The sound that schedules listen to."""

    audio: Path | None = Field(
        None,
        description="Sound whose rms, bass, mid, treble, onset and beats schedules can use; it "
        "becomes the film's.",
    )
    bpm: float | None = Field(
        None, gt=0, le=1000, description="Tempo for beats in schedules. Default: the sound's."
    )


class CameraSettings(Settings):
    """How the camera moves, per second."""

    zoom: Annotated[float | str, BeforeValidator(Bounds(0.001, 1000))] | None = Field(
        None, description=f"Factor; above 1 goes in. Default: {DEFAULT_ZOOM}, per frame 1."
    )
    rotate: Annotated[float | str, BeforeValidator(Bounds(-1e6, 1e6))] = Field(
        0.0, description="Degrees, counterclockwise."
    )
    pan_x: Annotated[float | str, BeforeValidator(Bounds(-1e6, 1e6))] = Field(
        0.0, description="Widths that the picture moves right."
    )
    pan_y: Annotated[float | str, BeforeValidator(Bounds(-1e6, 1e6))] = Field(
        0.0, description="Heights that the picture moves down."
    )
    shear_x: Annotated[float | str, BeforeValidator(Bounds(-1000, 1000))] = Field(
        0.0, description="Slope by which rows slide."
    )
    shear_y: Annotated[float | str, BeforeValidator(Bounds(-1000, 1000))] = Field(
        0.0, description="Slope by which columns slide."
    )
    center_x: Annotated[float | str, BeforeValidator(Bounds(-1e6, 1e6))] = Field(
        0.5, description="The place that stays, 0 left to 1 right."
    )
    center_y: Annotated[float | str, BeforeValidator(Bounds(-1e6, 1e6))] = Field(
        0.5, description="The place that stays, 0 top to 1 bottom."
    )
    rates: Literal["per-second", "per-frame"] = Field(
        "per-second", description="What rates are per; pans per frame are in pixels."
    )
    edges: Literal["mirror", "replicate", "wrap"] = Field(
        "mirror", description="What lies beyond the picture."
    )


class ShapeSettings(Settings):
    """How a loop closes."""

    kind: Literal["zoom", "pan", "film", "feedback"] = Field(
        "zoom",
        description="zoom and pan are exact, of one dream; film closes a clip; feedback is a "
        "zoom led back to its beginning.",
    )
    symmetry: int = Field(1, ge=1, le=64, description="Zoom: how often the picture is round.")
    twist: int = Field(0, ge=-16, le=16, description="Zoom: arms of a spiral.")
    direction: str = Field(
        "right", description="Pan: right, left, down, up, or whole tiles as '2,-1'."
    )
    evolve: int = Field(
        1, ge=1, le=64, description="Zoom and pan: so many dreams change into one another."
    )
    fade: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Film and feedback: frames in which the end becomes "
        "the beginning. Default: half a second.",
    )
    ping_pong: bool = Field(False, description="Film: play it forth and back.")


class PictureSettings(SizeSettings):
    """At what size a picture is dreamed on."""

    dream_size: DreamSize | None = Field(
        None,
        description="Dream at this width, or within this size, as 960x540, and add what was "
        "dreamed, enlarged, to the picture. Default: its own size.",
    )
