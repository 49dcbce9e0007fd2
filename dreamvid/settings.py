"""The settings models: every default is written here, once.

Flags, settings files (TOML), sidecars and the Python surface are all read off these models.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dreamvid.errors import UnreadableInput, UsageError

_PLAIN_NUMBER = re.compile(r"\s*[\d.]+(/\d+)?\s*")


def _seconds(value: object) -> object:
    """Read `12`, `1.5`, `1:02.5`, `24000/1001` or a Fraction as exact seconds."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number of seconds")
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
            raise ValueError("must be seconds such as 12, 1.5 or 1:02.5") from None
    return value


Seconds = Annotated[Fraction, BeforeValidator(_seconds), Field(ge=0)]


def _size(value: str) -> str:
    if not all(SMALLEST <= int(side) <= LARGEST for side in value.split("x")):
        raise ValueError(f"sides must be {SMALLEST} to {LARGEST}")
    return value


SMALLEST, LARGEST = 16, 16384
Pixels = Annotated[int, Field(ge=SMALLEST, le=LARGEST)]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]


class Settings(BaseModel):
    """A settings model: frozen, strict about names, NaN and infinity refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    @classmethod
    def checked(cls, values: Mapping[str, Any], *, where: object = None) -> Self:
        """Validate plain values; UsageError names the first that is wrong."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise usage_error(error, where=where) from None


class NetworkSettings(Settings):
    """Which network dreams, and where it runs."""

    model: str = Field("bestiary", description="Network by name, or a .safetensors file.")
    weights: Path | None = Field(
        None, description="Take the weights from this file instead of fetching them."
    )
    device: Device = Field("auto", description="Where the network runs.")
    precision: Precision = Field("auto", description="Number format of the network.")
    offline: bool = Field(False, description="Never try to fetch weights.")


class DreamSettings(Settings):
    """What is dreamed, and how hard."""

    layer: tuple[str, ...] = Field(
        (),
        description="Layer to raise; an alias (textures, patterns, parts, objects) or a name; "
        "'name:3' is one channel, 'name*0.5' scales. Repeat to add. Default: the network's own.",
    )
    label: str | None = Field(None, description="Class of the network to raise instead.")
    guide: Path | None = Field(
        None, description="Picture whose features are raised instead of the strongest ones."
    )
    octaves: int = Field(4, ge=1, le=12, description="Sizes of the picture dreamed on.")
    octave_scale: float = Field(1.4, gt=1.0, le=4.0, description="Ratio of neighbouring sizes.")
    iterations: int = Field(10, ge=1, le=1000, description="Updates at each octave.")
    step: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Length of an update, of a pixel range 0..1. Default: the network's own.",
    )
    strength: float = Field(1.0, ge=0, le=10, description="Scales the dose; 0 changes nothing.")
    seed: int = Field(0, ge=0, lt=2**63, description="Decides every random number.")
    tile: int | None = Field(
        None,
        ge=128,
        le=16384,
        description="Largest side of a piece on which a gradient is "
        "computed. Default: what fits the memory.",
    )


class MotionSettings(Settings):
    """How the dream is carried from frame to frame."""

    stability: float = Field(
        0.9, ge=0, le=1, description="How calm: 0 dreams every frame for itself, 1 holds on most."
    )
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
    size: Annotated[str, Field(pattern=r"^\d{1,5}x\d{1,5}$"), AfterValidator(_size)] | None = Field(
        None, description="Scale to this size, as 1280x720."
    )
    rate: Annotated[Fraction, BeforeValidator(_seconds), Field(gt=0, le=1000)] | None = Field(
        None, description="Frames per second of an image sequence."
    )

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
    output: OutputSettings = OutputSettings()


PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "classic": {"network": {"model": "googlenet"}, "dream": {"layer": ["inception4c"]}},
    "strokes": {"dream": {"layer": ["textures"], "octaves": 3}},
    "eyes": {"dream": {"layer": ["parts"]}},
    "creatures": {"dream": {"layer": ["objects"], "octaves": 5}},
    "gentle": {"dream": {"strength": 0.5}, "motion": {"stability": 0.95}},
    "wild": {"dream": {"strength": 2.0}, "motion": {"stability": 0.7}},
}
"""Named settings values: `--preset NAME`."""


def preset(name: str) -> dict[str, dict[str, Any]]:
    """The values of a preset; UsageError with the known names for an unknown one."""
    if name not in PRESETS:
        raise UsageError(f"no preset '{name}'", remedy=f"choose one of {', '.join(PRESETS)}")
    return PRESETS[name]


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay settings over one another, table by table; later ones win."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            below = merged.get(key)
            both = isinstance(value, Mapping) and isinstance(below, Mapping)
            merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def read_toml(path: Path) -> dict[str, Any]:
    """Read a settings file; UnreadableInput when it is missing or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableInput(
            f"not a readable settings file ({error})", where=path, remedy="give a TOML file"
        ) from error


def to_toml(settings: Settings) -> dict[str, Any]:
    """Plain values for a TOML file; what is None is left out, being the default."""
    return settings.model_dump(mode="json", exclude_none=True)


def write_toml(values: Mapping[str, Any]) -> str:
    """The text of a TOML file."""
    return tomli_w.dumps(values)


def usage_error(error: ValidationError, *, where: object = None) -> UsageError:
    """Turn the first complaint of a ValidationError into one line."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"] if not str(part).startswith("function-"))
    given = first.get("input")
    message = first["msg"].removeprefix("Value error, ")
    return UsageError(f"{name} = {given!r}: {message}", where=where, remedy="see --help")
