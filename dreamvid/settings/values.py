"""The value types of settings fields: each parses and checks its value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
)

from dreamvid.image import colour_levels
from dreamvid.schedules.parse import is_keyed, parse_schedule, parse_text_schedule

_PLAIN_NUMBER = re.compile(r"\s*[\d.]+(/\d+)?\s*")


_TIMECODE = re.compile(r"\s*\d+:\d+:\d+[:;]\d+\s*")
"""Hours, minutes, seconds and frames, whose rate is unknown here."""


_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
"""A number with a decimal comma, which would be parsed as two keys of a schedule."""


_NO_TIMECODE = "is a timecode; give seconds, such as 1:00.5 (frames divided by the frame rate)"
_A_TIME = "must be seconds such as 12, 1.5 or 1:02.5"


def _seconds(value: object) -> object:
    """Parse `12`, `1.5`, `1:02.5`, `24000/1001` or a Fraction as exact seconds."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number of seconds")
    if isinstance(value, bool):
        raise ValueError(_A_TIME)
    if isinstance(value, int | float | Fraction):
        return Fraction(str(value))
    if isinstance(value, str):
        if _TIMECODE.fullmatch(value):
            raise ValueError(_NO_TIMECODE)
        try:
            seconds = Fraction(0)
            for part in value.split(":"):
                if not _PLAIN_NUMBER.fullmatch(part):  # Fraction would expand 1e999999999
                    raise ValueError
                seconds = seconds * 60 + Fraction(part)
            return seconds
        except (ValueError, ZeroDivisionError):
            raise ValueError(_A_TIME) from None
    return value


def _rate(value: object) -> object:
    """Parse `30` or `24000/1001` as an exact number of frames per second.

    The lower limit is that of MP4: it cannot store frames much longer than 1000 seconds.
    """
    try:
        rate = _seconds(value)
    except ValueError:
        raise ValueError("must be frames per second such as 25 or 24000/1001") from None
    if isinstance(rate, Fraction) and not Fraction(1, 1000) <= rate <= 1000:
        raise ValueError("must be 0.001 to 1000 frames per second")
    return rate


Seconds = Annotated[Fraction, BeforeValidator(_seconds), Field(ge=0, le=10**9)]


Rate = Annotated[Fraction, BeforeValidator(_rate)]


@dataclass(frozen=True)
class Bounds:
    """Validates a dial: a number within bounds, or a schedule, which is parsed immediately."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False

    def __call__(self, value: object) -> object:
        """Validate a value; ValueError when it is neither, or a number out of bounds."""
        if isinstance(value, str):
            if _COMMA.fullmatch(value):
                raise ValueError(f"use a decimal point: {value.replace(',', '.').strip()}")
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


def _duration(value: object) -> object:
    """Parse `20ms`, `0.3s` or `0.3` as seconds."""
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*(ms|s)?\s*", str(value), re.ASCII)
    if isinstance(value, bool) or not isinstance(value, int | float | str) or match is None:
        raise ValueError("must be a time such as 20ms or 0.3s")
    seconds = float(match[1]) / (1000 if match[2] == "ms" else 1)
    if seconds > LONGEST_ENVELOPE:
        raise ValueError(f"must be 0 to {LONGEST_ENVELOPE} seconds")
    return seconds


Duration = Annotated[float, BeforeValidator(_duration)]


LONGEST_ENVELOPE = 60
"""The longest attack or release, in seconds."""


def named(value: str) -> str:
    """Refuse a path without a name, which would be that of the folder."""
    if not value.strip():
        raise ValueError("must be the name of a file")
    return value


Named = Annotated[str, AfterValidator(named)]


def _words(value: object) -> object:
    """Parse a text schedule immediately, so that its errors are reported early."""
    if isinstance(value, str | Path):
        if not is_keyed(str(value)):
            if len(str(value)) > LONGEST_NAME:
                raise ValueError(f"has more than {LONGEST_NAME} characters")
        else:
            parse_text_schedule(str(value))
        return str(value)
    return value


Words = Annotated[str, BeforeValidator(_words)]


BOUNDS: Final = {
    "octaves": Bounds(1, 12, whole=True),
    "octave_scale": Bounds(1.01, 4),
    "iterations": Bounds(1, 1000, whole=True),
    "step": Bounds(1e-6, 1),
    "strength": Bounds(0, 10),
    "colours": Bounds(0, 3),
    "detail": Bounds(0.25, 4),
    "pull": Bounds(0, 0.5),
    "smooth": Bounds(0, 5),
    "stability": Bounds(0, 1),
    "zoom": Bounds(0.001, 1000),
    "rotate": Bounds(-1e6, 1e6),
    "pan_x": Bounds(-1e6, 1e6),
    "pan_y": Bounds(-1e6, 1e6),
    "shear_x": Bounds(-1000, 1000),
    "shear_y": Bounds(-1000, 1000),
    "center_x": Bounds(-1e6, 1e6),
    "center_y": Bounds(-1e6, 1e6),
}
"""The bounds of every dial, by its name."""


def _size(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,5}x[0-9]{1,5}", value):
        raise ValueError("must be a width and a height such as 1280x720")
    return _sides(value)


def _sides(text: str) -> str:
    if not all(SMALLEST <= int(side) <= LARGEST for side in text.split("x")):
        raise ValueError(f"sides must be {SMALLEST} to {LARGEST}")
    return text


def _dream_size(value: object) -> object:
    """Parse a width, a size, or the word for the full size."""
    text = str(value).strip().lower() if isinstance(value, int | str) else ""
    if text == FULL_SIZE:
        return text
    if not re.fullmatch(r"[0-9]{1,5}(x[0-9]{1,5})?", text):
        raise ValueError(f"must be a width such as 960, a size such as 960x540, or {FULL_SIZE}")
    return _sides(text)


SMALLEST, LARGEST = 16, 16384


LONGEST_NAME = 1000
"""Maximum length of a name or a path, in characters."""


MOST_FRAMES = 10_000_000


DEFAULT_SECONDS, DEFAULT_SIZE, DEFAULT_ZOOM = 10, "1280x720", 1.4


LONGEST_SIDE = 1280
"""Longer side of a zoom or a loop of a large picture, in pixels, unless a size is given."""


FULL_SIZE = "full"


OWN_PALETTE = "source"
"""The palette of the source, in place of a picture."""


LARGE_FILM, DREAM_LINES = 1920 * 1080, 540
"""On a CPU, films with more than LARGE_FILM pixels are dreamed at DREAM_LINES lines."""


Size = Annotated[str, AfterValidator(_size)]


DreamSize = Annotated[str, BeforeValidator(_dream_size)]


def _background(value: str) -> str:
    colour_levels(value)
    return value.strip().lower()


Background = Annotated[str, AfterValidator(_background)]


def _one_number(value: object) -> object:
    """Refuse a stretch such as 100-200, which is another wish."""
    if isinstance(value, str) and re.fullmatch(r"\d+-\d+", value.strip()):
        what = "to dream a stretch of a finished film again"
        raise ValueError(f"frames: {what}, use --redream {value.strip()}")
    return value


Frames = Annotated[int, Field(ge=1), BeforeValidator(_one_number)]
Pixels = Annotated[int, Field(ge=SMALLEST, le=LARGEST)]


Device = Literal["auto", "cpu", "cuda", "mps"]


Precision = Literal["auto", "fp32", "bf16", "fp16"]


LAYER_FORM = (
    "write NAME, NAME:CHANNEL, NAME:CHANNEL@0.3x0.6, NAME:top5, NAME:bottom5, NAME:mean, NAME:p4, "
    "NAME:anchored or label:CLASS, and *WEIGHT behind it"
)
"""How a layer is written, for messages."""
