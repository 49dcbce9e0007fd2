"""The settings models: every default is written here, once.

Flags, settings files (TOML), sidecars and the Python surface are all read off these models.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from dreamvid.errors import UnreadableInput, UsageError, no_such_file
from dreamvid.schedule import ScheduleError, is_keyed, parse_schedule, parse_text_schedule

_ESCAPED = {0xDC00 + byte: 0xEF00 + byte for byte in range(0x80, 0x100)}
"""How TOML files, which are UTF-8, hold bytes of file names that are not: as private characters.

Python has its own escapes for those bytes (PEP 383), which cannot be written.
"""
_PLAIN_NUMBER = re.compile(r"\s*[\d.]+(/\d+)?\s*")


_A_TIME = "must be seconds such as 12, 1.5 or 1:02.5"


def _seconds(value: object) -> object:
    """Read `12`, `1.5`, `1:02.5`, `24000/1001` or a Fraction as exact seconds."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number of seconds")
    if isinstance(value, bool):
        raise ValueError(_A_TIME)
    if isinstance(value, int | float | Fraction):
        return Fraction(str(value))
    if isinstance(value, str):
        try:
            seconds = Fraction(0)
            for part in value.split(":"):
                if not _PLAIN_NUMBER.fullmatch(part):  # Fraction writes out all of 1e999999999
                    raise ValueError
                seconds = seconds * 60 + Fraction(part)
            return seconds
        except (ValueError, ZeroDivisionError):
            raise ValueError(_A_TIME) from None
    return value


def _rate(value: object) -> object:
    """Read `30` or `24000/1001` as an exact number of frames a second.

    MP4 cannot hold frames that last much longer than a thousand seconds.
    """
    try:
        rate = _seconds(value)
    except ValueError:
        raise ValueError("must be frames a second such as 25 or 24000/1001") from None
    if isinstance(rate, Fraction) and not Fraction(1, 1000) <= rate <= 1000:
        raise ValueError("must be 0.001 to 1000 frames a second")
    return rate


Seconds = Annotated[Fraction, BeforeValidator(_seconds), Field(ge=0, le=10**9)]
Rate = Annotated[Fraction, BeforeValidator(_rate)]


@dataclass(frozen=True)
class Bounds:
    """What a dial may be: a number within bounds, or a schedule, which is read at once."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False

    def __call__(self, value: object) -> object:
        """Read a dial; ValueError when it is neither, or a number outside."""
        if isinstance(value, str):
            if value.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
                raise ValueError("must be a finite number")
            constant = parse_schedule(value).constant
            if constant is None:
                return value
            value = constant
        if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
            raise ValueError("must be a number or a schedule")
        if not math.isfinite(value):
            raise ValueError("must be a finite number")
        if not self.low <= value <= self.high:
            raise ValueError(f"must be {self.low:g} to {self.high:g}")
        if self.whole and value != int(value):
            raise ValueError("must be a whole number")
        return int(value) if self.whole else float(value)


def _words(value: object) -> object:
    """Look at a schedule of words at once, so that what is wrong in it is told early."""
    if isinstance(value, str | Path):
        if is_keyed(str(value)):
            parse_text_schedule(str(value))
        return str(value)
    return value


Words = Annotated[str, BeforeValidator(_words)]


def bounds_of(model: type[BaseModel], name: str) -> Bounds:
    """The bounds of a dial of a settings model."""
    field = model.model_fields[name]
    inner = [item for kind in get_args(field.annotation) for item in get_args(kind)[1:]]
    readers = (getattr(item, "func", None) for item in (*field.metadata, *inner))
    return next((reader for reader in readers if isinstance(reader, Bounds)), Bounds())


def _size(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,5}x[0-9]{1,5}", value):
        raise ValueError("must be a width and a height such as 1280x720")
    if not all(SMALLEST <= int(side) <= LARGEST for side in value.split("x")):
        raise ValueError(f"sides must be {SMALLEST} to {LARGEST}")
    return value


SMALLEST, LARGEST = 16, 16384
MOST_FRAMES = 10_000_000
MOST_NAMED = 6
"""At most so many differences between two runs are named."""
DEFAULT_SECONDS, DEFAULT_SIZE, DEFAULT_ZOOM = 10, "1280x720", 1.4
Size = Annotated[str, AfterValidator(_size)]
Pixels = Annotated[int, Field(ge=SMALLEST, le=LARGEST)]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]


RIVALS = (("label", "layer"), ("label", "guide"), ("size", "width"), ("size", "height"))
"""Settings of one table of which only one has its way."""


class Settings(BaseModel):
    """A settings model: frozen, strict about names and rivals, NaN and infinity refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    @model_validator(mode="after")
    def _without_rivals(self) -> Self:
        for pair in RIVALS:
            if all(getattr(self, name, None) for name in pair):
                raise ValueError(f"{' and '.join(pair)}: give only one of them")
        return self

    @classmethod
    def checked(cls, values: Mapping[str, Any], *, where: object = None) -> Self:
        """Validate plain values; UsageError names the first that is wrong."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise usage_error(error, where=where) from None


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
        "'name:3' is one channel, 'name*0.5' scales. Repeat to add. Default: the network's own. "
        "A schedule such as '0:(parts), 10s:(objects, linear)' changes it.",
    )
    label: str | None = Field(
        None,
        description="Class of the network to raise instead; pictures take more octaves and "
        "iterations for it.",
    )
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


class FilmSettings(Settings):
    """Which part of a film is read, and at what size."""

    start: Seconds | None = Field(None, description="Where to begin: seconds or mm:ss.")
    end: Seconds | None = Field(None, description="Where to end: seconds or mm:ss.")
    frames: int | None = Field(None, ge=1, description="At most this many frames.")
    width: Pixels | None = Field(None, description="Scale to this width.")
    height: Pixels | None = Field(None, description="Scale to this height.")
    size: Size | None = Field(None, description="Scale to this size, as 1280x720.")
    rate: Rate | None = Field(None, description="Frames per second of an image sequence.")

    @property
    def target_width(self) -> int | None:
        """The width asked for, by `width` or `size`."""
        return int(self.size.split("x")[0]) if self.size else self.width

    @property
    def target_height(self) -> int | None:
        """The height asked for, by `height` or `size`."""
        return int(self.size.split("x")[1]) if self.size else self.height


class OutputSettings(Settings):
    """How a film is written."""

    codec: str = Field("h264", description="Codec of the film.")
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


class TrainSettings(Settings):
    """How a network is trained, from what, and for how long."""

    minutes: float = Field(30, gt=0, le=100_000, description="Minutes of learning.")
    model: str = Field(
        "bestiary", description="Network to start from, by name, or a .safetensors file."
    )
    weights: Path | None = Field(
        None, description="Take its weights from this file instead of fetching them."
    )
    blank: bool = Field(False, description="Forget its weights first, and begin from nothing.")
    attack: float = Field(
        2.0,
        ge=0,
        le=20,
        description="How far pictures are changed against the network while it learns: more makes "
        "smoother, clearer forms, 0 makes speckle.",
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Decides every random number.")
    device: Device = Field("auto", description="Where the network learns.")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="Number format.")
    offline: bool = Field(False, description="Never try to fetch weights.")


class ImageSettings(Settings):
    """Settings of `dreamvid image`."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()


class VideoSettings(Settings):
    """Settings of `dreamvid video`."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    motion: MotionSettings = MotionSettings()
    film: FilmSettings = FilmSettings()
    sound: SoundSettings = SoundSettings()
    output: OutputSettings = OutputSettings()


class ZoomSettings(Settings):
    """Settings of `dreamvid zoom`."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    motion: SteadySettings = SteadySettings()
    camera: CameraSettings = CameraSettings()
    clip: ClipSettings = ClipSettings()
    sound: SoundSettings = SoundSettings()
    output: OutputSettings = OutputSettings()


class LoopSettings(Settings):
    """Settings of `dreamvid loop`."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    motion: SteadySettings = SteadySettings()
    camera: CameraSettings = CameraSettings()
    clip: ClipSettings = ClipSettings()
    loop: ShapeSettings = ShapeSettings()
    sound: SoundSettings = SoundSettings()
    output: OutputSettings = OutputSettings()


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay settings over one another, table by table; later ones win, over their rivals too."""
    merged: dict[str, Any] = {}
    for layer in layers:
        beaten = {a if b in layer else b for a, b in RIVALS if a in layer or b in layer}
        merged = {key: value for key, value in merged.items() if key not in beaten}
        for key, value in layer.items():
            below = merged.get(key)
            both = isinstance(value, Mapping) and isinstance(below, Mapping)
            merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def read_toml(path: Path) -> dict[str, Any]:
    """Read a settings file; UnreadableInput when it is missing or no TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text.translate({held: byte for byte, held in _ESCAPED.items()}))
    except FileNotFoundError:
        raise no_such_file(path) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableInput(
            f"not a readable settings file ({error})", where=path, remedy="give a TOML file"
        ) from error


def to_toml(settings: Settings) -> dict[str, Any]:
    """Plain values for a TOML file; what is None is left out, being the default."""
    return settings.model_dump(mode="json", exclude_none=True)


def write_toml(values: Mapping[str, Any]) -> str:
    """The text of a TOML file."""
    return tomli_w.dumps(values).translate(_ESCAPED)


def differing(one: str, other: str) -> str:
    """Name what differs between two TOML texts: the settings, or that there are many."""
    try:
        before, now = (dict(_flat(tomllib.loads(text))) for text in (one, other))
    except tomllib.TOMLDecodeError:
        return "many things"
    keys = sorted(key for key in before | now if before.get(key) != now.get(key))
    return ", ".join(keys) if 0 < len(keys) <= MOST_NAMED else "many things"


def _flat(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every key and value of nested tables."""
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        else:
            yield key, value


def usage_error(error: ValidationError, *, where: object = None) -> UsageError:
    """Turn the first complaint of a ValidationError into one line."""
    first = min(error.errors(), key=lambda fault: fault["loc"] != ("made",))
    if first["loc"] == ("made",):
        remedy = "give it to --from, or take [made] out of it"
        return UsageError("is the sidecar of a film", where=where, remedy=remedy)
    name = ".".join(str(part) for part in first["loc"] if not str(part).startswith("function-"))
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ScheduleError):
        return cause.about(name if where is None else f"{where}: {name}", "see README, 'Schedules'")
    given = first.get("input")
    message, remedy = first["msg"].removeprefix("Value error, "), "see --help"
    if first["type"] == "extra_forbidden":
        message, remedy = "no such setting", "see --help, or use the dreamvid that wrote it"
    about = f"{name} = {given!r:.80}" if not isinstance(given, dict) else name
    told = f"{about}: {message}" if about else message
    return UsageError(told, where=where, remedy=remedy)
